//! The verification GET that precedes every saved callback (`webhooks.md` §1.1).

use std::time::Duration;

use ahoy_calling::account::Callback;
use ahoy_outbound::{Failure, Outbound};
use ahoy_platform::Verified;
use reqwest::Method;
use reqwest::header::CONNECTION;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_URL: usize = 2_048;

/// Longest beginning of an answer that is read; a challenge has ten digits.
const LONGEST_ANSWER: usize = 256;

/// Why a callback cannot be used, as a clause. Nothing of an answer's body is in it: whoever may name a callback would
/// read with the server's eyes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not an absolute http or https URL.
    #[error("it is not an absolute http or https URL")]
    Url,
    /// There are no random bytes for a challenge.
    #[error("this server has no random bytes: {0}")]
    Random(String),
    /// It did not answer.
    #[error("{0}")]
    Unreachable(Failure),
    /// It answered with another status than 200.
    #[error("it answered the verification request with HTTP {0}, 200 is expected")]
    Status(u16),
    /// It answered something else than the challenge.
    #[error("its answer is not the value of hub.challenge")]
    Challenge,
}

/// Asks callbacks whether they want the webhooks.
#[derive(Clone)]
pub struct Verifier {
    client: Outbound,
}

impl Verifier {
    /// A verifier whose requests go where this client's may.
    pub fn new(client: Outbound) -> Self {
        Self { client }
    }

    /// Sends the verification GET; a callback that echoes the challenge is verified.
    pub async fn verify(&self, url: &str, verify_token: &str) -> Result<Verified, VerifyError> {
        if url.len() > LONGEST_URL {
            return Err(VerifyError::Url);
        }
        let mut target = Url::parse(url).map_err(|_| VerifyError::Url)?;
        if !matches!(target.scheme(), "http" | "https") {
            return Err(VerifyError::Url);
        }
        // Decimal digits: clients turn it into a number (`clients.md` §0).
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(|e| VerifyError::Random(e.to_string()))?;
        let challenge = (u64::from(u32::from_be_bytes(random)) + 1_000_000_000).to_string();
        target
            .query_pairs_mut()
            .append_pair("hub.mode", "subscribe")
            .append_pair("hub.challenge", &challenge)
            .append_pair("hub.verify_token", verify_token);
        let request = self
            .client
            .request(Method::GET, target)
            .header(CONNECTION, "close");
        let sent = self.client.send(request, TIMEOUT).await;
        let mut response = sent.map_err(VerifyError::Unreachable)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(VerifyError::Status(status));
        }
        let mut body = Vec::new();
        while body.len() < LONGEST_ANSWER {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(e) if e.is_timeout() => {
                    return Err(VerifyError::Unreachable(Failure::TimedOut(TIMEOUT)));
                }
                Err(_) => return Err(VerifyError::Unreachable(Failure::Closed)),
            }
        }
        if body.trim_ascii() == challenge.as_bytes() {
            Ok(Verified(Callback {
                url: url.to_owned(),
                verify_token: verify_token.to_owned(),
            }))
        } else {
            Err(VerifyError::Challenge)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use ahoy_outbound::{Policy, PolicyTable};
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
        let client = Outbound::new(Policy::anywhere(), Vec::new()).unwrap();
        let verifier = Verifier::new(client);
        let verified = verifier.verify(&url, "right").await.unwrap();
        assert_eq!(verified.0.url, url);
        assert_eq!(
            verifier.verify(&url, "other").await,
            Err(VerifyError::Challenge)
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
            Err(VerifyError::Url)
        ));
        assert!(matches!(
            verifier.verify("http://127.0.0.1:1/", "right").await,
            Err(VerifyError::Unreachable(_))
        ));
    }

    #[tokio::test]
    async fn a_refusal_quotes_nothing_of_what_was_read() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let inside = Router::new().fallback(get(move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { ([("x-secret", "secret")], "secret") }
        }));
        tokio::spawn(async move { axum::serve(listener, inside).await });
        let url = format!("http://{address}/meta-data");
        let refused = |policy: Policy| {
            let verifier = Verifier::new(Outbound::new(policy, Vec::new()).unwrap());
            let url = url.clone();
            async move { verifier.verify(&url, "v").await.unwrap_err() }
        };
        let public = refused(Policy::public()).await;
        assert!(matches!(
            public,
            VerifyError::Unreachable(Failure::NotAllowed(_))
        ));
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let table = PolicyTable {
            allow: vec!["127.0.0.0/8".into()],
            ..PolicyTable::default()
        };
        for policy in [Policy::public_and(&table).unwrap(), Policy::anywhere()] {
            let read = refused(policy).await;
            assert_eq!(read, VerifyError::Challenge);
            assert!(!read.to_string().contains("secret"));
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}
