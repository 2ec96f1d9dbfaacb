//! How a user shows up at a business, and how a business names a user (`rules.md` §8).

mod change;

use ahoy_calling::Refusal;
use ahoy_calling::account::{Number, User};
use ahoy_calling::identity::{Acquaintance, NamedBy};
use ahoy_store::{Result, Rows, ShownId, StoreError, Tx};
use ahoy_types::{BusinessId, Country, Named, PhoneNumberId, RuleTime, UserId, WaId};
use ahoy_wire::webhook::ContactCard;

use crate::business::{Recipient, internal};
use crate::finish;
use crate::ledger::Step;
use crate::platform::Platform;

pub use change::NumberRefusal;

/// The portfolio that owns a number.
pub(crate) fn owner(rows: &mut dyn Rows, number: &Number) -> Result<BusinessId> {
    let waba = rows
        .waba(number.waba)?
        .ok_or_else(|| StoreError(format!("number {} belongs to no account", number.id)))?;
    Ok(waba.business)
}

/// Whether a portfolio keeps a contact book.
fn keeps_book(rows: &mut dyn Rows, business: BusinessId) -> Result<bool> {
    Ok(rows.business(business)?.is_some_and(|b| b.contact_book))
}

/// What the webhooks and answers of a portfolio say of a user. Ids it sees for the first time are remembered, so that
/// it can name the user by them.
pub(crate) fn card(
    tx: &mut dyn Tx,
    business: BusinessId,
    wa_id: WaId,
    now: RuleTime,
) -> Result<ContactCard> {
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
    // Nearly everybody has no username: nothing more needs to be known then.
    let seen = if identity.username.is_none() {
        !identity.hides_number
    } else {
        let known = tx.acquaintance_of(business, wa_id)?;
        identity.shows_number(&known, keeps_book(tx, business)?, now)
    };
    Ok(ContactCard {
        name,
        username: identity.username,
        wa_id: seen.then_some(wa_id),
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
    if let Some(id) = tx.user_id(business, user, parent)? {
        return Ok(id);
    }
    let id = UserId::derive(&Named {
        business,
        user,
        holder: tx.former_holders(user)?,
        country,
        parent,
    });
    tx.put_user_id(&ShownId {
        business,
        user,
        parent,
        id: id.clone(),
    })?;
    Ok(id)
}

/// A message or a call went between this number and the user: who met by the number may go on seeing it.
pub(crate) fn met(step: &mut Step<'_>, number: &Number, user: WaId, named: NamedBy) -> Result<()> {
    let business = owner(step.tx, number)?;
    let identity = step.tx.user(user)?.map(|u| u.identity).unwrap_or_default();
    let known = step.tx.acquaintance_of(business, user)?;
    let book = keeps_book(step.tx, business)?;
    let after = identity.met(&known, book, named, step.now);
    if step.tx.acquaintance(number.id, user)? == Some(after) {
        return Ok(());
    }
    step.tx.put_acquaintance(number.id, user, &after)
}

/// How a request names its user.
pub(crate) const fn named(recipient: &Recipient) -> NamedBy {
    match recipient {
        Recipient::Number(_) => NamedBy::Number,
        Recipient::UserId(_) => NamedBy::Id,
    }
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
    let business = owner(rows, number)?;
    if !id.is_parent() {
        return rows.user_by_id(business, id);
    }
    match rows.parent_of(business)? {
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

/// What a portfolio sees of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Whether its webhooks carry the number.
    pub number_visible: bool,
    /// What it knows.
    pub known: Acquaintance,
    /// The id it was shown.
    pub user_id: Option<UserId>,
    /// The id that the portfolio above was shown.
    pub parent_user_id: Option<UserId>,
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
        self.read(|rows| {
            let business = owner(rows, number)?;
            rows.parent_of(business)
        })
    }

    /// Lets the portfolio that owns a number keep a contact book, or no longer.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep_contact_book(&self, number: PhoneNumberId, keeps: bool) -> Result<()> {
        self.ledger()
            .execute(move |step| {
                let number = finish::number_of(step, number)?;
                let id = owner(step.tx, &number)?;
                let Some(mut business) = step.tx.business(id)? else {
                    return Err(StoreError(format!("there is no business {id}")));
                };
                business.contact_book = keeps;
                step.tx.put_business(&business)
            })
            .await
    }

    /// What the portfolio that owns a number sees of a user now, and what it knows of the user; the id where it was shown one.
    ///
    /// # Errors
    /// The store failed.
    pub fn seen_of(&self, number: &Number, user: &User) -> Result<Seen> {
        let now = self.clock().now();
        self.read(|rows| {
            let business = owner(rows, number)?;
            let known = rows.acquaintance_of(business, user.wa_id)?;
            let parent_user_id = match rows.parent_of(business)? {
                Some(parent) => rows.user_id(parent, user.wa_id, true)?,
                None => None,
            };
            Ok(Seen {
                number_visible: user.identity.shows_number(
                    &known,
                    keeps_book(rows, business)?,
                    now,
                ),
                known,
                user_id: rows.user_id(business, user.wa_id, false)?,
                parent_user_id,
            })
        })
    }

    /// Whether the portfolio that owns a number keeps a contact book.
    pub fn contact_book_of(&self, number: &Number) -> Result<bool> {
        self.read(|rows| {
            let business = owner(rows, number)?;
            keeps_book(rows, business)
        })
    }
}
