//! `/admin/v1/numbers`, with allow-lists and pictures.

use ahoy_calling::about::{AboutPatch, NameStatus};
use ahoy_calling::account::MessagingLimit;
use ahoy_calling::admin::AdminRefusal;
use ahoy_calling::limits::Profile;
use ahoy_platform::admin::{NewNumber, NumberPatch};
use ahoy_types::WaId;
use ahoy_wire::body::{Fields, excerpt};
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;

use super::{text, word};
use crate::answer::{Answer, Conflicts, Failure, Refusals, Success, invalid, success};
use crate::incoming::{Asked, of_path, parsed, required};
use crate::model::{AllowedView, List, NumberView, listed};

/// Body of a creation. Calling is off until the business enables it.
#[derive(Serialize, ToSchema)]
pub(super) struct NewNumberBody {
    /// Its node id; a fresh one if absent.
    id: Option<String>,
    /// The account it belongs to.
    waba: String,
    /// The number with its country code.
    #[schema(example = "+44 20 7946 0000")]
    number: String,
    /// The name on the user's phone.
    name: String,
    /// `production` (if absent), `sandbox` or `test`.
    profile: Option<String>,
    /// `TIER_250` … `TIER_UNLIMITED`; `TIER_2K` if absent, from which on calling can be enabled.
    messaging_limit: Option<String>,
    /// Whether somebody pays for its calls; `true` if absent.
    payment_valid: Option<bool>,
    /// Whether it is registered already; `true` if absent.
    registered: Option<bool>,
    /// Whether it is shown to be the business's own; `true` if absent.
    verified: Option<bool>,
}

/// Body of a change: what is absent stays as it is, an empty text takes a line of the public profile away.
#[derive(Serialize, ToSchema)]
pub(super) struct NumberPatchBody {
    /// New name.
    name: Option<String>,
    /// `APPROVED`, `AVAILABLE_WITHOUT_REVIEW`, `DECLINED`, `EXPIRED`, `PENDING_REVIEW` or `NONE`.
    name_status: Option<String>,
    /// Badge of an official account.
    official: Option<bool>,
    /// `production`, `sandbox` or `test`.
    profile: Option<String>,
    /// `TIER_250` … `TIER_UNLIMITED`.
    messaging_limit: Option<String>,
    /// Whether somebody pays for its calls.
    payment_valid: Option<bool>,
    /// Whether it is shown to be the business's own.
    verified: Option<bool>,
    /// Short line of the public profile, 1 to 139 characters.
    about: Option<String>,
    /// Address, at most 256 characters.
    address: Option<String>,
    /// Description, at most 512 characters.
    description: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Line of business.
    vertical: Option<String>,
    /// At most two addresses of web sites.
    websites: Option<Vec<String>>,
}

/// Body of an entry of an allow-list.
#[derive(Serialize, ToSchema)]
pub(super) struct AllowBody {
    /// The user's number.
    #[schema(example = "447700900001")]
    wa_id: String,
}

fn wa_id(fields: &Fields<'_>, name: &str) -> Result<WaId, Failure> {
    let text = fields
        .text_or_integer(name)?
        .ok_or_else(|| fields.missing(name))?;
    WaId::parse_loose(&text).map_err(|e| invalid(format!("{name}: {e}")))
}

/// Phone numbers, by ascending id.
#[utoipa::path(
    get,
    path = "/numbers",
    operation_id = "numbers",
    tag = "numbers",
    params(
        ("waba" = Option<String>, Query, description = "Only those of this account"),
        ("business" = Option<String>, Query, description = "Only those of this business"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<NumberView>),
        Refusals,
    )
)]
pub(super) async fn list(asked: Asked) -> Answer<List<NumberView>> {
    let (page, limit) = asked.page()?;
    let query = asked.query();
    let of = (parsed(&query, "business")?, parsed(&query, "waba")?);
    let rows = asked.admin.numbers(of, page)?;
    Ok(listed(
        rows,
        limit,
        |row| row.id.to_string(),
        NumberView::from,
    ))
}

/// Creates a phone number.
#[utoipa::path(
    post,
    path = "/numbers",
    operation_id = "create_number",
    tag = "numbers",
    request_body = NewNumberBody,
    responses(
        (status = 200, description = "The new number", body = NumberView),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn create(asked: Asked) -> Answer<NumberView> {
    let body = asked.body()?;
    let fields = body.fields();
    let new = NewNumber {
        id: parsed(&fields, "id")?,
        waba: required(&fields, "waba")?,
        number: wa_id(&fields, "number")?,
        name: fields.required_text("name")?.to_owned(),
        profile: word(&fields, "profile", &Profile::WORDS)?.unwrap_or(Profile::Production),
        messaging_limit: word(&fields, "messaging_limit", &MessagingLimit::WORDS)?
            .unwrap_or(MessagingLimit::Tier2k),
        payment_valid: fields.boolean("payment_valid")?.unwrap_or(true),
        registered: fields.boolean("registered")?.unwrap_or(true),
        verified: fields.boolean("verified")?.unwrap_or(true),
    };
    Ok(Json(asked.admin.create_number(new).await?.into()))
}

/// A phone number.
#[utoipa::path(
    get,
    path = "/numbers/{id}",
    operation_id = "number",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    responses(
        (status = 200, description = "The number", body = NumberView),
        Refusals,
    )
)]
pub(super) async fn show(Path(id): Path<String>, asked: Asked) -> Answer<NumberView> {
    Ok(Json(asked.admin.number(of_path("number", &id)?)?.into()))
}

