//! Files come in, are looked at, and go.

use std::time::Duration;

use ahoy_calling::limits::{LimitTable, MediaLimits};

use crate::support::*;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use tower::ServiceExt as _;

const ANNOUNCEMENT: &[u8] = include_bytes!("../data/opus-59s.ogg");
const TOO_LONG: &[u8] = include_bytes!("../data/opus-61s.ogg");

fn form(parts: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, kind, bytes) in parts {
        body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"");
        body.extend(name.as_bytes());
        if *name == "file" {
            body.extend(b"\"; filename=\"a.bin");
        }
        body.extend(b"\"\r\n");
        if !kind.is_empty() {
            body.extend(format!("Content-Type: {kind}\r\n").as_bytes());
        }
        body.extend(b"\r\n");
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

async fn upload(api: &Api, token: &str, parts: &[(&str, &str, &[u8])]) -> Reply {
    upload_with(api, "", token, parts).await
}

async fn upload_with(api: &Api, query: &str, token: &str, parts: &[(&str, &str, &[u8])]) -> Reply {
    let (kind, body) = form(parts);
    let request = Request::builder()
        .method("POST")
        .uri(format!("/v25.0/{PHONE}/media{query}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    api.send(request).await
}

const PRODUCT: (&str, &str, &[u8]) = ("messaging_product", "", b"whatsapp");

async fn download(api: &Api, url: &str, token: &str) -> (StatusCode, Vec<u8>) {
    let path = url.strip_prefix("http://ahoy.example").unwrap();
    let request = Request::builder()
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let response = api.router().oneshot(request).await.unwrap();
    let status = response.status();
    (
        status,
        response
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    )
}

async fn node(api: &Api, id: &str) -> Reply {
    let request = Request::builder()
        .uri(format!("/v25.0/{id}"))
        .header("host", "ahoy.example")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::empty())
        .unwrap();
    api.send(request).await
}

#[tokio::test]
async fn a_file_comes_back_byte_for_byte_for_five_minutes_an_address() {
    let api = Api::new().await;
    // Larger than what is written at once, and than what other requests may have.
    let picture: Vec<u8> = (0..1_500_000_u32).map(|n| (n % 251) as u8).collect();
    let reply = upload(
        &api,
        TOKEN,
        &[
            ("file", "application/octet-stream", &picture),
            ("type", "", b"image/png"),
            PRODUCT,
        ],
    )
    .await;
    let made = reply.ok();
    let id = made["id"].as_str().unwrap();
    let file = node(&api, id).await.ok();
    assert_eq!(
        (&file["mime_type"], &file["file_size"]),
        (&json!("image/png"), &json!("1500000"))
    );
    assert_eq!(file["sha256"].as_str().unwrap().len(), 64);
    let url = file["url"].as_str().unwrap();
    let (status, bytes) = download(&api, url, TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    assert!(bytes == picture, "the bytes are others");
    assert_eq!(
        download(&api, url, "nobody").await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        download(&api, url, STRANGER).await.0,
        StatusCode::BAD_REQUEST,
        "another tenant"
    );
    let forged = url.replace("ext=", "ext=9");
    assert_eq!(
        download(&api, &forged, TOKEN).await.0,
        StatusCode::NOT_FOUND
    );
    api.platform
        .advance(Duration::from_secs(301))
        .await
        .unwrap();
    assert_eq!(
        download(&api, url, TOKEN).await.0,
        StatusCode::NOT_FOUND,
        "the address is too old"
    );
    let again = node(&api, id).await.ok();
    assert_eq!(
        download(&api, again["url"].as_str().unwrap(), TOKEN)
            .await
            .0,
        StatusCode::OK
    );
    api.platform
        .advance(Duration::from_secs(30 * 86_400))
        .await
        .unwrap();
    assert_eq!(node(&api, id).await.refusal().1, 100, "its time is over");
}

#[tokio::test]
async fn an_announcement_is_heard_out_and_stays() {
    let api = Api::new().await;
    let with = |bytes: &'static [u8], kind: &'static str| {
        [
            ("file", kind, bytes),
            PRODUCT,
            ("use_case", "", b"call_voicemail_announcement" as &[u8]),
        ]
    };
    let made = upload(&api, TOKEN, &with(ANNOUNCEMENT, "audio/ogg"))
        .await
        .ok();
    let id = made["id"].as_str().unwrap().to_owned();
    for (bytes, kind, code, what) in [
        (TOO_LONG, "audio/ogg", 131_053, "61.0 s"),
        (b"RIFF\0\0\0\0WAVE" as &[u8], "audio/ogg", 131_053, "Ogg"),
        (ANNOUNCEMENT, "audio/mpeg", 100, "type"),
    ] {
        let reply = upload(&api, TOKEN, &with(bytes, kind)).await;
        let (status, found, sentence) = reply.refusal();
        assert_eq!((status, found), (400, code), "{sentence}");
        assert!(sentence.contains(what), "{sentence}");
    }
    api.platform
        .advance(Duration::from_secs(400 * 86_400))
        .await
        .unwrap();
    node(&api, &id).await.ok();
    let gone = api.ask("DELETE", &format!("/{id}"), MANAGEMENT, None).await;
    assert_eq!(gone.refusal().0, 403);
    assert_eq!(
        api.ask("DELETE", &format!("/{id}"), TOKEN, None).await.ok(),
        json!({"success": true})
    );
    assert_eq!(node(&api, &id).await.refusal().1, 100);
}

#[tokio::test]
async fn a_form_that_lacks_something_is_refused_by_its_name() {
    let api = Api::new().await;
    let file = ("file", "image/png", b"x" as &[u8]);
    for (parts, field) in [
        (vec![file], "messaging_product"),
        (vec![PRODUCT], "file"),
        (vec![PRODUCT, file, file], "file"),
        (vec![PRODUCT, ("file", "", b"x")], "type"),
        (vec![PRODUCT, ("file", "image/gif", b"x")], "type"),
        (vec![PRODUCT, ("file", "image/png", b"")], "file"),
        (vec![PRODUCT, ("use_case", "", b"other"), file], "use_case"),
        (
            vec![("messaging_product", "", b"sms"), file],
            "messaging_product",
        ),
        (vec![PRODUCT, ("type", "", &[b'x'; 5000]), file], "type"),
    ] {
        let reply = upload(&api, TOKEN, &parts).await;
        let (status, _, sentence) = reply.refusal();
        assert_eq!(status, 400);
        assert!(sentence.contains(field), "{field}: {sentence}");
    }
    let plain = api.post(&format!("/{PHONE}/media"), json!({})).await;
    assert!(plain.refusal().2.contains("multipart"), "{}", plain.json);
    let torn = Request::builder()
        .method("POST")
        .uri(format!("/{PHONE}/media"))
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(
            "--edge\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nhalf",
        ))
        .unwrap();
    assert_eq!(api.send(torn).await.refusal().0, 400);
}

/// whatsapp-api-js names the product in the query and nothing else.
#[tokio::test]
async fn what_comes_with_a_file_may_stand_in_the_query() {
    let api = Api::new().await;
    let file = ("file", "audio/ogg", &b"OggS of some kind"[..]);
    let product = "?messaging_product=whatsapp";
    let made = upload_with(&api, product, TOKEN, &[file]).await.ok();
    let kept = node(&api, made["id"].as_str().unwrap()).await.ok();
    assert_eq!(kept["mime_type"], "audio/ogg");
    let query = format!("{product}&type=text%2Fplain");
    let made = upload_with(&api, &query, TOKEN, &[file]).await.ok();
    let kept = node(&api, made["id"].as_str().unwrap()).await.ok();
    assert_eq!(kept["mime_type"], "text/plain");
    // The form has the last word.
    let parts = [("type", "", &b"audio/ogg"[..]), file];
    let made = upload_with(&api, &query, TOKEN, &parts).await.ok();
    let kept = node(&api, made["id"].as_str().unwrap()).await.ok();
    assert_eq!(kept["mime_type"], "audio/ogg");
    let wrong = upload_with(&api, "?messaging_product=sms", TOKEN, &[file]).await;
    assert!(wrong.refusal().2.contains("`messaging_product`"));
}

fn with_media(change: impl Fn(&mut MediaLimits)) -> LimitTable {
    let mut limits = LimitTable::default();
    change(&mut limits.media);
    limits
}

#[tokio::test]
async fn a_number_that_fills_its_quota_is_told_to_make_room() {
    let limits = with_media(|media| media.number_bytes = 100);
    let api = Api::with(limits, |_| Ok(())).await;
    const BYTES: &[u8] = &[b'x'; 100];
    let part = |size| [("file", "text/plain", &BYTES[..size]), PRODUCT];
    let first = upload(&api, TOKEN, &part(60)).await.ok();
    let refused = upload(&api, TOKEN, &part(41)).await;
    let (status, code, details) = refused.refusal();
    assert_eq!((status, code), (400, 131_053));
    assert!(
        details.contains("exceed its 100 bytes; delete some"),
        "{details}"
    );
    assert!(!refused.headers.contains_key("retry-after"));
    upload(&api, TOKEN, &part(40)).await.ok();
    let id = first["id"].as_str().unwrap();
    api.ask("DELETE", &format!("/v25.0/{id}"), TOKEN, None)
        .await
        .ok();
    upload(&api, TOKEN, &part(60)).await.ok();
}

#[tokio::test]
async fn a_server_that_is_full_says_when_to_try_again() {
    let parts = [("file", "text/plain", &b"text"[..]), PRODUCT];
    let limits = with_media(|media| media.all_bytes = 3);
    let api = Api::with(limits, |_| Ok(())).await;
    let full = upload(&api, TOKEN, &parts).await;
    assert_eq!(
        full.refusal(),
        (503, 2, "The server has no room for more files.")
    );
    assert_eq!(full.headers["retry-after"], "3600");
    let limits = with_media(|media| media.number_uploads = 0);
    let api = Api::with(limits, |_| Ok(())).await;
    let busy = upload(&api, TOKEN, &parts).await;
    let (status, code, details) = busy.refusal();
    assert_eq!((status, code), (503, 2));
    assert!(
        details.starts_with("This number has 0 uploads under way"),
        "{details}"
    );
    assert_eq!(busy.headers["retry-after"], "5");
}
