//! A call: two ends, the gate between them, and the story of both.

mod flow;
mod story;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ahoy_packet::dtmf::{Collector, Digit};
use ahoy_packet::stun::BindingRequest;

use crate::cx::Cx;
use crate::digits::DigitPlayer;
use crate::ice::Change;
use crate::leg::{Note, WebRtcLeg};
use crate::local::LocalEnd;
use crate::network::LegPaths;
use crate::plan::{CallSetup, UserLeg};
use crate::timeline::{Timeline, TimelineEvent as Event};
use crate::watchdog::Watchdog;
use crate::{BridgeId, LegNetwork, MediaEvent, MediaFaults, RemoteLeg, Side, TimeoutKind};

/// How long silence may last, and who is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub start: Duration,
    pub silence: Duration,
    /// Whether each step of the timeline is told.
    pub tell_steps: bool,
}

enum End {
    WebRtc(Box<WebRtcLeg>),
    Local(Box<LocalEnd>),
}

impl End {
    fn leg(&self) -> Option<&WebRtcLeg> {
        match self {
            End::WebRtc(leg) => Some(leg),
            End::Local(_) => None,
        }
    }
    fn leg_mut(&mut self) -> Option<&mut WebRtcLeg> {
        match self {
            End::WebRtc(leg) => Some(leg),
            End::Local(_) => None,
        }
    }
}

/// What is watched of one side's stream.
struct Flow {
    dog: Option<Watchdog>,
    collector: Collector,
    heard: bool,
}

pub(crate) struct Call {
    pub id: BridgeId,
    ends: [End; 2],
    flows: [Flow; 2],
    gate: Option<Instant>,
    limits: Limits,
    digits: DigitPlayer,
    timeline: Timeline,
}

/// Notes what legs say, while the legs are borrowed.
fn notes<'a>(
    timeline: &'a mut Timeline,
    up: &'a mut bool,
    now: Instant,
) -> impl FnMut(Note) + use<'a> {
    move |note| match note {
        Note::Timeline(event) => timeline.push(now, event),
        Note::Up => *up = true,
    }
}

impl Call {
    pub fn new(id: BridgeId, setup: CallSetup, limits: Limits, now: Instant) -> Self {
        let CallSetup {
            plan,
            user,
            networks,
        } = setup;
        let mut timeline = Timeline::new(now);
        let [theirs, ours] = Side::BOTH.map(|side| networks.of(side));
        let business = WebRtcLeg::new(Side::Business, &plan.business, theirs);
        let user = match user {
            UserLeg::WebRtc => End::WebRtc(Box::new(WebRtcLeg::new(Side::User, &plan.user, ours))),
            UserLeg::Local(user) => End::Local(Box::new(LocalEnd::new(&plan.user, user, ours))),
        };
        let ends = [End::WebRtc(Box::new(business)), user];
        for side in Side::BOTH {
            let local = matches!(ends[side.index()], End::Local(_));
            let addresses = if local {
                Vec::new()
            } else {
                plan.leg(side).addresses()
            };
            timeline.push(now, Event::Armed { side, addresses });
        }
        let flows = Side::BOTH.map(|side| Flow {
            // A simulated user cannot fall silent, unless it is behind a network that can.
            dog: match &ends[side.index()] {
                End::Local(local) if local.paths.is_none() => None,
                _ => Some(Watchdog::new(limits.start, limits.silence)),
            },
            collector: Collector::default(),
            heard: false,
        });
        Self {
            id,
            ends,
            flows,
            gate: None,
            limits,
            digits: DigitPlayer::default(),
            timeline,
        }
    }

    /// The WebRTC leg of a side, if it is one.
    pub fn leg(&self, side: Side) -> Option<&WebRtcLeg> {
        self.ends[side.index()].leg()
    }
    /// Both WebRTC legs, as far as there are.
    pub fn legs(&self) -> impl Iterator<Item = &WebRtcLeg> {
        self.ends.iter().filter_map(End::leg)
    }

