//! Chats, permissions, and what a phone shows of a business.

use utoipa::ToSchema;

/// A message that was written.
#[derive(ToSchema)]
pub(crate) struct Written {
    /// The message, or with a tap on a call button the call.
    #[schema(example = "wamid.HBgMNDQ3NzAwOTAwMDAx")]
    id: String,
}

/// A chat as the user's phone shows it.
#[derive(ToSchema)]
pub(crate) struct Thread {
    /// Messages and calls, oldest first.
    data: Vec<ThreadEntry>,
    /// Whether the business types.
    typing: bool,
    /// Whether the user has the business blocked.
    blocked: bool,
    /// Until when the business may write freely, Unix seconds; null if it may not.
    #[schema(required = true)]
    window_until: Option<i64>,
    /// Whether the business wrote something that the user has not seen.
    unread: bool,
}

/// An entry of a chat. Beside these keys it has the words of its kind.
#[derive(ToSchema)]
pub(crate) struct ThreadEntry {
    /// `call`, or the kind of the message.
    kind: String,
    /// The message or the call.
    id: String,
    /// `business`, `user` or `platform`.
    from: String,
    /// When it was sent or placed, Unix seconds of rule time.
    time: i64,
    /// Of a call `ringing`, `connected`, `ended`, `missed`, `declined`, `unanswered`, `cancelled`, `failed`; of a
    /// permission request `open`, `accepted`, `declined`, `expired`; of a call button `active`, `expired`; else
    /// `delivered`, `read`.
    state: String,
    /// The message it replies to.
    #[schema(required = false, nullable = false)]
    context: Option<String>,
    /// The words, which depend on the kind.
    #[schema(additional_properties)]
    #[serde(flatten)]
    content: std::collections::BTreeMap<String, serde_json::Value>,
}

/// What a user allows a business now.
#[derive(ToSchema)]
pub(crate) struct PermissionAnswer {
    /// `true`.
    success: bool,
    /// The user.
    wa_id: String,
    /// The business number's node.
    phone_number_id: String,
    /// What holds now.
    permission: PermissionShown,
    /// Whether a request of the business was answered by this.
    answered_request: bool,
}

/// A permission to call.
#[derive(ToSchema)]
pub(crate) struct PermissionShown {
    /// `no_permission`, `temporary` or `permanent`.
    status: String,
    /// When a temporary one ends, Unix seconds.
    #[schema(required = true)]
    expiration_time: Option<i64>,
}

/// What a user's phone shows of a business.
#[derive(ToSchema)]
pub(crate) struct PhoneShown {
    /// Whether there is a call icon.
    call_icon: bool,
    /// Why not: `calling_off`, `hidden`, `country`, `paused`, `unanswered`.
    #[schema(required = true)]
    no_icon: Option<String>,
    /// The same in a sentence.
    #[schema(required = true)]
    no_icon_reason: Option<String>,
    /// Whether the business is open by the hours the phone knows.
    open: bool,
    /// When it opens, Unix seconds.
    #[schema(required = true)]
    next_opening: Option<i64>,
    /// When it opens, in words.
    #[schema(required = true)]
    opens: Option<String>,
    /// Whether a call back can be asked for.
    callback: bool,
    /// The instant whose settings the phone shows.
    settings_as_of: i64,
}