/// Changes a phone number.
#[utoipa::path(
    patch,
    path = "/numbers/{id}",
    operation_id = "update_number",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    request_body = NumberPatchBody,
    responses(
        (status = 200, description = "The number", body = NumberView),
        Refusals,
    )
)]
pub(super) async fn update(Path(id): Path<String>, asked: Asked) -> Answer<NumberView> {
    let id = of_path("number", &id)?;
    let body = asked.body()?;
    let fields = body.fields();
    let patch = NumberPatch {
        name: text(&fields, "name")?,
        name_status: word(&fields, "name_status", &NameStatus::WORDS)?,
        official: fields.boolean("official")?,
        profile: word(&fields, "profile", &Profile::WORDS)?,
        messaging_limit: word(&fields, "messaging_limit", &MessagingLimit::WORDS)?,
        payment_valid: fields.boolean("payment_valid")?,
        verified: fields.boolean("verified")?,
        about: AboutPatch {
            about: text(&fields, "about")?,
            address: text(&fields, "address")?,
            description: text(&fields, "description")?,
            email: text(&fields, "email")?,
            vertical: text(&fields, "vertical")?,
            websites: fields.list("websites")?,
        },
    };
    Ok(Json(asked.admin.change_number(id, patch).await?.into()))
}

/// Deletes a phone number without live calls. Its past calls stay in the books.
#[utoipa::path(
    delete,
    path = "/numbers/{id}",
    operation_id = "delete_number",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
        Conflicts,
    )
)]
pub(super) async fn delete(Path(id): Path<String>, asked: Asked) -> Answer<Success> {
    asked.admin.delete_number(of_path("number", &id)?).await?;
    Ok(success())
}

/// Whom a test number may reach, by ascending number.
#[utoipa::path(
    get,
    path = "/numbers/{id}/allow_list",
    operation_id = "allow_list",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
        ("limit" = Option<u64>, Query, description = "1 to 100, 25 if absent"),
        ("after" = Option<String>, Query, description = "Only what comes after this id"),
    ),
    responses(
        (status = 200, description = "A page", body = List<AllowedView>),
        Refusals,
    )
)]
pub(super) async fn allowed(Path(id): Path<String>, asked: Asked) -> Answer<List<AllowedView>> {
    let (page, limit) = asked.page()?;
    let rows = asked.admin.allow_list(of_path("number", &id)?, page)?;
    let view = |row: WaId| AllowedView {
        wa_id: row.to_string(),
    };
    Ok(listed(rows, limit, ToString::to_string, view))
}

/// Puts a user on the allow-list of a test number.
#[utoipa::path(
    post,
    path = "/numbers/{id}/allow_list",
    operation_id = "allow",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    request_body = AllowBody,
    responses(
        (status = 200, description = "They are on it", body = AllowedView),
        Refusals,
    )
)]
pub(super) async fn allow(Path(id): Path<String>, asked: Asked) -> Answer<AllowedView> {
    let id = of_path("number", &id)?;
    let body = asked.body()?;
    let user = wa_id(&body.fields(), "wa_id")?;
    asked.admin.allow(id, user, true).await?;
    Ok(Json(AllowedView {
        wa_id: user.to_string(),
    }))
}

/// Takes a user off the allow-list.
#[utoipa::path(
    delete,
    path = "/numbers/{id}/allow_list/{wa_id}",
    operation_id = "disallow",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
        ("wa_id" = String, Path, description = "The user's number"),
    ),
    responses(
        (status = 200, description = "Gone", body = Success),
        Refusals,
    )
)]
pub(super) async fn disallow(
    Path((id, user)): Path<(String, String)>,
    asked: Asked,
) -> Answer<Success> {
    let id = of_path("number", &id)?;
    let none = || Failure(AdminRefusal::no_such("allow-list entry", excerpt(&user)));
    let wa_id = WaId::parse_loose(&user).map_err(|_| none())?;
    if asked.admin.allow(id, wa_id, false).await? {
        return Ok(success());
    }
    Err(none())
}

/// Sets the profile picture: the body is the file.
#[utoipa::path(
    put,
    path = "/numbers/{id}/picture",
    operation_id = "set_picture",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    request_body(content(
        (Vec<u8> = "image/jpeg"),
        (Vec<u8> = "image/png"),
        (Vec<u8> = "image/webp"),
    ), description = "JPEG, PNG or WebP, at most 1 MiB"),
    responses(
        (status = 200, description = "The number", body = NumberView),
        Refusals,
    )
)]
pub(super) async fn set_picture(Path(id): Path<String>, asked: Asked) -> Answer<NumberView> {
    let id = of_path("number", &id)?;
    let bytes = asked.bytes.to_vec();
    Ok(Json(asked.admin.set_picture(id, bytes).await?.into()))
}

/// Takes the profile picture away.
#[utoipa::path(
    delete,
    path = "/numbers/{id}/picture",
    operation_id = "remove_picture",
    tag = "numbers",
    params(
        ("id" = String, Path, description = "The number, by its node id"),
    ),
    responses(
        (status = 200, description = "The number", body = NumberView),
        Refusals,
    )
)]
pub(super) async fn remove_picture(Path(id): Path<String>, asked: Asked) -> Answer<NumberView> {
    let id = of_path("number", &id)?;
    Ok(Json(asked.admin.remove_picture(id).await?.into()))
}
