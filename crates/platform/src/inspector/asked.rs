//! What edges ask to say whom a request concerns.

use ahoy_types::{CallId, TokenHash};

use super::Concerns;
use crate::platform::Platform;

impl Platform {
    /// A call with its number and user, whether it lives or has ended; the call alone where it is not known.
    pub fn concerns_of(&self, call: &CallId) -> Concerns {
        if let Some(live) = self.live().get(call) {
            return live.concerns(call);
        }
        let row = self.read(|rows| rows.call(call)).ok().flatten();
        Concerns {
            call: Some(call.clone()),
            number: row.as_ref().map(|row| row.number),
            user: row.map(|row| row.user),
        }
    }

    /// Whose access token this is, in words that may be shown.
    pub fn token_label(&self, token: &str) -> String {
        if let Some((app, _)) = token.split_once('|') {
            let digits = !app.is_empty() && app.bytes().all(|b| b.is_ascii_digit());
            return match digits {
                true => format!("token of the app {app}"),
                false => "a token nobody knows".to_owned(),
            };
        }
        match self.read(|rows| rows.token(&TokenHash::of(token))) {
            Ok(Some(known)) if known.name.is_empty() => format!("token {}", known.id),
            Ok(Some(known)) => format!("token {} “{}”", known.id, known.name),
            Ok(None) => "a token nobody knows".to_owned(),
            Err(_) => "a token that cannot be looked up".to_owned(),
        }
    }
}
