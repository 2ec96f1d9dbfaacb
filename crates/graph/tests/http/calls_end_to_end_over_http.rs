//! `POST /calls` in both directions, and each refusal with its code and sentence.

use crate::support::*;
use ahoy_calling::limits::LimitTable;
use ahoy_platform::Grant;
use ahoy_types::{CallId, PhoneNumberId};
use serde_json::{Value, json};

fn connect(sdp: &str) -> Value {
    json!({"messaging_product": "whatsapp", "to": ANA.to_string(), "action": "connect",
           "session": {"sdp_type": "offer", "sdp": sdp}})
}

fn act(action: &str, call: &str) -> Value {
    json!({"messaging_product": "whatsapp", "action": action, "call_id": call})
}

fn answered(action: &str, call: &str, sdp: &str) -> Value {
    let mut body = act(action, call);
    body["session"] = json!({"sdp_type": "answer", "sdp": sdp});
    body
}

fn done() -> Value {
    json!({"messaging_product": "whatsapp", "success": true})
}

async fn permit(api: &Api) {
    let phone = PhoneNumberId(PHONE);
    api.platform
        .set_permission(phone, ANA, Grant::Permanent)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_business_call_is_placed_and_ended() {
    let api = Api::new().await;
    permit(&api).await;
    let placed = api.calls(PHONE, connect(&offer())).await.ok();
    let id = placed["calls"][0]["id"].as_str().unwrap();
    assert!(id.parse::<CallId>().is_ok(), "{id}");
    assert_eq!(
        placed,
        json!({"messaging_product": "whatsapp", "calls": [{"id": id}], "success": true})
    );

    let again = api.calls(PHONE, connect(&offer())).await;
    assert_eq!((again.refusal().0, again.refusal().1), (400, 138_003));

    for action in ["pre_accept", "accept"] {
        let wrong = api.calls(PHONE, answered(action, id, &answer())).await;
        assert_eq!(
            (wrong.refusal().0, wrong.refusal().1),
            (400, 100),
            "{action}"
        );
    }
    let wrong = api.calls(PHONE, act("reject", id)).await;
    assert_eq!(
        wrong.refusal(),
        (
            400,
            100,
            "Reject is only for user-initiated calls; this call is business-initiated."
        )
    );

    assert_eq!(api.calls(PHONE, act("terminate", id)).await.ok(), done());
    let late = api.calls(PHONE, act("terminate", id)).await;
    assert_eq!((late.refusal().0, late.refusal().1), (400, 100));
    assert!(
        late.refusal().2.contains("already ended"),
        "{}",
        late.refusal().2
    );
    // The pair is free again.
    assert_eq!(api.calls(PHONE, connect(&offer())).await.status, 200);
}

#[tokio::test]
async fn a_users_call_is_warmed_up_taken_and_ended() {
    let api = Api::new().await;
    let id = api.user_calls(ANA).await.to_string();

    let echo = json!({"messaging_product": "whatsapp", "action": "accept", "call_id": id,
                      "session": {"sdp_type": "offer", "sdp": answer()}});
    assert_eq!(
        api.calls(PHONE, echo).await.refusal(),
        (
            400,
            100,
            "The parameter `session.sdp_type` has the value `offer`; allowed: answer."
        )
    );

    let mut body = answered("pre_accept", &id, &answer());
    body["to"] = json!("447700900001");
    assert_eq!(api.calls(PHONE, body.clone()).await.ok(), done());
    assert_eq!(
        api.calls(PHONE, body).await.ok(),
        done(),
        "the same once more"
    );

    let other = answer().replace("a=ice-ufrag:8xQr", "a=ice-ufrag:8xQs");
    let differs = api.calls(PHONE, answered("accept", &id, &other)).await;
    assert_eq!((differs.refusal().0, differs.refusal().1), (400, 100));
    assert!(
        differs.refusal().2.contains("pre_accept"),
        "{}",
        differs.refusal().2
    );

    // Line ends do not make it another description.
    let same = answer().replace("\r\n", "\n");
    assert_eq!(
        api.calls(PHONE, answered("accept", &id, &same)).await.ok(),
        done()
    );

    for late in [answered("accept", &id, &answer()), act("reject", &id)] {
        let reply = api.calls(PHONE, late).await;
        assert_eq!(
            (reply.refusal().0, reply.refusal().1),
            (400, 100),
            "{}",
            reply.json
        );
    }
    assert_eq!(api.calls(PHONE, act("terminate", &id)).await.ok(), done());
}

#[tokio::test]
async fn a_users_call_is_declined() {
    let api = Api::new().await;
    let id = api.user_calls(BEN).await.to_string();
    assert_eq!(api.calls(PHONE, act("reject", &id)).await.ok(), done());
    let late = api.calls(PHONE, answered("accept", &id, &answer())).await;
    assert_eq!((late.refusal().0, late.refusal().1), (400, 100));
}

#[tokio::test]
async fn one_of_many_accepts_wins_and_the_others_are_told() {
    let api = Api::new().await;
    let id = api.user_calls(ANA).await.to_string();
    let body = answered("accept", &id, &answer());
    let accepts = (0..8).map(|_| api.calls(PHONE, body.clone()));
    let replies = futures_util::future::join_all(accepts).await;
    let won = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(won, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!((reply.refusal().0, reply.refusal().1), (400, 100));
    }
}

#[tokio::test]
async fn of_many_connects_to_one_user_one_wins() {
    let api = Api::new().await;
    permit(&api).await;
    let body = connect(&offer());
    let replies =
        futures_util::future::join_all((0..8).map(|_| api.calls(PHONE, body.clone()))).await;
    let mut codes: Vec<u64> = replies.iter().map(|reply| reply.refusal().1).collect();
    codes.sort_unstable();
    assert_eq!(codes[..7], [138_003; 7]);
    assert_eq!(
        replies.iter().filter(|reply| reply.status == 200).count(),
        1
    );
}

#[tokio::test]
async fn calls_of_others_and_calls_that_never_were() {
    let api = Api::new().await;
    let id = api.user_calls(ANA).await.to_string();
    let ghost = "wacid.HBgLMzQ2MDAxMTEyMjIVAgARGCA";
    for (phone, token, call) in [
        (PHONE, TOKEN, ghost),
        // Our own second number does not have it either.
        (PRODUCTION, TOKEN, id.as_str()),
        (STRANGERS_PHONE, STRANGER, id.as_str()),
    ] {
        for body in [
            act("terminate", call),
            act("reject", call),
            answered("accept", call, &answer()),
        ] {
            let reply = api
                .ask("POST", &format!("/{phone}/calls"), token, Some(body))
                .await;
            let sentence = format!("call_id: there is no call `{call}` on this phone number.");
            assert_eq!(reply.refusal(), (400, 100, sentence.as_str()));
        }
    }
}

#[tokio::test]
async fn a_broken_description_is_refused_before_any_rule() {
    let api = Api::new().await;
    let good = offer();
    let cut: String = good.chars().take(200).collect();
    let fingerprint: String = good
        .lines()
        .filter(|l| !l.contains("fingerprint"))
        .map(|l| format!("{l}\r\n"))
        .collect();
    let two = format!(
        "{good}{}",
        good.split_once("m=audio")
            .map(|(_, rest)| format!("m=audio{rest}"))
            .unwrap()
    );
    // This number has calling off, which would be 138000.
    for (name, sdp) in [
        ("rubbish", "hello"),
        ("cut", cut.as_str()),
        ("no fingerprint", fingerprint.as_str()),
        ("two audio sections", two.as_str()),
        ("NUL", "v=0\0\r\n"),
        ("twice serialised", "{\"sdp\":\"v=0\"}"),
    ] {
        let reply = api.calls(PRODUCTION, connect(sdp)).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{name}: {sentence}");
        assert!(sentence.len() > 10, "{name}: {sentence}");
    }
    assert!(
        api.calls(PRODUCTION, connect(&fingerprint))
            .await
            .refusal()
            .2
            .contains("No fingerprint found in SDP")
    );
    let reply = api.calls(PRODUCTION, connect(&good)).await;
    assert_eq!(
        reply.refusal(),
        (
            400,
            138_000,
            "Calling is not enabled for this phone number."
        )
    );
}

#[tokio::test]
async fn rules_of_connect_have_their_codes() {
    let strict = {
        let mut limits = LimitTable::default();
        limits.sandbox.concurrent_calls = 1;
        limits.sandbox.connects_per_day = 2;
        limits.sandbox.connected_per_day = 100;
        limits
    };
    let api = Api::with(strict, |tx| {
        let mut poor = number(710_000_000_000_003, WABA, 442_079_460_003);
        poor.payment_valid = false;
        tx.put_number(&poor)?;
        tx.put_number(&number(710_000_000_000_004, WABA, 12_025_550_123))
    })
    .await;

    let reply = api.calls(PHONE, connect(&offer())).await;
    assert_eq!(
        reply.refusal(),
        (
            401,
            138_006,
            "No approved call permission from the recipient."
        )
    );
    assert_eq!(
        reply.json["error"]["message"],
        "(#138006) No approved call permission found"
    );
    let reply = api.calls(710_000_000_000_003, connect(&offer())).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 131_042));
    let reply = api.calls(710_000_000_000_004, connect(&offer())).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (400, 138_013));

    let mut itself = connect(&offer());
    itself["to"] = json!("442079460000");
    assert_eq!(api.calls(PHONE, itself).await.refusal().1, 100);

    permit(&api).await;
    let first = api.calls(PHONE, connect(&offer())).await.ok();
    api.platform
        .set_permission(PhoneNumberId(PHONE), BEN, Grant::Temporary)
        .await
        .unwrap();
    let mut to_ben = connect(&offer());
    to_ben["to"] = json!("+44 7700 900002");
    let reply = api.calls(PHONE, to_ben.clone()).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (429, 138_002));

    let id = first["calls"][0]["id"].as_str().unwrap();
    api.calls(PHONE, act("terminate", id)).await.ok();
    let second = api.calls(PHONE, to_ben.clone()).await.ok();
    let id = second["calls"][0]["id"].as_str().unwrap();
    api.calls(PHONE, act("terminate", id)).await.ok();
    let reply = api.calls(PHONE, to_ben).await;
    assert_eq!((reply.refusal().0, reply.refusal().1), (429, 138_005));
}

#[tokio::test]
async fn mistakes_in_the_body_are_named() {
    let api = Api::new().await;
    for (body, sentence) in [
        (json!({}), "The parameter `messaging_product` is required."),
        (
            json!({"messaging_product": "whatsapp", "action": "hold"}),
            "The parameter `action` has the value `hold`; allowed: connect, pre_accept, accept, reject, terminate.",
        ),
        (
            json!({"messaging_product": "whatsapp", "action": "accept", "call_id": 3}),
            "The parameter `call_id` must be a string, not a number.",
        ),
    ] {
        assert_eq!(api.calls(PHONE, body).await.refusal(), (400, 100, sentence));
    }
}
