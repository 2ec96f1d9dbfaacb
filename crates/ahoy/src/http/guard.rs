//! Whose requests are taken: a server on a developer's machine is within reach of every page that is open in the browser there.
//!
//! A page of another site can send requests here and open sockets, though it may not read the answers; a browser marks them (`Origin`,
//! `Sec-Fetch-Site`), and what is marked so is refused. A page whose own name was made to lead here (DNS rebinding) is no other site to
//! the browser, but its requests still name it in `Host`. Clients that are no browsers send neither mark and notice nothing.

use std::net::IpAddr;
use std::sync::Arc;

use ahoy_wire::{ErrorCode, GraphError};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

const SEC_FETCH_SITE: &str = "sec-fetch-site";
const SEC_FETCH_MODE: &str = "sec-fetch-mode";
const SEC_FETCH_DEST: &str = "sec-fetch-dest";

/// Names under which the server is asked, and pages elsewhere that may use it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// The address it listens on; `None` where every name is good, as behind a proxy that was not named.
    address: Option<IpAddr>,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// Every name is taken unless some are given; in the sandbox those that lead to this machine alone.
    pub(crate) fn new(
        address: IpAddr,
        sandbox: bool,
        hosts: &[String],
        origins: &[String],
    ) -> Self {
        let lower = |names: &[String]| -> Vec<String> {
            let names = names.iter();
            names
                .map(|name| name.trim_end_matches(['.', '/']).to_ascii_lowercase())
                .collect()
        };
        Self {
            address: (sandbox || !hosts.is_empty()).then_some(address),
            hosts: lower(hosts),
            origins: lower(origins),
        }
    }

    fn is_ours(&self, authority: &Authority) -> bool {
        let Some(address) = self.address else {
            return true;
        };
        let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            // A server on every address cannot know them all, and a number is nobody's name.
            let ip = ip.to_canonical();
            return ip.is_loopback() || ip == address.to_canonical() || address.is_unspecified();
        }
        host == "localhost" || host.ends_with(".localhost") || self.hosts.contains(&host)
    }

    /// Why a request is not taken.
    fn refuses(&self, request: &Request) -> Option<(StatusCode, String)> {
        let headers = request.headers();
        let mut named = headers.get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        if second.is_some() {
            let said = "The request has more than one Host header.".to_owned();
            return Some((StatusCode::BAD_REQUEST, said));
        }
        let text = first.and_then(|host| host.to_str().ok());
        // In the absolute form the target counts (RFC 9112 §3.2.2).
        let host: Option<Authority> = request
            .uri()
            .authority()
            .cloned()
            .or_else(|| text?.parse().ok());
        match &host {
            Some(host) if self.is_ours(host) => {}
            // HTTP/1.0 has none, and no browser leaves it out.
            None if first.is_none() => {}
            _ => {
                let shown = ahoy_wire::body::excerpt(text.unwrap_or_default());
                return Some((
                    StatusCode::MISDIRECTED_REQUEST,
                    format!(
                        "This server is not known as `{shown}`: start it with --host NAME if it is to be asked by that name."
                    ),
                ));
            }
        }
        let page = self.other_site(headers, host.as_ref())?;
        if is_visit(request.method(), headers) {
            return None;
        }
        let page = ahoy_wire::body::excerpt(page);
        Some((
            StatusCode::FORBIDDEN,
            format!(
                "The request comes from a page of another site ({page}), which may not use this server; [listen] origins names pages that may."
            ),
        ))
    }

    /// The page of another site a request comes from.
    fn other_site<'a>(&self, headers: &'a HeaderMap, host: Option<&Authority>) -> Option<&'a str> {
        let word = |name| headers.get(name).map(words);
        let origin = word(header::ORIGIN.as_str());
        if origin.is_some_and(|origin| self.origins.contains(&origin.to_ascii_lowercase())) {
            return None;
        }
        match (word(SEC_FETCH_SITE), origin) {
            (Some("same-origin" | "none"), _) | (None, None) => None,
            (Some(_), origin) => Some(origin.unwrap_or("its browser says no more")),
            (None, Some(origin)) => {
                let own = origin
                    .split_once("://")
                    .and_then(|(_, rest)| rest.parse::<Authority>().ok());
                (own.is_none() || own.as_ref() != host).then_some(origin)
            }
        }
    }
}

fn words(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or("unreadable")
}

