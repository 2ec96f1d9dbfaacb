//! One file an object; no rules in any of them.

mod apps;
mod businesses;
mod call_logs;
mod mails;
mod numbers;
mod roles;
mod routing;
mod tokens;
mod wabas;

use ahoy_calling::admin::AdminRefusal;
use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{any, get};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AdminState;
use crate::answer::{Answer, ErrorBody, Failure, problem};
use crate::incoming::{Asked, MAX_BODY};
use crate::model::Me;

/// The frame of the document; paths come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ahoy admin API",
        description = "Businesses, accounts, phone numbers, apps, access tokens and roles. Each request carries an admin token, which is not an access token. Unknown keys of a body are ignored, `null` counts as absent. Lists go by ascending id; `limit` is 1 to 100, 25 if absent.",
    ),
    modifiers(&AdminToken),
    security(("admin_token" = [])),
)]
struct Frame;

struct AdminToken;

impl Modify for AdminToken {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An admin token: `ahoy admin token bootstrap` makes the first.",
            ))
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("admin_token", SecurityScheme::Http(scheme));
    }
}

fn described() -> OpenApiRouter<AdminState> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(businesses::list, businesses::create))
        .routes(routes!(
            businesses::show,
            businesses::update,
            businesses::delete
        ))
        .routes(routes!(wabas::list, wabas::create))
        .routes(routes!(wabas::show, wabas::update, wabas::delete))
        .routes(routes!(numbers::list, numbers::create))
        .routes(routes!(numbers::show, numbers::update, numbers::delete))
        .routes(routes!(numbers::allowed, numbers::allow))
        .routes(routes!(routing::of_waba, routing::set_of_waba))
        .routes(routes!(routing::of_number, routing::set_of_number))
        .routes(routes!(numbers::disallow))
        .routes(routes!(numbers::set_picture, numbers::remove_picture))
        .routes(routes!(apps::list, apps::create))
        .routes(routes!(apps::show, apps::update, apps::delete))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::show, tokens::revoke))
        .routes(routes!(call_logs::list))
        .routes(routes!(mails::list))
        .routes(routes!(mails::show))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(roles::show, roles::delete));
    OpenApiRouter::with_openapi(Frame::openapi()).nest("/admin/v1", v1)
}

/// Where the description of the routes is served.
pub const DOCUMENT: &str = "/admin/openapi.json";

/// The description of the routes, as served at [`DOCUMENT`].
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// The routes below `/admin`.
pub fn router(state: AdminState) -> Router {
    let (routes, openapi) = described().split_for_parts();
    let document = move || std::future::ready(axum::Json(openapi.clone()));
    routes
        .route(DOCUMENT, get(document))
        .route("/admin/{*rest}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(state)
}

async fn unknown(uri: OriginalUri) -> Response {
    let clause = format!("there is no admin route {}", uri.path());
    problem(StatusCode::NOT_FOUND, "not_found", &clause)
}

async fn wrong_method(method: Method, uri: OriginalUri) -> Response {
    let clause = format!("{} does not take {method}", uri.path());
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        &clause,
    )
}

/// Whose admin token this is, and how far it reaches.
#[utoipa::path(
    get,
    path = "/me",
    operation_id = "me",
    tag = "roles",
    responses(
        (status = 200, description = "The holder", body = Me),
        (status = 401, description = "No or no good admin token", body = ErrorBody),
    )
)]
async fn me(asked: Asked) -> Answer<Me> {
    let who = asked.admin.who();
    Ok(axum::Json(Me {
        name: who.name.clone(),
        role: who.role.as_str(),
        business: who.business.map(|b| b.to_string()),
    }))
}

/// One word out of a closed set, with a sentence that lists it.
fn word<T: Copy>(
    fields: &ahoy_wire::body::Fields<'_>,
    name: &str,
    set: &[(&str, T)],
) -> Result<Option<T>, Failure> {
    Ok(fields.word(name, set)?)
}

/// Words out of a closed set.
fn words<T: Copy>(
    fields: &ahoy_wire::body::Fields<'_>,
    name: &str,
    set: &[(&str, T)],
) -> Result<Option<Vec<T>>, Failure> {
    let Some(list) = fields.list(name)? else {
        return Ok(None);
    };
    let one = |text: &String| {
        let hit = set.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        hit.map(|(_, value)| *value).ok_or_else(|| {
            let words: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
            let shown = ahoy_wire::body::excerpt(text);
            let words = words.join(", ");
            Failure(AdminRefusal::Invalid(format!(
                "{name}: `{shown}` is none; allowed are {words}"
            )))
        })
    };
    list.iter().map(one).collect::<Result<_, _>>().map(Some)
}

/// A text, owned.
fn text(fields: &ahoy_wire::body::Fields<'_>, name: &str) -> Result<Option<String>, Failure> {
    Ok(fields.text(name)?.map(str::to_owned))
}
