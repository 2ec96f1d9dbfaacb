//! What an entry of the holiday schedule means, and which rules it obeys: the readings, over HTTP.

use crate::support::*;
use ahoy_calling::hours::{HolidayReading, today};
use ahoy_calling::limits::LimitTable;
use ahoy_calling::readings::{HolidayRules, Readings};
use ahoy_platform::{Dial, UserLegKind};
use ahoy_types::PhoneNumberId;
use serde_json::{Value, json};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

async fn with(readings: Readings) -> Api {
    let limits = LimitTable {
        readings,
        ..LimitTable::default()
    };
    Api::with(limits, |_| Ok(())).await
}

/// Hours for every day of the week, and these holidays.
fn hours(weekly: [&str; 2], holidays: Value) -> Value {
    let days = ["MON", "TUES", "WEDNES", "THURS", "FRI", "SATUR", "SUN"];
    let weekly = days.map(|day| {
        json!({"day_of_week": format!("{day}DAY"), "open_time": weekly[0], "close_time": weekly[1]})
    });
    json!({"calling": {"call_hours": {"status": "ENABLED", "timezone_id": "Etc/UTC",
        "weekly_operating_hours": weekly, "holiday_schedule": holidays}}})
}

async fn set(api: &Api, body: Value) -> Reply {
    api.post(&format!("/v25.0/{PHONE}/settings"), body).await
}

#[tokio::test]
async fn an_entry_closes_the_business_or_is_all_that_is_open() {
    for (holiday, open) in [
        (HolidayReading::Closed, false),
        (HolidayReading::Open, true),
    ] {
        let readings = Readings {
            holiday,
            ..Readings::default()
        };
        let api = with(readings).await;
        let now = api.platform.clock().now();
        let entry = |at| json!({"date": today("Etc/UTC", at).unwrap().to_string(), "start_time": "0000", "end_time": "2359"});
        // Also over midnight.
        let holidays = json!([entry(now), entry(now + DAY)]);
        set(&api, hours(["0000", "2359"], holidays)).await.ok();
        let calls = || async {
            let number = PhoneNumberId(PHONE);
            let dialled =
                api.platform
                    .user_calls(ANA, number, UserLegKind::Simulated, Dial::default());
            dialled.await.is_ok()
        };
        assert_eq!(calls().await, open, "{holiday:?}");
    }
}

#[tokio::test]
async fn entries_of_a_date_are_counted_and_may_not_overlap_where_the_table_holds() {
    let entry =
        |from: &str, to: &str| json!({"date": "9999-12-24", "start_time": from, "end_time": to});
    let three = json!([
        entry("0100", "0200"),
        entry("0300", "0400"),
        entry("0500", "0600")
    ]);
    let overlapping = json!([entry("0100", "0300"), entry("0200", "0400")]);
    let two = json!([entry("0100", "0300"), entry("0300", "0400")]);
    let errors = with(Readings::default()).await;
    let table = with(Readings {
        holiday_rules: HolidayRules::Table,
        ..Readings::default()
    })
    .await;
    for (holidays, said) in [(three, "at most 2"), (overlapping, "overlap")] {
        set(&errors, hours(["0900", "1700"], holidays.clone()))
            .await
            .ok();
        let reply = set(&table, hours(["0900", "1700"], holidays)).await;
        let (status, code, sentence) = reply.refusal();
        assert_eq!((status, code), (400, 100));
        assert!(
            sentence.starts_with("calling.call_hours.holiday_schedule: ")
                && sentence.contains(said),
            "{sentence}"
        );
    }
    set(&table, hours(["0900", "1700"], two)).await.ok();
}
