//! Showing that a number is the business's own: a code is sent to it and given back (`graph-api.md` §7).

use std::time::Duration;

use ahoy_types::RuleTime;
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::limits::Limits;
use crate::registration::Registration;

/// Digits of a code.
pub const CODE_DIGITS: usize = 6;
/// How long a code holds (`graph-api.md` §7: some ten minutes).
pub const CODE_HOLDS: Duration = Duration::from_secs(600);
/// Wrong codes after which the one that was sent holds no more (inferred).
pub const CODE_GUESSES: u32 = 5;
/// Characters of `language` at most.
pub const LANGUAGE_CHARS: usize = 16;

/// How a code is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CodeMethod {
    /// In a text message.
    Sms,
    /// Read out in a call.
    Voice,
}

impl CodeMethod {
    /// The method of this word, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_uppercase().as_str() {
            "SMS" => Some(Self::Sms),
            "VOICE" => Some(Self::Voice),
            _ => None,
        }
    }
}

/// A code on its way. Nothing is sent: the sandbox shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// Its digits.
    pub code: String,
    /// How it was asked for.
    pub method: CodeMethod,
    /// In which language, as the business wrote it.
    pub language: String,
    /// When it was asked for.
    pub sent_at: RuleTime,
    /// Wrong codes that were given since.
    pub wrong: u32,
}

impl SentCode {
    /// The first instant at which it no longer holds.
    pub fn ends(&self) -> RuleTime {
        self.sent_at + CODE_HOLDS
    }

    /// Whether it can still be given back.
    pub fn holds(&self, now: RuleTime) -> bool {
        now < self.ends() && self.wrong < CODE_GUESSES
    }
}

/// A code of [`CODE_DIGITS`] digits out of a random number.
pub fn code_of(random: u64) -> String {
    format!("{:06}", random % 1_000_000)
}

impl Registration {
    /// A code is asked for; the one before holds no more.
    ///
    /// # Errors
    /// 136024 where the number is verified already, and after too many requests.
    pub fn request_code(
        &mut self,
        fresh: SentCode,
        limits: &Limits,
        now: RuleTime,
    ) -> Result<(), Refusal> {
        if self.verified {
            return Err(Refusal::NoCode(
                "the phone number is verified already".to_owned(),
            ));
        }
        self.code_requests
            .retain(|at| now.since(*at) < limits.code_window);
        let most = usize::try_from(limits.code_requests).unwrap_or(usize::MAX);
        if self.code_requests.len() >= most {
            return Err(Refusal::NoCode(format!(
                "{} codes were asked for within {} minutes; wait before the next request",
                limits.code_requests,
                limits.code_window.as_secs() / 60
            )));
        }
        self.code_requests.push(now);
        self.code = Some(fresh);
        Ok(())
    }

    /// A code is given back: it verifies the number, once. A wrong one is counted although it is refused, so the state is to be
    /// stored either way.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a wrong, expired or used code.
    pub fn verify_code(&mut self, given: &str, now: RuleTime) -> Result<(), Refusal> {
        let invalid = |sentence: &str| Err(Refusal::Invalid(format!("code: {sentence}")));
        if given.len() != CODE_DIGITS || !given.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Refusal::Invalid(format!(
                "code: {CODE_DIGITS} digits are expected"
            )));
        }
        let Some(sent) = self.code.as_mut().filter(|sent| sent.holds(now)) else {
            self.code = None;
            return invalid(
                "no code holds for this number; ask for one with POST /{phone-number-id}/request_code",
            );
        };
        if sent.code != given {
            sent.wrong += 1;
            return invalid("this is not the code that was sent");
        }
        self.code = None;
        self.code_requests.clear();
        self.verified = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::limits::Profile;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    fn unverified() -> Registration {
        Registration {
            verified: false,
            registered: false,
            ..Default::default()
        }
    }

    fn sent(code: &str, at: RuleTime) -> SentCode {
        SentCode {
            code: code.into(),
            method: CodeMethod::Sms,
            language: "en_US".into(),
            sent_at: at,
            wrong: 0,
        }
    }

    fn limits() -> Limits {
        Limits::of(Profile::Production)
    }

    #[test]
    fn the_code_verifies_once() {
        let mut state = unverified();
        state
            .request_code(sent("123456", NOW), &limits(), NOW)
            .unwrap();
        let late = RuleTime(NOW.0 + 599_999);
        assert_eq!(state.verify_code("123456", late), Ok(()));
        assert!(state.verified && state.code.is_none());
        assert!(state.verify_code("123456", late).is_err(), "single use");
        let again = state.request_code(sent("222222", NOW), &limits(), NOW);
        assert!(matches!(again, Err(Refusal::NoCode(_))), "{again:?}");
    }

    #[test]
    fn it_ends_after_ten_minutes_to_the_millisecond() {
        let mut state = unverified();
        state
            .request_code(sent("123456", NOW), &limits(), NOW)
            .unwrap();
        assert!(state.verify_code("123456", NOW + CODE_HOLDS).is_err());
        assert!(!state.verified);
    }

    #[test]
    fn a_newer_code_replaces_it_and_guesses_run_out() {
        let mut state = unverified();
        for code in ["111111", "222222"] {
            state.request_code(sent(code, NOW), &limits(), NOW).unwrap();
        }
        assert!(state.verify_code("111111", NOW).is_err());
        for _ in 1..CODE_GUESSES {
            assert!(state.verify_code("000000", NOW).is_err());
        }
        assert!(state.verify_code("222222", NOW).is_err(), "guessed away");
    }

    #[test]
    fn requests_are_limited_in_a_sliding_window() {
        let mut state = unverified();
        let limits = limits();
        for _ in 0..limits.code_requests {
            state
                .request_code(sent("111111", NOW), &limits, NOW)
                .unwrap();
        }
        let one_more = |state: &mut Registration, at| {
            state.request_code(sent("222222", at), &limits, at).is_ok()
        };
        let last = RuleTime(NOW.0 + 1_000 * limits.code_window.as_secs().cast_signed() - 1);
        assert!(!one_more(&mut state, last));
        assert!(one_more(&mut state, NOW + limits.code_window));
    }

    #[test]
    fn only_six_digits_are_a_code() {
        for bad in ["", "12345", "1234567", "12345x", "١٢٣٤٥٦"] {
            assert!(unverified().verify_code(bad, NOW).is_err(), "{bad}");
        }
        assert_eq!(code_of(7), "000007");
        assert_eq!(code_of(u64::MAX).len(), CODE_DIGITS);
    }
}