    /// Lets `step` work on a leg and notes what comes of it.
    fn with_leg<T>(
        &mut self,
        side: Side,
        cx: &mut Cx<'_>,
        step: impl FnOnce(&mut WebRtcLeg, &mut Cx<'_>, &mut dyn FnMut(Note)) -> T,
    ) -> Option<T> {
        let mut up = false;
        let leg = self.ends[side.index()].leg_mut()?;
        let done = step(leg, cx, &mut notes(&mut self.timeline, &mut up, cx.now));
        self.tell_steps(cx);
        if up {
            cx.tell(MediaEvent::LegUp {
                bridge: self.id,
                side,
                at: cx.now,
            });
        }
        Some(done)
    }

    /// Tells what was added to the timeline. Called after whatever may have added to it, and cheap where nothing was.
    pub fn tell_steps(&mut self, cx: &Cx<'_>) {
        if !self.limits.tell_steps {
            return;
        }
        let untold = self.timeline.untold().iter();
        for entry in untold.filter(|entry| !entry.event.is_signalling()) {
            cx.tell(MediaEvent::Step {
                bridge: self.id,
                entry: entry.clone(),
            });
        }
    }

    /// A connectivity check with this leg's user name. `None` if it gets no answer.
    pub fn on_check(
        &mut self,
        side: Side,
        request: &BindingRequest<'_>,
        from: SocketAddr,
        cx: &mut Cx<'_>,
    ) -> Option<Change> {
        self.with_leg(side, cx, |leg, cx, mut note| {
            leg.on_check(request, from, cx, &mut note)
        })
        .flatten()
    }
    /// A DTLS record.
    pub fn on_dtls(&mut self, side: Side, packet: &[u8], from: SocketAddr, cx: &mut Cx<'_>) {
        self.with_leg(side, cx, |leg, cx, mut note| {
            leg.on_dtls(packet, from, cx, &mut note)
        });
    }
    /// A session description. Gives the addresses that no longer lead to the leg.
    pub fn set_remote(
        &mut self,
        side: Side,
        remote: RemoteLeg,
        cx: &mut Cx<'_>,
    ) -> Vec<SocketAddr> {
        self.with_leg(side, cx, |leg, cx, mut note| {
            leg.set_remote(remote, cx, &mut note)
        })
        .unwrap_or_default()
    }

    /// Lets things go wrong with the business's leg.
    pub fn put_under(&mut self, faults: &MediaFaults, cx: &Cx<'_>) {
        let side = Side::Business;
        let Some(leg) = self.ends[side.index()].leg_mut() else {
            return;
        };
        leg.put_under(faults);
        if self.gate.is_some() {
            leg.let_audio_flow(cx.now);
        }
        for fault in faults.words() {
            self.timeline.push(cx.now, Event::Fault { side, fault });
        }
        self.tell_steps(cx);
    }

    /// What signalling knows goes into the story.
    pub fn note(&mut self, event: Event, cx: &Cx<'_>) {
        self.timeline.push(cx.now, event);
        self.tell_steps(cx);
    }

    /// Accept: audio flows from now on.
    pub fn open_gate(&mut self, cx: &Cx<'_>) {
        if self.gate.is_some() {
            return;
        }
        self.gate = Some(cx.now);
        self.timeline.push(cx.now, Event::GateOpened);
        for leg in self.ends.iter_mut().filter_map(End::leg_mut) {
            leg.let_audio_flow(cx.now);
        }
        self.tell_steps(cx);
        for dog in self.flows.iter_mut().filter_map(|flow| flow.dog.as_mut()) {
            dog.open(cx.since_epoch());
        }
    }

    /// Another network in between from now on.
    pub fn set_network(&mut self, side: Side, network: Option<&LegNetwork>, cx: &Cx<'_>) {
        let paths = LegPaths::new(network);
        let Flow { dog, heard, .. } = &mut self.flows[side.index()];
        match &mut self.ends[side.index()] {
            End::WebRtc(leg) => leg.paths = paths,
            End::Local(local) => {
                if paths.is_some() && dog.is_none() {
                    let mut new = Watchdog::new(self.limits.start, self.limits.silence);
                    if self.gate.is_some() {
                        new.open(cx.since_epoch());
                    }
                    if *heard {
                        new.media(cx.since_epoch());
                    }
                    *dog = Some(new);
                }
                local.paths = paths;
            }
        }
    }

    /// Keys of the user, towards the business.
    pub fn press(&mut self, digits: Vec<Digit>) {
        self.digits.press(digits);
    }

    /// Whether the call wants [`Call::tick`] every 20 ms.
    pub fn wants_ticks(&self) -> bool {
        self.gate.is_some() && (matches!(self.ends[1], End::Local(_)) || !self.digits.is_idle())
    }

    /// An SRTCP packet. Says whether it was authentic.
    pub fn on_rtcp(&mut self, side: Side, buffer: &mut [u8], len: usize, cx: &mut Cx<'_>) -> bool {
        // What nothing passes, no report passes.
        if self
            .leg(side)
            .and_then(|leg| leg.paths.as_ref())
            .is_some_and(|paths| paths.from_peer.is_cut())
        {
            return false;
        }
        let authentic = self
            .with_leg(side, cx, |leg, cx, mut note| {
                leg.on_rtcp(buffer, len, cx, &mut note)
            })
            .unwrap_or(false);
        let mute = self.leg(side).is_some_and(WebRtcLeg::is_mute);
        if authentic
            && !mute
            && let Some(dog) = &mut self.flows[side.index()].dog
        {
            dog.sign(cx.since_epoch());
        }
        authentic
    }

    /// When [`Call::on_time`] wants to be called next.
    pub fn due(&self, epoch: Instant) -> Option<Instant> {
        let legs = self.legs().filter_map(WebRtcLeg::due);
        let dogs = self
            .flows
            .iter()
            .filter_map(|flow| flow.dog?.due())
            .map(|due| epoch + due);
        legs.chain(dogs).min()
    }

    /// Whatever time has brought: retransmissions, reports, watchdogs.
    pub fn on_time(&mut self, cx: &mut Cx<'_>) {
        for side in Side::BOTH {
            self.with_leg(side, cx, |leg, cx, mut note| leg.on_time(cx, &mut note));
            let fired = self.flows[side.index()]
                .dog
                .as_mut()
                .and_then(|dog| dog.check(cx.since_epoch()));
            if let Some(kind) = fired {
                let after = match kind {
                    TimeoutKind::Start => self.limits.start,
                    TimeoutKind::Silence => self.limits.silence,
                };
                self.timeline
                    .push(cx.now, Event::Timeout { side, kind, after });
                self.tell_steps(cx);
                cx.tell(MediaEvent::Timeout {
                    bridge: self.id,
                    side,
                    kind,
                });
            }
        }
    }

    /// Says goodbye to both peers.
    pub fn leave(&mut self, cx: &mut Cx<'_>) {
        for leg in self.ends.iter_mut().filter_map(End::leg_mut) {
            leg.report(true, cx);
        }
    }
}
