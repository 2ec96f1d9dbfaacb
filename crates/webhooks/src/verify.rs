//! The verification GET that precedes every saved callback (`webhooks.md` §1.1).

use std::time::Duration;

use ahoy_calling::account::Callback;
use ahoy_platform::Verified;
use reqwest::Client;
use reqwest::redirect::Policy;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_URL: usize = 2_048;

/// Why a callback cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not an absolute http or https URL.
    #[error("the callback `{0}` is not an absolute http or https URL")]
    Url(String),
    /// It did not answer.
    #[error("the callback could not be verified: {0}")]
    Unreachable(String),
    /// It answered with another status than 200.
    #[error(
        "the callback could not be verified: it answered the verification request with HTTP {0}, 200 is expected"
    )]
    Status(u16),
    /// It answered something else than the challenge.
    #[error(
        "the callback could not be verified: it answered `{0}` where the value of hub.challenge is expected"
    )]
    Challenge(String),
}

/// Asks callbacks whether they want the webhooks.
#[derive(Clone)]
pub struct Verifier {
    client: Client,
}

impl Verifier {
    /// A verifier.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(TIMEOUT)
            .pool_max_idle_per_host(0)
            .no_proxy()
            .build()?;
        Ok(Self { client })
    }

    /// Sends the verification GET; a callback that echoes the challenge is verified.
    pub async fn verify(&self, url: &str, verify_token: &str) -> Result<Verified, VerifyError> {
        let shown: String = url.chars().take(200).collect();
        let bad = || VerifyError::Url(shown.clone());
        let mut target = Url::parse(url).map_err(|_| bad())?;
        if url.len() > LONGEST_URL || !matches!(target.scheme(), "http" | "https") {
            return Err(bad());
        }
        // Decimal digits: clients turn it into a number (`clients.md` §0).
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|e| VerifyError::Unreachable(e.to_string()))?;
        let challenge = (u64::from(u32::from_be_bytes(random)) + 1_000_000_000).to_string();
        target
            .query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        let unreachable = |e: reqwest::Error| {
            VerifyError::Unreachable(if e.is_timeout() {
                format!("no answer within {} s", TIMEOUT.as_secs())
            } else {
                innermost(&e)
            })
        };
        let mut response = self.client.get(target).send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(VerifyError::Status(status));
        }
        let mut body = Vec::new();
        while body.len() < 256 {
            match response.chunk().await.map_err(unreachable)? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        let text = String::from_utf8_lossy(&body);
        if text.trim() == challenge {
            Ok(Verified(Callback {
                url: url.to_owned(),
                verify_token: verify_token.to_owned(),
            }))
        } else {
            Err(VerifyError::Challenge(text.chars().take(80).collect()))
        }
    }
}

fn innermost(e: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = e;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use axum::Router;
    use axum::extract::Query;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Redirect, Response};
    use axum::routing::get;

    use super::*;

    async fn answer(Query(q): Query<HashMap<String, String>>) -> Response {
        let challenge = q.get("hub.challenge").cloned().unwrap_or_default();
        match q.get("hub.verify_token").map(String::as_str) {
            Some("right") => challenge.into_response(),
            Some("other") => "hello".into_response(),
            Some("moved") => Redirect::temporary("/else").into_response(),
            _ => StatusCode::FORBIDDEN.into_response(),
        }
    }

    #[tokio::test]
    async fn only_the_echoed_challenge_verifies() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?keep=1", listener.local_addr().unwrap());
        tokio::spawn(async move {
            axum::serve(listener, Router::new().route("/hook", get(answer))).await
        });
        let verifier = Verifier::new().unwrap();
        let verified = verifier.verify(&url, "right").await.unwrap();
        assert_eq!(verified.0.url, url);
        assert_eq!(
            verifier.verify(&url, "other").await,
            Err(VerifyError::Challenge("hello".into()))
        );
        assert_eq!(
            verifier.verify(&url, "moved").await,
            Err(VerifyError::Status(307))
        );
        assert_eq!(
            verifier.verify(&url, "wrong").await,
            Err(VerifyError::Status(403))
        );
        assert!(matches!(
            verifier.verify("ftp://x/", "right").await,
            Err(VerifyError::Url(_))
        ));
        assert!(matches!(
            verifier.verify("http://127.0.0.1:1/", "right").await,
            Err(VerifyError::Unreachable(_))
        ));
    }
}
