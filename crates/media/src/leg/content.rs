//! What an authentic packet carries: audio, a key, or nothing that anybody should hear (`docs/media.md`).

use ahoy_packet::dtmf::{Event, EventError, Misplaced};
use ahoy_packet::rtp::Fields;
use ahoy_packet::{opus, red};
use ahoy_types::PayloadType;
use serde::Serialize;

use crate::RemoteLeg;

/// Comfort noise by its static number (RFC 3389 §4).
const COMFORT_NOISE: PayloadType = PayloadType(13);

/// What of the audio stream a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Audio,
    Event,
}

/// Why a packet carries none of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nothing {
    Empty,
    ComfortNoise,
    Redundancy,
    MisplacedKey,
    UnknownPayloadType,
    Malformed,
}

/// Either.
pub(crate) type Content = Result<Media, Nothing>;

/// Authentic packets after accept that are no audio and no key. They are a sign of life within a call, but no beginning of it; they
/// go nowhere, and the other side sees no hole where they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct NoAudio {
    /// Without a payload, or with padding alone.
    pub empty: u64,
    /// Comfort noise (RFC 3389).
    pub comfort_noise: u64,
    /// Redundant audio (RFC 2198), which no call agrees on.
    pub redundancy: u64,
    /// Telephone events under the audio's payload type.
    pub misplaced_keys: u64,
    /// Under a payload type nobody agreed on.
    pub unknown_payload_type: u64,
    /// Padding, Opus framing, event or redundancy that breaks the rules of its RFC.
    pub malformed: u64,
}

impl NoAudio {
    pub(crate) fn count(&mut self, what: Nothing) {
        let counter = match what {
            Nothing::Empty => &mut self.empty,
            Nothing::ComfortNoise => &mut self.comfort_noise,
            Nothing::Redundancy => &mut self.redundancy,
            Nothing::MisplacedKey => &mut self.misplaced_keys,
            Nothing::UnknownPayloadType => &mut self.unknown_payload_type,
            Nothing::Malformed => &mut self.malformed,
        };
        *counter += 1;
    }
}

/// What a packet of the peer carries. `misplaced` remembers its keys under the audio's number.
pub(crate) fn content(
    remote: &RemoteLeg,
    fields: &Fields,
    payload: &[u8],
    misplaced: &mut Misplaced,
) -> Content {
    if payload.is_empty() {
        return Err(Nothing::Empty);
    }
    let number = fields.payload_type;
    if number == remote.opus {
        if misplaced.is_event(fields.timestamp, payload) {
            return Err(Nothing::MisplacedKey);
        }
        return match opus::is_well_formed(payload) {
            true => Ok(Media::Audio),
            false => Err(Nothing::Malformed),
        };
    }
    if Some(number) == remote.telephone_event {
        // An event that is no key, such as a hook flash, goes to the far side like one.
        return match Event::parse(payload) {
            Ok(_) | Err(EventError::NotADigit(_)) => Ok(Media::Event),
            Err(EventError::Truncated) => Err(Nothing::Malformed),
        };
    }
    if number == COMFORT_NOISE || remote.said.comfort_noise.contains(&number) {
        return Err(Nothing::ComfortNoise);
    }
    if remote.said.redundancy.contains(&number) {
        return Err(match red::blocks(payload) {
            Ok(_) => Nothing::Redundancy,
            Err(_) => Nothing::Malformed,
        });
    }
    Err(Nothing::UnknownPayloadType)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DtlsRole, Said};
    use ahoy_types::{Fingerprint, Ssrc};

    #[test]
    fn each_packet_is_what_its_number_and_its_bytes_say() {
        let remote = RemoteLeg {
            ufrag: None,
            fingerprint: Fingerprint([0; 32]),
            dtls: DtlsRole::Server,
            opus: PayloadType(111),
            telephone_event: Some(PayloadType(126)),
            said: Said {
                comfort_noise: vec![PayloadType(106)],
                redundancy: vec![PayloadType(63)],
                ..Said::default()
            },
        };
        let mut misplaced = Misplaced::default();
        for (number, payload, wanted) in [
            (111, &[0x48, 1, 2][..], Ok(Media::Audio)),
            (111, &[0x48], Ok(Media::Audio)),
            (111, &[], Err(Nothing::Empty)),
            (111, &[0x4b, 0], Err(Nothing::Malformed)),
            (111, &[5, 10, 0, 160], Err(Nothing::MisplacedKey)),
            (126, &[5, 10, 0, 160], Ok(Media::Event)),
            (126, &[16, 10, 0, 160], Ok(Media::Event)),
            (126, &[5, 10], Err(Nothing::Malformed)),
            (126, &[], Err(Nothing::Empty)),
            (13, &[60], Err(Nothing::ComfortNoise)),
            (106, &[60, 1], Err(Nothing::ComfortNoise)),
            (63, &[111, 1, 2], Err(Nothing::Redundancy)),
            (63, &[0x80 | 111, 0, 0, 9, 111], Err(Nothing::Malformed)),
            (0, &[0xff; 160], Err(Nothing::UnknownPayloadType)),
        ] {
            let fields = Fields {
                payload_type: PayloadType(number),
                marker: false,
                sequence: 1,
                timestamp: 0,
                ssrc: Ssrc(1),
            };
            let came = content(&remote, &fields, payload, &mut misplaced);
            assert_eq!(came, wanted, "{number} {payload:?}");
        }
    }
}
