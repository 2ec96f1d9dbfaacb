//! The whole of a user's call, with real media.

use crate::support::phone::Phone;
use crate::support::{Platform, call_id, connect, ended, terminate, until};
use ahoy_agent::{Agent, AgentEvent, MediaState};
use ahoy_types::Direction;
use ahoy_wire::Session;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_call() {
    let mut platform = Platform::start().await;
    let agent = Agent::start(platform.config.clone()).await.unwrap();
    let mut events = agent.events();
    let mut phone = Phone::new(660.0).await;
    let call = call_id(1);

    let body = connect(
        &call,
        Direction::UserInitiated,
        Session::offer(phone.offer()),
    );
    assert_eq!(platform.deliver(&agent, &body).await, 200);

    // The very same answer twice, and the right token.
    let pre_accept = platform.asked("pre_accept", &call).await;
    assert_eq!(pre_accept.path, "/v25.0/710000000000001/calls");
    assert_eq!(pre_accept.token, "Bearer ahoy-dev-token");
    assert_eq!(pre_accept.body["session"]["sdp_type"], "answer");
    assert!(
        pre_accept.sdp().contains("a=setup:active\r\n"),
        "{}",
        pre_accept.sdp()
    );
    assert!(pre_accept.sdp().contains("a=mid:audio\r\n"));
    phone.remote(pre_accept.sdp());
    let accept = platform.asked("accept", &call).await;
    assert_eq!(accept.sdp(), pre_accept.sdp());

    // Media was ready before the call was accepted, so nothing can be clipped.
    let mut steps = Vec::new();
    until(&mut events, "echo", |event| {
        match event {
            AgentEvent::Media { state, .. } => steps.push(format!("{state:?}")),
            AgentEvent::ApiCall {
                action: Some(action),
                ..
            } => steps.push((*action).to_owned()),
            _ => {}
        }
        matches!(
            event,
            AgentEvent::Media {
                state: MediaState::Echo,
                ..
            }
        )
        .then_some(())
    })
    .await;
    let at = |step: &str| {
        steps
            .iter()
            .position(|s| s == step)
            .unwrap_or_else(|| panic!("no {step} in {steps:?}"))
    };
    assert!(at("pre_accept") < at("Connected"));
    assert!(at("Connected") < at("accept"));
    assert!(at("accept") < at("Greeting"));

    // Chime and word, the beep, then the caller's own tone.
    let greeting = phone
        .hears("a greeting", |sound| {
            (sound.pcm.len() > 12_000).then(|| sound.pcm.clone())
        })
        .await;
    assert!(ahoy_audio::listen::audible_ms(&greeting, 8_000, -40.0) > 900);
    let mut beeps = ahoy_audio::listen::ToneDetector::new(8_000, &[1_000.0], 40);
    phone.hears_tone(660.0).await;
    let mut heard_beep = 0;
    beeps.push(&phone.sound.borrow().pcm, |tone| {
        heard_beep += u32::from(tone.is_some())
    });
    assert!(
        (3..=6).contains(&heard_beep),
        "{heard_beep} blocks of the beep"
    );

    // The echo has no hole.
    let len = phone.sound.borrow().pcm.len();
    let echo = phone
        .hears("two seconds of echo", |sound| {
            (sound.pcm.len() > len + 16_000).then(|| sound.pcm[len..].to_vec())
        })
        .await;
    assert_eq!(ahoy_audio::listen::gaps(&echo, 8_000), []);
    assert_eq!(phone.sound.borrow().lost, 0);

    // A digit has its own tone; afterwards the echo goes on.
    phone.press(5);
    phone.hears_tone(1_500.0).await;
    phone.hears_tone(660.0).await;

    // What the business heard.
    let heard = until(&mut events, "a judgement", |event| match event {
        AgentEvent::Heard { heard, .. } if heard.audio_ms > 1_500 && heard.digits == "5" => {
            Some(heard.clone())
        }
        _ => None,
    })
    .await;
    assert!((heard.tone_hz.unwrap() - 660.0).abs() < 6.6, "{heard:?}");
    assert_eq!(heard.lost, 0);
    assert!((heard.level_dbfs.unwrap() + 12.0).abs() < 3.0, "{heard:?}");

    // The star ends it.
    phone.press(10);
    platform.asked("terminate", &call).await;
    platform
        .deliver(&agent, &terminate(&call, Direction::UserInitiated))
        .await;
    let (why, heard) = ended(&mut events, &call).await;
    assert!(why.contains('*') && why.contains("COMPLETED"), "{why}");
    assert_eq!(heard.digits, "5*");
    assert_eq!(agent.live_calls().await, 0);
    assert!(platform.rest().is_empty());
    agent.stop().await;
}
