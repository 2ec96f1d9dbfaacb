//! RTP headers (RFC 3550 §5.1, extensions RFC 3550 §5.3.1): read, written, and replaced in place.

use std::ops::Range;

use ahoy_types::{PayloadType, Ssrc};

use crate::bytes::{u16_at, u32_at};

/// Bytes of a header without contributing sources and extension; all this relay ever emits.
pub const HEADER_LEN: usize = 12;

/// Why bytes are no RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RtpError {
    /// The packet ends inside its header.
    #[error("the RTP packet ends inside its header")]
    Truncated,
    /// The version field is not 2.
    #[error("RTP version {0} is not 2")]
    Version(u8),
    /// The padding count is zero or larger than the payload.
    #[error("the RTP padding is larger than the payload")]
    Padding,
    /// The buffer to write into is shorter than the header.
    #[error("the buffer is too small for an RTP header")]
    BufferTooSmall,
}

/// The header fields that end-points choose for each packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fields {
    /// Payload type, 7 bits.
    pub payload_type: PayloadType,
    /// Marker: first packet of a talk spurt or of a telephone event (`media.md` §8).
    pub marker: bool,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in ticks of the payload's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: Ssrc,
}

/// A parsed header. It holds offsets, no borrow, so that the packet can be changed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Payload type, marker, sequence number, timestamp and SSRC.
    pub fields: Fields,
    /// Where the payload begins: after contributing sources and header extension.
    pub payload_offset: usize,
    /// Number of contributing sources, 0 to 15.
    pub csrc_count: u8,
    /// Whether the last byte of the payload counts padding. In SRTP that byte is encrypted: ask after opening.
    pub padded: bool,
}

/// Reads a header; skips contributing sources and one header extension. Works on RTP and on SRTP,
/// whose header is in the clear.
///
/// # Errors
/// [`RtpError::Truncated`] or [`RtpError::Version`].
pub fn parse(packet: &[u8]) -> Result<Header, RtpError> {
    let fixed: &[u8; HEADER_LEN] = packet.first_chunk().ok_or(RtpError::Truncated)?;
    let [first, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
    if first >> 6 != 2 {
        return Err(RtpError::Version(first >> 6));
    }
    let csrc_count = first & 0x0f;
    let mut payload_offset = HEADER_LEN + 4 * usize::from(csrc_count);
    if first & 0x10 != 0 {
        let words = u16_at(packet, payload_offset + 2).ok_or(RtpError::Truncated)?;
        payload_offset += 4 + 4 * usize::from(words);
    }
    if payload_offset > packet.len() {
        return Err(RtpError::Truncated);
    }
    Ok(Header {
        fields: Fields {
            payload_type: PayloadType(second & 0x7f),
            marker: second & 0x80 != 0,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: Ssrc(u32::from_be_bytes([r0, r1, r2, r3])),
        },
        payload_offset,
        csrc_count,
        padded: first & 0x20 != 0,
    })
}

impl Header {
    /// Where the payload lies in the decrypted packet this header was read from, padding taken off.
    ///
    /// # Errors
    /// [`RtpError::Padding`] if the padding count makes no sense, [`RtpError::Truncated`] if `packet` is another, shorter one.
    pub fn payload_range(&self, packet: &[u8]) -> Result<Range<usize>, RtpError> {
        let payload = packet
            .get(self.payload_offset..)
            .ok_or(RtpError::Truncated)?;
        let padding = match (self.padded, payload.last()) {
            (false, _) => 0,
            (true, Some(&count)) if count > 0 && usize::from(count) <= payload.len() => {
                usize::from(count)
            }
            (true, _) => return Err(RtpError::Padding),
        };
        Ok(self.payload_offset..packet.len() - padding)
    }

    /// The payload of the decrypted packet this header was read from, padding taken off.
    ///
    /// # Errors
    /// As [`Header::payload_range`].
    pub fn payload<'a>(&self, packet: &'a [u8]) -> Result<&'a [u8], RtpError> {
        let range = self.payload_range(packet)?;
        packet.get(range).ok_or(RtpError::Truncated)
    }
}

