//! Who a user is: a number that was shared on request, and another number of the same user (`webhooks.md` §3.5).

use ahoy_types::{MessageId, RuleTime, UserId, WaId};
use serde::{Deserialize, Serialize};

use super::build::{Common, notification, value};
use super::model::Message;

/// A contact that the user shared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedContact {
    /// `contact_request` where the user's own number was asked for with `request_contact_info`; a contact shared by hand
    /// has `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The name.
    pub name: SharedName,
    /// The numbers.
    #[serde(default)]
    pub phones: Vec<SharedPhone>,
}

/// The name of a shared contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedName {
    /// The whole name.
    pub formatted_name: String,
    /// Its first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
}

/// A number of a shared contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedPhone {
    /// As people write it, with `+`.
    pub phone: String,
    /// The number on the platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// `MOBILE`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What the platform says of a user (`webhooks.md` §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// `user_changed_number` or `user_changed_user_id`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in a sentence.
    #[serde(default)]
    pub body: String,
    /// The new number, where the business may see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The new id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The id until now, which names nobody any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_user_id: Option<UserId>,
    /// The new id, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<UserId>,
    /// The id until now, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_parent_user_id: Option<UserId>,
}

/// The contact that answers a request for the user's number.
pub(super) fn own_number(name: String, number: WaId) -> SharedContact {
    SharedContact {
        origin: Some("contact_request".to_owned()),
        name: SharedName {
            first_name: name.split_whitespace().next().map(str::to_owned),
            formatted_name: name,
        },
        phones: vec![SharedPhone {
            phone: number.international(),
            wa_id: Some(number),
            kind: Some("MOBILE".to_owned()),
        }],
    }
}

/// Another number of the user, and with it another id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChanged {
    /// The message.
    pub id: MessageId,
    /// When.
    pub timestamp: RuleTime,
    /// The former number, where the business may see numbers of this user.
    pub previous_number: Option<WaId>,
    /// The former id.
    pub previous_user_id: UserId,
    /// The former id as the portfolio above had it.
    pub previous_parent_user_id: Option<UserId>,
}

/// Bytes of the system message about a user's other number (`webhooks.md` §3.5). The card in `common` is the user's as it is
/// now; where it has a number and the former one is given the business is told both, else the two ids alone. There are no
/// `contacts`.
pub fn user_changed(common: &Common, event: &UserChanged) -> Vec<u8> {
    let card = &common.contact;
    let numbers = event.previous_number.zip(card.wa_id);
    let (kind, from, to) = match numbers {
        Some((from, to)) => ("user_changed_number", from.to_string(), to.to_string()),
        None => (
            "user_changed_user_id",
            event.previous_user_id.to_string(),
            card.user_id.to_string(),
        ),
    };
    let name = card.name.as_ref().or(card.username.as_ref());
    let who = name.map_or_else(|| from.clone(), Clone::clone);
    let message = Message {
        from: numbers.map(|(from, _)| from),
        system: Some(System {
            kind: kind.to_owned(),
            body: format!("User {who} changed from {from} to {to}"),
            wa_id: numbers.map(|(_, to)| to),
            user_id: Some(card.user_id.clone()),
            previous_user_id: Some(event.previous_user_id.clone()),
            parent_user_id: card.parent_user_id.clone(),
            previous_parent_user_id: event.previous_parent_user_id.clone(),
        }),
        ..Message::empty(event.id.to_string(), event.timestamp, "system".to_owned())
    };
    let mut value = value(common);
    value.contacts.clear();
    value.messages.push(message);
    notification(common, "messages", value)
}
