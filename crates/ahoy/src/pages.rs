//! Pages that come later say so, and say what is there already.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use maud::{DOCTYPE, html};

pub(crate) fn router(sandbox: bool) -> Router {
    Router::new()
        .route("/", get(move || later("The console", sandbox)))
        .route("/desk", get(move || later("The desk", sandbox)))
}

async fn later(what: &'static str, sandbox: bool) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Ahoy" }
            }
            body {
                main {
                    h1 { "Ahoy" }
                    p { (what) " is not available yet. What is:" }
                    ul {
                        li { a href="/phone" { "the user's phone" } }
                        @if sandbox {
                            li { a href="/inspector" { "the inspector" } ": every request, webhook and media step, live" }
                        }
                        li { a href="/docs" { "the API reference" } }
                        li { a href="/healthz" { "the state of this server" } }
                    }
                }
            }
        }
    };
    (StatusCode::NOT_IMPLEMENTED, Html(page.into_string())).into_response()
}
