//! Audio and keys from one end to the other, and what the relay itself has to say.

use ahoy_packet::dtmf::{Arrival, Event as KeyEvent};
use ahoy_packet::rtp::Fields;

use super::{Call, End};
use crate::cx::Cx;
use crate::leg::{Content, Media, Nothing};
use crate::local::LocalEnd;
use crate::network::held::Way;
use crate::network::{Fate, LegPaths, Path};
use crate::rewrite::Stamp;
use crate::timeline::TimelineEvent as Event;
use crate::{BridgeId, MediaEvent, Side};

/// What the network in between does to a packet: whether it is there at once. One that takes its time is held.
fn passes(
    paths: &mut Option<Box<LegPaths>>,
    direction: impl FnOnce(&mut LegPaths) -> &mut Path,
    way: Way,
    payload: &[u8],
    cx: &mut Cx<'_>,
) -> bool {
    let Some(paths) = paths else { return true };
    let path = direction(paths);
    match path.pass(cx.since_epoch()) {
        Fate::Now => true,
        Fate::Lost => false,
        Fate::At(at) => {
            if !cx.held.push_bytes(at, way, payload) {
                path.drop_held();
            }
            false
        }
    }
}

/// What a simulated user sends sets out; says whether it is at the relay at once.
fn sets_out(
    bridge: BridgeId,
    local: &mut LocalEnd,
    media: Media,
    fields: &Fields,
    payload: &[u8],
    cx: &mut Cx<'_>,
) -> bool {
    let way = Way::Relay {
        bridge,
        side: Side::User,
        content: Ok(media),
        fields: *fields,
    };
    passes(&mut local.paths, |p| &mut p.from_peer, way, payload, cx)
}

impl Call {
    /// Twenty milliseconds of whatever the relay itself sends.
    pub fn tick(&mut self, cx: &mut Cx<'_>) {
        if self.gate.is_none() {
            return;
        }
        let [business, user] = &mut self.ends;
        let Some(business) = business.leg_mut() else {
            return;
        };
        // Whoever is called says hello when there is somebody to hear it.
        if !business.is_ready() {
            return;
        }
        let keys = business.takes_events() && !self.digits.is_idle();
        let local = match user {
            End::Local(local) => local,
            End::WebRtc(_) => {
                if keys {
                    self.digits.tick(|packet, timestamp| {
                        let payload = packet.event.to_bytes();
                        business.insert_event(packet.marker, timestamp, &payload, cx)
                    });
                }
                return;
            }
        };
        let mut arrived = None;
        if keys {
            self.digits.tick(|packet, timestamp| {
                let fields = local.key(packet.marker, timestamp);
                let payload = packet.event.to_bytes();
                if sets_out(self.id, local, Media::Event, &fields, &payload, cx) {
                    local.reached(&fields, Ok(Media::Event), cx.since_epoch());
                    business.forward(Media::Event, &fields, &payload, cx);
                    arrived = Some(fields);
                }
                fields.timestamp
            });
        }
        if let Some((fields, sound, tick)) = local.speak(self.digits.is_playing()) {
            let payload = sound.frame(tick);
            local.count_audio(payload);
            if sets_out(self.id, local, Media::Audio, &fields, payload, cx) {
                local.reached(&fields, Ok(Media::Audio), cx.since_epoch());
                business.forward(Media::Audio, &fields, payload, cx);
                arrived = Some(fields);
            }
        }
        if let Some(fields) = arrived {
            self.came(Side::User, &fields, cx);
        }
    }

    /// A packet of a side has come: a sign of life, and perhaps the first.
    fn came(&mut self, side: Side, fields: &Fields, cx: &Cx<'_>) {
        let flow = &mut self.flows[side.index()];
        if let Some(dog) = &mut flow.dog {
            dog.media(cx.since_epoch());
        }
        if !flow.heard {
            flow.heard = true;
            self.timeline.push(
                cx.now,
                Event::FirstPacket {
                    side,
                    ssrc: fields.ssrc,
                },
            );
            self.tell_steps(cx);
            cx.tell(MediaEvent::FirstAudio {
                bridge: self.id,
                side,
                at: cx.now,
            });
        }
    }

