//! What a call has to tell of itself.

use std::sync::Arc;
use std::time::Instant;

use super::{Call, End};
use crate::leg::{NoAudio, RefusedChecks};
use crate::network::Passages;
use crate::recording::Recording;
use crate::report::{CallReport, LegReport};
use crate::timeline::TimelineEvent as Event;
use crate::verdict::verdict;
use crate::worker::Stray;
use crate::{HelloFault, Side};

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
    pub fn report(&self, closed: bool, now: Instant, strays: &[Stray]) -> CallReport {
        let mut more = self.hellos(strays);
        for leg in self.legs() {
            let (side, r) = (leg.side, &leg.reception);
            if r.early_media > 0 {
                more.push((
                    now,
                    Event::DroppedBeforeAccept {
                        side,
                        packets: r.early_media,
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
            let RefusedChecks { password, ufrag } = leg.refused;
            if password + ufrag > 0 {
                let event = Event::ChecksRefused {
                    side,
                    password,
                    ufrag,
                };
                more.push((now, event));
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
            if r.accepted > 0 {
                let (packets, empty) = (r.audio, r.empty);
                let event = Event::Audio {
                    side,
                    packets,
                    empty,
                };
                more.push((now, event));
            }
            if let Some(last) = r.last {
                more.push((last, Event::LastPacket { side }));
            }
        }
        if let End::Local(local) = &self.ends[1]
            && local.audio.0 > 0
        {
            let (packets, empty) = local.audio;
            let event = Event::Audio {
                side: Side::User,
                packets,
                empty,
            };
            more.push((now, event));
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

    /// ClientHellos that came from addresses of no call while a leg had no keys. One from an address the leg has heard of is the
    /// leg's; the others may be anybody's.
    fn hellos(&self, strays: &[Stray]) -> Vec<(Instant, Event)> {
        let mut more = Vec::new();
        let came = |stray: &&Stray| stray.last >= self.timeline.armed();
        let mut left: Vec<&Stray> = strays.iter().filter(came).collect();
        for leg in self.legs().filter(|leg| leg.lacks_keys()) {
            let side = leg.side;
            let own = |stray: &Stray| {
                leg.candidates().contains(&stray.from) || self.timeline.refused(side, stray.from)
            };
            if let Some(at) = left.iter().position(|stray| own(stray)) {
                let Stray { from, last, .. } = *left.remove(at);
                let fault = HelloFault::Unchecked;
                more.push((last, Event::HelloIgnored { side, from, fault }));
            }
        }
        let waits = self.legs().any(|leg| leg.awaits_hello());
        if let Some(stray) = left.last().filter(|_| waits) {
            let hellos = left.iter().map(|stray| stray.hellos).sum();
            let from = stray.from;
            more.push((stray.last, Event::StrayHellos { from, hellos }));
        }
        more
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
            rtcp_bad_authentication: 0,
            rtcp_replayed: 0,
            no_audio: NoAudio::default(),
            unknown_payload_type: 0,
            audio: 0,
            empty_audio: 0,
            wrong_password_checks: 0,
            foreign_ufrag_checks: 0,
            network: self.passages(side),
        };
        match &self.ends[side.index()] {
            End::Local(local) => {
                let r = &local.reception;
                report.received = r.accepted;
                report.lost = r.lost();
                report.jitter_ms = r.jitter_ms();
                (report.audio, report.empty_audio) = local.audio;
            }
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
                report.rtcp_bad_authentication = r.rtcp_bad_authentication;
                report.rtcp_replayed = r.rtcp_replayed;
                report.no_audio = r.no_audio;
                report.unknown_payload_type = r.no_audio.unknown_payload_type;
                (report.audio, report.empty_audio) = (r.audio, r.empty);
                report.wrong_password_checks = leg.refused.password;
                report.foreign_ufrag_checks = leg.refused.ufrag;
            }
        }
        report
    }
}
