//! Registering a number with the platform and its two-step PIN (`errors.md` 1330xx).

use ahoy_types::{PhoneNumberId, RuleTime, TokenHash};
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::limits::Limits;
use crate::verification::SentCode;

/// Digits of a PIN.
pub const PIN_DIGITS: usize = 6;

/// Whether a number is registered with the platform, and what guards it. Numbers are born registered and verified,
/// without a PIN; the first registration sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registration {
    /// Whether it is.
    pub registered: bool,
    /// Whether the business has shown that the number is its own.
    pub verified: bool,
    /// Hash of the two-step PIN, in hexadecimal.
    pub pin: Option<String>,
    /// When it was registered or deregistered of late.
    pub changes: Vec<RuleTime>,
    /// When a wrong PIN was given of late.
    pub wrong_pins: Vec<RuleTime>,
    /// The code that was sent last, until it is given back.
    pub code: Option<SentCode>,
    /// When codes were asked for of late.
    pub code_requests: Vec<RuleTime>,
    /// Whether the number is used in the Business app too: its calls stay there.
    pub on_biz_app: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            registered: true,
            verified: true,
            pin: None,
            changes: Vec::new(),
            wrong_pins: Vec::new(),
            code: None,
            code_requests: Vec::new(),
            on_biz_app: false,
        }
    }
}

/// A PIN of six digits, hashed with the number it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// Reads a PIN.
    ///
    /// # Errors
    /// A sentence where it is not six digits.
    pub fn parse(number: PhoneNumberId, text: &str) -> Result<Self, Refusal> {
        if text.len() != PIN_DIGITS || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refusal::Invalid(format!(
                "pin: {PIN_DIGITS} digits are expected"
            )));
        }
        let hash = TokenHash::of(&format!("{number}:{text}"));
        Ok(Self(hash.0.iter().map(|b| format!("{b:02x}")).collect()))
    }
}

impl Registration {
    /// Whether the number is protected by a PIN.
    pub const fn pin_set(&self) -> bool {
        self.pin.is_some()
    }

    /// Registers the number; the first PIN is kept, later ones must be the same. A wrong guess is noted even though it
    /// is refused, so the state is to be stored either way.
    ///
    /// # Errors
    /// 133006, 133016, 133008 and 133005, in this order.
    pub fn register(&mut self, pin: &Pin, limits: &Limits, now: RuleTime) -> Result<(), Refusal> {
        if !self.verified {
            return Err(Refusal::NotVerified);
        }
        self.may_change(limits, now)?;
        self.wrong_pins
            .retain(|at| now.since(*at) < limits.pin_window);
        if self.wrong_pins.len() >= count(limits.pin_guesses) {
            return Err(Refusal::PinGuesses);
        }
        match &self.pin {
            Some(known) if *known != pin.0 => {
                self.wrong_pins.push(now);
                return Err(Refusal::PinMismatch);
            }
            Some(_) => {}
            None => self.pin = Some(pin.0.clone()),
        }
        self.wrong_pins.clear();
        self.registered = true;
        self.changes.push(now);
        Ok(())
    }

    /// Takes the number off the platform: it places and receives nothing until it is registered again. The PIN stays.
    ///
    /// # Errors
    /// 133010 where it is not registered, 133016.
    pub fn deregister(&mut self, limits: &Limits, now: RuleTime) -> Result<(), Refusal> {
        if !self.registered {
            return Err(Refusal::NotRegistered);
        }
        self.may_change(limits, now)?;
        self.registered = false;
        self.changes.push(now);
        Ok(())
    }

    /// Sets another PIN: whoever manages the number may.
    pub fn set_pin(&mut self, pin: Pin) {
        self.pin = Some(pin.0);
        self.wrong_pins.clear();
    }

    fn may_change(&mut self, limits: &Limits, now: RuleTime) -> Result<(), Refusal> {
        self.changes
            .retain(|at| now.since(*at) < limits.registration_window);
        if self.changes.len() >= count(limits.registrations) {
            return Err(Refusal::RegistrationLimit(limits.registrations));
        }
        Ok(())
    }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::limits::Profile;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);
    const NUMBER: PhoneNumberId = PhoneNumberId(710_000_000_000_001);

    fn pin(text: &str) -> Pin {
        Pin::parse(NUMBER, text).unwrap()
    }

    #[test]
    fn a_pin_is_six_digits() {
        for bad in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", " 12345"] {
            assert!(Pin::parse(NUMBER, bad).is_err(), "{bad}");
        }
        assert_ne!(pin("000000"), pin("000001"));
        assert_ne!(
            pin("000000"),
            Pin::parse(PhoneNumberId(2), "000000").unwrap()
        );
    }

    #[test]
    fn the_first_pin_is_kept_and_later_ones_must_match() {
        let limits = Limits::of(Profile::Production);
        let mut state = Registration::default();
        assert_eq!(state.register(&pin("123456"), &limits, NOW), Ok(()));
        assert_eq!(state.deregister(&limits, NOW), Ok(()));
        assert!(!state.registered);
        assert_eq!(state.deregister(&limits, NOW), Err(Refusal::NotRegistered));
        let wrong = state.register(&pin("654321"), &limits, NOW);
        assert_eq!(wrong, Err(Refusal::PinMismatch));
        assert!(!state.registered);
        assert_eq!(state.register(&pin("123456"), &limits, NOW), Ok(()));
        assert!(state.registered && state.wrong_pins.is_empty());
    }

    #[test]
    fn guesses_run_out_and_come_back() {
        let limits = Limits::of(Profile::Production);
        let mut state = Registration::default();
        state.set_pin(pin("123456"));
        for _ in 0..limits.pin_guesses {
            let wrong = state.register(&pin("000000"), &limits, NOW);
            assert_eq!(wrong, Err(Refusal::PinMismatch));
        }
        let right = pin("123456");
        assert_eq!(
            state.register(&right, &limits, NOW),
            Err(Refusal::PinGuesses)
        );
        let last = NOW + (limits.pin_window - Duration::from_millis(1));
        assert_eq!(
            state.register(&right, &limits, last),
            Err(Refusal::PinGuesses)
        );
        assert_eq!(
            state.register(&right, &limits, NOW + limits.pin_window),
            Ok(())
        );
    }

    #[test]
    fn changes_are_limited_in_a_sliding_window() {
        let limits = Limits::of(Profile::Production);
        let mut state = Registration::default();
        for _ in 0..limits.registrations {
            assert_eq!(state.register(&pin("123456"), &limits, NOW), Ok(()));
        }
        let refused = Err(Refusal::RegistrationLimit(limits.registrations));
        assert_eq!(state.register(&pin("123456"), &limits, NOW), refused);
        assert_eq!(state.deregister(&limits, NOW), refused);
        let later = NOW + limits.registration_window;
        assert_eq!(state.register(&pin("123456"), &limits, later), Ok(()));
        assert_eq!(state.changes, [later]);
    }

    #[test]
    fn an_unverified_number_cannot_be_registered() {
        let mut state = Registration {
            registered: false,
            verified: false,
            ..Default::default()
        };
        let limits = Limits::of(Profile::Production);
        assert_eq!(
            state.register(&pin("123456"), &limits, NOW),
            Err(Refusal::NotVerified)
        );
    }
}
