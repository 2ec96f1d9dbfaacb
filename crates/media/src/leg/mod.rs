//! A WebRTC leg: ICE-lite, DTLS, SRTP, RTCP. It knows nothing of the far end and of accept; that is the call's business.

mod content;
mod keys;
mod stream;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ahoy_packet::dtls::Established;
use ahoy_packet::dtmf::Misplaced;
use ahoy_packet::rtp::Fields;
use ahoy_packet::srtp::{Inbound, Outbound};
use ahoy_packet::stun::{self, BindingRequest, IceKey};
use ahoy_types::{Ssrc, Ufrag};

use crate::cx::Cx;
use crate::dtls::{Handshake, Outcome};
use crate::faults::{LegFaults, MediaFaults};
use crate::ice::{Change, IceLite};
use crate::network::LegPaths;
use crate::plan::{LegPlan, random};
use crate::reception::Reception;
use crate::rewrite::Rewriter;
use crate::timeline::TimelineEvent as Event;
use crate::{CheckFault, DtlsRole, HelloFault, LegNetwork, RemoteLeg, Side};

pub use content::NoAudio;
pub(crate) use content::{Content, Media, Nothing};

/// Mean time between our RTCP reports (`media.md` §10).
const RTCP_INTERVAL: Duration = Duration::from_secs(5);

/// A piece of foreign text for the timeline: short and printable.
fn excerpt(text: &str) -> Box<str> {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let short: String = text.chars().take(32).map(printable).collect();
    short.into()
}

struct Srtp {
    inbound: Inbound,
    outbound: Outbound,
    profile: &'static str,
}

/// An opened packet: its header, what it carries, and where its payload lies.
pub(crate) struct Opened {
    pub fields: Fields,
    pub content: Content,
    pub payload: std::ops::Range<usize>,
}

/// Checks that named a leg and were not answered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RefusedChecks {
    /// Their integrity did not fit our password.
    pub password: u64,
    /// Their sender is not the one of the session description.
    pub ufrag: u64,
}

/// What the call has to note in its timeline or tell.
pub(crate) enum Note {
    Timeline(Event),
    Up,
}

pub(crate) struct WebRtcLeg {
    pub side: Side,
    pub ufrag: Ufrag,
    pub ssrc: Ssrc,
    key: IceKey,
    ice: IceLite,
    conflict: bool,
    /// Checks that named this leg and were not answered.
    pub refused: RefusedChecks,
    /// The kinds of ClientHellos that began nothing, as far as noted.
    ignored: Vec<HelloFault>,
    remote: Option<RemoteLeg>,
    handshake: Option<Box<Handshake>>,
    handshakes: u8,
    role: Option<DtlsRole>,
    /// Where the peer's latest DTLS came from.
    dtls_peer: Option<SocketAddr>,
    /// ClientHellos of others while one handshake is under way and nobody knows yet whose call it is, the latest of each address.
    rivals: Vec<(SocketAddr, Box<[u8]>)>,
    /// A finished handshake whose fingerprint cannot be compared yet.
    outcome: Option<Box<Outcome>>,
    mismatch: bool,
    /// Our last flight as server, until the peer's first protected packet proves that it came.
    last_flight: Vec<Box<[u8]>>,
    repeats: u8,
    alert_noted: bool,
    /// What reads and sends alerts once there are keys.
    established: Option<Box<Established>>,
    srtp: Option<Box<Srtp>>,
    rewriter: Rewriter,
    misplaced: Misplaced,
    /// The network in between, where one is emulated.
    pub paths: Option<Box<LegPaths>>,
    pub reception: Reception,
    sent: u64,
    octets: u32,
    rtcp_due: Option<Instant>,
    bye_noted: bool,
    /// It was told that media can leave.
    up: bool,
    /// Audio may flow.
    open: bool,
    /// What is made to go wrong; nothing in production.
    faults: Option<Box<LegFaults>>,
}

impl WebRtcLeg {
    pub fn new(side: Side, plan: &LegPlan, network: Option<&LegNetwork>) -> Self {
        let [s0, s1, t @ ..] = random::<6>();
        Self {
            side,
            ufrag: plan.ufrag.clone(),
            ssrc: plan.ssrc,
            key: IceKey::new(&plan.pwd.0),
            ice: IceLite::default(),
            conflict: false,
            refused: RefusedChecks::default(),
            ignored: Vec::new(),
            remote: None,
            handshake: None,
            handshakes: 0,
            role: None,
            dtls_peer: None,
            rivals: Vec::new(),
            outcome: None,
            mismatch: false,
            last_flight: Vec::new(),
            repeats: 0,
            alert_noted: false,
            established: None,
            srtp: None,
            rewriter: Rewriter::new(u16::from_ne_bytes([s0, s1]), u32::from_ne_bytes(t)),
            misplaced: Misplaced::default(),
            paths: LegPaths::new(network),
            reception: Reception::default(),
            sent: 0,
            octets: 0,
            rtcp_due: None,
            bye_noted: false,
            up: false,
            open: false,
            faults: None,
        }
    }

