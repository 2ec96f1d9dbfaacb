//! The events the platform sends, from plain data to bytes.

use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, Seconds, UserId, WaId, WabaId};

use super::model::{
    Call, CallEvent, CallOutcome, CallPermissionReply, CallStatus, Change, Contact, Context, Entry,
    Interactive, Message, Metadata, Notification, Profile, Status, StatusWord, Value,
};
use crate::Session;
use crate::errors::WebhookError;

/// The user of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactCard {
    /// Profile name; without one the username, the number or the id stands in, whichever comes first.
    pub name: Option<String>,
    /// The name the user goes by instead of a number.
    pub username: Option<String>,
    /// Number; absent for users who hide it.
    pub wa_id: Option<WaId>,
    /// Business-scoped id.
    pub user_id: UserId,
    /// Id scoped to the portfolio above the business's, where there is one.
    pub parent_user_id: Option<UserId>,
}

impl ContactCard {
    /// What stands for the user's name.
    pub fn display_name(&self) -> String {
        let written = self.name.clone().or_else(|| self.username.clone());
        written.unwrap_or_else(|| match self.wa_id {
            Some(number) => number.to_string(),
            None => self.user_id.to_string(),
        })
    }
    /// The entry in `contacts` of webhooks.
    pub fn contact(&self) -> Contact {
        Contact {
            profile: Profile {
                name: self.display_name(),
                username: self.username.clone(),
            },
            wa_id: self.wa_id,
            user_id: Some(self.user_id.clone()),
            parent_user_id: self.parent_user_id.clone(),
        }
    }
}

/// What every calling event says about where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Common {
    /// The account.
    pub waba: WabaId,
    /// The business number's node.
    pub phone_number_id: PhoneNumberId,
    /// The business number.
    pub display_phone_number: WaId,
    /// The user.
    pub contact: ContactCard,
}

/// A connect event. The numbers follow from the direction and [`Common`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectEvent {
    /// The call.
    pub call_id: CallId,
    /// Who placed it.
    pub direction: Direction,
    /// When the user dialled, or when the answer was ready.
    pub timestamp: RuleTime,
    /// The platform's offer on a user-initiated call, its answer on a business-initiated one.
    pub session: Session,
    /// What the business sent with connect.
    pub biz_opaque_callback_data: Option<String>,
    /// Of the call link the user followed.
    pub deeplink_payload: Option<String>,
    /// Of the call button the user tapped.
    pub cta_payload: Option<String>,
}

/// A state of a business-initiated call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The call.
    pub call_id: CallId,
    /// When.
    pub timestamp: RuleTime,
    /// Ringing, accepted or rejected.
    pub status: CallStatus,
    /// What the business sent with connect.
    pub biz_opaque_callback_data: Option<String>,
}

/// The times of a call that was picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// When it was picked up.
    pub start: RuleTime,
    /// When it ended.
    pub end: RuleTime,
    /// Its length as it is charged, see [`Seconds::started`].
    pub duration: Seconds,
}

/// The end of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminateEvent {
    /// The call.
    pub call_id: CallId,
    /// Who placed it.
    pub direction: Direction,
    /// When it ended.
    pub timestamp: RuleTime,
    /// `Completed` also for an unanswered call, `Failed` for a technical fault.
    pub outcome: CallOutcome,
    /// Present if it was picked up.
    pub answered: Option<Answered>,
    /// What the business sent with connect or accept.
    pub biz_opaque_callback_data: Option<String>,
    /// As in connect.
    pub deeplink_payload: Option<String>,
    /// As in connect.
    pub cta_payload: Option<String>,
    /// Why it failed, if it did and that is known.
    pub errors: Vec<WebhookError>,
}

/// A permission as the user's answer states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Allowed until then.
    Temporary(RuleTime),
    /// Allowed until revoked.
    Permanent,
    /// Declined or revoked.
    Rejected,
}

/// An answer to a permission request, or a change of the permission without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionReply {
    /// `wamid.…` of this answer.
    pub id: String,
    /// When.
    pub timestamp: RuleTime,
    /// The permission from now on.
    pub permission: Permission,
    /// Given by the platform (a callback permission, a revocation after unanswered calls) and not by the user's hand.
    pub automatic: bool,
    /// The request answered (`wamid.…`), or the call that brought it about (`wacid.…`).
    pub context: Option<String>,
}

/// Bytes of a connect webhook (`webhooks.md` §2.1, §2.2).
pub fn connect(common: &Common, event: &ConnectEvent) -> Vec<u8> {
    let mut call = call(
        common,
        &event.call_id,
        event.direction,
        CallEvent::Connect,
        event.timestamp,
    );
    call.session = Some(event.session.clone());
    call.biz_opaque_callback_data = event.biz_opaque_callback_data.clone();
    call.deeplink_payload = event.deeplink_payload.clone();
    call.cta_payload = event.cta_payload.clone();
    let mut value = value(common);
    value.calls.push(call);
    notification(common, "calls", value)
}

/// Bytes of a call status webhook (`webhooks.md` §2.3).
pub fn status(common: &Common, event: &StatusEvent) -> Vec<u8> {
    let mut value = value(common);
    value.statuses.push(Status {
        id: event.call_id.to_string(),
        timestamp: event.timestamp,
        kind: Some("call".to_owned()),
        status: StatusWord::Call(event.status),
        recipient_id: common.contact.wa_id,
        recipient_user_id: Some(common.contact.user_id.clone()),
        recipient_parent_user_id: common.contact.parent_user_id.clone(),
        biz_opaque_callback_data: event.biz_opaque_callback_data.clone(),
        conversation: None,
        pricing: None,
        errors: Vec::new(),
    });
    notification(common, "calls", value)
}

