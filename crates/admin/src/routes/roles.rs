//! `/admin/v1/roles`: who may manage what, with admin tokens of their own.

use ahoy_calling::admin::Role;
use ahoy_platform::admin::{NewRole, expiry};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::word;
use crate::answer::{Answer, Refusals, Success, success};
use crate::incoming::{Asked, of_path, parsed};
use crate::model::{List, RoleView, listed};

/// Body of a creation.
#[derive(Serialize, ToSchema)]
pub(super) struct NewRoleBody {
    /// Whose it is.
    name: String,
    /// `admin`: everything. `developer`: reads and changes one business's objects. `viewer`: reads.
    role: String,
    /// The one business it reaches: required for `developer`, possible for `viewer`.
    business: Option<String>,
    /// Seconds until it ends; never if absent.
    expires_in: Option<u64>,
}

/// Roles, by ascending id; never their admin tokens.
#[utoipa::path(
    get,
    path = "/roles",
    operation_id = "roles",
    tag = "roles",
    params(
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<RoleView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<RoleView>> {
    let (page, limit) = asked.page()?;
    let rows = asked.admin.roles(page)?;
    let view = |row| RoleView::new(row, None);
    Ok(listed(rows, limit, |row| row.id.to_string(), view))
}

/// Gives a role. Its admin token is in this answer alone: the server keeps a hash.
#[utoipa::path(
    post,
    path = "/roles",
    operation_id = "create_role",
    tag = "roles",
    request_body = NewRoleBody,
    responses(
        (status = 200, description = "The new role, with its admin token", body = RoleView),
        Refusals,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<RoleView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewRole {
        name: fields.required_text("name")?.to_owned(),
        role: word(&fields, "role", &Role::WORDS)?.ok_or_else(|| fields.missing("role"))?,
        business: parsed(&fields, "business")?,
        lives: fields.integer("expires_in")?.map(expiry).transpose()?,
    };
    let (row, token) = asked.admin.create_role(new).await?;
    Ok(Json(RoleView::new(row, Some(token))))
}

/// A role, without its admin token.
#[utoipa::path(
    get,
    path = "/roles/{id}",
    operation_id = "role",
    tag = "roles",
    params(
        ("id" = String, Path, description = "The role"),
    ),
    responses(
        (status = 200, description = "The role", body = RoleView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<RoleView> {
    let row = asked.admin.role(of_path("role", &id)?)?;
    Ok(Json(RoleView::new(row, None)))
}

/// Takes a role back; its admin token opens nothing any more.
#[utoipa::path(
    delete,
    path = "/roles/{id}",
    operation_id = "delete_role",
    tag = "roles",
    params(
        ("id" = String, Path, description = "The role"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
    )
)]
pub(super) async fn delete(Path(id): Path<String>, asked: Asked) -> Answer<Success> {
    asked.admin.delete_role(of_path("role", &id)?).await?;
    Ok(success())
}
