//! Golden envelopes (`graph-api.md` §1.4), and that `docs/errors.md` is the table of today.
#![allow(clippy::unwrap_used, missing_docs)]

use ahoy_wire::errors::{ErrorEnvelope, SUBCODE_EXPIRED, markdown_table};
use ahoy_wire::{ErrorCode, GraphError};

fn json(error: &GraphError) -> serde_json::Value {
    let bytes = error.to_json("AbCdEfGhIjKlMnOpQrStUv");
    let read: ErrorEnvelope = serde_json::from_slice(&bytes).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), json);
    json
}

#[test]
fn the_three_shapes() {
    insta::assert_json_snapshot!([
        json(&GraphError::new(
            ErrorCode::NoPermission,
            "No approved call permission from the recipient"
        )),
        json(
            &GraphError::new(
                ErrorCode::InvalidToken,
                "The access token expired an hour ago."
            )
            .with_subcode(SUBCODE_EXPIRED)
        ),
        json(&GraphError::unsupported("POST", "710")),
    ]);
}

#[test]
fn every_code_has_a_whole_envelope() {
    for &code in ErrorCode::ALL {
        let json = json(&GraphError::new(code, "Why."));
        let error = &json["error"];
        assert_eq!(error["code"], code.code());
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .starts_with(&format!("(#{}) ", code.code()))
        );
        assert_eq!(error["error_data"]["details"], "Why.");
        assert!(error["type"].as_str().unwrap().ends_with("Exception"));
        assert_eq!(error["fbtrace_id"], "AbCdEfGhIjKlMnOpQrStUv");
    }
}

#[test]
fn a_hostile_id_is_cut_in_the_answer() {
    let error = GraphError::unsupported("get", &"é\"".repeat(10_000));
    assert!(error.to_json("x").len() < 1500);
}

#[test]
fn the_page_of_errors_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page == markdown_table(),
        "docs/errors.md is stale: cargo run --release -p ahoy-wire --example error_table > docs/errors.md"
    );
}
