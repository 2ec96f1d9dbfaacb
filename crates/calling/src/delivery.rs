//! When a webhook is tried again, and whom it holds up (`contract.md` §4).

mod words;

use std::time::Duration;

use ahoy_types::{DeliveryId, RuleTime};

pub use words::{Failing, outcome_words, receiver_of, shown_url, verdict_with};

/// How one attempt to deliver went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered with this HTTP status.
    Status(u16),
    /// No answer: connection refused, reset, or 10 s passed.
    NoAnswer,
    /// There is no callback address to send to.
    NoCallback,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Delivered.
    Done,
    /// Try again then.
    RetryAt(RuleTime),
    /// Seven days have passed: given up.
    Abandoned,
}

/// An attempt ends without an answer after this long, in real time.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// An event that got no answer holds the later events of its call for at most this long.
pub const HOLD: Duration = Duration::from_secs(30);
/// Deliveries are tried for this long.
pub const RETRY_FOR: Duration = Duration::from_secs(7 * 86_400);
const FIRST_RETRY_MS: u64 = 2_000;
const LONGEST_RETRY_MS: u64 = 6 * 3_600_000;

/// Whether the attempt delivered the webhook: HTTP 200, or any other 2xx.
pub const fn delivered(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Status(200..=299))
}

/// Whether later events of the call stay held after this outcome: no answer, or one of 429, 502, 503, 504.
pub const fn holds(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::NoAnswer | Outcome::Status(429 | 502 | 503 | 504)
    )
}

/// What follows the `attempt`-th attempt (from 1) of a delivery committed at `created`.
///
/// The delay doubles from 2 s to 6 h; its jitter of ±20 % is drawn from the id and the attempt, so that a
/// replay of the same history waits the same time.
pub fn after_attempt(
    id: DeliveryId,
    attempt: u32,
    created: RuleTime,
    outcome: Outcome,
    now: RuleTime,
) -> Next {
    if delivered(outcome) {
        return Next::Done;
    }
    let doubled = FIRST_RETRY_MS.saturating_mul(1 << attempt.saturating_sub(1).min(20));
    let base = doubled.min(LONGEST_RETRY_MS);
    let spread = base * 2 / 5;
    let jitter = scramble(id.0 ^ (u64::from(attempt) << 48)) % (spread + 1);
    let at = now + Duration::from_millis(base - spread / 2 + jitter);
    if at > created + RETRY_FOR {
        Next::Abandoned
    } else {
        Next::RetryAt(at)
    }
}

/// SplitMix64's finaliser: spreads neighbouring ids evenly.
const fn scramble(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: RuleTime = RuleTime::from_secs(1_790_000_000);

    #[test]
    fn any_2xx_is_delivered_and_redirects_are_not() {
        for status in [200, 201, 204] {
            assert!(delivered(Outcome::Status(status)));
        }
        for status in [301, 302, 307, 308, 400, 404, 500] {
            assert!(!delivered(Outcome::Status(status)));
            assert!(
                !holds(Outcome::Status(status)),
                "{status} lets the next event go"
            );
        }
        for status in [429, 502, 503, 504] {
            assert!(holds(Outcome::Status(status)));
        }
        assert!(holds(Outcome::NoAnswer));
        assert!(!holds(Outcome::NoCallback));
    }

    #[test]
    fn retries_go_on_for_seven_days() {
        let (mut now, mut attempt) = (NOW, 0);
        while let Next::RetryAt(at) =
            after_attempt(DeliveryId(9), attempt + 1, NOW, Outcome::NoAnswer, now)
        {
            assert!(at > now);
            (now, attempt) = (at, attempt + 1);
            assert!(attempt < 1000);
        }
        assert!(
            now.since(NOW) > Duration::from_secs(6 * 86_400),
            "{attempt} attempts, last at {now}"
        );
        assert!(now.since(NOW) <= RETRY_FOR);
    }

    proptest! {
        #[test]
        fn the_delay_stays_within_its_jitter(id in any::<u64>(), attempt in 1u32..100) {
            let base = (FIRST_RETRY_MS << (attempt - 1).min(20)).min(LONGEST_RETRY_MS);
            match after_attempt(DeliveryId(id), attempt, NOW, Outcome::Status(500), NOW) {
                Next::RetryAt(at) => {
                    let ms = u64::try_from(at.since(NOW).as_millis()).unwrap_or(u64::MAX);
                    prop_assert!(ms >= base * 4 / 5 && ms <= base * 6 / 5 + 1, "{ms} for base {base}");
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
