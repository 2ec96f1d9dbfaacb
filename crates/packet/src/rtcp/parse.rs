//! Reading compound packets.

use ahoy_types::Ssrc;

use super::{NtpTime, ReportBlock, RtcpError, SenderInfo};
use crate::bytes::{u32_at, u64_at};

const BLOCK_LEN: usize = 24;

/// One packet of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Packet<'a> {
    /// Sender report.
    SenderReport {
        /// The reporter.
        ssrc: Ssrc,
        /// Its own stream.
        info: SenderInfo,
        /// What it receives.
        blocks: ReportBlocks<'a>,
    },
    /// Receiver report.
    ReceiverReport {
        /// The reporter.
        ssrc: Ssrc,
        /// What it receives.
        blocks: ReportBlocks<'a>,
    },
    /// Source description.
    Sdes(Sdes<'a>),
    /// Goodbye.
    Bye(Bye<'a>),
    /// Application-defined, feedback (205, 206), extended reports and whatever else there is: stepped over.
    Other {
        /// Packet type, 192 to 223 behind [`crate::demux`].
        packet_type: u8,
        /// The five bits of count, subtype or feedback format.
        count: u8,
    },
}

/// An iterator over the packets of a compound. It ends after the first error, since nothing tells where a next packet
/// would begin; what came before stays valid.
#[derive(Debug, Clone)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

/// Begins to read a compound packet.
pub fn parse(packet: &[u8]) -> Compound<'_> {
    Compound { rest: packet }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Result<Packet<'a>, RtcpError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(match split(self.rest) {
            Ok((packet, rest)) => {
                self.rest = rest;
                Ok(packet)
            }
            Err(error) => {
                self.rest = &[];
                Err(error)
            }
        })
    }
}

fn split(bytes: &[u8]) -> Result<(Packet<'_>, &[u8]), RtcpError> {
    let [first, packet_type, l0, l1, after @ ..] = bytes else {
        return Err(RtcpError::Truncated);
    };
    if first >> 6 != 2 {
        return Err(RtcpError::Version(first >> 6));
    }
    let len = 4 * usize::from(u16::from_be_bytes([*l0, *l1]));
    let (mut body, rest) = after.split_at_checked(len).ok_or(RtcpError::Truncated)?;
    if first & 0x20 != 0 {
        let padding = body.last().map_or(0, |count| usize::from(*count));
        let end = body.len().checked_sub(padding);
        body = end
            .filter(|_| padding > 0 && padding % 4 == 0)
            .and_then(|end| body.get(..end))
            .ok_or(RtcpError::Padding)?;
    }
    let packet = view(*packet_type, first & 0x1f, body).ok_or(RtcpError::Truncated)?;
    Ok((packet, rest))
}

/// The packet with this body, or nothing if it is too short for what it must hold.
fn view(packet_type: u8, count: u8, body: &[u8]) -> Option<Packet<'_>> {
    let blocks = |at: usize| {
        let list = body.get(at..at + BLOCK_LEN * usize::from(count))?;
        Some(ReportBlocks { list })
    };
    Some(match packet_type {
        200 => Packet::SenderReport {
            ssrc: Ssrc(u32_at(body, 0)?),
            info: SenderInfo {
                ntp: NtpTime(u64_at(body, 4)?),
                rtp_timestamp: u32_at(body, 12)?,
                packets: u32_at(body, 16)?,
                octets: u32_at(body, 20)?,
            },
            blocks: blocks(24)?,
        },
        201 => Packet::ReceiverReport {
            ssrc: Ssrc(u32_at(body, 0)?),
            blocks: blocks(4)?,
        },
        202 => Packet::Sdes(Sdes {
            chunks: body,
            left: count,
        }),
        203 => Packet::Bye(Bye {
            list: body.get(..4 * usize::from(count))?,
            reason: body.get(4 * usize::from(count)..)?,
        }),
        _ => Packet::Other { packet_type, count },
    })
}

/// The report blocks of a sender or receiver report, an iterator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    list: &'a [u8],
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        let (block, rest) = self.list.split_at_checked(BLOCK_LEN)?;
        self.list = rest;
        let loss = u32_at(block, 4)?;
        Some(ReportBlock {
            ssrc: Ssrc(u32_at(block, 0)?),
            fraction_lost: (loss >> 24) as u8,
            // The lower 24 bits with their sign.
            cumulative_lost: (loss << 8) as i32 >> 8,
            highest_sequence: u32_at(block, 8)?,
            jitter: u32_at(block, 12)?,
            last_sender_report: u32_at(block, 16)?,
            delay_since_last: u32_at(block, 20)?,
        })
    }
}

/// One item of a source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// The source described.
    pub ssrc: Ssrc,
    /// Item type; 1 is CNAME (RFC 3550 §6.5).
    pub kind: u8,
    /// Its text, UTF-8 if the sender keeps to the RFC.
    pub text: &'a [u8],
}

/// A source description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sdes<'a> {
    chunks: &'a [u8],
    left: u8,
}

impl<'a> Sdes<'a> {
    /// The items of all chunks, up to the first malformed one.
    pub fn items(&self) -> impl Iterator<Item = SdesItem<'a>> {
        let (mut rest, mut left) = (self.chunks, self.left);
        let mut chunk: Option<(Ssrc, usize)> = None;
        std::iter::from_fn(move || {
            loop {
                let (ssrc, read) = match chunk {
                    Some(open) => open,
                    None => {
                        left = left.checked_sub(1)?;
                        (Ssrc(u32_at(rest, 0)?), 4)
                    }
                };
                let kind = *rest.get(read)?;
                if kind == 0 {
                    // A chunk ends with at least one zero and is padded to a word.
                    rest = rest.get((read + 1).next_multiple_of(4)..)?;
                    chunk = None;
                    continue;
                }
                let len = usize::from(*rest.get(read + 1)?);
                let text = rest.get(read + 2..read + 2 + len)?;
                chunk = Some((ssrc, read + 2 + len));
                return Some(SdesItem { ssrc, kind, text });
            }
        })
    }

    /// The canonical name of the first source that gives one.
    pub fn cname(&self) -> Option<&'a [u8]> {
        self.items()
            .find(|item| item.kind == 1)
            .map(|item| item.text)
    }
}

/// A goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bye<'a> {
    list: &'a [u8],
    reason: &'a [u8],
}

impl<'a> Bye<'a> {
    /// The sources that leave.
    pub fn sources(&self) -> impl Iterator<Item = Ssrc> + use<'a> {
        let list = self.list;
        list.chunks_exact(4)
            .filter_map(|four| u32_at(four, 0).map(Ssrc))
    }

    /// The reason, if one is given and sound.
    pub fn reason(&self) -> Option<&'a [u8]> {
        let (len, text) = self.reason.split_first()?;
        text.get(..usize::from(*len))
    }
}
