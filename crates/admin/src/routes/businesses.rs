//! `/admin/v1/businesses`.

use ahoy_platform::admin::{BusinessPatch, NewBusiness};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::answer::{Answer, Conflicts, Refusals, Success, success};
use crate::incoming::{Asked, of_path, parsed};
use crate::model::{BusinessView, List, listed};

/// Body of a creation.
#[derive(Serialize, ToSchema)]
pub(super) struct NewBusinessBody {
    /// Its id; a fresh one if absent.
    id: Option<String>,
    /// Its name.
    name: String,
    /// Mail addresses of those whom warnings and restrictions reach; none if absent.
    contacts: Option<Vec<String>>,
    /// Whether it keeps a contact book: numbers of users it once met stay visible to it; true if absent.
    contact_book: Option<bool>,
}

/// Body of a change: what is absent stays as it is.
#[derive(Serialize, ToSchema)]
pub(super) struct BusinessPatchBody {
    /// New name.
    name: Option<String>,
    /// All mail addresses from now on; an empty list takes them away.
    contacts: Option<Vec<String>>,
    /// Whether it keeps a contact book: numbers of users it once met stay visible to it.
    contact_book: Option<bool>,
}

/// Businesses, by ascending id.
#[utoipa::path(
    get,
    path = "/businesses",
    operation_id = "businesses",
    tag = "businesses",
    params(
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<BusinessView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<BusinessView>> {
    let (page, limit) = asked.page()?;
    let rows = asked.admin.businesses(page)?;
    Ok(listed(
        rows,
        limit,
        |row| row.id.to_string(),
        BusinessView::from,
    ))
}

/// Creates a business. The role admin alone may.
#[utoipa::path(
    post,
    path = "/businesses",
    operation_id = "create_business",
    tag = "businesses",
    request_body = NewBusinessBody,
    responses(
        (status = 200, description = "The new business", body = BusinessView),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<BusinessView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewBusiness {
        id: parsed(&fields, "id")?,
        name: fields.required_text("name")?.to_owned(),
        contacts: fields.list("contacts")?.unwrap_or_default(),
        contact_book: fields.boolean("contact_book")?.unwrap_or(true),
    };
    Ok(Json(asked.admin.create_business(new).await?.into()))
}

/// A business.
#[utoipa::path(
    get,
    path = "/businesses/{id}",
    operation_id = "business",
    tag = "businesses",
    params(
        ("id" = String, Path, description = "The business"),
    ),
    responses(
        (status = 200, description = "The business", body = BusinessView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<BusinessView> {
    let id = of_path("business", &id)?;
    Ok(Json(asked.admin.business(id)?.into()))
}

/// Changes a business.
#[utoipa::path(
    patch,
    path = "/businesses/{id}",
    operation_id = "update_business",
    tag = "businesses",
    params(
        ("id" = String, Path, description = "The business"),
    ),
    request_body = BusinessPatchBody,
    responses(
        (status = 200, description = "The business", body = BusinessView),
        Refusals,
    )
)]
pub(super) async fn update(Path(id): Path<String>, asked: Asked) -> Answer<BusinessView> {
    let id = of_path("business", &id)?;
    let body = asked.body()?;
    let fields = body.fields();
    let patch = BusinessPatch {
        name: text(&fields, "name")?,
        contacts: fields.list("contacts")?,
        contact_book: fields.boolean("contact_book")?,
    };
    Ok(Json(asked.admin.change_business(id, patch).await?.into()))
}

/// Deletes a business without accounts and apps, and the roles tied to it.
#[utoipa::path(
    delete,
    path = "/businesses/{id}",
    operation_id = "delete_business",
    tag = "businesses",
    params(
        ("id" = String, Path, description = "The business"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn delete(Path(id): Path<String>, asked: Asked) -> Answer<Success> {
    asked
        .admin
        .delete_business(of_path("business", &id)?)
        .await?;
    Ok(success())
}
