//! What the receiver answers to the platform, and to those who are not.

use crate::support::{Platform, call_id, connect, ended, terminate, until};
use ahoy_agent::{Agent, AgentEvent};
use ahoy_types::Direction;
use ahoy_wire::Session;
use ahoy_wire::webhook::sign;

#[tokio::test]
async fn verification_echoes_the_challenge_to_those_who_know_the_token() {
    let platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let cases = [
        (
            "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=ahoy-dev-verify",
            200,
            "1158201444",
        ),
        (
            "hub.verify_token=ahoy-dev-verify&hub.challenge=7&hub.mode=subscribe",
            200,
            "7",
        ),
        (
            "hub.mode=subscribe&hub.challenge=1&hub.verify_token=other",
            403,
            "",
        ),
        ("hub.mode=subscribe&hub.challenge=1", 403, ""),
        (
            "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=ahoy-dev-verify",
            400,
            "",
        ),
        (
            "hub.mode=subscribe&hub.verify_token=ahoy-dev-verify",
            400,
            "",
        ),
        ("", 400, ""),
    ];
    for (query, status, body) in cases {
        assert_eq!(
            platform.get(&agent, query).await,
            (status, body.to_owned()),
            "{query}"
        );
    }
}

#[tokio::test]
async fn only_the_signature_over_the_exact_bytes_counts() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let secret = platform.config.app_secret.clone();
    // An offer that cannot be used: if it were believed, a reject would follow.
    let body = connect(
        &call_id(1),
        Direction::UserInitiated,
        Session::offer("v=0\r\n"),
    );
    let mut spaced = body.clone();
    spaced.push(b' ');
    let wrong_case = sign(&secret, &body)
        .to_uppercase()
        .replace("SHA256", "sha256");
    let cases = [
        (&body, None, 401),
        (&body, Some(String::new()), 403),
        (&body, Some("sha256=".to_owned() + &"0".repeat(64)), 403),
        (&body, Some(sign("another secret", &body)), 403),
        (&spaced, Some(sign(&secret, &body)), 403),
        // The scheme is exact, hexadecimal digits may be of either case.
        (&body, Some(wrong_case), 200),
    ];
    for (body, signature, status) in cases {
        let answer = platform
            .deliver_signed(&agent, body, signature.as_deref())
            .await;
        assert_eq!(answer, status, "{signature:?}");
    }
    for _ in 0..5 {
        let refused = |e: &AgentEvent| matches!(e, AgentEvent::WebhookRefused { .. }).then_some(());
        until(&mut events, "refusal", refused).await;
    }
    platform.asked("reject", &call_id(1)).await;
}

#[tokio::test]
async fn what_is_signed_but_strange_is_answered_and_does_no_harm() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let deep = "[".repeat(100_000);
    let strange: [&[u8]; 9] = [
        b"",
        b"null",
        b"{}",
        b"not json",
        b"\xff\xfe\x00",
        deep.as_bytes(),
        br#"{"object":"whatsapp_business_account","entry":[]}"#,
        br#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{}}]}]}"#,
        br#"{"object":"x","entry":[{"id":"1","changes":[{"field":"calls","value":{"calls":[{"id":"wacid.AAAA","event":"connect","timestamp":"1"}]}}]}]}"#,
    ];
    for body in strange {
        assert_eq!(
            platform.deliver(&agent, body).await,
            200,
            "{:?}",
            String::from_utf8_lossy(&body[..body.len().min(60)])
        );
    }
    assert_eq!(platform.deliver(&agent, &vec![b' '; 4 << 20]).await, 413);
    // It still works.
    let body = connect(
        &call_id(2),
        Direction::UserInitiated,
        Session::offer("v=0\r\n"),
    );
    assert_eq!(platform.deliver(&agent, &body).await, 200);
    platform.asked("reject", &call_id(2)).await;
    assert!(platform.rest().is_empty());
}

#[tokio::test]
async fn twice_is_once_and_an_end_before_the_beginning_is_the_end() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let broken = |n| {
        connect(
            &call_id(n),
            Direction::UserInitiated,
            Session::offer("v=0\r\n"),
        )
    };

    for _ in 0..3 {
        assert_eq!(platform.deliver(&agent, &broken(1)).await, 200);
    }
    let over = terminate(&call_id(2), Direction::UserInitiated);
    for body in [&over, &broken(2), &over] {
        assert_eq!(platform.deliver(&agent, body).await, 200);
    }
    let (why, _) = ended(&mut events, &call_id(1)).await;
    assert!(why.contains("rejected"), "{why}");
    // Another call shows that all of this was worked off; only the first and this one were rejected.
    platform.deliver(&agent, &broken(3)).await;
    platform.asked("reject", &call_id(1)).await;
    platform.asked("reject", &call_id(3)).await;
    assert!(platform.rest().is_empty());
}

#[tokio::test]
async fn calls_of_other_numbers_are_left_alone() {
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.phone_number_ids = vec!["710000000000009".parse().unwrap()];
    let agent = Agent::start(config).await.unwrap();
    let mut events = agent.events();
    let body = connect(
        &call_id(1),
        Direction::UserInitiated,
        Session::offer("v=0\r\n"),
    );
    assert_eq!(platform.deliver(&agent, &body).await, 200);
    until(&mut events, "note", |e| {
        matches!(e, AgentEvent::Webhook { ignored: true, .. }).then_some(())
    })
    .await;
    assert!(platform.rest().is_empty());
}
