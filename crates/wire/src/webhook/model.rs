//! One set of types for both ends. Receivers get unknown keys ignored and unknown words as `Unknown`.

use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, Seconds, UserId, WaId, WabaId};
use serde::{Deserialize, Serialize};

use super::account::{RestrictionInfo, ViolationInfo, VolumeTierInfo};
use super::person::{SharedContact, System};
use super::routing::{Control, HandoverRecipient, HandoverSender, Standby};
use super::unix;
use crate::Session;
use crate::errors::WebhookError;

/// A webhook's body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// `whatsapp_business_account`.
    pub object: String,
    /// Calling events come alone: one entry with one change.
    #[serde(default)]
    pub entry: Vec<Entry>,
}

/// What happened at one account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The WhatsApp Business Account.
    pub id: WabaId,
    /// Unix seconds; on account fields only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// The changes.
    #[serde(default)]
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The change itself. Boxed: it is large and receivers move it about.
    pub value: Box<Value>,
    /// The subscribed field: `calls`, `messages`, `account_settings_update` …
    pub field: String,
}

/// The change's content; which lists are present depends on the field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// `whatsapp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging_product: Option<String>,
    /// The business number concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The user concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    /// Call events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Call>,
    /// States of a business-initiated call, or of messages of the business.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Messages, among them answers to permission requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// Why a call failed; the key is absent otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WebhookError>,
    /// Unix seconds, on `account_settings_update`.
    #[serde(
        default,
        with = "unix::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub timestamp: Option<RuleTime>,
    /// Kind of an `account_settings_update`: `phone_number_settings`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// New settings, on `account_settings_update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number_settings: Option<serde_json::Value>,
    /// What happened, on account and template fields: `APPROVED`, `REJECTED`, `ACCOUNT_VIOLATION`,
    /// `ACCOUNT_RESTRICTION`, `VOLUME_BASED_PRICING_TIER_UPDATE` …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The template, on `message_template_status_update`; a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_id: Option<u64>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_name: Option<String>,
    /// Its language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_language: Option<String>,
    /// Why its review failed, else `NONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `UTILITY` or `MARKETING`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_template_category: Option<String>,
    /// The business number, on `account_update`: digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<WaId>,
    /// A warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violation_info: Option<ViolationInfo>,
    /// Restrictions that hold from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub restriction_info: Vec<RestrictionInfo>,
    /// A new tier of prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_tier_info: Option<VolumeTierInfo>,
    /// The user of a thread, on `messaging_handovers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<HandoverSender>,
    /// The number of a thread, on `messaging_handovers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<HandoverRecipient>,
    /// The thread is the receiver's now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_passed: Option<Control>,
    /// The thread is no longer the receiver's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control_taken: Option<Control>,
    /// Copies, on `standby`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Box<Standby>>,
}

/// The business number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Digits without `+`.
    pub display_phone_number: WaId,
    /// Its node.
    pub phone_number_id: PhoneNumberId,
}

/// The user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// What the user shows.
    #[serde(default)]
    pub profile: Profile,
    /// The number; may be missing for users known by a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wa_id: Option<WaId>,
    /// The business-scoped id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The id scoped to the portfolio above the business's, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_user_id: Option<UserId>,
}

/// A user's profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The name, or the number when there is none.
    #[serde(default)]
    pub name: String,
    /// The name the user goes by instead of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
}

/// Kind of a call event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEvent {
    /// The call is being set up; the session is in it.
    Connect,
    /// The call is over.
    Terminate,
    /// A word this version does not know.
    #[serde(other)]
    Unknown,
}

/// How a call ended. An unanswered call is `Completed` without times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallOutcome {
    /// It took its course.
    Completed,
    /// A technical fault ended it.
    Failed,
    /// A word this version does not know.
    #[serde(other)]
    Unknown,
}

/// State of a business-initiated call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CallStatus {
    /// The user's phone rings.
    Ringing,
    /// The user has picked up.
    Accepted,
    /// The user has declined; a terminate follows.
    Rejected,
    /// A word this version does not know.
    #[serde(other)]
    Unknown,
}

/// A connect or terminate event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The call.
    pub id: CallId,
    /// The caller's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WaId>,
    /// The caller, when it is the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_user_id: Option<UserId>,
    /// The same, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_parent_user_id: Option<UserId>,
    /// The callee's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<WaId>,
    /// The callee, when it is the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_user_id: Option<UserId>,
    /// The same, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_parent_user_id: Option<UserId>,
    /// What happened.
    pub event: CallEvent,
    /// When, in Unix seconds.
    #[serde(with = "unix")]
    pub timestamp: RuleTime,
    /// Who placed the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Of the call link the user followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deeplink_payload: Option<String>,
    /// Of the call button the user tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cta_payload: Option<String>,
    /// On terminate: how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<CallOutcome>,
    /// On terminate, if it was answered: when.
    #[serde(
        default,
        with = "unix::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub start_time: Option<RuleTime>,
    /// On terminate, if it was answered: when it ended.
    #[serde(
        default,
        with = "unix::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub end_time: Option<RuleTime>,
    /// On terminate, if it was answered: its length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Seconds>,
    /// What the business sent with connect or accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<String>,
    /// On connect: the offer or answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// The same as [`Value::errors`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WebhookError>,
}

