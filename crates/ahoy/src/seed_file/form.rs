//! What a seed file may say. Whatever is wrong with a value is found while it is read, so that its line is known.

use std::path::PathBuf;

use ahoy_calling::account::{MessagingLimit, Scope};
use ahoy_calling::limits::Profile;
use ahoy_calling::simulated::Behaviour;
use ahoy_types::{AppId, BusinessId, Country, PhoneNumberId, RuleTime, WaId, WabaId};
use serde::{Deserialize, Deserializer};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    pub businesses: Vec<BusinessEntry>,
    pub wabas: Vec<WabaEntry>,
    pub apps: Vec<AppEntry>,
    pub tokens: Vec<TokenEntry>,
    pub subscriptions: Vec<SubscriptionEntry>,
    pub numbers: Vec<NumberEntry>,
    pub users: Vec<UserEntry>,
    pub permissions: Vec<PermissionEntry>,
    pub templates: Vec<TemplateEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BusinessEntry {
    pub id: BusinessId,
    pub name: Option<String>,
    pub contacts: Option<Vec<String>>,
    pub contact_book: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WabaEntry {
    pub id: WabaId,
    pub business: Option<BusinessId>,
    pub name: Option<String>,
    pub currency: Option<String>,
    pub timezone_id: Option<String>,
    pub time_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppEntry {
    pub id: AppId,
    pub business: Option<BusinessId>,
    pub name: Option<String>,
    pub secret: Option<String>,
    pub callback: Option<CallbackEntry>,
    pub fields: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackEntry {
    #[serde(deserialize_with = "web_address")]
    pub url: String,
    pub verify_token: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenEntry {
    pub token: String,
    pub app: AppId,
    pub name: Option<String>,
    pub scopes: Option<Vec<Scope>>,
    #[serde(default, deserialize_with = "instant")]
    pub expires_at: Option<RuleTime>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubscriptionEntry {
    pub waba: WabaId,
    pub app: AppId,
    pub callback: Option<CallbackEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberEntry {
    pub id: PhoneNumberId,
    pub waba: Option<WabaId>,
    pub number: Option<WaId>,
    pub name: Option<String>,
    pub profile: Option<Profile>,
    pub messaging_limit: Option<MessagingLimit>,
    pub payment_valid: Option<bool>,
    /// As `calling` in `POST /{phone-number-id}/settings`.
    pub calling: Option<toml::Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub wa_id: WaId,
    pub name: Option<String>,
    pub country: Option<Country>,
    pub username: Option<String>,
    pub hides_number: Option<bool>,
    pub behaviour: Option<Behaviour>,
}

/// What a user lets a number do.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Permission {
    Temporary,
    Permanent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionEntry {
    pub number: PhoneNumberId,
    pub user: WaId,
    pub permission: Permission,
}

#[derive(Debug, Deserialize)]
pub(super) struct TemplateEntry {
    pub waba: WabaId,
    /// The rest is as in `POST /{waba-id}/message_templates`.
    #[serde(flatten)]
    pub body: toml::Table,
}

fn web_address<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    let text = String::deserialize(reader)?;
    let fits = url::Url::parse(&text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if fits {
        Ok(text)
    } else {
        Err(serde::de::Error::custom(format!(
            "an http or https address is expected, not `{text}`"
        )))
    }
}

fn instant<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<RuleTime>, D::Error> {
    let text = String::deserialize(reader)?;
    ahoy_calling::instant::parse(&text)
        .map(Some)
        .map_err(serde::de::Error::custom)
}

/// A file a user plays is looked for beside the seed file.
pub(super) fn beside(folder: &std::path::Path, file: &str) -> String {
    let path = PathBuf::from(file);
    if path.is_absolute() {
        file.to_owned()
    } else {
        folder.join(path).display().to_string()
    }
}
