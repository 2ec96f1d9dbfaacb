//! `behaviour.network` and `behaviour.audio`: what cannot be is refused with a sentence, and nothing is half changed.

use std::path::Path;

use crate::support::Sandbox;
use axum::http::StatusCode;
use serde_json::{Value, json};

const ANA: &str = "/sandbox/v1/users/447700900001";

async fn patch(sandbox: &Sandbox, behaviour: Value) -> (StatusCode, Value) {
    let body = json!({ "behaviour": behaviour }).to_string();
    sandbox.ask("patch", ANA, &body).await
}

/// The sentence of a refusal; the user is as before.
async fn refused(sandbox: &Sandbox, behaviour: Value) -> String {
    let (_, before) = sandbox.ask("get", ANA, "").await;
    let (status, answer) = patch(sandbox, behaviour).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
    let (_, after) = sandbox.ask("get", ANA, "").await;
    assert_eq!(before, after);
    answer["error"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_network_is_taken_shown_and_put_back() {
    let sandbox = Sandbox::new().await;
    let network = json!({"loss": 0.05, "burst": 3.0, "delay_ms": 80, "jitter_ms": 30, "reorder": 0.01, "seed": 7});
    let (status, user) = patch(&sandbox, json!({ "network": network })).await;
    assert_eq!(status, StatusCode::OK, "{user}");
    assert_eq!(user["behaviour"]["network"], network);
    let (_, user) = patch(&sandbox, json!({"network": {"loss": 1}})).await;
    assert_eq!(user["behaviour"]["network"]["loss"], 1.0);
    assert_eq!(
        user["behaviour"]["network"]["delay_ms"], 0,
        "it is given as a whole"
    );
    let (_, user) = patch(&sandbox, json!({ "network": null })).await;
    assert_eq!(user["behaviour"]["network"]["loss"], 0.0);
}

#[tokio::test]
async fn networks_that_cannot_be_are_refused() {
    let sandbox = Sandbox::new().await;
    for (network, culprit) in [
        (json!({"loss": 1.5}), "network: loss: 1.5"),
        (json!({"reorder": -0.1}), "network: reorder: -0.1"),
        (json!({"loss": 0.9, "burst": 2}), "network: burst: "),
        (
            json!({"delay_ms": 60_000}),
            "network: delay and jitter: 60000 ms",
        ),
        (json!({"delay_ms": -1}), "network.delay_ms: "),
        (json!({"lose": 0.1}), "network.lose: "),
        (json!({"seed": "x"}), "network.seed: "),
        (json!(true), "network: "),
    ] {
        let said = refused(&sandbox, json!({ "network": network })).await;
        assert!(said.contains(culprit), "{said} for {network}");
    }
}

/// A page of an Ogg stream (RFC 3533 §6).
fn page(flags: u8, granule: i64, sequence: u32, packets: &[&[u8]]) -> Vec<u8> {
    let mut page = b"OggS\0".to_vec();
    page.push(flags);
    page.extend(granule.to_le_bytes());
    page.extend(77_u32.to_le_bytes());
    page.extend(sequence.to_le_bytes());
    page.extend([0; 4]);
    page.push(packets.len() as u8);
    page.extend(packets.iter().map(|p| p.len() as u8));
    packets.iter().for_each(|p| page.extend(*p));
    let sum = page.iter().fold(0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// A second of Opus.
fn ogg() -> Vec<u8> {
    let head = b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0";
    let tags = b"OpusTags\x04\0\0\0ahoy\0\0\0\0";
    let mut file = page(2, 0, 0, &[head]);
    file.extend(page(0, 0, 1, &[tags]));
    let packet: &[u8] = &[0x78, 1, 2];
    file.extend(page(4, 48_000, 2, &[packet; 50]));
    file
}

#[tokio::test]
async fn a_file_is_looked_at_when_it_is_named() {
    let sandbox = Sandbox::new().await;
    let folder = std::env::temp_dir().join(format!("ahoy-sound-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let file = |path: &str| json!({"audio": {"file": path}});
    let missing = folder.join("missing.wav");
    for (path, cause) in [
        (missing.to_str().unwrap().to_owned(), "No such file"),
        (folder.to_str().unwrap().to_owned(), "it is no file"),
        (write("words.txt", b"hello"), "neither WAV nor Ogg"),
        (
            write("cut.wav", b"RIFF\0\0\0\0WAVE"),
            "the WAV file cannot be read",
        ),
        (
            write("cut.ogg", &ogg()[..60]),
            "the Ogg file cannot be read: the page at byte 47",
        ),
    ] {
        let said = refused(&sandbox, file(&path)).await;
        assert!(said.contains(cause) && said.contains(&path), "{said}");
        assert!(said.starts_with("behaviour: audio.file: "), "{said}");
    }
    let good = write("hello.ogg", &ogg());
    assert!(Path::new(&good).is_file());
    let (status, user) = patch(&sandbox, json!({"audio": {"file": good, "repeat": false}})).await;
    assert_eq!(status, StatusCode::OK, "{user}");
    assert_eq!(
        user["behaviour"]["audio"],
        json!({"file": good, "repeat": false})
    );
    let (_, user) = patch(&sandbox, file(&good)).await;
    assert_eq!(user["behaviour"]["audio"]["repeat"], true);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn sounds_that_are_none_are_refused() {
    let sandbox = Sandbox::new().await;
    for (audio, culprit) in [
        (json!({"tone_hz": 20}), "audio.tone_hz: 20"),
        (json!({"tone_hz": "high"}), "audio: {\"tone_hz\":N}"),
        (json!({"silence": false}), "audio.silence: only true"),
        (
            json!({"file": "a.wav", "tone_hz": 440}),
            "audio: {\"tone_hz\":N}",
        ),
        (json!("silence"), "audio: {\"tone_hz\":N}"),
    ] {
        let said = refused(&sandbox, json!({ "audio": audio })).await;
        assert!(said.contains(culprit), "{said} for {audio}");
    }
    let said = refused(&sandbox, json!({"on_ring": "dance"})).await;
    assert!(said.contains("on_ring: unknown variant `dance`"), "{said}");
    let said = refused(&sandbox, json!({"dance": true})).await;
    assert!(said.contains("unknown field `dance`"), "{said}");
}
