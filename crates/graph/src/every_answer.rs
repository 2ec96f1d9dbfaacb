//! The answers that any operation may give, in the OpenAPI document: what the shell around the routes refuses before a
//! handler sees it, and the errors of the platform itself (`errors.md`).

use ahoy_wire::errors::ErrorEnvelope;
use utoipa::PartialSchema as _;
use utoipa::ToSchema;
use utoipa::openapi::{
    Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, Schema,
    path::Operation,
};

/// Status and meaning; an operation that says more about a status keeps its own words.
const EVERYWHERE: [(&str, &str); 8] = [
    (
        "400",
        "Code 100: a parameter, or an object that is unknown or somebody else's (subcode 33)",
    ),
    (
        "401",
        "Code 0: no token; 190: the token is unknown, expired or revoked",
    ),
    ("403", "Code 10: the token lacks a permission"),
    (
        "404",
        "Code 803: the path names an object by something that is no id",
    ),
    ("413", "Code 100: the body is too large"),
    (
        "429",
        "Code 613, 80007, 130429, 138002 or 138005: too many at once or in a while",
    ),
    (
        "500",
        "Code 131000: the platform could not do it; nothing happened",
    ),
    (
        "503",
        "Code 2: the platform is stopping or over its capacity",
    ),
];

/// Adds to every operation the answers it does not describe itself.
pub(crate) fn described(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Default::default);
    let name = ErrorEnvelope::name().into_owned();
    components
        .schemas
        .entry(name.clone())
        .or_insert_with(ErrorEnvelope::schema);
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            for (status, words) in EVERYWHERE {
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert_with(|| RefOr::T(answer(words, &name)));
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        item.get.as_mut(),
        item.post.as_mut(),
        item.put.as_mut(),
        item.patch.as_mut(),
        item.delete.as_mut(),
    ]
    .into_iter()
    .flatten()
}

fn answer(words: &str, schema: &str) -> Response {
    let body: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name(schema));
    let content: Content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new()
        .description(words)
        .content("application/json", content)
        .build()
}