/// How far a message of the business has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    /// Taken by the platform.
    Sent,
    /// On the user's device.
    Delivered,
    /// Seen by the user.
    Read,
    /// It will never arrive; the errors say why.
    Failed,
}

/// A state, of a message or of a call: the former are written small, the latter in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StatusWord {
    /// Of a message.
    Message(MessageStatus),
    /// Of a call.
    Call(CallStatus),
}

/// What a message costs (`webhooks.md` §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    /// Whether it is charged.
    #[serde(default)]
    pub billable: bool,
    /// `PMP`: by the message.
    #[serde(default)]
    pub pricing_model: String,
    /// `service`, `utility`, `marketing` or `authentication`; `referral_conversion` in a free entry point.
    #[serde(default)]
    pub category: String,
    /// `regular`, `free_customer_service` or `free_entry_point`.
    #[serde(default, rename = "type")]
    pub kind: String,
}

/// The free entry point a message was sent in (`webhooks.md` §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// When it ends, in Unix seconds; on sent alone.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "unix::option"
    )]
    pub expiration_timestamp: Option<RuleTime>,
    /// What opened it.
    pub origin: ConversationOrigin,
}

/// What opened a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationOrigin {
    /// `referral_conversion`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A state of a business-initiated call, or of a message of the business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// `wacid.…` of a call, `wamid.…` of a message.
    pub id: String,
    /// When, in Unix seconds.
    #[serde(with = "unix")]
    pub timestamp: RuleTime,
    /// `call`; absent on messages.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The state.
    pub status: StatusWord,
    /// The user's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_id: Option<WaId>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_user_id: Option<UserId>,
    /// The same, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient_parent_user_id: Option<UserId>,
    /// What the business sent with connect, or with the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biz_opaque_callback_data: Option<String>,
    /// Of a message in a free entry point, on sent and delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Conversation>,
    /// Of a message, on sent and delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pricing: Option<Pricing>,
    /// Why a message failed; the key is absent otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<WebhookError>,
}

/// A message of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The user's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WaId>,
    /// The user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_user_id: Option<UserId>,
    /// The same, scoped to the portfolio above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_parent_user_id: Option<UserId>,
    /// `wamid.…`.
    pub id: String,
    /// When, in Unix seconds.
    #[serde(with = "unix")]
    pub timestamp: RuleTime,
    /// `text`; `interactive` for taps and answers to permission requests; `button` for a template's quick reply;
    /// `contacts` and `system`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// Content of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Content of an interactive message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<Interactive>,
    /// A quick reply of a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<QuickReply>,
    /// The advertisement the user wrote out of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<Referral>,
    /// Contacts that the user shared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<SharedContact>,
    /// What the platform says of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<System>,
}

impl Message {
    /// A message that says nothing yet.
    pub(super) const fn empty(id: String, timestamp: RuleTime, kind: String) -> Self {
        Self {
            from: None,
            from_user_id: None,
            from_parent_user_id: None,
            id,
            timestamp,
            kind,
            context: None,
            text: None,
            interactive: None,
            button: None,
            referral: None,
            contacts: Vec::new(),
            system: None,
        }
    }
}

/// An advertisement that leads into a chat (`webhooks.md` §3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// `ad`.
    pub source_type: String,
    /// The advertisement.
    pub source_id: String,
    /// Its address.
    pub source_url: String,
    /// Its head line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `image` or `video`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Address of its image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Address of its video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// Address of the video's still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// The click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
    /// What the chat greets with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welcome_message: Option<WelcomeMessage>,
}

/// What a chat greets with that an advertisement leads into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeMessage {
    /// The words.
    pub text: String,
}

/// Words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The words.
    pub body: String,
}

/// A quick reply of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickReply {
    /// The business's name for it.
    pub payload: String,
    /// What stood on it.
    pub text: String,
}

/// The answer a user tapped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The business's name for it.
    pub id: String,
    /// What it says.
    pub title: String,
    /// The smaller words of a menu's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The message or call something refers to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WaId>,
    /// `wamid.…`, or `wacid.…` for a permission that a call brought about.
    pub id: String,
}

/// An interactive message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interactive {
    /// `call_permission_reply`, `button_reply` or `list_reply`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A reply button that was tapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button_reply: Option<Reply>,
    /// A row of a list that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_reply: Option<Reply>,
    /// The user's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_permission_reply: Option<CallPermissionReply>,
}

/// A user's answer to a permission request (`webhooks.md` §3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallPermissionReply {
    /// `accept` or `reject`.
    pub response: String,
    /// On accept: whether it holds until revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_permanent: Option<bool>,
    /// On a temporary accept: when it ends.
    #[serde(
        default,
        with = "unix::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub expiration_timestamp: Option<RuleTime>,
    /// `user_action` or `automatic`.
    pub response_source: String,
}