/// Whether somebody follows a link to a page: that changes nothing, and the page's own scripts are ours.
fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).map(words) == Some(wanted);
    let reads = method == Method::GET || method == Method::HEAD;
    reads
        && !headers.contains_key(header::UPGRADE)
        && is(SEC_FETCH_MODE, "navigate")
        && is(SEC_FETCH_DEST, "document")
}

/// The routes behind a guard.
pub(crate) fn guarded(app: Router, guard: Guard) -> Router {
    app.layer(from_fn_with_state(Arc::new(guard), check))
}

async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let Some((status, sentence)) = guard.refuses(&request) else {
        return next.run(request).await;
    };
    tracing::warn!(status = status.as_u16(), "{sentence}");
    let error = GraphError::new(ErrorCode::PermissionDenied, sentence);
    let mut response = error.to_json("").into_response();
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::body::Body;

    fn request(method: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::builder().method(method).uri("/710/calls");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    fn status(guard: &Guard, method: &str, headers: &[(&str, &str)]) -> u16 {
        let refused = guard.refuses(&request(method, headers));
        refused.map_or(200, |(status, _)| status.as_u16())
    }

    fn dev() -> Guard {
        let names = ["ahoy.test.".to_owned()];
        let pages = ["https://desk.example/".to_owned()];
        Guard::new("127.0.0.1".parse().unwrap(), true, &names, &pages)
    }

    #[test]
    fn what_carries_no_mark_passes() {
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "LOCALHOST:8080",
            "[::1]:8080",
            "app.localhost:1",
            "Ahoy.Test",
        ] {
            assert_eq!(status(&dev(), "POST", &[("host", host)]), 200, "{host}");
        }
        assert_eq!(status(&dev(), "POST", &[]), 200, "HTTP/1.0");
    }

    #[test]
    fn a_name_that_was_made_to_lead_here_is_refused() {
        for host in [
            "evil.example",
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "192.0.2.7",
            "localhost.evil.example",
            "ahoy",
            "",
            "a b",
        ] {
            for method in ["GET", "POST"] {
                assert_eq!(status(&dev(), method, &[("host", host)]), 421, "{host}");
            }
        }
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status(&dev(), "GET", &twice), 400);
        let everywhere = Guard::new("0.0.0.0".parse().unwrap(), true, &[], &[]);
        assert_eq!(
            status(&everywhere, "GET", &[("host", "192.0.2.7:8080")]),
            200
        );
        assert_eq!(status(&everywhere, "GET", &[("host", "evil.example")]), 421);
        let served = Guard::new("0.0.0.0".parse().unwrap(), false, &[], &[]);
        assert_eq!(status(&served, "GET", &[("host", "calls.example")]), 200);
    }

    #[test]
    fn a_page_of_another_site_changes_and_opens_nothing() {
        let host = ("host", "localhost:8080");
        for mark in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://localhost:3000"),
            ("origin", "http://127.0.0.1:8080"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
                assert_eq!(
                    status(&dev(), method, &[host, mark]),
                    403,
                    "{method} {mark:?}"
                );
            }
        }
        let cross = ("sec-fetch-site", "cross-site");
        let (navigate, document) = (
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        );
        let socket = [host, cross, ("upgrade", "websocket"), navigate, document];
        assert_eq!(status(&dev(), "GET", &socket), 403);
        // A form is sent by a navigation too; a frame is a page within theirs.
        assert_eq!(
            status(&dev(), "POST", &[host, cross, navigate, document]),
            403
        );
        let frame = ("sec-fetch-dest", "iframe");
        assert_eq!(status(&dev(), "GET", &[host, cross, navigate, frame]), 403);
        assert_eq!(
            status(&dev(), "GET", &[host, cross, navigate, document]),
            200,
            "a link"
        );
    }

    #[test]
    fn our_own_pages_and_those_that_are_named_pass() {
        let host = ("host", "localhost:8080");
        for mark in [
            ("origin", "http://localhost:8080"),
            ("origin", "https://localhost:8080"),
            ("origin", "https://Desk.example"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(status(&dev(), "POST", &[host, mark]), 200, "{mark:?}");
        }
        // A proxy may have changed the Host; the browser knows.
        let proxied = [
            host,
            ("origin", "https://calls.example"),
            ("sec-fetch-site", "same-origin"),
        ];
        assert_eq!(status(&dev(), "POST", &proxied), 200);
    }
}
