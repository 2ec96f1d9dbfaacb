//! `ahoy admin`: businesses, WABAs, phone numbers, apps, tokens and roles of a running server, over its admin API.

mod args;
mod bootstrap;
mod print;
mod server;

pub(crate) use args::AdminArgs;

use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use args::Noun;
use print::View;
use server::Server;

/// What a command asks of the server.
struct Ask {
    method: reqwest::Method,
    path: String,
    body: Content,
    view: View,
}

/// A request's body.
enum Content {
    None,
    Json(Value),
    File(std::path::PathBuf),
}

impl Ask {
    fn new(method: reqwest::Method, path: impl Into<String>, view: View) -> Self {
        Self {
            method,
            path: path.into(),
            body: Content::None,
            view,
        }
    }
    fn list(path: impl Into<String>, columns: &'static [&'static str]) -> Self {
        Self::new(reqwest::Method::GET, path, View::Table(columns))
    }
    fn show(path: impl Into<String>) -> Self {
        Self::new(reqwest::Method::GET, path, View::Object)
    }
    fn send(method: reqwest::Method, path: impl Into<String>, body: Value) -> Self {
        Self {
            body: Content::Json(body),
            ..Self::new(method, path, View::Object)
        }
    }
    fn delete(path: impl Into<String>, done: &'static str) -> Self {
        Self::new(reqwest::Method::DELETE, path, View::Done(done))
    }
}

/// Runs the command; what goes wrong is one sentence and an exit status other than 0.
pub(crate) async fn run(args: AdminArgs) -> anyhow::Result<ExitCode> {
    if let Noun::Token(args::TokenVerb::Bootstrap(bootstrap)) = &args.noun {
        let token = bootstrap::run(bootstrap)?;
        if args.json {
            say!("{}", json!({ "token": token }));
        } else {
            say!("{token}");
            eprintln!(
                "This admin token is shown once. Keep it: `export AHOY_ADMIN_TOKEN={}…`",
                token.get(..15).unwrap_or_default()
            );
        }
        return Ok(ExitCode::SUCCESS);
    }
    let token = args.token.context(
        "an admin token is needed: give --token or set AHOY_ADMIN_TOKEN; `ahoy admin token bootstrap` makes the first one",
    )?;
    let server = Server::new(args.server, token)?;
    for ask in args.noun.asks()? {
        let answer = match (&ask.method, &ask.view) {
            (&reqwest::Method::GET, View::Table(_)) => server.every_page(&ask).await?,
            _ => server.send(&ask).await?,
        };
        if args.json {
            say!("{answer}");
        } else {
            print::show(&ask.view, &answer);
        }
    }
    Ok(ExitCode::SUCCESS)
}
