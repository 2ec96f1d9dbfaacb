//! `GET /debug_token` and `GET /oauth/access_token` (`graph-api.md` §1.2).

use ahoy_types::AppId;
use serde::{Deserialize, Serialize};

/// Answer to `GET /debug_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DebugToken {
    /// What the token is.
    pub data: TokenInfo,
}

/// What a token is. Of a token that is unknown or has expired only `is_valid`, `scopes` and `error` are there, and
/// the app's id if it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    /// The app it was issued for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub app_id: Option<AppId>,
    /// `SYSTEM_USER`, or `APP` for an app token.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Name of the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Unix seconds; 0 means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_access_expires_at: Option<i64>,
    /// Unix seconds; 0 means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// Whether it can be used.
    pub is_valid: bool,
    /// Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<i64>,
    /// What it allows.
    pub scopes: Vec<String>,
    /// What it allows on which objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granular_scopes: Vec<GranularScope>,
    /// The system user that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TokenError>,
}

/// A scope and the objects it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GranularScope {
    /// Name of the scope.
    pub scope: String,
    /// The objects.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_ids: Vec<String>,
}

/// Why a token cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenError {
    /// 190.
    pub code: u32,
    /// A sentence.
    pub message: String,
    /// 463 for an expired one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<u32>,
}

/// Answer to `GET /oauth/access_token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    /// `APPID|SECRET`.
    pub access_token: String,
    /// `bearer`.
    pub token_type: String,
}

/// An app token, `APPID|SECRET`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppToken<'a> {
    /// The app.
    pub app: AppId,
    /// Its secret.
    pub secret: &'a str,
}

impl<'a> AppToken<'a> {
    /// Reads a token; `None` for one of another kind.
    pub fn parse(token: &'a str) -> Option<Self> {
        let (app, secret) = token.split_once('|')?;
        Some(Self {
            app: app.parse().ok()?,
            secret,
        })
    }
}