/// Writes a 12-byte header at the start of `buf` and returns its length.
///
/// # Errors
/// [`RtpError::BufferTooSmall`].
pub fn write_header(buf: &mut [u8], fields: &Fields) -> Result<usize, RtpError> {
    let header: &mut [u8; HEADER_LEN] = buf.first_chunk_mut().ok_or(RtpError::BufferTooSmall)?;
    let [s0, s1] = fields.sequence.to_be_bytes();
    let [t0, t1, t2, t3] = fields.timestamp.to_be_bytes();
    let [r0, r1, r2, r3] = fields.ssrc.0.to_be_bytes();
    let second = fields.payload_type.0 & 0x7f | u8::from(fields.marker) << 7;
    *header = [0x80, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3];
    Ok(HEADER_LEN)
}

/// Gives a decrypted packet a new, bare header: contributing sources, extension and padding fall away and the payload
/// stays where it is. Returns where the new packet lies in `packet`; its start grows with what was dropped.
///
/// # Errors
/// As [`Header::payload_range`]; the packet is then unchanged.
pub fn rewrite_in_place(
    packet: &mut [u8],
    header: &Header,
    fields: &Fields,
) -> Result<Range<usize>, RtpError> {
    let payload = header.payload_range(packet)?;
    let start = payload
        .start
        .checked_sub(HEADER_LEN)
        .ok_or(RtpError::Truncated)?;
    write_header(packet.get_mut(start..).ok_or(RtpError::Truncated)?, fields)?;
    Ok(start..payload.end)
}

/// The contributing sources of a packet, in their order.
pub fn contributing_sources(packet: &[u8], header: &Header) -> impl Iterator<Item = Ssrc> {
    let list = packet
        .get(HEADER_LEN..HEADER_LEN + 4 * usize::from(header.csrc_count))
        .unwrap_or_default();
    list.chunks_exact(4)
        .filter_map(|four| u32_at(four, 0).map(Ssrc))
}

/// The 48-bit packet index nearest to `highest` whose low 16 bits are `sequence` (RFC 3711 §3.3.1).
/// There is no index before 0: in the first cycle a far larger number is taken as it stands.
pub(crate) fn nearest_index(highest: u64, sequence: u16) -> u64 {
    const CYCLE: u64 = 1 << 16;
    let same_cycle = highest & !(CYCLE - 1) | u64::from(sequence);
    if same_cycle + CYCLE / 2 < highest {
        same_cycle + CYCLE
    } else if same_cycle > highest + CYCLE / 2 {
        same_cycle.checked_sub(CYCLE).unwrap_or(same_cycle)
    } else {
        same_cycle
    }
}

/// Extends 16-bit sequence numbers over their roll-overs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SequenceExtender {
    highest: Option<u64>,
}

