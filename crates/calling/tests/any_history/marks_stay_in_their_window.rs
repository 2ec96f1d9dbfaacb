use std::time::Duration;

use ahoy_calling::quality::{BUCKET_MS, bucket};
use ahoy_types::RuleTime;
use proptest::prelude::*;

use crate::{DAY, HOUR, START};

proptest! {
    /// Counted by the hour, a window holds every mark of its length, and none older than an hour more.
    #[test]
    fn however_old_they_are(now in -40 * DAY..40 * DAY, hours in 1u64..24 * 30, age in 0..45 * DAY) {
        let now = RuleTime(START.0 + now);
        let window = Duration::from_secs(hours * 3_600);
        let first = bucket(now - window);
        let mark = RuleTime(now.0 - age);
        let counted = bucket(mark) >= first;
        let length = i64::try_from(window.as_millis()).unwrap();
        if age <= length {
            prop_assert!(counted);
        }
        if age > length + HOUR {
            prop_assert!(!counted);
        }
        prop_assert!(bucket(mark) <= mark && mark.0 - bucket(mark).0 < BUCKET_MS);
        prop_assert_eq!(bucket(bucket(mark)), bucket(mark));
    }
}
