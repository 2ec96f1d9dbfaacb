//! Business-initiated calls: offer, answer by webhook, the user's decision.

use std::net::Ipv6Addr;

use crate::support::phone::Phone;
use crate::support::{ANA, Platform, call_id, connect, ended, status, terminate, until};
use ahoy_agent::{Agent, AgentError, AgentEvent, ApiError};
use ahoy_types::Direction::BusinessInitiated;
use ahoy_wire::Session;
use ahoy_wire::webhook::CallStatus;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_greeted_when_accepted_and_not_before() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let mut phone = Phone::new(440.0).await;

    let call = agent.call(&ANA).await.unwrap();
    assert_eq!(call, call_id(77));
    let asked = platform.asked("connect", &call).await;
    assert_eq!(asked.body["to"], "447700900001");
    assert_eq!(asked.body["session"]["sdp_type"], "offer");
    assert!(asked.sdp().contains("\r\n"));
    assert!(
        asked.sdp().contains("a=rtpmap:126 telephone-event/8000"),
        "{}",
        asked.sdp()
    );

    let answer = Session::answer(phone.answer(asked.sdp()));
    platform
        .deliver(&agent, &connect(&call, BusinessInitiated, answer))
        .await;
    platform
        .deliver(&agent, &status(&call, CallStatus::Ringing))
        .await;
    // Media connects while it rings, and nothing is said.
    until(&mut events, "media", |e| match e {
        AgentEvent::Media {
            state: ahoy_agent::MediaState::Connected,
            ..
        } => Some(()),
        _ => None,
    })
    .await;
    assert_eq!(phone.sound.borrow().packets, 0);

    platform
        .deliver(&agent, &status(&call, CallStatus::Accepted))
        .await;
    phone.hears_tone(440.0).await;

    // Stopping hangs up first, and waits for the platform's word.
    let stopped = tokio::spawn(agent.stop());
    platform.asked("terminate", &call).await;
    stopped.await.unwrap();
    let (why, heard) = ended(&mut events, &call).await;
    assert!(why.contains("hung up"), "{why}");
    assert!((heard.tone_hz.unwrap() - 440.0).abs() < 4.4, "{heard:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_that_overtake_the_id_are_kept_for_it() {
    // The platform answers the connect only after its webhooks were delivered.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let mut platform = Platform::scripted(move |asked| {
        if asked.action() == "connect" {
            tokio::task::block_in_place(|| held.lock().unwrap().recv().unwrap());
        }
        None
    })
    .await;
    let agent = std::sync::Arc::new(Agent::start(platform.config.clone()).await.unwrap());
    let mut events = agent.events();
    let calling = tokio::spawn({
        let agent = agent.clone();
        async move { agent.call(&ANA).await }
    });
    let call = call_id(77);
    for body in [
        status(&call, CallStatus::Ringing),
        status(&call, CallStatus::Rejected),
        terminate(&call, BusinessInitiated),
    ] {
        assert_eq!(platform.deliver(&agent, &body).await, 200);
    }
    release.send(()).unwrap();
    assert_eq!(calling.await.unwrap().unwrap(), call);
    let (why, heard) = ended(&mut events, &call).await;
    assert!(why.contains("COMPLETED"), "{why}");
    assert_eq!(heard.packets, 0);
    platform.asked("connect", &call).await;
    // It was over: nothing to hang up.
    assert!(platform.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn goes_over_ipv6_as_well() {
    let mut platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.media_ip = Ipv6Addr::LOCALHOST.into();
    let agent = Agent::start(config).await.unwrap();
    let mut phone = Phone::on(Ipv6Addr::LOCALHOST.into(), 520.0).await;
    let call = agent.call(&ANA).await.unwrap();
    let asked = platform.asked("connect", &call).await;
    let answer = Session::answer(phone.answer(asked.sdp()));
    // The word that she accepted comes first: nothing is lost by that.
    for body in [
        status(&call, CallStatus::Accepted),
        connect(&call, BusinessInitiated, answer),
    ] {
        assert_eq!(platform.deliver(&agent, &body).await, 200);
    }
    phone.hears_tone(520.0).await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    let platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.media_ip = Ipv6Addr::UNSPECIFIED.into();
    let refused = Agent::start(config).await.err().unwrap().to_string();
    assert!(refused.contains("address of one interface"), "{refused}");
}

#[tokio::test]
async fn a_useless_answer_ends_the_call_at_the_platform() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let call = agent.call(&ANA).await.unwrap();
    platform
        .deliver(
            &agent,
            &connect(&call, BusinessInitiated, Session::answer("v=0\r\n")),
        )
        .await;
    platform.asked("terminate", &call).await;
    platform
        .deliver(&agent, &terminate(&call, BusinessInitiated))
        .await;
    let (why, _) = ended(&mut events, &call).await;
    assert!(why.contains("SDP"), "{why}");
}

#[tokio::test]
async fn a_refusal_has_code_and_sentence_and_is_asked_once() {
    let refusal = json!({"error":{"message":"(#138006) No approved call permission found","type":"OAuthException",
        "code":138006,"error_data":{"messaging_product":"whatsapp","details":"Ana has not permitted calls."},"fbtrace_id":"A"}});
    let mut platform = Platform::scripted(move |_| Some((401, refusal.clone()))).await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    match agent.call(&ANA).await {
        Err(AgentError::Api(ApiError::Refused {
            status: 401,
            code: 138_006,
            details,
            ..
        })) => {
            assert_eq!(details, "Ana has not permitted calls.");
        }
        other => panic!("{other:?}"),
    }
    platform.asked("connect", &call_id(77)).await;
    assert!(platform.rest().is_empty());
    assert_eq!(agent.live_calls().await, 0);
}

#[tokio::test]
async fn without_a_number_there_is_no_call() {
    let platform = Platform::start().await;
    let mut config = platform.config.clone();
    config.phone_number_ids.clear();
    let agent = Agent::start(config).await.unwrap();
    assert!(matches!(agent.call(&ANA).await, Err(AgentError::NoPhone)));
}
