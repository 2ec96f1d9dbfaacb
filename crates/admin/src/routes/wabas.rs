//! `/admin/v1/wabas`.

use ahoy_platform::admin::{NewWaba, WabaPatch};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::text;
use crate::answer::{Answer, Conflicts, Refusals, Success, success};
use crate::incoming::{Asked, of_path, parsed, required};
use crate::model::{List, WabaView, listed};

/// Body of a creation.
#[derive(Serialize, ToSchema)]
pub(super) struct NewWabaBody {
    /// Its id; a fresh one if absent.
    id: Option<String>,
    /// The business that owns it.
    business: String,
    /// Its name.
    name: String,
    /// ISO 4217; `USD` if absent.
    currency: Option<String>,
    /// Number of its time zone in the reference's list, only shown; `0` (none set) if absent.
    timezone_id: Option<String>,
    /// IANA name of the time zone by which its days and months are counted; `UTC` if absent.
    time_zone: Option<String>,
}

/// Body of a change: what is absent stays as it is.
#[derive(Serialize, ToSchema)]
pub(super) struct WabaPatchBody {
    /// New name.
    name: Option<String>,
    /// New currency.
    currency: Option<String>,
    /// New number of its time zone.
    timezone_id: Option<String>,
    /// New time zone: figures of days are summed up anew, charges stay.
    time_zone: Option<String>,
}

/// Accounts, by ascending id.
#[utoipa::path(
    get,
    path = "/wabas",
    operation_id = "wabas",
    tag = "wabas",
    params(
        ("business" = Option<String>, Query, description = "Only those of this business"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<WabaView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<WabaView>> {
    let (page, limit) = asked.page()?;
    let rows = asked
        .admin
        .wabas(parsed(&asked.query(), "business")?, page)?;
    Ok(listed(
        rows,
        limit,
        |row| row.id.to_string(),
        WabaView::from,
    ))
}

/// Creates an account.
#[utoipa::path(
    post,
    path = "/wabas",
    operation_id = "create_waba",
    tag = "wabas",
    request_body = NewWabaBody,
    responses(
        (status = 200, description = "The new account", body = WabaView),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<WabaView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewWaba {
        id: parsed(&fields, "id")?,
        business: required(&fields, "business")?,
        name: fields.required_text("name")?.to_owned(),
        currency: text(&fields, "currency")?,
        timezone_id: fields.text_or_integer("timezone_id")?.map(Into::into),
        time_zone: text(&fields, "time_zone")?,
    };
    Ok(Json(asked.admin.create_waba(new).await?.into()))
}

/// An account.
#[utoipa::path(
    get,
    path = "/wabas/{id}",
    operation_id = "waba",
    tag = "wabas",
    params(
        ("id" = String, Path, description = "The account"),
    ),
    responses(
        (status = 200, description = "The account", body = WabaView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<WabaView> {
    Ok(Json(asked.admin.waba(of_path("waba", &id)?)?.into()))
}

/// Changes an account.
#[utoipa::path(
    patch,
    path = "/wabas/{id}",
    operation_id = "update_waba",
    tag = "wabas",
    params(
        ("id" = String, Path, description = "The account"),
    ),
    request_body = WabaPatchBody,
    responses(
        (status = 200, description = "The account", body = WabaView),
        Refusals,
    )
)]
pub(super) async fn update(Path(id): Path<String>, asked: Asked) -> Answer<WabaView> {
    let id = of_path("waba", &id)?;
    let body = asked.body()?;
    let fields = body.fields();
    let patch = WabaPatch {
        name: text(&fields, "name")?,
        currency: text(&fields, "currency")?,
        timezone_id: fields.text_or_integer("timezone_id")?.map(Into::into),
        time_zone: text(&fields, "time_zone")?,
    };
    Ok(Json(asked.admin.change_waba(id, patch).await?.into()))
}

/// Deletes an account without phone numbers, and the subscriptions to it.
#[utoipa::path(
    delete,
    path = "/wabas/{id}",
    operation_id = "delete_waba",
    tag = "wabas",
    params(
        ("id" = String, Path, description = "The account"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn delete(Path(id): Path<String>, asked: Asked) -> Answer<Success> {
    asked.admin.delete_waba(of_path("waba", &id)?).await?;
    Ok(success())
}
