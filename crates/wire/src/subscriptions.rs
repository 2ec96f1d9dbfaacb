//! Who gets which webhooks where (`graph-api.md` §8).

use ahoy_types::AppId;
use serde::{Deserialize, Serialize};

use crate::body::{Fields, excerpt};
use crate::{Body, GraphError};

/// The object webhooks of this platform are about.
pub const OBJECT: &str = "whatsapp_business_account";
/// Fields an app can subscribe to. Not every one has events yet; a subscription is kept until it has.
pub const FIELDS: [&str; 34] = [
    "account_alerts",
    "account_offboarded",
    "account_reconnected",
    "account_review_update",
    "account_settings_update",
    "account_update",
    "automatic_events",
    "business_capability_update",
    "business_status_update",
    "calls",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "history",
    "message_echoes",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
    "smb_app_state_sync",
    "smb_message_echoes",
    "standby",
    "template_category_update",
    "template_correct_category_detection",
    "tracking_events",
    "user_preferences",
];
/// Those of [`FIELDS`] that this server has webhooks for.
pub const SENT: [&str; 7] = [
    "account_settings_update",
    "account_update",
    "calls",
    "message_template_status_update",
    "messages",
    "messaging_handovers",
    "standby",
];
/// Most characters in a callback URL of an app.
pub const MAX_CALLBACK_URL: usize = 2048;
/// Most characters in an override's URL.
pub const MAX_OVERRIDE_URL: usize = 200;
/// Most characters in a verify token.
pub const MAX_VERIFY_TOKEN: usize = 512;

/// A receiver's address and the token that proves to it who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Absolute `http` or `https` URL.
    pub url: String,
    /// Repeated in the verification request.
    pub verify_token: String,
}

/// Body of `POST /{app-id}/subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Where webhooks go.
    pub callback: Callback,
    /// The fields wanted, sorted.
    pub fields: Vec<String>,
}

impl Subscribe {
    /// Reads it from body and query.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        object(&fields, true)?;
        let callback = Callback {
            url: url(&fields, "callback_url", MAX_CALLBACK_URL)?
                .ok_or_else(|| fields.missing("callback_url"))?,
            verify_token: verify_token(&fields)?,
        };
        let wanted = webhook_fields(&fields)?.ok_or_else(|| fields.missing("fields"))?;
        // Payloads always have their values; the parameter is checked and has no effect.
        fields.boolean("include_values")?;
        Ok(Self {
            callback,
            fields: wanted,
        })
    }
}

/// Parameters of `DELETE /{app-id}/subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The fields to drop; `None` drops all of them and the callback.
    pub fields: Option<Vec<String>>,
}

impl Unsubscribe {
    /// Reads it from body and query.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        object(&fields, false)?;
        Ok(Self {
            fields: webhook_fields(&fields)?,
        })
    }
}

/// What a request does to an override.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OverrideChange {
    /// Sets it.
    Set(Callback),
    /// Removes it.
    Remove,
}

impl OverrideChange {
    /// Reads the body of `POST /{waba-id}/subscribed_apps`; an empty one removes an override.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse(body: &Body) -> Result<Self, GraphError> {
        Self::of(&body.fields())
    }

    /// Reads `webhook_configuration` of `POST /{phone-number-id}`, whose `override_callback_uri` must be there; `""`
    /// removes the override.
    ///
    /// # Errors
    /// Code 100 with a sentence that names the parameter.
    pub fn parse_configuration(body: &Body) -> Result<Self, GraphError> {
        let fields = body.fields();
        let Some(configuration) = fields.object("webhook_configuration")? else {
            return Err(fields.missing("webhook_configuration"));
        };
        configuration.required_text("override_callback_uri")?;
        Self::of(&configuration)
    }

    fn of(fields: &Fields<'_>) -> Result<Self, GraphError> {
        match url(fields, "override_callback_uri", MAX_OVERRIDE_URL)? {
            None => Ok(Self::Remove),
            Some(url) => Ok(Self::Set(Callback {
                url,
                verify_token: verify_token(fields)?,
            })),
        }
    }
}

fn object(fields: &Fields<'_>, required: bool) -> Result<(), GraphError> {
    match fields.text("object")? {
        Some(OBJECT) => Ok(()),
        None if !required => Ok(()),
        None => Err(fields.missing("object")),
        Some(other) => Err(fields.not_allowed("object", other, OBJECT)),
    }
}

fn verify_token(fields: &Fields<'_>) -> Result<String, GraphError> {
    match fields.short_text("verify_token", MAX_VERIFY_TOKEN)? {
        Some(token) if !token.is_empty() => Ok(token.to_owned()),
        _ => Err(fields.missing("verify_token")),
    }
}

fn webhook_fields(fields: &Fields<'_>) -> Result<Option<Vec<String>>, GraphError> {
    let Some(mut wanted) = fields.list("fields")? else {
        return Ok(None);
    };
    wanted.sort();
    wanted.dedup();
    match wanted.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        // All of them would be no sentence any more.
        Some(stranger) => {
            let allowed = format!("{} and other webhook fields of an account", SENT.join(", "));
            Err(fields.not_allowed("fields", stranger, &allowed))
        }
        None if wanted.is_empty() => Ok(None),
        None => Ok(Some(wanted)),
    }
}

/// A callback address; empty text is none.
fn url(fields: &Fields<'_>, name: &str, most: usize) -> Result<Option<String>, GraphError> {
    let Some(text) = fields.short_text(name, most)?.map(str::trim) else {
        return Ok(None);
    };
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |reason: &str| {
        Err(GraphError::invalid(format!(
            "The parameter `{}` has the value `{}`, which cannot be a callback: {reason}.",
            fields.name(name),
            excerpt(text)
        )))
    };
    match url::Url::parse(text) {
        Err(error) => bad(&error.to_string()),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            bad("the scheme must be http or https")
        }
        Ok(url) if !url.has_host() => bad("there is no host"),
        Ok(url) if url.fragment().is_some() => bad("there must be no fragment"),
        Ok(_) => Ok(Some(text.to_owned())),
    }
}

/// `{"success":true}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Success {
    /// `true`.
    pub success: bool,
}

impl Default for Success {
    fn default() -> Self {
        Self { success: true }
    }
}

/// Answer to `GET /{app-id}/subscriptions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subscriptions {
    /// The subscription, or nothing.
    pub data: Vec<Subscription>,
}

/// A subscription of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Subscription {
    /// `whatsapp_business_account`.
    pub object: String,
    /// Where webhooks go.
    pub callback_url: String,
    /// Whether they are sent.
    pub active: bool,
    /// The fields.
    pub fields: Vec<SubscribedField>,
}

/// A subscribed field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscribedField {
    /// Its name.
    pub name: String,
    /// The version its payloads follow.
    pub version: String,
}

/// Answer to `GET /{waba-id}/subscribed_apps`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscribedApps {
    /// The apps.
    pub data: Vec<SubscribedApp>,
}

/// An app subscribed to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubscribedApp {
    /// The app.
    pub whatsapp_business_api_data: AppInfo,
    /// Where its webhooks of this account go instead of the app's callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_callback_uri: Option<String>,
}

/// An app in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppInfo {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: AppId,
    /// Its page.
    pub link: String,
    /// Its name.
    pub name: String,
}

/// `webhook_configuration` of a phone number: the address at each level, where there is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WebhookConfiguration {
    /// Override of the number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Override of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whatsapp_business_account: Option<String>,
    /// The app's callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
}
