//! Objects on the wire. Ids are decimal text, instants Unix seconds.

use ahoy_calling::account::{App, Business, Number, Token, Waba};
use ahoy_calling::admin::RoleGrant;
use ahoy_store::Mail;
use ahoy_types::RuleTime;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of a list, by ascending id.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The objects of this page.
    pub data: Vec<T>,
    /// Where the next page begins.
    pub paging: Paging,
}

/// Where the next page begins.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Paging {
    /// Value of `after` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The page out of its rows and perhaps the first of the next.
pub(crate) fn listed<R, T>(
    mut rows: Vec<R>,
    limit: usize,
    id: impl Fn(&R) -> String,
    view: impl Fn(R) -> T,
) -> axum::Json<List<T>> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let after = rows.last().filter(|_| more).map(id);
    axum::Json(List {
        data: rows.into_iter().map(view).collect(),
        paging: Paging { after },
    })
}

/// A business portfolio.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessView {
    /// Its id.
    #[schema(example = "730000000000001")]
    pub id: String,
    /// Its name.
    pub name: String,
    /// Mail addresses of those whom warnings and restrictions reach.
    pub contacts: Vec<String>,
    /// Whether it keeps a contact book.
    pub contact_book: bool,
}

impl From<Business> for BusinessView {
    fn from(row: Business) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            contacts: row.contacts,
            contact_book: row.contact_book,
        }
    }
}

/// A mail to a contact of a business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailView {
    /// Its id.
    #[schema(example = "1")]
    pub id: String,
    /// The business it is for.
    pub business: String,
    /// The phone number it is about, by node id.
    pub number: String,
    /// Whom it goes to; null where the business has no contacts.
    #[schema(required = true)]
    pub to: Option<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// `kept` where there is no mail server or nobody to write to, `sending`, `retrying`, `sent` or `failed`.
    pub state: &'static str,
    /// When it was written.
    pub created_at: i64,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt is due; null unless it is `retrying`.
    #[schema(required = true)]
    pub next_attempt_at: Option<i64>,
    /// What the mail server last said, or why it could not be reached.
    pub note: String,
}

impl From<Mail> for MailView {
    fn from(row: Mail) -> Self {
        Self {
            id: row.id.to_string(),
            business: row.business.to_string(),
            number: row.number.to_string(),
            to: row.recipient,
            subject: row.subject,
            body: row.body,
            state: row.state.as_str(),
            created_at: row.created_at.secs(),
            attempts: row.attempts,
            next_attempt_at: row.next_due.map(RuleTime::secs),
            note: row.note,
        }
    }
}

/// A WhatsApp Business Account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WabaView {
    /// Its id.
    #[schema(example = "720000000000001")]
    pub id: String,
    /// The portfolio that owns it.
    pub business: String,
    /// Its name.
    pub name: String,
    /// What its charges are counted in (ISO 4217).
    #[schema(example = "USD")]
    pub currency: String,
    /// Number of its time zone in the reference's list; `0` for none set.
    pub timezone_id: String,
    /// IANA name of the time zone by which its days and months are counted.
    #[schema(example = "Europe/Madrid")]
    pub time_zone: String,
}

impl From<Waba> for WabaView {
    fn from(row: Waba) -> Self {
        Self {
            id: row.id.to_string(),
            business: row.business.to_string(),
            name: row.name,
            currency: row.currency,
            timezone_id: row.timezone_id,
            time_zone: row.zone.name().to_owned(),
        }
    }
}

