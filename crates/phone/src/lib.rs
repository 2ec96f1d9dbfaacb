//! The user's phone: its socket (`docs/phone-protocol.md`) and the phone page.
//!
//! | route | what |
//! |---|---|
//! | `GET /phone` | the page: pick a user, or `?user=447700900001` |
//! | `GET /call/{number}` | a call link: the page, ready to dial |
//! | `GET /phone/assets/…` | its modules and styles |
//! | `GET /phone/socket` | the WebSocket of any phone |
//! | `GET /pictures/{number}` | the profile picture of a business number |
//!
//! A session (`session`) is plain state without I/O; `keeper` is the task around it, `hub` the table of them,
//! `socket` the WebSocket they speak through. The page's source is in `assets/`.

mod assets;
mod exchange;
mod hub;
mod keeper;
mod link;
mod page;
mod picture;
mod protocol;
mod rate;
mod session;
mod socket;
mod words;

use ahoy_platform::Platform;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get};

use hub::Hub;
pub use hub::Limits;
pub use protocol::{Problem, VERSION};

/// What the phone's routes need.
#[derive(Clone)]
pub struct PhoneState {
    /// The platform.
    pub platform: Platform,
    /// Whether anybody may take any user's phone, as in `dev` and `demo`. Elsewhere people would have to sign in, which
    /// does not exist yet: there the routes answer 501.
    pub dev: bool,
}

/// The phone's routes.
pub fn router(state: PhoneState) -> Router {
    router_with(state, Limits::default())
}

/// The phone's routes with bounds of one's own.
pub fn router_with(state: PhoneState, limits: Limits) -> Router {
    let pictures = Router::new()
        .route("/pictures/{number}", get(picture::serve))
        .with_state(state.platform.clone());
    pictures.merge(phones(state, limits))
}

fn phones(state: PhoneState, limits: Limits) -> Router {
    if !state.dev {
        let refuse = any(|| async {
            let problem = Problem::new(
                "no_sign_in",
                "Phones cannot sign in to this server yet; `ahoy dev` has phones without it.",
            );
            socket::refused(StatusCode::NOT_IMPLEMENTED, &problem)
        });
        return Router::new()
            .route("/phone", refuse.clone())
            .route("/call/{number}", refuse.clone())
            .route("/phone/{*rest}", refuse);
    }
    let sockets = Router::new()
        .route("/phone/socket", get(socket::upgrade::<Platform>))
        .with_state(Hub::new(state.platform.clone(), limits));
    Router::new()
        .route("/phone", get(page::show))
        .route("/call/{number}", get(link::follow))
        .with_state(state.platform)
        .route("/phone/assets/{name}", get(assets::serve))
        .merge(sockets)
}
