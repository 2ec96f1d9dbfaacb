//! Webhooks and their attempts.

use utoipa::ToSchema;

use super::Paging;

/// Webhooks, oldest first.
#[derive(ToSchema)]
pub(crate) struct DeliveryList {
    data: Vec<DeliveryShown>,
    /// Where to go on, if there may be more.
    #[schema(required = false, nullable = false)]
    paging: Option<Paging>,
}

/// A webhook, and the attempt that was just made.
#[derive(ToSchema)]
pub(crate) struct Replayed {
    /// The webhook as it is now.
    delivery: DeliveryShown,
    /// The attempt that was asked for.
    replayed: AttemptShown,
}

/// A webhook owed to an app, with its attempts.
#[derive(ToSchema)]
pub(crate) struct DeliveryShown {
    /// Its id.
    id: String,
    /// The receiver.
    app_id: String,
    /// The business number it is about; where it is about a whole account, that.
    phone_number_id: String,
    /// The call whose order it keeps.
    #[schema(required = true)]
    call_id: Option<String>,
    /// The webhook field.
    #[schema(example = "calls")]
    field: String,
    /// `waiting`, `sending`, `retrying`, `delivered` or `abandoned`.
    state: String,
    /// When it was committed, Unix seconds of rule time.
    created_at: i64,
    /// When it was committed, in milliseconds.
    created_at_ms: i64,
    /// When it is tried again, while `retrying`.
    #[schema(required = true)]
    next_attempt_at: Option<i64>,
    /// The very text that the signature is over.
    body: String,
    /// Where the last attempt went; null before the first.
    #[schema(required = true)]
    url: Option<String>,
    /// What the last attempt was answered; null without an answer.
    #[schema(required = true)]
    status: Option<u16>,
    /// Every attempt whose outcome is known.
    attempts: Vec<AttemptShown>,
}

/// One attempt to deliver a webhook.
#[derive(ToSchema)]
pub(crate) struct AttemptShown {
    /// From 1.
    number: u32,
    /// Whether somebody asked for it, beside the schedule.
    replay: bool,
    /// Where it was sent; empty where there was no callback.
    url: String,
    /// The request's headers.
    headers: std::collections::BTreeMap<String, String>,
    /// When it began, Unix seconds of rule time.
    at: i64,
    /// When it began, in milliseconds.
    at_ms: i64,
    /// How long it took, in real milliseconds.
    took_ms: f64,
    /// The HTTP status, if there was an answer.
    #[schema(required = true)]
    status: Option<u16>,
    /// What went wrong, or the beginning of the answer's body.
    note: String,
    /// Which faults the sandbox was asked to do to it; null without any.
    #[schema(required = true)]
    fault: Option<String>,
}
