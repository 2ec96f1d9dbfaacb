//! `GET /debug_token` and `GET /oauth/access_token` (`graph-api.md` §1.2).

use ahoy_platform::{AuthError, Caller, Node};
use ahoy_wire::errors::{ErrorEnvelope, SUBCODE_EXPIRED};
use ahoy_wire::tokens::{AccessToken, DebugToken, GranularScope, TokenError, TokenInfo};
use ahoy_wire::{ErrorCode, GraphError};
use axum::extract::State;

use crate::GraphState;
use crate::answer::{Answer, Refused};
use crate::incoming::{Asked, Incoming};
use crate::refusal::{OrRefuse as _, auth_error};

/// What a token is. Asked with a token of the same app.
#[utoipa::path(
    get,
    path = "/debug_token",
    operation_id = "debug_token",
    tag = "tokens",
    params(("input_token" = String, Query, description = "The token to look at")),
    responses(
        (status = 200, description = "What it is; of an unknown or expired one, why it is no good", body = DebugToken),
        (status = 400, description = "Code 100: parameter", body = ErrorEnvelope),
    )
)]
pub(crate) async fn debug(
    State(state): State<GraphState>,
    asked: Asked,
) -> Result<Answer<DebugToken>, Refused> {
    let query = asked.incoming.query();
    let fields = query.fields();
    let token = fields.required_text("input_token")?;
    let data = match state.platform.authenticate(token) {
        // Of another app's token this one learns nothing but that it is not its own.
        Ok(caller) if caller.app != asked.caller.app => invalid(&AuthError::Unknown),
        Ok(caller) => known(&state, &asked, &caller)?,
        Err(AuthError::Internal(reason)) => {
            return Err(auth_error(&AuthError::Internal(reason)).into());
        }
        Err(error) => invalid(&error),
    };
    Ok(Answer(DebugToken { data }))
}

fn known(state: &GraphState, asked: &Asked, caller: &Caller) -> Result<TokenInfo, Refused> {
    let app = state
        .platform
        .node(caller, caller.app.0)
        .or_refuse(&asked.incoming.method)?;
    let application = match app {
        Some(Node::App(app)) => Some(app.name),
        _ => None,
    };
    let scopes: Vec<String> = caller
        .scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    let scope = |scope: &String| GranularScope {
        scope: scope.clone(),
        target_ids: Vec::new(),
    };
    Ok(TokenInfo {
        app_id: Some(caller.app),
        kind: Some(
            if caller.app_token {
                "APP"
            } else {
                "SYSTEM_USER"
            }
            .to_owned(),
        ),
        application,
        data_access_expires_at: Some(0),
        expires_at: Some(caller.expires_at.map_or(0, ahoy_types::RuleTime::secs)),
        is_valid: true,
        issued_at: (!caller.app_token).then(|| caller.issued_at.secs()),
        granular_scopes: scopes.iter().map(scope).collect(),
        scopes,
        user_id: None,
        error: None,
    })
}

fn invalid(error: &AuthError) -> TokenInfo {
    let why = auth_error(error);
    TokenInfo {
        app_id: None,
        kind: None,
        application: None,
        data_access_expires_at: None,
        expires_at: match error {
            AuthError::Expired(at) => Some(at.secs()),
            _ => None,
        },
        is_valid: false,
        issued_at: None,
        scopes: Vec::new(),
        granular_scopes: Vec::new(),
        user_id: None,
        error: Some(TokenError {
            code: ErrorCode::InvalidToken.code(),
            message: why.details,
            subcode: matches!(error, AuthError::Expired(_)).then_some(SUBCODE_EXPIRED),
        }),
    }
}

/// An app's own token, for its id and secret.
#[utoipa::path(
    get,
    path = "/oauth/access_token",
    operation_id = "access_token",
    tag = "tokens",
    security(()),
    params(
        ("grant_type" = String, Query, description = "client_credentials"),
        ("client_id" = String, Query, description = "The app's id"),
        ("client_secret" = String, Query, description = "The app's secret"),
    ),
    responses(
        (status = 200, description = "The token", body = AccessToken),
        (status = 400, description = "Code 100: parameter", body = ErrorEnvelope),
        (status = 401, description = "Code 190: wrong id or secret", body = ErrorEnvelope),
    )
)]
pub(crate) async fn issue(
    State(state): State<GraphState>,
    incoming: Incoming,
) -> Result<Answer<AccessToken>, Refused> {
    let query = incoming.query();
    let fields = query.fields();
    match fields.required_text("grant_type")? {
        "client_credentials" => {}
        other => {
            return Err(fields
                .not_allowed("grant_type", other, "client_credentials")
                .into());
        }
    }
    let id = fields.required_text("client_id")?;
    let secret = fields.required_text("client_secret")?;
    let token = format!("{id}|{secret}");
    match state.platform.authenticate(&token) {
        Ok(_) => Ok(Answer(AccessToken {
            access_token: token,
            token_type: "bearer".to_owned(),
        })),
        Err(AuthError::Internal(reason)) => Err(auth_error(&AuthError::Internal(reason)).into()),
        Err(_) => Err(GraphError::new(
            ErrorCode::InvalidToken,
            "The parameters `client_id` and `client_secret` are not those of an app.",
        )
        .into()),
    }
}
