//! Instants as people write them.

use ahoy_types::RuleTime;
use jiff::Timestamp;

/// The last instant a virtual clock can stand at: the end of the year 9998, so that whatever is due after it can be written
/// down as well.
const LAST_MS: i64 = 253_370_764_800_000;

/// Reads RFC 3339 with an offset (`2027-01-06T08:00:00Z`), or whole Unix seconds.
///
/// # Errors
/// A clause that says what was expected.
pub fn parse(text: &str) -> Result<RuleTime, String> {
    let shown: String = text.chars().take(40).collect();
    let expected = || {
        format!("an instant like 2027-01-06T08:00:00Z, or Unix seconds, is expected, not `{shown}`")
    };
    let ms = match text.parse::<i64>() {
        Ok(secs) => secs.checked_mul(1_000).ok_or_else(expected)?,
        Err(_) => text
            .parse::<Timestamp>()
            .map_err(|_| expected())?
            .as_millisecond(),
    };
    checked(ms)
        .ok_or_else(|| format!("an instant between 1970 and 9998 is expected, not `{shown}`"))
}

/// An instant a virtual clock can stand at.
pub fn checked(ms: i64) -> Option<RuleTime> {
    (0..=LAST_MS).contains(&ms).then_some(RuleTime(ms))
}

/// Writes RFC 3339, in UTC.
pub fn written(at: RuleTime) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(at) => at.to_string(),
        Err(_) => at.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn both_ways_of_writing_are_read() {
        let eight = RuleTime::from_secs(1_799_222_400);
        assert_eq!(parse("2027-01-06T08:00:00Z"), Ok(eight));
        assert_eq!(parse("2027-01-06T09:00:00+01:00"), Ok(eight));
        assert_eq!(parse("1799222400"), Ok(eight));
        assert_eq!(written(eight), "2027-01-06T08:00:00Z");
        assert_eq!(written(RuleTime(eight.0 + 5)), "2027-01-06T08:00:00.005Z");
    }

    #[test]
    fn what_is_no_instant_is_refused_by_a_clause() {
        for text in [
            "",
            "noon",
            "2027-01-06",
            "2027-01-06T08:00:00",
            "99999999999999999999",
        ] {
            assert!(parse(text).unwrap_err().contains("is expected"), "{text}");
        }
        for text in [
            "-1",
            "1969-12-31T23:59:59Z",
            "9999-01-02T00:00:00Z",
            "253370764801",
        ] {
            let said = parse(text).unwrap_err();
            assert!(said.contains("between 1970 and 9998"), "{text}: {said}");
        }
    }
}
