//! The page's modules, styles and pictures, inside the binary.

use axum::extract::Path;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml";

struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static str,
    tag: String,
}

macro_rules! assets {
    ($($kind:ident: $($name:literal),+;)+) => {
        [$($(Asset::new($name, $kind, include_str!(concat!("../assets/", $name)))),+),+]
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    Vec::from(assets! {
        SCRIPT: "main.js", "app.js", "bubbles.js", "business-list.js", "call.js", "call-screen.js", "chat.js", "dom.js",
            "face.js", "keypad.js", "media.js", "microphone.js", "notices.js", "phone-socket.js", "profile.js", "thread.js", "tones.js",
            "types.js", "words.js";
        STYLE: "base.css", "picker.css", "phone.css", "chat.css", "call.css";
        PICTURE: "ahoy.svg";
    })
});

impl Asset {
    fn new(name: &'static str, kind: &'static str, body: &'static str) -> Self {
        let hash = Sha256::digest(body.as_bytes());
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..12]));
        Self {
            name,
            kind,
            body,
            tag,
        }
    }
}

pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use axum::body::to_bytes;

    use super::*;

    #[tokio::test]
    async fn a_file_is_sent_once_and_then_confirmed() {
        let get = |name: &str, headers| serve(Path(name.to_owned()), headers);
        let first = get("main.js", HeaderMap::new()).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[CONTENT_TYPE], SCRIPT);
        let tag = first.headers()[ETAG].clone();
        assert!(
            !to_bytes(first.into_body(), 1 << 20)
                .await
                .unwrap()
                .is_empty()
        );
        let again = get("main.js", HeaderMap::from_iter([(IF_NONE_MATCH, tag)])).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = get("../Cargo.toml", HeaderMap::new()).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND);
    }

    /// Every import names a file that is served.
    #[test]
    fn modules_find_each_other() {
        for asset in ASSETS.iter().filter(|a| a.kind == SCRIPT) {
            for (_, rest) in asset
                .body
                .match_indices("from './")
                .map(|(at, m)| (at, &asset.body[at + m.len()..]))
            {
                let name = rest.split('\'').next().unwrap();
                assert!(
                    ASSETS.iter().any(|a| a.name == name),
                    "{} imports {name}",
                    asset.name
                );
            }
        }
    }
}
