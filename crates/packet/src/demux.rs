//! One port carries STUN, DTLS, SRTP and SRTCP; the first two bytes tell them apart (RFC 7983 §7, RFC 5761 §4).

/// What a datagram claims to be. Nothing is verified but the leading bytes and the least length of that protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A STUN message (first byte 0 to 3).
    Stun,
    /// A DTLS record (first byte 20 to 63).
    Dtls,
    /// An RTP or SRTP packet (first byte 128 to 191).
    Rtp,
    /// An RTCP or SRTCP packet: as RTP, with a packet type of 192 to 223 in the second byte.
    Rtcp,
    /// Anything else, TURN channels and ZRTP among it.
    Unknown,
}

/// Sorts a datagram by its leading bytes.
pub fn classify(packet: &[u8]) -> Kind {
    let (Some(&first), Some(&second)) = (packet.first(), packet.get(1)) else {
        return Kind::Unknown;
    };
    match (first, packet.len()) {
        (0..=3, 20..) => Kind::Stun,
        (20..=63, 13..) => Kind::Dtls,
        (128..=191, 8..) if (192..=223).contains(&second) => Kind::Rtcp,
        (128..=191, 12..) => Kind::Rtp,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(first: u8, second: u8, len: usize) -> Kind {
        let mut packet = vec![0; len];
        packet[..2].copy_from_slice(&[first, second]);
        classify(&packet)
    }

    #[test]
    fn the_first_byte_names_the_protocol() {
        for (first, expected) in [
            (0, Kind::Stun),
            (3, Kind::Stun),
            (4, Kind::Unknown),
            (16, Kind::Unknown),
            (19, Kind::Unknown),
            (20, Kind::Dtls),
            (63, Kind::Dtls),
            (64, Kind::Unknown),
            (79, Kind::Unknown),
            (127, Kind::Unknown),
            (128, Kind::Rtp),
            (191, Kind::Rtp),
            (192, Kind::Unknown),
            (255, Kind::Unknown),
        ] {
            assert_eq!(kind(first, 111, 20), expected, "{first}");
        }
    }

    #[test]
    fn the_packet_type_separates_rtcp_from_rtp_with_and_without_marker() {
        for (second, expected) in [
            (111, Kind::Rtp),
            (111 | 0x80, Kind::Rtp),
            (126 | 0x80, Kind::Rtp),
            (191, Kind::Rtp),
            (192, Kind::Rtcp),
            (200, Kind::Rtcp),
            (206, Kind::Rtcp),
            (223, Kind::Rtcp),
            (224, Kind::Rtp),
        ] {
            assert_eq!(kind(0x80, second, 20), expected, "{second}");
        }
    }

    #[test]
    fn what_is_shorter_than_its_header_is_unknown() {
        assert_eq!(classify(&[]), Kind::Unknown);
        assert_eq!(classify(&[0]), Kind::Unknown);
        assert_eq!(kind(0, 1, 19), Kind::Unknown);
        assert_eq!(kind(22, 254, 12), Kind::Unknown);
        assert_eq!(kind(0x80, 111, 11), Kind::Unknown);
        assert_eq!(kind(0x80, 201, 7), Kind::Unknown);
        assert_eq!(kind(0x80, 201, 8), Kind::Rtcp);
    }
}
