//! `/admin/v1/apps`.

use ahoy_platform::admin::{Admin, AppPatch, NewApp};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::answer::{Answer, Conflicts, Refusals, Success, success};
use crate::incoming::{Asked, of_path, parsed, required};
use crate::model::{AppView, List, listed};

/// Body of a creation.
#[derive(Serialize, ToSchema)]
pub(super) struct NewAppBody {
    /// Its id; a fresh one if absent.
    id: Option<String>,
    /// The business that owns it.
    business: String,
    /// Its name.
    name: String,
    /// The key of its webhook signatures; a fresh one if absent.
    secret: Option<String>,
}

/// Body of a change: what is absent stays as it is.
#[derive(Serialize, ToSchema)]
pub(super) struct AppPatchBody {
    /// New name.
    name: Option<String>,
    /// New secret; webhooks are signed with it from now on, and the app token with the old one ends.
    secret: Option<String>,
}

fn secrets(admin: &Admin) -> bool {
    admin.who().may_write().is_ok()
}

/// Apps, by ascending id.
#[utoipa::path(
    get,
    path = "/apps",
    operation_id = "apps",
    tag = "apps",
    params(
        ("business" = Option<String>, Query, description = "Only those of this business"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<AppView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<AppView>> {
    let (page, limit) = asked.page()?;
    let rows = asked
        .admin
        .apps(parsed(&asked.query(), "business")?, page)?;
    let secrets = secrets(&asked.admin);
    let view = |row| AppView::new(row, secrets);
    Ok(listed(rows, limit, |row| row.id.to_string(), view))
}

/// Creates an app.
#[utoipa::path(
    post,
    path = "/apps",
    operation_id = "create_app",
    tag = "apps",
    request_body = NewAppBody,
    responses(
        (status = 200, description = "The new app with its secret", body = AppView),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<AppView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewApp {
        id: parsed(&fields, "id")?,
        business: required(&fields, "business")?,
        name: fields.required_text("name")?.to_owned(),
        secret: text(&fields, "secret")?,
    };
    Ok(Json(AppView::new(asked.admin.create_app(new).await?, true)))
}

/// An app.
#[utoipa::path(
    get,
    path = "/apps/{id}",
    operation_id = "app",
    tag = "apps",
    params(
        ("id" = String, Path, description = "The app"),
    ),
    responses(
        (status = 200, description = "The app", body = AppView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<AppView> {
    let row = asked.admin.app(of_path("app", &id)?)?;
    Ok(Json(AppView::new(row, secrets(&asked.admin))))
}

/// Changes an app.
#[utoipa::path(
    patch,
    path = "/apps/{id}",
    operation_id = "update_app",
    tag = "apps",
    params(
        ("id" = String, Path, description = "The app"),
    ),
    request_body = AppPatchBody,
    responses(
        (status = 200, description = "The app", body = AppView),
        Refusals,
    )
)]
pub(super) async fn update(Path(id): Path<String>, asked: Asked) -> Answer<AppView> {
    let id = of_path("app", &id)?;
    let body = asked.body()?;
    let fields = body.fields();
    let patch = AppPatch {
        name: text(&fields, "name")?,
        secret: text(&fields, "secret")?,
    };
    let row = asked.admin.change_app(id, patch).await?;
    Ok(Json(AppView::new(row, true)))
}

/// Deletes an app with its tokens and subscriptions.
#[utoipa::path(
    delete,
    path = "/apps/{id}",
    operation_id = "delete_app",
    tag = "apps",
    params(
        ("id" = String, Path, description = "The app"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn delete(Path(id): Path<String>, asked: Asked) -> Answer<Success> {
    asked.admin.delete_app(of_path("app", &id)?).await?;
    Ok(success())
}
