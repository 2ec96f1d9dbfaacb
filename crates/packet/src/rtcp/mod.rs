//! RTCP (RFC 3550 §6): compound packets read as borrowed views, reports written, and the statistics behind them.
//!
//! Reduced-size packets (RFC 5506) are read too: a compound may begin with any kind.

mod parse;
mod stats;
#[cfg(test)]
mod tests;
mod write;

use std::time::Duration;

use ahoy_types::Ssrc;

pub use parse::{Bye, Compound, Packet, ReportBlocks, Sdes, SdesItem, parse};
pub use stats::{ReceiverStats, round_trip};
pub use write::{Report, write_report};

/// Why bytes are no RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtcpError {
    /// A packet is longer than what is left of the datagram, or than its own fields need.
    #[error("the RTCP packet ends too early")]
    Truncated,
    /// The version field is not 2.
    #[error("RTCP version {0} is not 2")]
    Version(u8),
    /// The padding count is zero, odd, or larger than the packet.
    #[error("the RTCP padding does not fit the packet")]
    Padding,
    /// The buffer to write into is too small, or there are more than 31 report blocks or 255 bytes of CNAME.
    #[error("the report does not fit")]
    DoesNotFit,
}

/// A 64-bit NTP timestamp: seconds and their fractions (RFC 3550 §4). Its origin is the sender's choice; only
/// differences matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The time `since_origin`, seconds wrapping after 136 years.
    pub fn from_duration(since_origin: Duration) -> Self {
        let fraction = (u64::from(since_origin.subsec_nanos()) << 32) / 1_000_000_000;
        Self(since_origin.as_secs() << 32 | fraction)
    }
    /// The middle 32 bits, in units of 1/65536 s: what LSR and DLSR use.
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// The part of a sender report that speaks of its own stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report left.
    pub ntp: NtpTime,
    /// The same instant on the stream's RTP clock.
    pub rtp_timestamp: u32,
    /// RTP packets sent so far, wrapping.
    pub packets: u32,
    /// Payload bytes sent so far, wrapping.
    pub octets: u32,
}

/// What a receiver says of one source (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source reported on.
    pub ssrc: Ssrc,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost in all, 24 bits signed: duplicates can make it negative.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with its cycles above.
    pub highest_sequence: u32,
    /// Interarrival jitter in ticks of the RTP clock.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 for none.
    pub last_sender_report: u32,
    /// Delay since that report, in 1/65536 s; 0 for none.
    pub delay_since_last: u32,
}
