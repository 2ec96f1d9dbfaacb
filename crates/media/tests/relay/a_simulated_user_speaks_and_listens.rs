use ahoy_audio::{listen, wav};
use ahoy_media::{BridgeId, MediaEvent, Side};

use crate::support::{Relay, assert_pitch, eventually, user};
use crate::webrtc::{Manner, Peer};

#[test]
fn and_is_heard_by_the_business() {
    let relay = Relay::start();
    let plan = relay.arm(1, user(660.0));
    let business = Peer::start(
        &plan.business,
        Manner {
            hz: 440.0,
            ..Manner::default()
        },
    );
    relay
        .engine
        .set_remote(BridgeId(1), Side::Business, business.remote.clone());
    relay.wait_up(1, Side::Business);
    relay.engine.open_gate(BridgeId(1));
    for side in Side::BOTH {
        relay.event("first audio", |event| match event {
            MediaEvent::FirstAudio { side: s, .. } => (*s == side).then_some(()),
            _ => None,
        });
    }
    business.hear_audio(100);
    business.ears(|ears| {
        assert_pitch(ears.pitch(), 660.0);
        assert_eq!(ears.missing(), 0);
        assert!(ears.packets[0].marker && !ears.packets[1].marker);
        assert!(
            ears.packets
                .windows(2)
                .all(|w| w[1].timestamp.wrapping_sub(w[0].timestamp) == 960)
        );
    });
    let live = eventually("the user has heard a second", || {
        let report = relay.report(1);
        (report.heard().unwrap().audio_ms >= 1_000).then_some(report)
    });
    assert_pitch(live.heard().unwrap().tone_hz, 440.0);

    for rate in [8_000, 48_000] {
        let file = relay
            .engine
            .heard_wav(BridgeId(1), rate)
            .wait()
            .expect("a WAV file");
        let (pcm, read) = wav::read(&file).unwrap();
        assert_eq!(read, rate);
        assert_pitch(listen::dominant_pitch(&pcm, rate), 440.0);
        assert!(listen::gaps(&pcm, rate).is_empty());
    }
    assert_eq!(relay.engine.heard_wav(BridgeId(1), 44_100).wait(), None);
    assert_eq!(relay.engine.heard_wav(BridgeId(9), 8_000).wait(), None);

    let report = relay.close(1);
    let heard = report.heard().unwrap();
    assert_eq!(
        (heard.lost, heard.gaps.len(), heard.digits.as_str()),
        (0, 0, "")
    );
    assert!(heard.first_audio_ms_after_accept.unwrap() < 1_000);
    assert!((heard.level_dbfs.unwrap() + 12.0).abs() < 3.0, "{heard:?}");
    assert_eq!(
        report.verdict,
        "Both sides sent audio, and it was passed on."
    );
    assert!(report.leg(Side::User).local);
    // Nobody had listened to the whole call yet.
    assert_eq!(
        report.clone().listened().verdict,
        "Both sides heard each other."
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdict"], "Both sides heard each other.");
    assert_eq!(json["heard"]["lost"], 0);
    assert_eq!(json["timeline"][0]["event"], "armed");
    assert_eq!(json["legs"][0]["side"], "business");
    // The sound stays available after the call.
    assert!(report.recording.unwrap().wav(48_000).unwrap().len() > 96_000);
    assert!(relay.engine.report(BridgeId(1)).wait().is_none());
}