/// Bytes of a terminate webhook (`webhooks.md` §2.4).
pub fn terminate(common: &Common, event: &TerminateEvent) -> Vec<u8> {
    let mut call = call(
        common,
        &event.call_id,
        event.direction,
        CallEvent::Terminate,
        event.timestamp,
    );
    call.status = Some(event.outcome);
    if let Some(answered) = event.answered {
        call.start_time = Some(answered.start);
        call.end_time = Some(answered.end);
        call.duration = Some(answered.duration);
    }
    call.biz_opaque_callback_data = event.biz_opaque_callback_data.clone();
    call.deeplink_payload = event.deeplink_payload.clone();
    call.cta_payload = event.cta_payload.clone();
    call.errors = event.errors.clone();
    let mut value = value(common);
    value.calls.push(call);
    value.errors = event.errors.clone();
    notification(common, "calls", value)
}

/// Bytes of a webhook that says only what went wrong: a user's call that could not be put through (`webhooks.md` §2.7).
pub fn failure(common: &Common, error: WebhookError) -> Vec<u8> {
    let mut value = value(common);
    value.errors.push(error);
    notification(common, "calls", value)
}

/// Bytes of an answer to a permission request (`webhooks.md` §3.1).
pub fn permission_reply(common: &Common, reply: &PermissionReply) -> Vec<u8> {
    let (response, is_permanent, expiration_timestamp) = match reply.permission {
        Permission::Temporary(until) => ("accept", Some(false), Some(until)),
        Permission::Permanent => ("accept", Some(true), None),
        Permission::Rejected => ("reject", None, None),
    };
    let source = if reply.automatic {
        "automatic"
    } else {
        "user_action"
    };
    let mut value = value(common);
    value.messages.push(Message {
        from: common.contact.wa_id,
        from_user_id: Some(common.contact.user_id.clone()),
        from_parent_user_id: common.contact.parent_user_id.clone(),
        context: reply.context.clone().map(|id| Context {
            from: Some(common.display_phone_number),
            id,
        }),
        interactive: Some(Interactive {
            kind: "call_permission_reply".to_owned(),
            button_reply: None,
            list_reply: None,
            call_permission_reply: Some(CallPermissionReply {
                response: response.to_owned(),
                is_permanent,
                expiration_timestamp,
                response_source: source.to_owned(),
            }),
        }),
        ..Message::empty(reply.id.clone(), reply.timestamp, "interactive".to_owned())
    });
    notification(common, "messages", value)
}

/// Bytes of an `account_settings_update` (`webhooks.md` §4). `calling` is the whole `calling` object of a settings
/// answer.
pub fn settings_update(
    waba: WabaId,
    phone_number_id: PhoneNumberId,
    timestamp: RuleTime,
    calling: &crate::settings::Calling,
) -> Vec<u8> {
    let settings = serde_json::json!({
        "phone_number_id": phone_number_id,
        "calling": calling,
    });
    let value = Value {
        messaging_product: Some("whatsapp".to_owned()),
        timestamp: Some(timestamp),
        kind: Some("phone_number_settings".to_owned()),
        phone_number_settings: Some(settings),
        ..Value::default()
    };
    body(waba, "account_settings_update", value)
}

fn call(
    common: &Common,
    id: &CallId,
    direction: Direction,
    event: CallEvent,
    timestamp: RuleTime,
) -> Call {
    let contact = &common.contact;
    let user = contact.wa_id;
    let user_id = Some(contact.user_id.clone());
    let parent = contact.parent_user_id.clone();
    let business = Some(common.display_phone_number);
    let from_user = direction == Direction::UserInitiated;
    let (from, to) = if from_user {
        (user, business)
    } else {
        (business, user)
    };
    let of = |id: Option<UserId>, here: bool| id.filter(|_| here);
    Call {
        id: id.clone(),
        from,
        from_user_id: of(user_id.clone(), from_user),
        from_parent_user_id: of(parent.clone(), from_user),
        to,
        to_user_id: of(user_id, !from_user),
        to_parent_user_id: of(parent, !from_user),
        event,
        timestamp,
        direction: Some(direction),
        deeplink_payload: None,
        cta_payload: None,
        status: None,
        start_time: None,
        end_time: None,
        duration: None,
        biz_opaque_callback_data: None,
        session: None,
        errors: Vec::new(),
    }
}

pub(super) fn value(common: &Common) -> Value {
    Value {
        messaging_product: Some("whatsapp".to_owned()),
        metadata: Some(Metadata {
            display_phone_number: common.display_phone_number,
            phone_number_id: common.phone_number_id,
        }),
        contacts: vec![common.contact.contact()],
        ..Value::default()
    }
}

pub(super) fn notification(common: &Common, field: &str, value: Value) -> Vec<u8> {
    body(common.waba, field, value)
}

pub(super) fn body(waba: WabaId, field: &str, value: Value) -> Vec<u8> {
    crate::ascii::webhook_bytes(&Notification {
        object: "whatsapp_business_account".to_owned(),
        entry: vec![Entry {
            id: waba,
            time: None,
            changes: vec![Change {
                value: Box::new(value),
                field: field.to_owned(),
            }],
        }],
    })
}
