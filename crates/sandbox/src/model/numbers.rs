//! Business numbers, their standing, and the mails about them; templates.

use utoipa::ToSchema;

/// What no business can change of its number.
#[derive(ToSchema)]
pub(crate) struct NumberShown {
    /// The number's node.
    phone_number_id: String,
    /// The number.
    number: String,
    /// Whether somebody pays for its calls.
    payment_valid: bool,
    /// Whether it is shown to be the business's own.
    verified: bool,
    /// Whether it is registered.
    registered: bool,
    /// The verification code on its way.
    #[schema(required = true)]
    verification: Option<CodeShown>,
    /// Whether it is used in the Business app too.
    on_biz_app: bool,
    /// State of the badge: `NOT_STARTED`, `PENDING`, `UNDER_REVIEW`, `APPROVED`, `REJECTED`, `EXPIRED` or `CANCELLED`.
    oba_status: String,
    /// The portfolio above its own.
    #[schema(required = true)]
    parent_business: Option<String>,
    /// Whether its portfolio keeps a contact book.
    contact_book: bool,
}

/// A verification code as its receiver would see it.
#[derive(ToSchema)]
pub(crate) struct CodeShown {
    /// The digits.
    #[schema(example = "123456")]
    code: String,
    /// `SMS` or `VOICE`.
    method: String,
    /// The language asked for.
    language: String,
    /// When it was asked for, Unix seconds of rule time.
    sent_at: i64,
    /// From when on it no longer holds.
    ends_at: i64,
    /// Whether it can still be given back.
    holds: bool,
}

/// A message template.
#[derive(ToSchema)]
pub(crate) struct TemplateShown {
    /// Its id.
    id: String,
    /// The account it belongs to.
    waba_id: String,
    /// Its name.
    name: String,
    /// Its language.
    language: String,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    category: String,
    /// `PENDING`, `APPROVED`, `REJECTED`, `PAUSED` or `DISABLED`.
    status: String,
    /// Why it was rejected; `NONE` where it was not.
    rejected_reason: String,
}

/// What the platform thinks of a number.
#[derive(ToSchema)]
pub(crate) struct StandingShown {
    /// The number's node.
    phone_number_id: String,
    /// Its own calls.
    business_calls: TrackShown,
    /// Users' calls.
    user_calls: TrackShown,
    /// How often it picks up.
    pick_up: PickUpShown,
}

/// The standing in one direction of calls.
#[derive(ToSchema)]
pub(crate) struct TrackShown {
    /// `good`, `warned` or `restricted`.
    state: String,
    /// When the business was warned.
    #[schema(required = true)]
    warned_at: Option<i64>,
    /// Until when there are no such calls.
    #[schema(required = true)]
    paused_until: Option<i64>,
    /// Calls in the window.
    calls: u64,
    /// Blocks and reports in the window.
    feedback: u64,
}

/// The standing of the rate of calls picked up.
#[derive(ToSchema)]
pub(crate) struct PickUpShown {
    /// `good`, `warned` or `restricted`.
    state: String,
    /// When the business was warned.
    #[schema(required = true)]
    warned_at: Option<i64>,
    /// Since when the call icon is hidden.
    #[schema(required = true)]
    button_hidden_at: Option<i64>,
    /// Users' calls it took.
    answered: u64,
    /// Users' calls it missed.
    missed: u64,
}

/// Mails, oldest first.
#[derive(ToSchema)]
pub(crate) struct Mailbox {
    data: Vec<MailShown>,
}

/// A mail to a contact of a business.
#[derive(ToSchema)]
pub(crate) struct MailShown {
    /// Its id.
    id: String,
    /// The business it is to.
    business_id: String,
    /// The number it is about.
    phone_number_id: String,
    /// The address; null where the business has no contact.
    #[schema(required = true)]
    to: Option<String>,
    /// Its subject.
    subject: String,
    /// Its text.
    body: String,
    /// `kept`, `sending`, `retrying`, `sent` or `failed`.
    state: String,
    /// When it was written, Unix seconds of rule time.
    created_at: i64,
    /// How often it was tried.
    attempts: u32,
    /// When it is tried again.
    #[schema(required = true)]
    next_attempt_at: Option<i64>,
    /// What the mail server said.
    note: String,
}