impl SequenceExtender {
    /// The extended number of `sequence`: the one nearest to the highest seen. Late packets do not lower the highest.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let index = self.peek(sequence);
        self.highest = Some(self.highest.map_or(index, |highest| highest.max(index)));
        index
    }

    /// As [`SequenceExtender::extend`], changing nothing.
    pub fn peek(&self, sequence: u16) -> u64 {
        self.highest.map_or(u64::from(sequence), |highest| {
            nearest_index(highest, sequence)
        })
    }

    /// The highest extended number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const FIELDS: Fields = Fields {
        payload_type: PayloadType(111),
        marker: true,
        sequence: 0xfffe,
        timestamp: 0x0102_0304,
        ssrc: Ssrc(0xdead_beef),
    };

    /// Two contributing sources, an extension of one word, a payload of five bytes, padding of three.
    fn rich() -> Vec<u8> {
        let mut packet = vec![0; HEADER_LEN];
        write_header(&mut packet, &FIELDS).unwrap();
        packet[0] = 0x80 | 0x20 | 0x10 | 2;
        packet.extend([0, 0, 0, 1, 0, 0, 0, 2]);
        packet.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
        packet.extend(*b"hello");
        packet.extend([0, 0, 3]);
        packet
    }

    #[test]
    fn a_written_header_reads_back() {
        let mut packet = [0; 14];
        assert_eq!(write_header(&mut packet, &FIELDS), Ok(12));
        let header = parse(&packet).unwrap();
        assert_eq!(header.fields, FIELDS);
        assert_eq!(header.payload_range(&packet), Ok(12..14));
        assert_eq!(
            write_header(&mut packet[..11], &FIELDS),
            Err(RtpError::BufferTooSmall)
        );
    }

    #[test]
    fn sources_extension_and_padding_are_stepped_over() {
        let packet = rich();
        let header = parse(&packet).unwrap();
        assert_eq!(header.fields, FIELDS);
        assert_eq!(header.payload(&packet), Ok(&b"hello"[..]));
        let sources: Vec<_> = contributing_sources(&packet, &header).collect();
        assert_eq!(sources, [Ssrc(1), Ssrc(2)]);
    }

    #[test]
    fn a_rewritten_packet_is_bare_and_keeps_its_payload() {
        let mut packet = rich();
        let header = parse(&packet).unwrap();
        let fields = Fields {
            payload_type: PayloadType(96),
            marker: false,
            sequence: 7,
            timestamp: 8,
            ssrc: Ssrc(9),
        };
        let range = rewrite_in_place(&mut packet, &header, &fields).unwrap();
        let bare = &packet[range];
        assert_eq!(bare.len(), HEADER_LEN + 5);
        let header = parse(bare).unwrap();
        assert_eq!(header.fields, fields);
        assert_eq!((header.csrc_count, header.padded), (0, false));
        assert_eq!(header.payload(bare), Ok(&b"hello"[..]));
    }

    #[test]
    fn every_cut_inside_the_header_is_refused() {
        let packet = rich();
        for cut in 0..28 {
            assert_eq!(parse(&packet[..cut]), Err(RtpError::Truncated), "{cut}");
        }
        assert!(parse(&packet[..28]).is_ok());
    }

    #[test]
    fn wrong_versions_and_senseless_padding_are_refused() {
        let mut packet = rich();
        packet[0] &= 0x3f;
        assert_eq!(parse(&packet), Err(RtpError::Version(0)));
        for count in [0, 9, 255] {
            let mut packet = rich();
            *packet.last_mut().unwrap() = count;
            let header = parse(&packet).unwrap();
            let before = packet.clone();
            assert_eq!(header.payload(&packet), Err(RtpError::Padding), "{count}");
            assert_eq!(
                rewrite_in_place(&mut packet, &header, &FIELDS),
                Err(RtpError::Padding)
            );
            assert_eq!(packet, before);
        }
    }

    #[test]
    fn numbers_extend_over_the_wrap_and_late_ones_stay_behind() {
        let mut extender = SequenceExtender::default();
        assert_eq!(extender.extend(65_534), 65_534);
        assert_eq!(extender.extend(1), 65_537);
        assert_eq!(extender.extend(65_535), 65_535);
        assert_eq!(extender.highest(), Some(65_537));
        assert_eq!(extender.extend(2), 65_538);
    }

    #[test]
    fn nothing_comes_before_the_first_cycle() {
        let mut extender = SequenceExtender::default();
        assert_eq!(extender.extend(3), 3);
        assert_eq!(extender.extend(65_535), 65_535);
    }

    proptest! {
        #[test]
        fn a_step_of_less_than_half_a_cycle_is_followed(start in 0u64..1 << 40, step in -32_767i64..32_768) {
            let next = start.saturating_add_signed(step);
            prop_assume!(start > 65_536);
            prop_assert_eq!(nearest_index(start, next as u16), next);
        }

        #[test]
        fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            if let Ok(header) = parse(&bytes) {
                let payload = header.payload(&bytes).map(<[u8]>::to_vec);
                let rewritten = rewrite_in_place(&mut bytes, &header, &FIELDS);
                if let (Ok(payload), Ok(range)) = (payload, rewritten) {
                    prop_assert_eq!(&bytes[range.start + HEADER_LEN..range.end], &payload[..]);
                }
            }
        }
    }
}
