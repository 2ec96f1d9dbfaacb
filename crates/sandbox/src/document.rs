//! The OpenAPI document of these routes: its frame, and what holds for each of them.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{
    Content, ContentBuilder, OpenApi as Document, PathItem, Ref, RefOr, Response, ResponseBuilder,
    Schema,
};
use utoipa::{OpenApi, PartialSchema as _, ToSchema as _};

use crate::model::SandboxError;

/// The frame of the document; paths come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ahoy sandbox",
        description = "Simulated users, virtual time, and what is behind the curtain. Only `ahoy dev` and `ahoy demo` have these routes, and no token is asked for. Every answer shows committed state. In bodies `null` counts as absent and unknown keys are refused by name. Wherever a business number is expected, its node id or its digits will do.",
    ),
    tags(
        (name = "clock", description = "Rule time"),
        (name = "state", description = "Starting over, export and import"),
        (name = "users", description = "Simulated users and their phones"),
        (name = "calls", description = "What users do with calls, and what they heard"),
        (name = "chat", description = "What users do in chats"),
        (name = "numbers", description = "What no business can change of its numbers"),
        (name = "templates", description = "What no business can change of its templates"),
        (name = "deliveries", description = "Every webhook with every attempt"),
        (name = "timeline", description = "Every request, webhook attempt and media step on one time line; the page `/inspector` shows it"),
        (name = "faults", description = "Failures on request"),
    )
)]
pub(crate) struct Frame;

/// Answers that any route may give; one that says more about a status keeps its own words.
const EVERYWHERE: [(&str, &str); 4] = [
    (
        "400",
        "A sentence that names the field and what was expected; nothing has changed",
    ),
    ("404", "What the path or the body names is not there"),
    ("405", "The route does not take this method"),
    ("500", "The platform could not do it; nothing has changed"),
];

/// Parts of paths.
const PATH_PARTS: [(&str, &str); 3] = [
    ("wa_id", "The user's number, digits with its country code"),
    ("id", "The id of the object"),
    ("number", "A business number, by node id or digits"),
];

/// Adds to every operation what holds for all of them.
pub(crate) fn completed(mut document: Document) -> Document {
    let components = document.components.get_or_insert_with(Default::default);
    let name = SandboxError::name().into_owned();
    components
        .schemas
        .entry(name.clone())
        .or_insert_with(SandboxError::schema);
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            for (status, words) in EVERYWHERE {
                let answers = &mut operation.responses.responses;
                answers
                    .entry(status.to_owned())
                    .or_insert_with(|| RefOr::T(error(words, &name)));
            }
            for parameter in operation.parameters.iter_mut().flatten() {
                let RefOr::T(parameter) = parameter else {
                    continue;
                };
                let words = PATH_PARTS.iter().find(|(part, _)| *part == parameter.name);
                if let (ParameterIn::Path, None, Some((_, words))) =
                    (&parameter.parameter_in, &parameter.description, words)
                {
                    parameter.description = Some((*words).to_owned());
                }
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

fn error(words: &str, schema: &str) -> Response {
    let body: RefOr<Schema> = RefOr::Ref(Ref::from_schema_name(schema));
    let content: Content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new()
        .description(words)
        .content("application/json", content)
        .build()
}
