//! Where the live platform is strict, and what its refusals of calls say: each reading, over HTTP.

use crate::support::bodies::*;
use crate::support::*;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::readings::{FingerprintReading, Readings, SdpDefectReading, SetupReading};
use ahoy_platform::Grant;
use ahoy_store::DeliveryFilter;
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};

async fn reading(readings: Readings) -> Api {
    let limits = LimitTable {
        readings,
        ..LimitTable::default()
    };
    Api::with(limits, |_| Ok(())).await
}

/// A description with the three fingerprints of a new aiortc, in its order.
fn three(sdp: &str) -> String {
    let line = sdp
        .lines()
        .find(|l| l.starts_with("a=fingerprint"))
        .unwrap();
    let more: String = [("sha-384", 48), ("sha-512", 64)]
        .map(|(hash, octets)| {
            format!(
                "\r\na=fingerprint:{hash} {}",
                ["AB"].repeat(octets).join(":")
            )
        })
        .concat();
    sdp.replace(line, &format!("{line}{more}"))
}

fn act(action: &str, call: &str, sdp: String) -> Value {
    json!({"messaging_product": "whatsapp", "call_id": call, "action": action,
           "session": {"sdp_type": "answer", "sdp": sdp}})
}

async fn permit(api: &Api) {
    let id = PhoneNumberId(PHONE);
    let given = api.platform.set_permission(id, ANA, Grant::Permanent);
    given.await.unwrap();
}

#[tokio::test]
async fn more_than_the_sha_256_fingerprint_is_refused_with_the_subcode_seen_live() {
    let api = Api::new().await;
    permit(&api).await;
    let call = api.user_calls(BEN).await.to_string();
    let mut placed = connect(ANA);
    placed["session"]["sdp"] = json!(three(&offer()));
    for body in [
        placed,
        act("pre_accept", &call, three(&answer())),
        act("accept", &call, three(&answer())),
        act("accept", &call, answer().replace("sha-256", "sha-512")),
    ] {
        let action = body["action"].clone();
        let reply = api.calls(PHONE, body).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{action}");
        let error = &reply.json["error"];
        assert_eq!(error["error_subcode"], 2_494_010);
        assert_eq!(error["message"], "Invalid parameter");
        assert_eq!(error["is_transient"], false);
        assert_eq!(error["error_user_title"], "Parameter Invalid");
        assert!(
            error["error_user_msg"]
                .as_str()
                .unwrap()
                .contains("SHA-256")
        );
        assert!(sentence.contains("sha-512"), "{sentence}");
    }
    // The call is untouched: stripped, the same answer is taken.
    let reply = api.calls(PHONE, act("accept", &call, answer())).await;
    assert_eq!(reply.ok()["success"], true);
}

#[tokio::test]
async fn other_fingerprints_beside_it_may_be_passed_over() {
    let api = reading(Readings {
        fingerprints: FingerprintReading::Any,
        ..Readings::default()
    })
    .await;
    let call = api.user_calls(BEN).await.to_string();
    let alone = answer().replace("sha-256", "sha-512");
    let reply = api.calls(PHONE, act("accept", &call, alone)).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 100));
    let reply = api
        .calls(PHONE, act("accept", &call, three(&answer())))
        .await;
    assert_eq!(reply.ok()["success"], true);
}

#[tokio::test]
async fn a_defect_is_100_or_138008_with_the_same_sentence() {
    let broken = |sdp: String| -> String {
        sdp.split_inclusive("\r\n")
            .filter(|line| !line.starts_with("a=fingerprint"))
            .collect()
    };
    let mut seen = Vec::new();
    for sdp_defect in [
        SdpDefectReading::InvalidParameter,
        SdpDefectReading::SdpValidation,
    ] {
        let api = reading(Readings {
            sdp_defect,
            ..Readings::default()
        })
        .await;
        permit(&api).await;
        let call = api.user_calls(BEN).await.to_string();
        let mut placed = connect(ANA);
        placed["session"]["sdp"] = json!(broken(offer()));
        let mut strange = connect(ANA);
        strange["session"]["sdp"] = json!(three(&offer()));
        for body in [placed, act("accept", &call, broken(answer())), strange] {
            let reply = api.calls(PHONE, body).await;
            let subcode = reply.json["error"].get("error_subcode").cloned();
            let (status, code, sentence) = reply.refusal();
            assert_eq!(status, 400);
            seen.push((code, subcode.is_some(), sentence.to_owned()));
        }
        // What is wrong outside the description keeps its code.
        let mut body = connect(ANA);
        body["session"]["sdp_type"] = json!("answer");
        assert_eq!(api.calls(PHONE, body).await.refusal().1, 100);
    }
    let (first, second) = seen.split_at(3);
    for (n, (first, second)) in first.iter().zip(second).enumerate() {
        assert_eq!((first.0, first.1), (100, n == 2));
        assert_eq!((second.0, second.1), (138_008, false));
        assert_eq!(first.2, second.2);
    }
    assert_eq!(first[0].2, "No fingerprint found in SDP.");
}

