//! The user's end when there is no phone: a simulated user that plays a sound and keeps what it hears.

use std::sync::Arc;
use std::time::Duration;

use ahoy_audio::EncodedSound;
use ahoy_packet::dtmf::{Arrival, Collector, Event as KeyEvent};
use ahoy_packet::rtp::Fields;
use ahoy_types::{PayloadType, Ssrc};

use crate::LegNetwork;
use crate::leg::{Content, Media};
use crate::network::LegPaths;
use crate::plan::{LegPlan, LocalUser};
use crate::reception::{Reception, is_empty_sound};
use crate::recording::Recorder;
use crate::rewrite::{Rewriter, Stamp};

/// Ticks of Opus's RTP clock in one frame.
const FRAME_TICKS: u32 = 960;

pub(crate) struct LocalEnd {
    sound: Arc<EncodedSound>,
    ssrc: Ssrc,
    tick: u64,
    sequence: u16,
    /// Numbers what it hears, so that a change of the sender's SSRC is no loss.
    pub rewriter: Rewriter,
    /// The network in between, where one is emulated.
    pub paths: Option<Box<LegPaths>>,
    pub recorder: Recorder,
    collector: Collector,
    pub sent: u64,
    /// What of its packets reached the relay.
    pub reception: Reception,
    /// Audio among it, and how much of that is too small to hold sound.
    pub audio: (u64, u64),
}

impl LocalEnd {
    pub fn new(plan: &LegPlan, user: LocalUser, network: Option<&LegNetwork>) -> Self {
        Self {
            sound: user.sound,
            ssrc: plan.ssrc,
            tick: 0,
            sequence: 0,
            rewriter: Rewriter::new(0x1000, 0),
            paths: LegPaths::new(network),
            recorder: Recorder::new(),
            collector: Collector::default(),
            sent: 0,
            reception: Reception::default(),
            audio: (0, 0),
        }
    }

    /// The next 20 ms of the sound with its header. `None` while a key is held, when the microphone's time goes on in silence.
    pub fn speak(&mut self, silent: bool) -> Option<(Fields, Arc<EncodedSound>, u64)> {
        let tick = self.tick;
        let timestamp = self.timestamp();
        self.tick += 1;
        if silent {
            return None;
        }
        let fields = self.fields(self.sent == 0, timestamp);
        Some((fields, Arc::clone(&self.sound), tick))
    }

    /// Counts a packet of its sound.
    pub fn count_audio(&mut self, payload: &[u8]) {
        self.audio.0 += 1;
        self.audio.1 += u64::from(is_empty_sound(payload));
    }

    /// The header of a key's packet; the first one of a key takes the time of the microphone, the others repeat it.
    pub fn key(&mut self, marker: bool, timestamp: Option<u32>) -> Fields {
        let timestamp = timestamp.unwrap_or_else(|| self.timestamp());
        self.fields(marker, timestamp)
    }

    fn timestamp(&self) -> u32 {
        (self.tick as u32).wrapping_mul(FRAME_TICKS)
    }

    fn fields(&mut self, marker: bool, timestamp: u32) -> Fields {
        let fields = Fields {
            payload_type: PayloadType(0),
            marker,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        fields
    }

    /// A packet of it has reached the relay, which is after accept.
    pub fn reached(&mut self, fields: &Fields, content: Content, since_epoch: Duration) {
        self.reception.count(fields, content, since_epoch);
        self.reception.accept(content);
    }

    /// A packet has come, this long after accept.
    pub fn hear(
        &mut self,
        media: Media,
        marker: bool,
        stamp: Stamp,
        payload: &[u8],
        after_accept: Duration,
    ) {
        match media {
            Media::Audio => self.recorder.audio(stamp, after_accept, payload),
            Media::Event => {
                self.recorder.key(stamp, after_accept);
                let event = KeyEvent::parse(payload).ok();
                let digit = event.and_then(|event| {
                    self.collector.push(Arrival {
                        sequence: stamp.seq,
                        marker,
                        timestamp: stamp.timestamp,
                        event,
                        at: after_accept,
                    })
                });
                if let Some(digit) = digit {
                    self.recorder.digit(digit);
                }
            }
        }
    }
}
