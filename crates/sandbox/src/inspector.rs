//! `GET /inspector`: the page's shell. What happens on it is drawn by the modules in `assets/`, from the same stream that
//! `/sandbox/v1/timeline/stream` gives anybody.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ahoy_calling::account::{Number, User};
use ahoy_pages::Assets;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};

use crate::SandboxState;

/// Users whose names the page knows at most, and numbers to pick from.
const MOST: usize = 200;
/// What of the device the page may use.
const PERMISSIONS: &str = "clipboard-write=(self), microphone=(), camera=(), geolocation=()";

/// What can be shown and hidden: the value of a box and its label.
const KINDS: [(&str, &str); 6] = [
    ("api", "API"),
    ("sandbox", "Sandbox and admin"),
    ("webhook", "Webhooks"),
    ("media", "Media"),
    ("call", "Calls"),
    ("clock", "Clock"),
];

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../assets/", $name)))),+]
    };
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    Assets::new(&files![
        "main.js",
        "curl.js",
        "details.js",
        "filters.js",
        "keys.js",
        "log.js",
        "rows.js",
        "story.js",
        "stream.js",
        "times.js",
        "types.js",
        "inspector.css",
    ])
});

pub(crate) fn router(state: SandboxState) -> Router {
    Router::new()
        .route("/inspector", get(show))
        .route("/inspector/assets/{name}", get(asset))
        .with_state(state)
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    ASSETS.serve(&name, &headers)
}

async fn show(State(state): State<SandboxState>) -> Response {
    let numbers = state.platform.numbers(MOST);
    let users = state.platform.users(MOST);
    match (numbers, users) {
        (Ok(numbers), Ok(users)) => {
            let page = page(&state, &numbers, &users);
            ahoy_pages::respond(StatusCode::OK, page.into_string(), PERMISSIONS)
        }
        (Err(e), _) | (_, Err(e)) => {
            tracing::error!(error = %e, "the inspector's page cannot be made");
            let sentence = html! { main { h1 { "Inspector" } p role="alert" { "The server cannot read its store." } } };
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            ahoy_pages::respond(status, shell(&sentence).into_string(), PERMISSIONS)
        }
    }
}

fn shell(body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Inspector – Ahoy" }
                link rel="icon" type="image/svg+xml" href="/inspector/assets/ahoy.svg";
                link rel="stylesheet" href="/inspector/assets/base.css";
                link rel="stylesheet" href="/inspector/assets/inspector.css";
                script type="module" src="/inspector/assets/main.js" {}
            }
            body { (body) }
        }
    }
}

/// Names for the page's script: it has no other way to learn who a number is.
fn names(users: &[User]) -> String {
    let named = users
        .iter()
        .filter_map(|user| Some((user.wa_id.to_string(), user.name.as_deref()?)));
    let map: BTreeMap<String, &str> = named.collect();
    serde_json::to_string(&map).unwrap_or_else(|_| "{}".into())
}

fn page(state: &SandboxState, numbers: &[Number], users: &[User]) -> Markup {
    let app_token = format!("{}|{}", state.seed.app, state.seed.app_secret);
    let body = html! {
        a.skip href="#timeline" { "To the time line" }
        div.inspector #inspector data-token=(state.seed.token) data-app-token=(app_token) data-names=(names(users)) {
            header.top {
                img src="/inspector/assets/ahoy.svg" alt="" width="32" height="32";
                h1 { "Inspector" }
                p.quiet #connection role="status" { "Connecting …" }
                nav aria-label="Other pages" { a href="/phone" { "Phone" } a href="/docs" { "API" } }
            }
            form.filters #filters aria-label="What is shown" {
                div.field { label for="call" { "Call" }
                    select #call name="call" {
                        option value="" { "All calls" }
                        option value="newest" { "The newest call" }
                    }
                }
                div.field { label for="number" { "Number" }
                    select #number name="number" {
                        option value="" { "All numbers" }
                        @for number in numbers {
                            option value=(number.id) data-digits=(number.number) { (number.number.international()) }
                        }
                    }
                }
                fieldset { legend.unseen { "Kinds" }
                    @for (value, label) in KINDS {
                        label.box { input type="checkbox" name="kind" value=(value) checked; span { (label) } }
                    }
                    label.box { input #failures type="checkbox" name="failures" value="true"; span { "Failures only" } }
                }
                div.tools {
                    button.plain #follow type="button" aria-pressed="true" { "Follow" }
                    button.plain #all type="reset" { "Show all" }
                }
            }
            section.story #story aria-label="The call" hidden {}
            main {
                h2.unseen { "Time line" }
                button.plain.earlier #earlier type="button" hidden {}
                ol.timeline #timeline tabindex="-1" aria-label="Time line, oldest first" {}
                p.empty #empty { "Nothing has happened yet. Place a call on " a href="/phone" { "the phone" } ", or send a request." }
            }
        }
        p.unseen #announcement role="status" aria-live="polite" {}
        dialog.copy #copy aria-labelledby="copy-title" {
            h2 #copy-title { "Copy this" }
            textarea #copy-text readonly rows="8" aria-labelledby="copy-title" {}
            form method="dialog" { button.primary { "Close" } }
        }
        noscript { p.complaint { "The inspector needs JavaScript. " code { "curl -N …/sandbox/v1/timeline/stream" } " does not." } }
    };
    shell(&body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_find_each_other() {
        assert_eq!(ASSETS.missing_imports(), Vec::<String>::new());
    }
}
