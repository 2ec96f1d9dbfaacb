use ahoy_media::{BridgeId, MediaEvent, Side, TimelineEvent};
use ahoy_types::Fingerprint;

use crate::raw::Raw;
use crate::support::{Relay, eventually, user};

#[test]
fn whether_the_description_comes_before_the_handshake_or_after_it() {
    for early in [true, false] {
        let relay = Relay::start();
        let plan = relay.arm(1, user(660.0));
        let mut business = Raw::new(&plan.business);
        let mut remote = business.remote();
        remote.fingerprint = Fingerprint([9; 32]);
        if early {
            relay
                .engine
                .set_remote(BridgeId(1), Side::Business, remote.clone());
        }
        business.nominate();
        business.shake_hands();
        if !early {
            relay.engine.set_remote(BridgeId(1), Side::Business, remote);
        }
        relay.engine.open_gate(BridgeId(1));
        for i in 0..20 {
            business.speak(5, 100 + i, 960 * u32::from(i));
        }
        eventually("the mismatch is noticed", || {
            let mismatch = TimelineEvent::FingerprintMismatch {
                side: Side::Business,
            };
            relay
                .report(1)
                .timeline
                .iter()
                .any(|e| e.event == mismatch)
                .then_some(())
        });
        eventually("the packets have come", || {
            (relay.engine.stats_blocking()[0].received >= 20).then_some(())
        });
        let report = relay.close(1);
        assert_eq!(
            report.verdict,
            "The business's certificate does not match the fingerprint in its SDP."
        );
        assert_eq!(
            (
                report.leg(Side::Business).received,
                report.leg(Side::Business).sent
            ),
            (0, 0)
        );
        assert_eq!(report.heard().unwrap().packets, 0);
        assert!(!relay.has_event(|event| matches!(event, MediaEvent::LegUp { .. })));
    }
}
