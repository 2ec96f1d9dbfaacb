//! Secrets do not go into the log; what the banner prints is none.

use ahoy_platform::Seed;
use ahoy_platform::inspector::{Credential, Payload};
use axum::http::{HeaderMap, Uri, header};
use serde_json::Value;

/// What stands where a secret was.
const MASK: &str = "***";
/// Parameters and keys whose values are secrets.
const SECRET_KEYS: [&str; 10] = [
    "access_token",
    "app_secret",
    "appsecret_proof",
    "client_secret",
    "fb_exchange_token",
    "hub.verify_token",
    "input_token",
    "pin",
    "secret",
    "token",
];

/// Headers as the log keeps them.
pub(super) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().map(|(name, value)| {
        let secret = *name == header::AUTHORIZATION
            || *name == header::COOKIE
            || *name == header::SET_COOKIE
            || *name == header::PROXY_AUTHORIZATION;
        let value = match secret {
            true => MASK.to_owned(),
            false => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        (name.to_string(), value)
    });
    shown.collect()
}

/// The credentials of the sandbox.
#[derive(Debug)]
pub(super) struct Published {
    token: String,
    app_token: String,
    app_secret: String,
}

impl Published {
    pub(super) fn of(seed: &Seed) -> Self {
        Self {
            token: seed.token.clone(),
            app_token: format!("{}|{}", seed.app, seed.app_secret),
            app_secret: seed.app_secret.clone(),
        }
    }

    /// Which of them a token is.
    pub(super) fn credential(&self, token: &str) -> Option<Credential> {
        if token == self.token {
            Some(Credential::Seeded)
        } else if token == self.app_token {
            Some(Credential::SeededApp)
        } else {
            None
        }
    }

    fn is_secret(&self, key: &str, value: &str) -> bool {
        SECRET_KEYS.contains(&key)
            && !value.is_empty()
            && ![&self.token, &self.app_token, &self.app_secret]
                .iter()
                .any(|known| *known == value)
    }

    /// Parameters with the secret values masked.
    fn mask_parameters(&self, text: &str) -> String {
        let pairs = text.split('&').map(|pair| {
            let Some((key, value)) = pair.split_once('=') else {
                return pair.to_owned();
            };
            let plain = |t: &str| {
                let spaced = t.replace('+', " ");
                percent_encoding::percent_decode_str(&spaced)
                    .decode_utf8_lossy()
                    .into_owned()
            };
            match self.is_secret(&plain(key), &plain(value)) {
                true => format!("{key}={MASK}"),
                false => pair.to_owned(),
            }
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    pub(super) fn mask_uri(&self, uri: &Uri) -> String {
        match uri.query() {
            Some(query) => format!("{}?{}", uri.path(), self.mask_parameters(query)),
            None => uri.path().to_owned(),
        }
    }

    fn collect(&self, key: &str, value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) if self.is_secret(key, text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.collect(key, item, found)),
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.collect(key, value, found);
                }
            }
            _ => {}
        }
    }

    /// Masks the secrets of a body; one in which they cannot be told apart is not kept.
    pub(super) fn mask_body(&self, content_type: Option<&str>, body: &mut Payload) {
        let Some(text) = body.text.take() else {
            return;
        };
        let is = |kind: &str| content_type.is_some_and(|t| t.starts_with(kind));
        if is("application/x-www-form-urlencoded") {
            body.text = Some(self.mask_parameters(&text));
            return;
        }
        if let Ok(value) = serde_json::from_str::<Value>(&text) {
            let mut found = Vec::new();
            self.collect("", &value, &mut found);
            body.text = Some(found.iter().fold(text, |text, secret| {
                let quoted = Value::from(secret.as_str()).to_string();
                text.replace(&quoted, &format!("\"{MASK}\""))
            }));
            return;
        }
        // JSON that was cut or is broken, a form within something else.
        let suspicious = SECRET_KEYS.iter().any(|key| {
            [format!("\"{key}\""), format!("{key}=")]
                .iter()
                .any(|place| text.contains(place))
        });
        body.text = (!suspicious).then_some(text);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn published() -> Published {
        Published::of(&Seed::default())
    }

    fn masked(kind: &str, text: &str) -> Option<String> {
        let mut body = Payload::of(text.as_bytes(), text.len() as u64);
        published().mask_body(Some(kind), &mut body);
        body.text
    }

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let uri: Uri = "/debug_token?input_token=EAAB%7Cx&a=1&access_token=ahoy-dev-token"
            .parse()
            .unwrap();
        assert_eq!(
            published().mask_uri(&uri),
            "/debug_token?input_token=***&a=1&access_token=ahoy-dev-token"
        );
        assert_eq!(
            masked(
                "application/x-www-form-urlencoded",
                "client_secret=s&to=447700900001"
            )
            .unwrap(),
            "client_secret=***&to=447700900001"
        );
        assert_eq!(
            masked(
                "application/json",
                r#"{ "data": [{"access_token":"a\"b"}], "to": "x" }"#
            )
            .unwrap(),
            r#"{ "data": [{"access_token":"***"}], "to": "x" }"#
        );
        assert_eq!(
            masked("multipart/form-data", "name=\"access_token\"\r\n\r\nabc"),
            None
        );
        assert_eq!(masked("application/json", r#"{"pin":"12345"#), None, "cut");
        for harmless in ["hello", r#"{"body":"shipping a token of"#] {
            assert_eq!(masked("application/json", harmless).unwrap(), harmless);
        }
    }

    #[test]
    fn what_the_banner_prints_is_no_secret() {
        let published = published();
        assert_eq!(
            published.credential("ahoy-dev-token"),
            Some(Credential::Seeded)
        );
        assert_eq!(
            published.credential("900100200300|ahoy-dev-secret"),
            Some(Credential::SeededApp)
        );
        assert_eq!(published.credential("other"), None);
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer x".parse().unwrap());
        headers.insert(header::ACCEPT, "*/*".parse().unwrap());
        assert_eq!(
            super::headers(&headers),
            [
                ("authorization".to_owned(), MASK.to_owned()),
                ("accept".to_owned(), "*/*".to_owned())
            ]
        );
    }
}
