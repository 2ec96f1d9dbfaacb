//! How a user shows up at a business (`rules.md` §8).

use ahoy_calling::account::{User, Waba};
use ahoy_types::{UserId, WaId};
use ahoy_wire::webhook::ContactCard;

/// What the account's webhooks and answers say of a user.
pub(crate) fn card(waba: &Waba, wa_id: WaId, user: Option<&User>) -> ContactCard {
    let country = user.and_then(|u| u.country).or_else(|| wa_id.country());
    let identity = user.map(|u| u.identity.clone()).unwrap_or_default();
    ContactCard {
        name: user.and_then(|u| u.name.clone()),
        username: identity.username,
        wa_id: (!identity.hides_number).then_some(wa_id),
        user_id: UserId::derive(waba.business, wa_id, country),
        parent_user_id: None,
    }
}

/// Whether a business can call this user at all: a number nobody knows becomes one on first use where that is allowed.
pub(crate) fn callable(user: Option<&User>, create_users: bool) -> bool {
    match user {
        Some(user) => !user.client.too_old_for_calls,
        None => create_users,
    }
}