    /// An SRTP packet. Says whether it was authentic.
    pub fn on_rtp(&mut self, side: Side, buffer: &mut [u8], len: usize, cx: &mut Cx<'_>) -> bool {
        let Some(leg) = self.ends[side.index()].leg_mut() else {
            return false;
        };
        let Some(opened) = leg.open(buffer, len) else {
            return false;
        };
        if leg.loses_inbound(cx.since_epoch()) {
            return true;
        }
        let payload = buffer.get(opened.payload).unwrap_or_default();
        let way = Way::Relay {
            bridge: self.id,
            side,
            content: opened.content,
            fields: opened.fields,
        };
        if passes(&mut leg.paths, |p| &mut p.from_peer, way, payload, cx) {
            self.arrived(side, opened.content, &opened.fields, payload, cx);
        }
        true
    }

    /// An authentic packet of a side has reached the relay.
    pub fn arrived(
        &mut self,
        side: Side,
        content: Content,
        fields: &Fields,
        payload: &[u8],
        cx: &mut Cx<'_>,
    ) {
        match &mut self.ends[side.index()] {
            End::Local(local) => local.reached(fields, content, cx.since_epoch()),
            End::WebRtc(leg) => {
                let reception = &mut leg.reception;
                reception.last = Some(cx.now);
                let changed = reception.count(fields, content, cx.since_epoch());
                if self.gate.is_none() {
                    reception.early += 1;
                    reception.early_media += u64::from(content.is_ok());
                    return;
                }
                reception.accept(content);
                if content == Ok(Media::Audio) {
                    reception.count_audio(payload);
                }
                if content == Err(Nothing::UnknownPayloadType)
                    && reception.no_audio.unknown_payload_type == 1
                    && let Some(agreed) = leg.audio_type()
                {
                    let sent = fields.payload_type.0;
                    let event = Event::UnknownPayloadType { side, sent, agreed };
                    self.timeline.push(cx.now, event);
                    self.tell_steps(cx);
                }
                if let Some(from) = changed {
                    let to = fields.ssrc;
                    let event = Event::SsrcChanged { side, from, to };
                    self.timeline.push(cx.now, event);
                    self.flows[side.index()].collector.reset();
                    self.tell_steps(cx);
                }
                if content == Ok(Media::Event) {
                    self.key(side, fields, payload, cx);
                }
            }
        }
        let Ok(media) = content else {
            self.leave_out(side, fields, cx);
            return;
        };
        self.came(side, fields, cx);
        // While the user's own keys are played towards the business, its audio pauses (`media.md` §9). A simulated user's has
        // paused where it set out.
        let silent = side == Side::User
            && media == Media::Audio
            && matches!(self.ends[side.index()], End::WebRtc(_))
            && self.digits.is_playing();
        match &mut self.ends[side.other().index()] {
            End::WebRtc(far) if silent => far.skip(fields),
            End::WebRtc(far) => far.forward(media, fields, payload, cx),
            End::Local(local) => {
                let Some(stamp) = local.rewriter.renumber(media, fields, cx.ms()) else {
                    return;
                };
                let marker = fields.marker;
                let way = Way::Ear {
                    bridge: self.id,
                    media,
                    marker,
                    stamp,
                };
                if passes(&mut local.paths, |p| &mut p.to_peer, way, payload, cx) {
                    self.heard(media, marker, stamp, payload, cx);
                }
            }
        }
    }

    /// A packet that is no audio: a sign of life, and no hole in the far side's stream.
    fn leave_out(&mut self, side: Side, fields: &Fields, cx: &Cx<'_>) {
        if let Some(dog) = &mut self.flows[side.index()].dog {
            dog.sign(cx.since_epoch());
        }
        match &mut self.ends[side.other().index()] {
            End::WebRtc(far) => far.skip(fields),
            End::Local(local) => local.rewriter.skip(fields.ssrc.0, fields.sequence),
        }
    }

    /// A packet has reached the ear of a simulated user.
    pub fn heard(
        &mut self,
        media: Media,
        marker: bool,
        stamp: Stamp,
        payload: &[u8],
        cx: &mut Cx<'_>,
    ) {
        if let (Some(gate), End::Local(local)) = (self.gate, &mut self.ends[1]) {
            let after_accept = cx.now.saturating_duration_since(gate);
            local.hear(media, marker, stamp, payload, after_accept);
        }
    }

    fn key(&mut self, side: Side, fields: &Fields, payload: &[u8], cx: &Cx<'_>) {
        let Ok(event) = KeyEvent::parse(payload) else {
            return;
        };
        let arrival = Arrival {
            sequence: fields.sequence,
            marker: fields.marker,
            timestamp: fields.timestamp,
            event,
            at: cx.since_epoch(),
        };
        if let Some(digit) = self.flows[side.index()].collector.push(arrival) {
            cx.tell(MediaEvent::Digits {
                bridge: self.id,
                side,
                digit,
            });
        }
    }
}