/// A business phone number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NumberView {
    /// Its node id.
    #[schema(example = "710000000000001")]
    pub id: String,
    /// The account it belongs to.
    pub waba: String,
    /// Its digits.
    #[schema(example = "442079460000")]
    pub number: String,
    /// The name on the user's phone.
    pub name: String,
    /// State of the name.
    pub name_status: &'static str,
    /// Whether it has the badge of an official account.
    pub official: bool,
    /// Which limits hold for it: `production`, `sandbox` or `test`.
    pub profile: &'static str,
    /// `TIER_250` … `TIER_UNLIMITED`.
    pub messaging_limit: &'static str,
    /// Whether somebody pays for its calls.
    pub payment_valid: bool,
    /// Whether it is registered.
    pub registered: bool,
    /// Whether it is shown to be the business's own.
    pub verified: bool,
    /// Whether a two-step PIN guards its registration.
    pub pin_set: bool,
    /// Whether calling is enabled.
    pub calling: bool,
    /// Short line of the public profile.
    pub about: String,
    /// Address of the public profile.
    pub address: String,
    /// Description of the public profile.
    pub description: String,
    /// E-mail address of the public profile.
    pub email: String,
    /// Line of business.
    pub vertical: String,
    /// Web sites of the public profile.
    pub websites: Vec<String>,
    /// Path of the profile picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl From<Number> for NumberView {
    fn from(row: Number) -> Self {
        Self {
            id: row.id.to_string(),
            waba: row.waba.to_string(),
            number: row.number.to_string(),
            name: row.verified_name,
            name_status: row.about.name_status.as_str(),
            official: row.about.official,
            profile: row.profile.as_str(),
            messaging_limit: row.messaging_limit.as_str(),
            payment_valid: row.payment_valid,
            registered: row.registration.registered,
            verified: row.registration.verified,
            pin_set: row.registration.pin_set(),
            calling: row.settings.status.on(),
            picture: row.about.picture_path(row.id),
            about: row.about.about,
            address: row.about.address,
            description: row.about.description,
            email: row.about.email,
            vertical: row.about.vertical,
            websites: row.about.websites,
        }
    }
}

/// Somebody on the allow-list of a test number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllowedView {
    /// The user's number.
    #[schema(example = "447700900001")]
    pub wa_id: String,
}

/// An app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppView {
    /// Its id.
    #[schema(example = "900100200300")]
    pub id: String,
    /// The portfolio that owns it.
    pub business: String,
    /// Its name.
    pub name: String,
    /// The key of its webhook signatures; not shown to viewers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Where its webhooks go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// The webhook fields it asked for.
    pub fields: Vec<String>,
}

impl AppView {
    pub(crate) fn new(row: App, secret: bool) -> Self {
        Self {
            id: row.id.to_string(),
            business: row.business.to_string(),
            name: row.name,
            secret: secret.then_some(row.secret),
            callback_url: row.callback.map(|c| c.url),
            fields: row.fields,
        }
    }
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// Its id.
    #[schema(example = "740000000000001")]
    pub id: String,
    /// What it is for.
    pub name: String,
    /// The app it was issued for.
    pub app: String,
    /// The portfolio whose objects it reaches.
    pub business: String,
    /// What it allows.
    pub scopes: Vec<&'static str>,
    /// When it was issued.
    pub issued_at: i64,
    /// When it ends; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<i64>,
    /// The token itself: in the answer to its creation and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl TokenView {
    pub(crate) fn new(row: Token, token: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            app: row.app.to_string(),
            business: row.business.to_string(),
            scopes: row.scopes.iter().map(|scope| scope.as_str()).collect(),
            issued_at: row.issued_at.secs(),
            expires_at: row.expires_at.map(RuleTime::secs),
            revoked_at: row.revoked_at.map(RuleTime::secs),
            token,
        }
    }
}

/// A role somebody has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleView {
    /// Its id.
    #[schema(example = "750000000000001")]
    pub id: String,
    /// Whose it is.
    pub name: String,
    /// `admin`, `developer` or `viewer`.
    pub role: &'static str,
    /// The one business it reaches; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<String>,
    /// When it was given.
    pub issued_at: i64,
    /// When it ends; absent for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// The admin token: in the answer to its creation and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl RoleView {
    pub(crate) fn new(row: RoleGrant, token: Option<String>) -> Self {
        Self {
            id: row.id.to_string(),
            name: row.name,
            role: row.role.as_str(),
            business: row.business.map(|b| b.to_string()),
            issued_at: row.issued_at.secs(),
            expires_at: row.expires_at.map(RuleTime::secs),
            token,
        }
    }
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Whose the admin token is.
    pub name: String,
    /// `admin`, `developer` or `viewer`.
    pub role: &'static str,
    /// The one business it reaches; absent for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<String>,
}
