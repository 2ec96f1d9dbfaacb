//! Audio and keys from one end to the other, and what the relay itself has to say.

use ahoy_packet::dtmf::Event as KeyEvent;
use ahoy_packet::rtp::Fields;

use super::{Call, End};
use crate::cx::Cx;
use crate::leg::Media;
use crate::timeline::TimelineEvent as Event;
use crate::{MediaEvent, Side};

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
        if !self.digits.is_idle() && business.takes_events() {
            self.digits.tick(|packet, timestamp| {
                business.insert_event(packet.marker, timestamp, &packet.event.to_bytes(), cx)
            });
        }
        let End::Local(local) = user else { return };
        // Whoever is called says hello when there is somebody to hear it.
        if !business.is_ready() {
            return;
        }
        if let Some((fields, sound, tick)) = local.speak(self.digits.is_playing()) {
            business.forward(Media::Audio, &fields, sound.frame(tick), cx);
            self.first_audio(Side::User, &fields, cx);
        }
    }

    fn first_audio(&mut self, side: Side, fields: &Fields, cx: &Cx<'_>) {
        let flow = &mut self.flows[side.index()];
        if !flow.heard {
            flow.heard = true;
            self.timeline.push(
                cx.now,
                Event::FirstPacket {
                    side,
                    ssrc: fields.ssrc,
                },
            );
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
        let Some(opened) = leg.open(buffer, len, cx) else {
            return false;
        };
        let fields = opened.fields;
        let timed = opened.media != Some(Media::Event);
        let changed = leg.reception.count(&fields, timed, cx.since_epoch());
        let Some(gate) = self.gate else {
            leg.reception.early += 1;
            return true;
        };
        leg.reception.accepted += 1;
        if opened.media.is_none() {
            leg.reception.unknown_payload_type += 1;
        }
        if let Some(from) = changed {
            self.timeline.push(
                cx.now,
                Event::SsrcChanged {
                    side,
                    from,
                    to: fields.ssrc,
                },
            );
            self.flows[side.index()].collector.reset();
        }
        if let Some(dog) = &mut self.flows[side.index()].dog {
            dog.media(cx.since_epoch());
        }
        let Some(media) = opened.media else {
            return true;
        };
        self.first_audio(side, &fields, cx);
        let payload = buffer.get(opened.payload).unwrap_or_default();
        if media == Media::Event {
            self.key(side, fields.timestamp, payload, cx);
        }
        // While the user's own keys are played towards the business, its audio pauses (`media.md` §9).
        let silent = side == Side::User && media == Media::Audio && self.digits.is_playing();
        match &mut self.ends[side.other().index()] {
            End::WebRtc(far) if silent => far.skip(&fields),
            End::WebRtc(far) => far.forward(media, &fields, payload, cx),
            End::Local(local) => {
                let stamp = local.rewriter.forward(
                    fields.ssrc.0,
                    fields.sequence,
                    fields.timestamp,
                    cx.ms(),
                );
                match (stamp, media) {
                    (Some(stamp), Media::Audio) => {
                        let at_ms = cx.now.saturating_duration_since(gate).as_millis() as u64;
                        local.recorder.audio(stamp.seq, at_ms, payload);
                    }
                    (Some(stamp), Media::Event) => {
                        local.recorder.count(stamp.seq);
                    }
                    (None, _) => {}
                }
            }
        }
        true
    }

    fn key(&mut self, side: Side, timestamp: u32, payload: &[u8], cx: &Cx<'_>) {
        let Ok(event) = KeyEvent::parse(payload) else {
            return;
        };
        let Some(digit) = self.flows[side.index()].collector.push(timestamp, event) else {
            return;
        };
        if let End::Local(local) = &mut self.ends[side.other().index()] {
            local.recorder.digit(digit);
        }
        cx.tell(MediaEvent::Digits {
            bridge: self.id,
            side,
            digit,
        });
    }
}
