//! Telephone events for keypad digits (RFC 4733), with the platform's habit of carrying them on the audio stream's
//! timestamps while their durations count 8000 Hz (`media.md` §9).

mod collector;
mod digit;
mod misplaced;
mod schedule;

pub use collector::{Arrival, Collector};
pub use digit::{Digit, DigitError};
pub use misplaced::Misplaced;
pub use schedule::{EventPacket, Schedule};

/// Clock of the duration field in Hz, whatever the audio's clock.
pub const CLOCK_RATE: u32 = 8_000;

/// Volume of the digits we send, in −dBm0.
pub const VOLUME: u8 = 10;

/// A telephone event, 4 bytes of payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The key.
    pub digit: Digit,
    /// Whether the key has been released.
    pub end: bool,
    /// Power level in −dBm0, 0 (loudest) to 63.
    pub volume: u8,
    /// How long the key has been down, in 1/8000 s.
    pub duration: u16,
}

/// Why a payload is no digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Less than four bytes.
    #[error("a telephone event has four bytes")]
    Truncated,
    /// An event that is no key, such as 16 (flash).
    #[error("telephone event {0} is no digit")]
    NotADigit(u8),
}

impl Event {
    /// Bytes of an event.
    pub const LEN: usize = 4;

    /// Reads an event; only the first of a payload that holds several (RFC 4733 §2.5.1.5 allows that for redundancy).
    ///
    /// # Errors
    /// [`EventError`].
    pub fn parse(payload: &[u8]) -> Result<Self, EventError> {
        let [code, flags, d0, d1] = *payload
            .first_chunk::<{ Self::LEN }>()
            .ok_or(EventError::Truncated)?;
        Ok(Self {
            digit: Digit::from_code(code).ok_or(EventError::NotADigit(code))?,
            end: flags & 0x80 != 0,
            volume: flags & 0x3f,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// The payload; the volume is capped at 63.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let [d0, d1] = self.duration.to_be_bytes();
        let flags = u8::from(self.end) << 7 | self.volume.min(63);
        [self.digit.code(), flags, d0, d1]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bits_stand_where_the_rfc_puts_them() {
        let event = Event {
            digit: "#".parse().unwrap(),
            end: true,
            volume: 10,
            duration: 1_280,
        };
        assert_eq!(event.to_bytes(), [11, 0x8a, 0x05, 0x00]);
        assert_eq!(Event::parse(&[11, 0x8a, 0x05, 0x00]), Ok(event));
        // The reserved bit is ignored.
        assert_eq!(Event::parse(&[11, 0xca, 0x05, 0x00]), Ok(event));
        assert_eq!(Event::parse(&[16, 0, 0, 0]), Err(EventError::NotADigit(16)));
        assert_eq!(Event::parse(&[1, 0, 0]), Err(EventError::Truncated));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic_and_sound_ones_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..8)) {
            if let Ok(event) = Event::parse(&bytes) {
                prop_assert_eq!(Event::parse(&event.to_bytes()), Ok(event));
            }
        }
    }
}
