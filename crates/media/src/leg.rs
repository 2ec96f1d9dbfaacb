//! A WebRTC leg: ICE-lite, DTLS, SRTP, RTCP. It knows nothing of the far end and of accept; that is the call's business.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ahoy_packet::rtcp::{self, SenderInfo};
use ahoy_packet::rtp::{self, Fields, Header};
use ahoy_packet::srtp::{Inbound, Outbound, SrtpError};
use ahoy_packet::stun::{self, BindingRequest, IceKey};
use ahoy_types::{Ssrc, Ufrag};

use crate::cx::Cx;
use crate::dtls::{self, Handshake, Outcome};
use crate::ice::{Change, IceLite};
use crate::plan::{LegPlan, random};
use crate::reception::Reception;
use crate::rewrite::{Rewriter, Stamp};
use crate::timeline::TimelineEvent as Event;
use crate::{DtlsRole, RemoteLeg, Side};

/// Handshakes a leg begins at most; a peer that fails so often will not succeed.
const MAX_HANDSHAKES: u8 = 8;
/// Our canonical name (`media.md` §8).
const CNAME: &str = "WhatsAppAudioStream1";
/// Mean time between our RTCP reports (`media.md` §10).
const RTCP_INTERVAL: Duration = Duration::from_secs(5);
/// A finished association answers retransmissions of the peer's last flight this long, then its memory is freed.
const DTLS_LINGER: Duration = Duration::from_secs(20);

/// What of the audio stream a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Audio,
    Event,
}

struct Srtp {
    inbound: Inbound,
    outbound: Outbound,
    profile: &'static str,
}

/// An opened packet: its header, what it carries (if anything agreed on), and where its payload lies.
pub(crate) struct Opened {
    pub fields: Fields,
    pub media: Option<Media>,
    pub payload: std::ops::Range<usize>,
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
    remote: Option<RemoteLeg>,
    handshake: Option<Box<Handshake>>,
    handshakes: u8,
    role: Option<DtlsRole>,
    /// Where the peer's DTLS comes from; our flights go there, or to the nominated address before there were any.
    dtls_peer: Option<SocketAddr>,
    /// A finished handshake whose fingerprint cannot be compared yet.
    outcome: Option<Box<Outcome>>,
    mismatch: bool,
    forget_dtls: Option<Instant>,
    closing_noted: bool,
    srtp: Option<Box<Srtp>>,
    rewriter: Rewriter,
    pub reception: Reception,
    sent: u64,
    octets: u32,
    rtcp_due: Option<Instant>,
    bye_noted: bool,
}

impl WebRtcLeg {
    pub fn new(side: Side, plan: &LegPlan) -> Self {
        let [s0, s1, t @ ..] = random::<6>();
        Self {
            side,
            ufrag: plan.ufrag.clone(),
            ssrc: plan.ssrc,
            key: IceKey::new(&plan.pwd.0),
            ice: IceLite::default(),
            conflict: false,
            remote: None,
            handshake: None,
            handshakes: 0,
            role: None,
            dtls_peer: None,
            outcome: None,
            mismatch: false,
            forget_dtls: None,
            closing_noted: false,
            srtp: None,
            rewriter: Rewriter::new(u16::from_ne_bytes([s0, s1]), u32::from_ne_bytes(t)),
            reception: Reception::default(),
            sent: 0,
            octets: 0,
            rtcp_due: None,
            bye_noted: false,
        }
    }

    /// Every address that leads to this leg.
    pub fn known(&self) -> &[SocketAddr] {
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
    /// RTP packets sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }
    /// Whether a handshake is under way.
    pub fn in_handshake(&self) -> bool {
        self.handshake
            .as_ref()
            .is_some_and(|handshake| !handshake.is_done())
    }
    /// Whether the leg would begin a handshake with a ClientHello.
    pub fn awaits_hello(&self) -> bool {
        let passive = self
            .remote
            .as_ref()
            .is_none_or(|remote| remote.dtls == DtlsRole::Server);
        passive && !self.mismatch && self.handshake.is_none() && self.srtp.is_none()
    }
    /// When [`WebRtcLeg::on_time`] wants to be called next.
    pub fn due(&self) -> Option<Instant> {
        let handshake = self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.due());
        [handshake, self.rtcp_due, self.forget_dtls]
            .into_iter()
            .flatten()
            .min()
    }

