//! What the pages of this server share: how their files are served from inside the binary, the headers of a page, and
//! the style sheet and script helpers that every page has ([`SHARED`]).
//!
//! It knows no page. Scripts are plain ES modules that import each other by `./name.js`; a page therefore serves its own
//! files and the shared ones under one address.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Nothing but the page's own files and this server; media streams have no address.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A file's name and text.
pub type File = (&'static str, &'static str);

/// Colours, type and buttons; helpers to build elements; the mark.
pub const SHARED: [File; 3] = [
    ("base.css", include_str!("../assets/base.css")),
    ("dom.js", include_str!("../assets/dom.js")),
    ("ahoy.svg", include_str!("../assets/ahoy.svg")),
];

struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static str,
    tag: String,
}

/// The files of one page.
pub struct Assets(Vec<Asset>);

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

impl Assets {
    /// The page's own files and the shared ones.
    pub fn new(own: &[File]) -> Self {
        let all = SHARED.iter().chain(own);
        let asset = |(name, body): &File| {
            let hash = Sha256::digest(body.as_bytes());
            let tag = URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default());
            Asset {
                name,
                kind: kind(name),
                body,
                tag: format!("\"{tag}\""),
            }
        };
        Self(all.map(asset).collect())
    }

    /// Answers a request for one of them.
    pub fn serve(&self, name: &str, headers: &HeaderMap) -> Response {
        let Some(asset) = self.0.iter().find(|asset| asset.name == name) else {
            return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
        };
        // Modules import each other by plain names, so they are asked for anew each time and answered with 304.
        let common = [
            (ETAG, asset.tag.as_str()),
            (CACHE_CONTROL, "no-cache"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CONTENT_TYPE, asset.kind),
        ];
        let held = headers
            .get(IF_NONE_MATCH)
            .and_then(|held| held.to_str().ok());
        if held.is_some_and(|held| held.split(',').any(|tag| tag.trim() == asset.tag)) {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        (common, asset.body).into_response()
    }

    /// Imports of scripts that name no file here: for the tests of pages.
    pub fn missing_imports(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for asset in &self.0 {
            for rest in asset.body.split("from './").skip(1) {
                let name = rest.split('\'').next().unwrap_or_default();
                if !self.0.iter().any(|a| a.name == name) {
                    missing.push(format!("{} imports {name}", asset.name));
                }
            }
        }
        missing
    }
}

/// A page as answer. `permissions` says what of the device it may use (`Permissions-Policy`).
pub fn respond(status: StatusCode, html: String, permissions: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("permissions-policy"), permissions),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_sent_once_and_then_confirmed() {
        let assets = Assets::new(&[("main.js", "import { el } from './dom.js';")]);
        let first = assets.serve("main.js", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CONTENT_TYPE], kind("a.js"));
        let tag = first.headers()[ETAG].clone();
        let again = assets.serve("main.js", &HeaderMap::from_iter([(IF_NONE_MATCH, tag)]));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = assets.serve("../Cargo.toml", &HeaderMap::new());
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
        assert_eq!(assets.missing_imports(), Vec::<String>::new());
        let broken = Assets::new(&[("main.js", "import { x } from './y.js';")]);
        assert_eq!(broken.missing_imports(), ["main.js imports y.js"]);
    }
}