#[tokio::test]
async fn the_role_in_answers_is_one_of_three() {
    for (setup, word) in [
        (SetupReading::Passive, "passive"),
        (SetupReading::Active, "active"),
        (SetupReading::Actpass, "actpass"),
    ] {
        let api = reading(Readings {
            setup,
            ..Readings::default()
        })
        .await;
        permit(&api).await;
        api.calls(PHONE, connect(ANA)).await.ok();
        let all = api.platform.deliveries(&DeliveryFilter::default()).unwrap();
        let bodies = all.iter().map(|(delivery, _)| &delivery.body);
        let answer = bodies
            .filter_map(|body| {
                let body: Value = serde_json::from_slice(body).unwrap();
                let session = &body["entry"][0]["changes"][0]["value"]["calls"][0]["session"];
                (session["sdp_type"] == "answer")
                    .then(|| session["sdp"].as_str().unwrap().to_owned())
            })
            .next()
            .unwrap();
        assert!(answer.contains(&format!("a=setup:{word}\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn media_update_has_a_sentence_of_its_own_and_leaves_the_call_alone() {
    let api = Api::new().await;
    let call = api.user_calls(BEN).await.to_string();
    let reply = api.calls(PHONE, act("media_update", &call, answer())).await;
    assert_eq!(
        reply.refusal(),
        (
            400,
            100,
            "The action `media_update` is not supported: a call has one audio track and is not renegotiated."
        )
    );
    let reply = api
        .calls(PHONE, act("media_updated", &call, answer()))
        .await;
    assert!(
        reply.refusal().2.contains("pre_accept"),
        "an unknown word is told what is known"
    );
    api.calls(PHONE, act("accept", &call, answer())).await.ok();
}

#[tokio::test]
async fn the_account_may_be_named_with_any_call_and_message() {
    let api = Api::new().await;
    permit(&api).await;
    for name in ["messaging_account_id", "paid_messaging_account_id"] {
        let named = |mut body: Value| {
            body[name] = json!(WABA.to_string());
            body
        };
        let placed = api.calls(PHONE, named(connect(ANA))).await.ok();
        let id = placed["calls"][0]["id"].as_str().unwrap();
        let end = json!({"messaging_product": "whatsapp", "call_id": id, "action": "terminate"});
        api.calls(PHONE, named(end)).await.ok();
        api.post(&messages(PHONE), named(text(ANA))).await.ok();
    }
    let call = api.user_calls(BEN).await.to_string();
    for action in ["pre_accept", "accept"] {
        let mut body = act(action, &call, answer());
        body["messaging_account_id"] = json!(WABA);
        body["paid_messaging_account_id"] = Value::Null;
        api.calls(PHONE, body).await.ok();
    }
}

fn proof(token: &str, secret: &str) -> String {
    let signed = ahoy_wire::webhook::sign(secret, token.as_bytes());
    signed.trim_start_matches("sha256=").to_owned()
}

#[tokio::test]
async fn an_app_secret_proof_is_checked_where_there_is_one() {
    let api = Api::new().await;
    let right = proof(TOKEN, "ahoy-dev-secret");
    // By another implementation: openssl dgst -sha256 -hmac.
    assert_eq!(
        right,
        "4f44783aeb34d7de39098529eca5bf1245aa7cffeb8205493c183b85c951926c"
    );
    let uri = |proof: &str| format!("/v25.0/{PHONE}?fields=id&appsecret_proof={proof}");
    api.get(&uri(&right)).await.ok();
    let mut body = text(ANA);
    body["appsecret_proof"] = json!(right);
    api.post(&messages(PHONE), body.clone()).await.ok();
    // App tokens have one too.
    let subscriptions = format!(
        "/{APP}/subscriptions?appsecret_proof={}",
        proof(APP_TOKEN, "ahoy-dev-secret")
    );
    api.ask("GET", &subscriptions, APP_TOKEN, None).await.ok();
    for wrong in [
        proof(TOKEN, "other-secret"),
        proof(MANAGEMENT, "ahoy-dev-secret"),
        right.to_uppercase(),
        right[..63].to_owned(),
        "nonsense".into(),
        String::new(),
    ] {
        body["appsecret_proof"] = json!(wrong);
        for reply in [
            api.get(&uri(&wrong)).await,
            api.post(&messages(PHONE), body.clone()).await,
        ] {
            let (status, code, sentence) = reply.refusal();
            assert_eq!((status, code), (400, 100), "{wrong}");
            assert_eq!(reply.json["error"]["type"], "GraphMethodException");
            assert!(sentence.contains("appsecret_proof"), "{sentence}");
        }
    }
    // The token comes first.
    let reply = api.ask("GET", &uri("nonsense"), "nobody", None).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (401, 190));
}

#[tokio::test]
async fn a_refused_call_says_what_the_agent_can_do() {
    let api = Api::new().await;
    let refused = |reply: Reply, code: u64, transient: bool, words: &str| {
        let error = &reply.json["error"];
        assert_eq!(error["code"], code);
        assert_eq!(error["is_transient"], transient, "{error}");
        assert!(error["error_user_title"].is_string(), "{error}");
        let message = error["error_user_msg"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    };
    refused(
        api.calls(PHONE, connect(ANA)).await,
        138_006,
        false,
        "permission",
    );
    refused(
        api.calls(PRODUCTION, connect(ANA)).await,
        138_000,
        false,
        "not switched on",
    );
    refused(
        api.calls(PHONE, json!({"messaging_product": "whatsapp"}))
            .await,
        100,
        false,
        "not correct",
    );
    permit(&api).await;
    api.calls(PHONE, connect(ANA)).await.ok();
    refused(
        api.calls(PHONE, connect(ANA)).await,
        138_003,
        false,
        "a call with this customer already",
    );
    // Codes of calling carry them on every route, other codes on calls alone.
    let asked = api.post(&messages(PRODUCTION), request(ANA)).await;
    refused(asked, 138_000, false, "not switched on");
    let reply = api
        .post(&messages(PHONE), json!({"messaging_product": "whatsapp"}))
        .await;
    assert!(
        reply.json["error"].get("error_user_msg").is_none(),
        "{}",
        reply.json
    );
    // An object that is not there is no refusal of a call.
    let reply = api.calls(STRANGERS_PHONE, connect(ANA)).await;
    assert_eq!(reply.json["error"]["error_subcode"], 33);
    assert!(
        reply.json["error"].get("is_transient").is_none(),
        "{}",
        reply.json
    );
}