    /// Answers a connectivity check. `None` if it does not carry our integrity, which deserves silence.
    pub fn on_check(
        &mut self,
        request: &BindingRequest<'_>,
        from: SocketAddr,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) -> Option<Change> {
        if !request.verify(&self.key) {
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
        let change = self.ice.checked(from, request.use_candidate);
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
        Some(change)
    }

    /// The peer's session description is known, or repeated.
    pub fn set_remote(&mut self, remote: RemoteLeg, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let role = remote.dtls;
        if self.remote.as_ref().is_none_or(|known| known.dtls != role) {
            note(Note::Timeline(Event::RemoteSet {
                side: self.side,
                role,
            }));
        }
        if self.in_handshake() && role == DtlsRole::Client && self.role == Some(DtlsRole::Server) {
            // Somebody sent a ClientHello, but the description says that it is ours to send.
            self.handshake = None;
        }
        self.remote = Some(remote);
        self.verify(cx, note);
        self.start_if_active(cx, note);
    }

    /// As DTLS client we begin when there is a pair to send on, and not before (`media.md` §6).
    fn start_if_active(&mut self, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let active = self
            .remote
            .as_ref()
            .is_some_and(|remote| remote.dtls == DtlsRole::Client);
        let idle = self.handshake.is_none() && self.outcome.is_none() && self.srtp.is_none();
        if active && idle && !self.mismatch && self.ice.nominated().is_some() {
            self.begin(DtlsRole::Client, cx, note);
            self.advance(None, cx, note);
        }
    }

    fn begin(&mut self, role: DtlsRole, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        if self.handshakes >= MAX_HANDSHAKES {
            return;
        }
        self.handshakes += 1;
        self.role = Some(role);
        self.handshake = Some(Box::new(Handshake::new(cx.identity, role, cx.now)));
        note(Note::Timeline(Event::DtlsStarted {
            side: self.side,
            role,
        }));
    }

    /// A DTLS record from an address that passed a connectivity check.
    pub fn on_dtls(
        &mut self,
        packet: &[u8],
        from: SocketAddr,
        cx: &mut Cx<'_>,
        note: &mut impl FnMut(Note),
    ) {
        if self.awaits_hello() && self.outcome.is_none() && dtls::is_client_hello(packet) {
            self.begin(DtlsRole::Server, cx, note);
        }
        if self.handshake.is_some() {
            self.dtls_peer = Some(from);
            self.advance(Some(packet), cx, note);
        }
    }

    fn advance(&mut self, packet: Option<&[u8]>, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let Some(handshake) = &mut self.handshake else {
            return;
        };
        let to = self.dtls_peer.or(self.ice.nominated());
        let net = &mut *cx.net;
        let step = handshake.advance(packet, cx.now, cx.scratch, |datagram| {
            if let Some(to) = to {
                net.send_bytes(to, datagram);
            }
        });
        match step {
            Ok(news) => {
                if news.close_notify && !std::mem::replace(&mut self.closing_noted, true) {
                    note(Note::Timeline(Event::CloseNotify { side: self.side }));
                }
                if let Some(outcome) = news.finished {
                    self.outcome = Some(outcome);
                    self.forget_dtls = Some(cx.now + DTLS_LINGER);
                    self.verify(cx, note);
                }
            }
            Err(reason) => {
                let was_done = handshake.is_done();
                self.handshake = None;
                self.forget_dtls = None;
                if !was_done {
                    note(Note::Timeline(Event::DtlsFailed {
                        side: self.side,
                        reason,
                    }));
                }
            }
        }
    }

    /// Puts the keys to use if the certificate is the one announced.
    fn verify(&mut self, cx: &Cx<'_>, note: &mut impl FnMut(Note)) {
        let Some(remote) = &self.remote else { return };
        let Some(outcome) = self.outcome.take() else {
            return;
        };
        if outcome.peer != remote.fingerprint {
            self.mismatch = true;
            self.handshake = None;
            self.forget_dtls = None;
            note(Note::Timeline(Event::FingerprintMismatch {
                side: self.side,
            }));
            return;
        }
        let contexts = Inbound::new(&outcome.keys.inbound)
            .and_then(|inbound| Ok((inbound, Outbound::new(&outcome.keys.outbound)?)));
        match contexts {
            Ok((inbound, outbound)) => {
                let profile = dtls::profile_name(outcome.keys.inbound.profile());
                self.srtp = Some(Box::new(Srtp {
                    inbound,
                    outbound,
                    profile,
                }));
                self.rtcp_due = Some(cx.now + cx.jittered(RTCP_INTERVAL / 2));
                note(Note::Timeline(Event::DtlsDone {
                    side: self.side,
                    profile,
                }));
                note(Note::Up);
            }
            Err(error) => {
                let reason = error.to_string();
                note(Note::Timeline(Event::DtlsFailed {
                    side: self.side,
                    reason,
                }));
            }
        }
    }

    /// Opens an RTP packet in place. `Err` says whether the tag was wrong; counters are kept.
    pub fn open(&mut self, buffer: &mut [u8], len: usize, cx: &Cx<'_>) -> Option<Opened> {
        let (srtp, remote) = (self.srtp.as_mut()?, self.remote.as_ref()?);
        let len = match srtp.inbound.unprotect_rtp(buffer, len) {
            Ok(len) => len,
            Err(error) => {
                self.count_refused(error);
                return None;
            }
        };
        let packet = buffer.get(..len)?;
        let header: Header = rtp::parse(packet).ok()?;
        let payload = header.payload_range(packet).ok()?;
        let media = match header.fields.payload_type {
            pt if pt == remote.opus => Some(Media::Audio),
            pt if Some(pt) == remote.telephone_event => Some(Media::Event),
            _ => None,
        };
        self.reception.last = Some(cx.now);
        Some(Opened {
            fields: header.fields,
            media,
            payload,
        })
    }

    fn count_refused(&mut self, error: SrtpError) {
        match error {
            SrtpError::Replayed => self.reception.replayed += 1,
            _ => self.reception.bad_authentication += 1,
        }
    }

    /// Whether media can leave.
    pub fn is_ready(&self) -> bool {
        self.srtp.is_some() && self.ice.nominated().is_some()
    }

    /// Sends a packet of the far end's stream under our own numbering.
    pub fn forward(&mut self, media: Media, from: &Fields, payload: &[u8], cx: &mut Cx<'_>) {
        let known = match media {
            Media::Audio => true,
            Media::Event => self
                .remote
                .as_ref()
                .is_some_and(|remote| remote.telephone_event.is_some()),
        };
        if !self.is_ready() {
            return;
        }
        if !known {
            // The peer knows no telephone events: it shall not take them for loss.
            self.skip(from);
            return;
        }
        if let Some(stamp) =
            self.rewriter
                .forward(from.ssrc.0, from.sequence, from.timestamp, cx.ms())
        {
            self.send(media, from.marker, stamp, payload, cx);
        }
    }

    /// Leaves a packet of the far end's stream out without a hole.
    pub fn skip(&mut self, from: &Fields) {
        self.rewriter.skip(from.ssrc.0, from.sequence);
    }

    /// Sends a telephone event of our own; the first of a press gets a timestamp, the others repeat it.
    pub fn insert_event(
        &mut self,
        marker: bool,
        timestamp: Option<u32>,
        payload: &[u8],
        cx: &mut Cx<'_>,
    ) -> u32 {
        let stamp = self.rewriter.insert(timestamp, cx.ms());
        self.send(Media::Event, marker, stamp, payload, cx);
        stamp.timestamp
    }

    /// Whether the peer takes telephone events now.
    pub fn takes_events(&self) -> bool {
        self.is_ready()
            && self
                .remote
                .as_ref()
                .is_some_and(|remote| remote.telephone_event.is_some())
    }

    fn send(&mut self, media: Media, marker: bool, stamp: Stamp, payload: &[u8], cx: &mut Cx<'_>) {
        let (Some(srtp), Some(remote), Some(to)) =
            (&mut self.srtp, &self.remote, self.ice.nominated())
        else {
            return;
        };
        let payload_type = match media {
            Media::Audio => remote.opus,
            Media::Event => match remote.telephone_event {
                Some(pt) => pt,
                None => return,
            },
        };
        let fields = Fields {
            payload_type,
            marker,
            sequence: stamp.seq,
            timestamp: stamp.timestamp,
            ssrc: self.ssrc,
        };
        let sent = cx.net.send(to, |buffer| {
            let header = rtp::write_header(buffer, &fields).ok()?;
            let len = header + payload.len();
            buffer.get_mut(header..len)?.copy_from_slice(payload);
            srtp.outbound.protect_rtp(buffer, len).ok()
        });
        if sent {
            self.sent += 1;
            self.octets = self.octets.wrapping_add(payload.len() as u32);
        }
    }

    /// Opens RTCP and takes what it says; it ends here (`media.md` §10). Says whether it was authentic.
    pub fn on_rtcp(
        &mut self,
        buffer: &mut [u8],
        len: usize,
        cx: &Cx<'_>,
        note: &mut impl FnMut(Note),
    ) -> bool {
        let Some(srtp) = &mut self.srtp else {
            return false;
        };
        let len = match srtp.inbound.unprotect_rtcp(buffer, len) {
            Ok(len) => len,
            Err(error) => {
                self.count_refused(error);
                return false;
            }
        };
        for packet in rtcp::parse(buffer.get(..len).unwrap_or_default()).map_while(Result::ok) {
            let blocks = match packet {
                rtcp::Packet::SenderReport { ssrc, info, blocks } => {
                    self.reception
                        .sender_report(ssrc, info.ntp, cx.since_epoch());
                    blocks
                }
                rtcp::Packet::ReceiverReport { blocks, .. } => blocks,
                rtcp::Packet::Bye(_) => {
                    if !std::mem::replace(&mut self.bye_noted, true) {
                        note(Note::Timeline(Event::RtcpBye { side: self.side }));
                    }
                    continue;
                }
                _ => continue,
            };
            for block in blocks {
                if block.ssrc == self.ssrc
                    && let Some(time) = rtcp::round_trip(&block, cx.ntp())
                {
                    self.reception.round_trip = Some(time);
                }
            }
        }
        true
    }

    /// Retransmissions and reports that are due.
    pub fn on_time(&mut self, cx: &mut Cx<'_>, note: &mut impl FnMut(Note)) {
        let now = cx.now;
        if self
            .handshake
            .as_ref()
            .and_then(|handshake| handshake.due())
            .is_some_and(|due| due <= now)
        {
            self.advance(None, cx, note);
        }
        if self.forget_dtls.is_some_and(|due| due <= now) {
            self.forget_dtls = None;
            self.handshake = None;
        }
        if self.rtcp_due.is_some_and(|due| due <= now) {
            self.rtcp_due = Some(now + cx.jittered(RTCP_INTERVAL));
            self.report(false, cx);
        }
    }

    /// Sends a report, the last one with a goodbye.
    pub fn report(&mut self, goodbye: bool, cx: &mut Cx<'_>) {
        let block = self.reception.block(cx.since_epoch());
        let (Some(srtp), Some(to)) = (&mut self.srtp, self.ice.nominated()) else {
            return;
        };
        let sender = (self.sent > 0).then(|| SenderInfo {
            ntp: cx.ntp(),
            rtp_timestamp: self.rewriter.timestamp_at(cx.ms()),
            packets: self.sent as u32,
            octets: self.octets,
        });
        let report = rtcp::Report {
            ssrc: self.ssrc,
            sender,
            blocks: block.as_slice(),
            cname: CNAME,
            goodbye,
        };
        cx.net.send(to, |buffer| {
            let len = rtcp::write_report(buffer, &report).ok()?;
            srtp.outbound.protect_rtcp(buffer, len).ok()
        });
    }
}
