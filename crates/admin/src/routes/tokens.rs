//! `/admin/v1/tokens`: access tokens of the business API.

use ahoy_calling::account::Scope;
use ahoy_platform::admin::{NewToken, expiry};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::{text, words};
use crate::answer::{Answer, Refusals};
use crate::incoming::{Asked, of_path, parsed, required};
use crate::model::{List, TokenView, listed};

/// Name of a token nobody named.
const NAMELESS: &str = "Access token";

/// Body of a creation.
#[derive(Serialize, ToSchema)]
pub(super) struct NewTokenBody {
    /// The app it is for.
    app: String,
    /// The business whose objects it reaches; the app's own if absent.
    business: Option<String>,
    /// What it is for.
    name: Option<String>,
    /// `whatsapp_business_management`, `whatsapp_business_messaging`; both if absent.
    scopes: Option<Vec<String>>,
    /// Seconds until it ends; never if absent.
    expires_in: Option<u64>,
}

/// Access tokens, by ascending id, ended ones included; never their text.
#[utoipa::path(
    get,
    path = "/tokens",
    operation_id = "tokens",
    tag = "tokens",
    params(
        ("business" = Option<String>, Query, description = "Only those of this business"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<TokenView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<TokenView>> {
    let (page, limit) = asked.page()?;
    let rows = asked
        .admin
        .tokens(parsed(&asked.query(), "business")?, page)?;
    let view = |row| TokenView::new(row, None);
    Ok(listed(rows, limit, |row| row.id.to_string(), view))
}

/// Issues an access token. Its text is in this answer alone: the server keeps a hash.
#[utoipa::path(
    post,
    path = "/tokens",
    operation_id = "create_token",
    tag = "tokens",
    request_body = NewTokenBody,
    responses(
        (status = 200, description = "The new token, with its text", body = TokenView),
        Refusals,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<TokenView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewToken {
        app: required(&fields, "app")?,
        business: parsed(&fields, "business")?,
        name: text(&fields, "name")?.unwrap_or_else(|| NAMELESS.to_owned()),
        scopes: words(&fields, "scopes", &Scope::WORDS)?
            .unwrap_or_else(|| Scope::WORDS.map(|(_, scope)| scope).to_vec()),
        lives: fields.integer("expires_in")?.map(expiry).transpose()?,
    };
    let (row, token) = asked.admin.create_token(new).await?;
    Ok(Json(TokenView::new(row, Some(token))))
}

/// An access token, without its text.
#[utoipa::path(
    get,
    path = "/tokens/{id}",
    operation_id = "token",
    tag = "tokens",
    params(
        ("id" = String, Path, description = "The token, by its id"),
    ),
    responses(
        (status = 200, description = "The token", body = TokenView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<TokenView> {
    let row = asked.admin.token(of_path("token", &id)?)?;
    Ok(Json(TokenView::new(row, None)))
}

/// Revokes an access token. It stays in the list.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    operation_id = "revoke_token",
    tag = "tokens",
    params(
        ("id" = String, Path, description = "The token, by its id"),
    ),
    responses(
        (status = 200, description = "The revoked token", body = TokenView),
        Refusals,
    )
)]
pub(super) async fn revoke(Path(id): Path<String>, asked: Asked) -> Answer<TokenView> {
    let row = asked.admin.revoke_token(of_path("token", &id)?).await?;
    Ok(Json(TokenView::new(row, None)))
}
