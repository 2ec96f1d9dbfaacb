//! Reception statistics of one source (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8).

use std::time::Duration;

use ahoy_types::Ssrc;

use super::{NtpTime, ReportBlock};

/// A jump forward of this many numbers or more is a restart unless the next packet agrees with the old course (A.1).
const MAX_DROPOUT: u16 = 3_000;
/// A packet this many numbers behind is late, not a restart (A.1).
const MAX_MISORDER: u16 = 100;

/// Counts of one source. All instants are durations since one origin of the caller's choice, the same for every call.
#[derive(Debug, Clone)]
pub struct ReceiverStats {
    ssrc: Ssrc,
    clock_rate: u32,
    sequence: Option<Sequence>,
    /// Arrival minus timestamp of the last timed packet, in ticks, wrapping.
    transit: Option<u32>,
    /// Jitter in 1/16 ticks, as A.8 keeps it.
    jitter: u32,
    sender_report: Option<(u32, Duration)>,
}

#[derive(Debug, Clone, Copy)]
struct Sequence {
    base: u32,
    /// Highest number so far with its cycles.
    highest: u32,
    received: u64,
    /// The number that would confirm a restart.
    restart: Option<u16>,
    expected_before: u64,
    received_before: u64,
}

impl Sequence {
    fn start(sequence: u16) -> Self {
        Self {
            base: sequence.into(),
            highest: sequence.into(),
            received: 1,
            restart: None,
            expected_before: 0,
            received_before: 0,
        }
    }

    fn expected(&self) -> u64 {
        u64::from(self.highest.wrapping_sub(self.base)) + 1
    }

    fn lost(&self) -> i64 {
        self.expected() as i64 - self.received as i64
    }

    fn update(&mut self, sequence: u16) {
        let step = sequence.wrapping_sub(self.highest as u16);
        if step < MAX_DROPOUT {
            self.highest = self.highest.wrapping_add(u32::from(step));
        } else if step <= u16::MAX - MAX_MISORDER + 1 {
            // A very large jump: two packets in a row make it the new course, one alone is not counted.
            if self.restart == Some(sequence) {
                *self = Self::start(sequence);
            } else {
                self.restart = Some(sequence.wrapping_add(1));
            }
            return;
        }
        self.restart = None;
        self.received += 1;
    }
}

impl ReceiverStats {
    /// Counts for a source whose RTP clock runs at `clock_rate` Hz.
    pub fn new(ssrc: Ssrc, clock_rate: u32) -> Self {
        Self {
            ssrc,
            clock_rate,
            sequence: None,
            transit: None,
            jitter: 0,
            sender_report: None,
        }
    }

    /// The source counted.
    pub fn ssrc(&self) -> Ssrc {
        self.ssrc
    }

    /// Counts an audio packet that arrived at `arrival`.
    pub fn received(&mut self, sequence: u16, timestamp: u32, arrival: Duration) {
        self.received_untimed(sequence);
        let ticks = (arrival.as_nanos() * u128::from(self.clock_rate) / 1_000_000_000) as u32;
        let transit = ticks.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let difference = (transit.wrapping_sub(before) as i32).unsigned_abs();
            // A leap of more than a second is a new time base, not jitter.
            if difference < self.clock_rate {
                let decay = self.jitter.saturating_add(8) >> 4;
                self.jitter = self.jitter.saturating_add(difference) - decay;
            }
        }
    }

    /// Counts a packet whose timestamp says nothing of when it was sent, such as a telephone event.
    pub fn received_untimed(&mut self, sequence: u16) {
        match &mut self.sequence {
            Some(counts) => counts.update(sequence),
            none => *none = Some(Sequence::start(sequence)),
        }
    }

    /// Notes a sender report of this source that arrived at `arrival`.
    pub fn sender_report(&mut self, ntp: NtpTime, arrival: Duration) {
        self.sender_report = Some((ntp.middle(), arrival));
    }

    /// Packets counted.
    pub fn packets(&self) -> u64 {
        self.sequence.map_or(0, |counts| counts.received)
    }

    /// Packets missing so far; duplicates and late packets count as received, so it can be negative.
    pub fn lost(&self) -> i64 {
        self.sequence.map_or(0, |counts| counts.lost())
    }

    /// Interarrival jitter in ticks of the RTP clock.
    pub fn jitter(&self) -> u32 {
        self.jitter >> 4
    }

    /// Interarrival jitter as time.
    pub fn jitter_time(&self) -> Duration {
        let nanos = u64::from(self.jitter) * 1_000_000_000 / 16;
        Duration::from_nanos(nanos.checked_div(self.clock_rate.into()).unwrap_or(0))
    }

    /// The block for a report that leaves at `now`; begins a new interval for the fraction lost. None before the first packet.
    pub fn report(&mut self, now: Duration) -> Option<ReportBlock> {
        let jitter = self.jitter();
        let counts = self.sequence.as_mut()?;
        let expected = counts.expected();
        let expected_now = expected.saturating_sub(counts.expected_before);
        let received_now = counts.received - counts.received_before;
        counts.expected_before = expected;
        counts.received_before = counts.received;
        let lost_now = expected_now.saturating_sub(received_now);
        let fraction = (lost_now << 8).checked_div(expected_now).unwrap_or(0);
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |(middle, arrival)| {
            let delay = NtpTime::from_duration(now.saturating_sub(arrival));
            (middle, delay.middle())
        });
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            cumulative_lost: counts.lost().clamp(-0x80_0000, 0x7f_ffff) as i32,
            highest_sequence: counts.highest,
            jitter,
            last_sender_report,
            delay_since_last: delay,
        })
    }
}

/// The round-trip time that a report block about our own stream tells, received at `now` on the clock of our sender
/// reports (RFC 3550 §6.4.1). None if the peer had no report of ours, or if the figures contradict each other.
pub fn round_trip(block: &ReportBlock, now: NtpTime) -> Option<Duration> {
    if block.last_sender_report == 0 {
        return None;
    }
    let round = now
        .middle()
        .wrapping_sub(block.last_sender_report)
        .wrapping_sub(block.delay_since_last);
    // Beyond half the range the peer claims to have held the report longer than it was away.
    (round < 1 << 31).then(|| Duration::from_nanos((u64::from(round) * 1_000_000_000) >> 16))
}
