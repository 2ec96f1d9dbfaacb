//! The start page: what the terminal's banner says, for whoever opens the address first. `/desk` leads to it until there is a desk.

use std::sync::LazyLock;

use ahoy_calling::instant;
use ahoy_pages::Assets;
use ahoy_platform::{CallView, Platform};
use ahoy_types::{Direction, RuleTime};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Redirect, Response};
use axum::routing::get;
use maud::{DOCTYPE, Markup, html};

/// Numbers and users shown at most.
const MOST: usize = 200;
/// Calls shown.
const CALLS: usize = 10;
/// What of the device the page may use.
const PERMISSIONS: &str = "clipboard-write=(self), microphone=(), camera=(), geolocation=()";

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    Assets::new(&[
        ("start.js", include_str!("../assets/start.js")),
        ("start.css", include_str!("../assets/start.css")),
    ])
});

/// What a sandbox tells everybody who can reach it: its keys are made for that.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub token: String,
    pub admin_token: Option<String>,
    pub app: String,
    pub app_secret: String,
    pub waba: String,
}

/// What the page is made of.
#[derive(Clone)]
pub(crate) struct Start {
    pub platform: Platform,
    pub url: String,
    /// In a sandbox; a server with tenants shows where things are and nothing of theirs.
    pub keys: Option<Keys>,
}

pub(crate) fn router(start: Start) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/desk", get(async || Redirect::to("/")))
        .route("/start/assets/{name}", get(asset))
        .with_state(start)
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    ASSETS.serve(&name, &headers)
}

async fn show(State(start): State<Start>) -> Response {
    let body = match &start.keys {
        Some(keys) => sandbox(&start, keys).await,
        None => Ok(served(&start)),
    };
    match body {
        Ok(body) => ahoy_pages::respond(StatusCode::OK, page(&body).into_string(), PERMISSIONS),
        Err(error) => {
            tracing::error!(%error, "the start page cannot be made");
            let said = html! { section { p role="alert" { "The server cannot read its store." } } };
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            ahoy_pages::respond(status, page(&said).into_string(), PERMISSIONS)
        }
    }
}

fn page(body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Ahoy" }
                link rel="icon" type="image/svg+xml" href="/start/assets/ahoy.svg";
                link rel="stylesheet" href="/start/assets/base.css";
                link rel="stylesheet" href="/start/assets/start.css";
                script type="module" src="/start/assets/start.js" {}
            }
            body {
                main {
                    header {
                        img src="/start/assets/ahoy.svg" alt="" width="40" height="40";
                        h1 { "Ahoy" }
                    }
                    (body)
                }
            }
        }
    }
}

fn row(name: &str, value: &str) -> Markup {
    html! {
        dt { (name) }
        dd {
            code { (value) }
            button type="button" hidden data-copy=(value) aria-label={ "Copy " (name) } { "Copy" }
        }
    }
}

fn served(start: &Start) -> Markup {
    html! {
        section {
            h2 { "This server" }
            dl { (row("API", &format!("{}/v25.0/", start.url))) }
        }
        nav aria-label="Pages" {
            a href="/docs" { "API reference" }
            a href="/healthz" { "State of this server" }
        }
    }
}

async fn sandbox(start: &Start, keys: &Keys) -> ahoy_store::Result<Markup> {
    let numbers = start.platform.numbers(MOST)?;
    let users = start.platform.users(MOST)?;
    let mut calls = Vec::new();
    for user in &users {
        calls.extend(start.platform.calls_of_user(user.wa_id, CALLS)?);
    }
    calls.sort_by_key(|call| std::cmp::Reverse(call.placed_at));
    calls.truncate(CALLS);
    let name_of = |wa_id| {
        let user = users.iter().find(|user| user.wa_id == wa_id);
        user.and_then(|user| user.name.clone())
            .unwrap_or_else(|| format!("+{wa_id}"))
    };
    let mut told = Vec::new();
    for call in calls {
        let whole = start.platform.call_of_user(call.wa_id, &call.id).await?;
        let verdict = whole
            .and_then(|call| call.media)
            .and_then(|media| media["verdict"].as_str().map(str::to_owned));
        told.push((name_of(call.wa_id), call, verdict));
    }
    Ok(html! {
        nav aria-label="Pages" {
            a.primary href="/phone" { "Open a customer's phone and call" }
            a href="/inspector" { "Inspector: every request, webhook and media step" }
            a href="/docs" { "API reference" }
        }
        section {
            h2 { "Point your client at it" }
            dl {
                (row("API", &format!("{}/v25.0/", start.url)))
                (row("Access token", &keys.token))
                @if let Some(token) = &keys.admin_token { (row("Admin token", token)) }
                (row("App id", &keys.app))
                (row("App secret", &keys.app_secret))
                (row("WABA id", &keys.waba))
                @for number in &numbers {
                    dt { "Phone number id" }
                    dd {
                        code { (number.id) }
                        button type="button" hidden data-copy=(number.id) aria-label={ "Copy phone number id of " (number.verified_name) } { "Copy" }
                        span.quiet { "+" (number.number) ", " (number.verified_name) }
                    }
                }
                @for user in users.iter().filter(|user| user.name.is_some()).take(5) {
                    dt { "Customer" }
                    dd {
                        code { (user.wa_id) }
                        button type="button" hidden data-copy=(user.wa_id) aria-label={ "Copy number of " (user.name.as_deref().unwrap_or_default()) } { "Copy" }
                        span.quiet { (user.name.as_deref().unwrap_or_default()) }
                        a href={ "/phone?user=" (user.wa_id) } { "phone" }
                    }
                }
            }
        }
        section {
            h2 { "Last calls" }
            @if told.is_empty() { p.quiet { "None yet." } }
            ul.calls { @for (name, call, verdict) in &told { (one(name, call, verdict.as_deref())) } }
        }
    })
}

fn one(name: &str, call: &CallView, verdict: Option<&str>) -> Markup {
    let who = match call.direction {
        Direction::UserInitiated => format!("{name} called"),
        Direction::BusinessInitiated => format!("{name} was called"),
    };
    let state = match (call.status, call.duration) {
        (Some(_), Some(seconds)) => format!("ended after {seconds} s"),
        (Some(_), None) => "ended unanswered".to_owned(),
        (None, _) => call.state.to_owned(),
    };
    html! {
        li {
            p {
                strong { (who) } " " span.quiet { (instant::written(RuleTime::from_secs(call.placed_at))) ", " (state) }
            }
            @if let Some(verdict) = verdict { p { (verdict) } }
        }
    }
}
