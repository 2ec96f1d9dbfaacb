//! The stream of a leg: SRTP and SRTCP in, renumbered SRTP and our own reports out.

use ahoy_packet::rtcp::{self, SenderInfo};
use ahoy_packet::rtp::{self, Fields, Header};
use ahoy_packet::srtp::SrtpError;

use super::content::content;
use super::{Event, Media, Note, Nothing, Opened, WebRtcLeg};
use crate::cx::Cx;
use crate::faults::EventFate;
use crate::network::Fate;
use crate::network::held::Way;
use crate::rewrite::Stamp;

/// What a header without extensions and the longest tag add to a payload (RFC 3550 §5.1, RFC 7714 §13.1).
const PROTECTED: usize = 12 + 16;
/// Our canonical name (`media.md` §8).
const CNAME: &str = "WhatsAppAudioStream1";

impl WebRtcLeg {
    /// Opens an RTP packet in place. `None` if it is not authentic, which is counted.
    pub fn open(&mut self, buffer: &mut [u8], len: usize) -> Option<Opened> {
        let (srtp, remote) = (self.srtp.as_mut()?, self.remote.as_ref()?);
        let len = match srtp.inbound.unprotect_rtp(buffer, len) {
            Ok(len) => len,
            Err(error) => {
                match error {
                    SrtpError::Replayed => self.reception.replayed += 1,
                    _ => self.reception.bad_authentication += 1,
                }
                return None;
            }
        };
        let packet = buffer.get(..len)?;
        let header: Header = rtp::parse(packet).ok()?;
        let (content, payload) = match header.payload_range(packet) {
            Err(_) => (Err(Nothing::Malformed), 0..0),
            Ok(range) => {
                let bytes = packet.get(range.clone())?;
                let what = content(remote, &header.fields, bytes, &mut self.misplaced);
                (what, range)
            }
        };
        if !self.last_flight.is_empty() {
            self.last_flight = Vec::new();
        }
        Some(Opened {
            fields: header.fields,
            content,
            payload,
        })
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
        if let Some(stamp) = self.rewriter.renumber(media, from, cx.ms()) {
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
        let fate = match (media, &mut self.faults) {
            (Media::Audio, _) | (_, None) => EventFate::Once,
            (Media::Event, Some(faults)) => faults.event(stamp.timestamp),
        };
        match fate {
            EventFate::Once => self.send_once(media, marker, stamp, payload, cx),
            EventFate::Lost => self.count_sent(payload),
            EventFate::Twice => {
                self.send_once(media, marker, stamp, payload, cx);
                let again = self.rewriter.insert(Some(stamp.timestamp), cx.ms());
                self.send_once(media, false, again, payload, cx);
            }
        }
    }

    fn count_sent(&mut self, payload: &[u8]) {
        self.sent += 1;
        self.octets = self.octets.wrapping_add(payload.len() as u32);
    }

    fn send_once(
        &mut self,
        media: Media,
        marker: bool,
        stamp: Stamp,
        payload: &[u8],
        cx: &mut Cx<'_>,
    ) {
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
        if self
            .faults
            .as_mut()
            .is_some_and(|faults| faults.loses_outbound(cx.since_epoch()))
        {
            // It has left; only the peer never sees it.
            self.count_sent(payload);
            return;
        }
        let fields = Fields {
            payload_type,
            marker,
            sequence: stamp.seq,
            timestamp: stamp.timestamp,
            ssrc: self.ssrc,
        };
        let mut write = |buffer: &mut [u8]| {
            let header = rtp::write_header(buffer, &fields).ok()?;
            let len = header + payload.len();
            buffer.get_mut(header..len)?.copy_from_slice(payload);
            srtp.outbound.protect_rtp(buffer, len).ok()
        };
        let fate = match &mut self.paths {
            None => Fate::Now,
            Some(paths) => paths.to_peer.pass(cx.since_epoch()),
        };
        let sent = match fate {
            Fate::Now => cx.net.send(to, |buffer| write(buffer)),
            // Sent all the same, as its sender sees it.
            Fate::Lost => true,
            Fate::At(at) => {
                let room = payload.len() + PROTECTED;
                let held = cx.held.push(at, Way::Wire { to }, room, write);
                if !held && let Some(paths) = &mut self.paths {
                    paths.to_peer.drop_held();
                }
                held
            }
        };
        if sent {
            self.count_sent(payload);
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
                match error {
                    SrtpError::Replayed => self.reception.rtcp_replayed += 1,
                    _ => self.reception.rtcp_bad_authentication += 1,
                }
                return false;
            }
        };
        if self.is_mute() {
            return true;
        }
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

    /// Sends a report, the last one with a goodbye.
    pub fn report(&mut self, goodbye: bool, cx: &mut Cx<'_>) {
        if self.faults.as_ref().is_some_and(|faults| faults.is_deaf()) {
            return;
        }
        let block = self.reception.block(cx.since_epoch());
        let cut = self.paths.as_ref().is_some_and(|p| p.to_peer.is_cut());
        let (Some(srtp), Some(to), false) = (&mut self.srtp, self.ice.nominated(), cut) else {
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
