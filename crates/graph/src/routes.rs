//! One file an object of the API; no rules in any of them.

mod analytics;
mod badge;
mod calls;
mod health;
mod media;
mod messages;
mod nodes;
mod numbers;
mod permissions;
mod profile;
mod registration;
mod routing;
mod settings;
mod subscriptions;
mod templates;
mod tokens;
mod verification;

use axum::Router;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::GraphState;
use crate::docs::Frame;

/// Every route with its description. Static names come before `{node_id}`.
pub(crate) fn described() -> OpenApiRouter<GraphState> {
    OpenApiRouter::with_openapi(Frame::openapi())
        .routes(routes!(calls::act))
        .routes(routes!(messages::send))
        .routes(routes!(permissions::read))
        .routes(routes!(routing::roles))
        .routes(routes!(routing::control))
        .routes(routes!(settings::read, settings::change))
        .routes(routes!(numbers::list, verification::add))
        .routes(routes!(verification::request_code))
        .routes(routes!(verification::verify_code))
        .routes(routes!(badge::read, badge::ask))
        .routes(routes!(registration::register))
        .routes(routes!(registration::deregister))
        .routes(routes!(profile::read, profile::change))
        .routes(routes!(nodes::read, nodes::change, media::delete))
        .routes(routes!(
            templates::list,
            templates::create,
            templates::delete
        ))
        .routes(routes!(media::download))
        .merge(
            // A file comes in as a stream; its own bounds hold.
            OpenApiRouter::new()
                .routes(routes!(media::upload))
                .layer(axum::extract::DefaultBodyLimit::disable()),
        )
        .routes(routes!(
            subscriptions::list,
            subscriptions::subscribe,
            subscriptions::unsubscribe
        ))
        .routes(routes!(
            subscriptions::apps,
            subscriptions::add_app,
            subscriptions::remove_app
        ))
        .routes(routes!(tokens::debug))
        .routes(routes!(tokens::issue))
}

/// The routes, and the document that describes them.
pub(crate) fn all(state: GraphState) -> (Router, utoipa::openapi::OpenApi) {
    let (routes, openapi) = described().split_for_parts();
    let routes = routes.route("/{node_id}/{edge}", axum::routing::any(nodes::unknown_edge));
    (
        routes.with_state(state),
        crate::every_answer::described(openapi),
    )
}
