//! The user's end when there is no phone: a simulated user that plays a sound and keeps what it hears.

use std::sync::Arc;

use ahoy_audio::EncodedSound;
use ahoy_packet::rtp::Fields;
use ahoy_types::{PayloadType, Ssrc};

use crate::plan::{LegPlan, LocalUser};
use crate::recording::Recorder;
use crate::rewrite::Rewriter;

/// Ticks of Opus's RTP clock in one frame.
const FRAME_TICKS: u32 = 960;

pub(crate) struct LocalEnd {
    sound: Arc<EncodedSound>,
    ssrc: Ssrc,
    tick: u64,
    sequence: u16,
    /// Numbers what it hears, so that a change of the sender's SSRC is no loss.
    pub rewriter: Rewriter,
    pub recorder: Recorder,
    pub sent: u64,
}

impl LocalEnd {
    pub fn new(plan: &LegPlan, user: LocalUser) -> Self {
        Self {
            sound: user.sound,
            ssrc: plan.ssrc,
            tick: 0,
            sequence: 0,
            rewriter: Rewriter::new(0x1000, 0),
            recorder: Recorder::new(),
            sent: 0,
        }
    }

    /// The next 20 ms of the sound with its header. `None` while a key is held, when the microphone's time goes on in silence.
    pub fn speak(&mut self, silent: bool) -> Option<(Fields, Arc<EncodedSound>, u64)> {
        let tick = self.tick;
        self.tick += 1;
        if silent {
            return None;
        }
        let fields = Fields {
            payload_type: PayloadType(0),
            marker: self.sent == 0,
            sequence: self.sequence,
            timestamp: (tick as u32).wrapping_mul(FRAME_TICKS),
            ssrc: self.ssrc,
        };
        self.sequence = self.sequence.wrapping_add(1);
        self.sent += 1;
        Some((fields, Arc::clone(&self.sound), tick))
    }
}
