//! Whether there can be a run at all: the server, the token, the number, the files.

use crate::api::{Api, ApiError};
use crate::config::{LoadConfig, Media, Users};
use crate::pace::Pace;
use crate::usage;

use super::LoadError;

/// Files open besides those of calls.
const OTHER_FILES: u64 = 200;

/// Asks the server who it is and whether it knows us.
pub(super) async fn meet(config: &LoadConfig, api: &Api) -> Result<(), LoadError> {
    let say = |sentence: String| Err(LoadError::Server(sentence));
    let url = &config.url;
    let health = match api.health().await {
        Ok(health) => health,
        Err(ApiError::NoAnswer(why)) => return say(format!("no server answers at {url}: {why}")),
        Err(error) => {
            return say(format!(
                "{url} is no Ahoy server: its /healthz says {error}"
            ));
        }
    };
    match health["status"].as_str() {
        Some("ready") => {}
        Some(other) => return say(format!("the server at {url} is {other} and takes no calls")),
        None => {
            return say(format!(
                "{url} is no Ahoy server: its /healthz has no status"
            ));
        }
    }
    if health["sandbox"] != true {
        let who = match config.users {
            Users::Sandbox => "simulated users",
            Users::Socket => "phones without a sign-in",
        };
        return say(format!(
            "the server at {url} has no {who}: a load run needs the sandbox routes, which only `ahoy dev` has"
        ));
    }
    match api.see_number().await {
        Ok(_) => Ok(()),
        Err(ApiError::Refused { code, sentence, .. }) if code == "190" || code == "0" => say(
            format!("--token: the server does not take the access token (code {code}: {sentence})"),
        ),
        Err(error) => say(format!(
            "--number: the token does not see the number {} ({error})",
            config.number
        )),
    }
}

/// A run needs a socket a peer, and some for HTTP.
pub(super) fn enough_files(config: &LoadConfig) -> Result<(), LoadError> {
    let live = Pace::new(config).expected_live(config.hold);
    let each = match (config.media, config.users) {
        (Media::None, _) => 1,
        (Media::Audio, Users::Sandbox) => 2,
        (Media::Audio, Users::Socket) => 4,
    };
    let wanted = live * each + OTHER_FILES;
    match usage::open_files() {
        Some(limit) if limit < wanted => Err(LoadError::Tool(format!(
            "{live} calls at a time need some {wanted} open files and this process may open {limit}: raise the limit (ulimit -n)"
        ))),
        _ => Ok(()),
    }
}
