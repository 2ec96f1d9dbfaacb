//! What a call has to tell of itself.

use std::sync::Arc;
use std::time::Instant;

use super::{Call, End};
use crate::Side;
use crate::network::Passages;
use crate::recording::Recording;
use crate::report::{CallReport, LegReport};
use crate::timeline::TimelineEvent as Event;
use crate::verdict::verdict;

impl Call {
    /// What a simulated user has been sent so far.
    pub fn recording(&self) -> Option<Arc<Recording>> {
        let [business, user] = &self.ends;
        match (business.leg(), user) {
            (Some(business), End::Local(local)) => {
                Some(Arc::new(local.recorder.snapshot(business.reception.early)))
            }
            _ => None,
        }
    }

    /// The story so far.
    pub fn report(&self, closed: bool, now: Instant) -> CallReport {
        let mut more = Vec::new();
        for leg in self.legs() {
            let (side, r) = (leg.side, &leg.reception);
            if r.early > 0 {
                more.push((
                    now,
                    Event::DroppedBeforeAccept {
                        side,
                        packets: r.early,
                    },
                ));
            }
            if r.bad_authentication > 0 {
                more.push((
                    now,
                    Event::BadAuthentication {
                        side,
                        packets: r.bad_authentication,
                    },
                ));
            }
            let taken = leg.taken_by_faults();
            for (side, packets) in [side, side.other()].into_iter().zip(taken) {
                if packets > 0 {
                    more.push((now, Event::LostToFault { side, packets }));
                }
            }
            if r.accepted > 0 {
                let (packets, lost, jitter_ms) = (r.accepted, r.lost(), r.jitter_ms());
                more.push((
                    now,
                    Event::Received {
                        side,
                        packets,
                        lost,
                        jitter_ms,
                    },
                ));
            }
            if let Some(last) = r.last {
                more.push((last, Event::LastPacket { side }));
            }
        }
        for side in Side::BOTH {
            if let Some(passages) = self.passages(side) {
                more.push((now, Event::Network { side, passages }));
            }
        }
        if closed {
            more.push((now, Event::Closed));
        }
        let timeline = self.timeline.with(more);
        CallReport {
            verdict: verdict(&timeline),
            timeline,
            legs: Side::BOTH.map(|side| self.leg_report(side)),
            recording: self.recording(),
        }
    }

    fn passages(&self, side: Side) -> Option<Passages> {
        let paths = match &self.ends[side.index()] {
            End::WebRtc(leg) => &leg.paths,
            End::Local(local) => &local.paths,
        };
        paths.as_ref().map(|paths| paths.passages())
    }

    fn leg_report(&self, side: Side) -> LegReport {
        let mut report = LegReport {
            side,
            local: true,
            remote: None,
            dtls: None,
            profile: None,
            ssrc: None,
            received: 0,
            before_accept: 0,
            lost: 0,
            jitter_ms: 0.0,
            rtt_ms: None,
            sent: 0,
            bad_authentication: 0,
            replayed: 0,
            unknown_payload_type: 0,
            network: self.passages(side),
        };
        match &self.ends[side.index()] {
            End::Local(local) => report.received = local.sent,
            End::WebRtc(leg) => {
                let r = &leg.reception;
                report.local = false;
                report.remote = leg.nominated();
                report.dtls = leg.role();
                report.profile = leg.profile();
                report.ssrc = r.ssrc();
                report.received = r.accepted;
                report.before_accept = r.early;
                report.lost = r.lost();
                report.jitter_ms = r.jitter_ms();
                report.rtt_ms = r.round_trip.map(|rtt| rtt.as_secs_f64() * 1_000.0);
                report.sent = leg.sent();
                report.bad_authentication = r.bad_authentication;
                report.replayed = r.replayed;
                report.unknown_payload_type = r.unknown_payload_type;
            }
        }
        report
    }
}