    /// Lets things go wrong.
    pub fn put_under(&mut self, faults: &MediaFaults) {
        match &mut self.faults {
            Some(known) => known.add(faults),
            None => self.faults = Some(Box::new(LegFaults::new(faults))),
        }
    }
    /// The call was accepted: audio flows as soon as there are keys.
    pub fn let_audio_flow(&mut self, now: Instant) {
        self.open = true;
        self.begin_to_flow(now);
    }
    /// Faults whose time counts from the audio begin to count when it can flow.
    fn begin_to_flow(&mut self, now: Instant) {
        if self.open
            && self.srtp.is_some()
            && let Some(faults) = &mut self.faults
        {
            faults.flows(now);
        }
    }
    /// Packets that faults took: from the peer, and to it.
    pub fn taken_by_faults(&self) -> [u64; 2] {
        self.faults.as_ref().map_or([0; 2], |faults| faults.taken())
    }
    /// Whether a fault keeps all the peer sends from being heard.
    pub fn is_mute(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.is_mute())
    }
    /// Whether a fault takes the packet that has just come.
    pub fn loses_inbound(&mut self, now: Duration) -> bool {
        self.faults
            .as_mut()
            .is_some_and(|faults| faults.loses_inbound(now))
    }

    /// Every address that leads to this leg.
    pub fn known(&self) -> impl Iterator<Item = SocketAddr> {
        self.ice.known()
    }
    /// Where media goes.
    pub fn nominated(&self) -> Option<SocketAddr> {
        self.ice.nominated()
    }
    /// The role taken in DTLS, once it began.
    pub fn role(&self) -> Option<DtlsRole> {
        self.role
    }
    /// The SRTP profile in use.
    pub fn profile(&self) -> Option<&'static str> {
        self.srtp.as_ref().map(|srtp| srtp.profile)
    }
    /// The payload type agreed for audio.
    pub fn audio_type(&self) -> Option<u8> {
        self.remote.as_ref().map(|remote| remote.opus.0)
    }
    /// Whether it has no keys and none are being agreed.
    pub fn lacks_keys(&self) -> bool {
        self.handshake.is_none() && !self.is_keyed()
    }
    /// The peer's candidates by its session description.
    pub fn candidates(&self) -> &[SocketAddr] {
        self.remote.as_ref().map_or(&[], |r| &r.said.candidates)
    }
    /// RTP packets sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }
    /// Whether a handshake is under way.
    pub fn in_handshake(&self) -> bool {
        self.handshake.is_some()
    }
    /// Whether a handshake has been finished, its fingerprint compared or not.
    fn is_keyed(&self) -> bool {
        self.outcome.is_some() || self.srtp.is_some()
    }
    /// Whether the leg would begin a handshake with a ClientHello.
    pub fn awaits_hello(&self) -> bool {
        let passive = self
            .remote
            .as_ref()
            .is_none_or(|remote| remote.dtls == DtlsRole::Server);
        passive && !self.mismatch && self.handshake.is_none() && !self.is_keyed()
    }
    /// When [`WebRtcLeg::on_time`] wants to be called next.
    pub fn due(&self) -> Option<Instant> {
        let handshake = self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.due());
        let late = self.faults.as_ref().and_then(|faults| faults.due());
        [handshake, self.rtcp_due, late].into_iter().flatten().min()
    }

    /// Answers a connectivity check. `None` if it does not carry our integrity, or is another peer's: that deserves silence, but is
    /// counted and the first of its kind told, as it explains a call that stays silent.
    pub fn on_check(
        &mut self,
        request: &BindingRequest<'_>,
        from: SocketAddr,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) -> Option<Change> {
        if self.faults.as_ref().is_some_and(|faults| faults.no_ice()) {
            return None;
        }
        let stranger = |remote: &RemoteLeg| {
            let ours = remote.ufrag.as_ref();
            ours.is_some_and(|ufrag| *ufrag.0 != *request.remote_ufrag)
        };
        if !request.verify(&self.key) {
            self.refuse(CheckFault::Password, request, from, note);
            return None;
        }
        if self.remote.as_ref().is_some_and(stranger) {
            self.refuse(CheckFault::Ufrag, request, from, note);
            return None;
        }
        let key = &self.key;
        if !request.unknown_attributes().is_empty() {
            cx.net.send(from, |buffer| {
                stun::write_unknown_attributes(buffer, request, key).ok()
            });
            return Some(Change::default());
        }
        if request.controlled.is_some() {
            cx.net.send(from, |buffer| {
                stun::write_role_conflict(buffer, request, key).ok()
            });
            if !std::mem::replace(&mut self.conflict, true) {
                note(Note::Timeline(Event::RoleConflict { side: self.side }));
            }
            return Some(Change::default());
        }
        cx.net.send(from, |buffer| {
            stun::write_success(buffer, request, from, key).ok()
        });
        let change = self
            .ice
            .checked(from, request.remote_ufrag, request.use_candidate);
        let side = self.side;
        if change.first {
            note(Note::Timeline(Event::FirstBindingRequest { side, from }));
        }
        match change.nominated {
            Some(None) => note(Note::Timeline(Event::Nominated {
                side,
                address: from,
            })),
            Some(Some(before)) => {
                note(Note::Timeline(Event::AddressChanged {
                    side,
                    from: before,
                    to: from,
                }));
            }
            None => {}
        }
        self.start_if_active(cx, note);
        self.tell_if_up(note);
        Some(change)
    }

    fn refuse(
        &mut self,
        fault: CheckFault,
        request: &BindingRequest<'_>,
        from: SocketAddr,
        note: &mut impl FnMut(Note),
    ) {
        let count = match fault {
            CheckFault::Password => &mut self.refused.password,
            CheckFault::Ufrag => &mut self.refused.ufrag,
        };
        *count += 1;
        if *count == 1 {
            note(Note::Timeline(Event::CheckRefused {
                side: self.side,
                from,
                fault,
                ufrag: excerpt(request.remote_ufrag),
            }));
        }
    }

    /// Notes a ClientHello that begins nothing, the first of its kind.
    pub fn ignore_hello(
        &mut self,
        fault: HelloFault,
        from: SocketAddr,
        note: &mut impl FnMut(Note),
    ) {
        if !self.ignored.contains(&fault) {
            self.ignored.push(fault);
            let side = self.side;
            note(Note::Timeline(Event::HelloIgnored { side, from, fault }));
        }
    }

    /// Tells, once a peer, that media can leave. Keys alone are not enough: a browser may finish its handshake before
    /// it nominates a pair, and what is sent in between has nowhere to go.
    fn tell_if_up(&mut self, note: &mut impl FnMut(Note)) {
        if self.is_ready() && !std::mem::replace(&mut self.up, true) {
            note(Note::Up);
        }
    }

    /// The peer's session description is known, or repeated. One with another certificate is another peer's, such as a
    /// page that was loaded again: the leg begins anew with it. Gives the addresses that no longer lead here.
    pub fn set_remote(
        &mut self,
        remote: RemoteLeg,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) -> Vec<SocketAddr> {
        let role = remote.dtls;
        let mut gone = Vec::new();
        if self
            .remote
            .as_ref()
            .is_some_and(|known| known.fingerprint != remote.fingerprint)
        {
            gone = self.start_over();
            note(Note::Timeline(Event::PeerReplaced { side: self.side }));
        }
        let news = |known: &RemoteLeg| known.dtls != role || known.said != remote.said;
        if self.remote.as_ref().is_none_or(news) {
            note(Note::Timeline(Event::RemoteSet {
                side: self.side,
                role,
                direction: remote.said.direction,
                candidates: remote.said.candidates.clone(),
                ice_lite: remote.said.ice_lite,
            }));
        }
        if self.in_handshake() && role == DtlsRole::Client && self.role == Some(DtlsRole::Server) {
            // Somebody sent a ClientHello, but the description says that it is ours to send.
            self.handshake = None;
        }
        self.remote = Some(remote);
        let rivals = self.settle_claims(&mut gone, note);
        self.verify(cx, note);
        for (from, hello) in rivals {
            if self.handshake.is_none() && !self.is_keyed() {
                self.on_dtls(&hello, from, cx, note);
            }
        }
        self.start_if_active(cx, note);
        gone
    }

    /// Forgets all that belongs to one peer. Our own stream keeps its source and goes on with its numbers.
    fn start_over(&mut self) -> Vec<SocketAddr> {
        let gone = self.ice.known().collect();
        self.ice = IceLite::default();
        self.conflict = false;
        self.refused = RefusedChecks::default();
        self.ignored.clear();
        self.remote = None;
        self.handshake = None;
        self.handshakes = 0;
        self.role = None;
        self.dtls_peer = None;
        self.outcome = None;
        self.mismatch = false;
        self.last_flight = Vec::new();
        self.repeats = 0;
        self.alert_noted = false;
        self.established = None;
        self.srtp = None;
        self.rtcp_due = None;
        self.bye_noted = false;
        self.up = false;
        gone
    }

    /// Retransmissions and reports that are due.
    pub fn on_time(&mut self, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let now = cx.now;
        if let Some(kept) = self.faults.as_mut().and_then(|faults| faults.begin(now)) {
            for (from, packet) in kept {
                self.on_dtls(&packet, from, cx, note);
            }
            self.start_if_active(cx, note);
        }
        if let Some(alert) = self.faults.as_mut().and_then(|f| f.take_alert(now)) {
            self.send_alert(alert.fatal, cx, note);
        }
        if self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.due())
            .is_some_and(|due| due <= now)
        {
            self.advance(None, cx, note);
        }
        if self.rtcp_due.is_some_and(|due| due <= now) {
            self.rtcp_due = Some(now + cx.jittered(RTCP_INTERVAL));
            self.report(false, cx);
        }
    }
}
