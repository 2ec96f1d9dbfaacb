//! The page's modules, styles and pictures, inside the binary.

use std::sync::LazyLock;

use ahoy_pages::Assets;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../assets/", $name)))),+]
    };
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    Assets::new(&files![
        "main.js",
        "app.js",
        "bubbles.js",
        "business-list.js",
        "call.js",
        "call-screen.js",
        "chat.js",
        "face.js",
        "keypad.js",
        "media.js",
        "microphone.js",
        "notices.js",
        "phone-socket.js",
        "profile.js",
        "thread.js",
        "tones.js",
        "types.js",
        "words.js",
        "picker.css",
        "phone.css",
        "chat.css",
        "call.css",
    ])
});

pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    ASSETS.serve(&name, &headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_find_each_other() {
        assert_eq!(ASSETS.missing_imports(), Vec::<String>::new());
    }
}
