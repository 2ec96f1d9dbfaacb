//! Every route with its description: nothing is mounted that the document does not show.

use axum::extract::DefaultBodyLimit;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::document::Frame;
use crate::{
    SandboxState, call_logs, calls, chat, clock, deliveries, faults, identity, numbers, phones,
    routing, standing, state, templates, timeline, users,
};

/// The prefix of all routes.
pub(crate) const PREFIX: &str = "/sandbox/v1";

pub(crate) fn described() -> OpenApiRouter<SandboxState> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(clock::now, clock::change))
        .routes(routes!(clock::advance))
        .routes(routes!(clock::reset))
        .routes(routes!(users::list, users::put))
        .routes(routes!(users::get, users::patch))
        .routes(routes!(users::permission))
        .routes(routes!(identity::change_number))
        .routes(routes!(identity::share_number))
        .routes(routes!(identity::seen))
        .routes(routes!(phones::view))
        .routes(routes!(phones::chat_info))
        .routes(routes!(phones::callback))
        .routes(routes!(calls::list, calls::place))
        .routes(routes!(calls::get))
        .routes(routes!(calls::heard_wav))
        .routes(routes!(calls::answer))
        .routes(routes!(calls::reject))
        .routes(routes!(calls::hang_up))
        .routes(routes!(calls::dtmf))
        .routes(routes!(chat::thread))
        .routes(routes!(chat::write))
        .routes(routes!(chat::tap))
        .routes(routes!(chat::open))
        .routes(routes!(chat::block))
        .routes(routes!(chat::unblock))
        .routes(routes!(chat::report))
        .routes(routes!(call_logs::list))
        .routes(routes!(call_logs::get))
        .routes(routes!(numbers::get, numbers::patch))
        .routes(routes!(standing::get, standing::put))
        .routes(routes!(routing::of_number, routing::set_of_number))
        .routes(routes!(routing::of_waba, routing::set_of_waba))
        .routes(routes!(routing::threads))
        .routes(routes!(templates::patch))
        .routes(routes!(standing::mailbox))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::get))
        .routes(routes!(deliveries::replay))
        .routes(routes!(timeline::list))
        .routes(routes!(timeline::follow))
        .routes(routes!(faults::get, faults::put, faults::delete))
        .merge(
            // Everything there is may be large.
            OpenApiRouter::new()
                .routes(routes!(state::export, state::import))
                .layer(DefaultBodyLimit::max(state::MOST_BYTES)),
        );
    OpenApiRouter::with_openapi(Frame::openapi()).nest(PREFIX, v1)
}
