//! How a user shows up at a business, and how a business names a user (`rules.md` §8).

use ahoy_calling::Refusal;
use ahoy_calling::account::{Number, User};
use ahoy_store::{Result, Rows, StoreError, Tx};
use ahoy_types::{BusinessId, Country, Named, UserId, WaId};
use ahoy_wire::webhook::ContactCard;

use crate::business::{Recipient, internal};
use crate::platform::Platform;

/// What the webhooks and answers of a portfolio say of a user. Ids it sees for the first time are remembered, so that
/// it can name the user by them.
pub(crate) fn card(tx: &mut dyn Tx, business: BusinessId, wa_id: WaId) -> Result<ContactCard> {
    let user = tx.user(wa_id)?;
    let country = user
        .as_ref()
        .and_then(|u| u.country)
        .or_else(|| wa_id.country());
    let (name, identity) = user.map(|u| (u.name, u.identity)).unwrap_or_default();
    let parent_user_id = match tx.parent_of(business)? {
        Some(parent) => Some(shown(tx, parent, wa_id, country, true)?),
        None => None,
    };
    Ok(ContactCard {
        name,
        username: identity.username,
        wa_id: (!identity.hides_number).then_some(wa_id),
        user_id: shown(tx, business, wa_id, country, false)?,
        parent_user_id,
    })
}

/// The id under which a portfolio knows a user, from the first time on.
fn shown(
    tx: &mut dyn Tx,
    business: BusinessId,
    user: WaId,
    country: Option<Country>,
    parent: bool,
) -> Result<UserId> {
    if let Some(id) = tx.user_id(business, user)? {
        return Ok(id);
    }
    let id = UserId::derive(&Named {
        business,
        user,
        holder: 0,
        country,
        parent,
    });
    tx.put_user_id(business, user, &id)?;
    Ok(id)
}

/// The user a request of this number is about. Only ids that the business's portfolio, or the one above it, was shown
/// name anybody.
pub(crate) fn resolve(
    rows: &mut dyn Rows,
    number: &Number,
    recipient: &Recipient,
) -> std::result::Result<WaId, Refusal> {
    let id = match recipient {
        Recipient::Number(wa_id) => return Ok(*wa_id),
        Recipient::UserId(id) => id,
    };
    let known = by_id(rows, number, id).map_err(internal)?;
    known.ok_or_else(|| {
        Refusal::Invalid(format!(
            "recipient: no user of this business has the id `{id}`"
        ))
    })
}

fn by_id(rows: &mut dyn Rows, number: &Number, id: &UserId) -> Result<Option<WaId>> {
    let waba = rows
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    if let Some(user) = rows.user_by_id(waba.business, id)? {
        return Ok(Some(user));
    }
    match rows.parent_of(waba.business)? {
        Some(parent) => rows.user_by_id(parent, id),
        None => Ok(None),
    }
}

/// Whether a business can call this user at all: a number nobody knows becomes one on first use where that is allowed.
pub(crate) fn callable(user: Option<&User>, create_users: bool) -> bool {
    match user {
        Some(user) => user.client.can_be_called(),
        None => create_users,
    }
}

impl Platform {
    /// [`resolve`], on what is committed.
    pub(crate) fn resolve(
        &self,
        number: &Number,
        recipient: &Recipient,
    ) -> std::result::Result<WaId, Refusal> {
        self.read(|rows| Ok(resolve(rows, number, recipient)))
            .map_err(internal)?
    }

    /// The portfolio above the one that owns a number.
    pub fn parent_of(&self, number: &Number) -> Result<Option<BusinessId>> {
        self.read(|rows| match rows.waba(number.waba)? {
            Some(waba) => rows.parent_of(waba.business),
            None => Ok(None),
        })
    }
}
