//! `call_analytics` over HTTP (`graph-api.md` §7).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::support::*;
use ahoy_calling::admin::Administrator;
use ahoy_calling::analytics::{Cell, Figures};
use ahoy_calling::calendar::Zone;
use ahoy_calling::limits::LimitTable;
use ahoy_calling::price::Micros;
use ahoy_platform::admin::WabaPatch;
use ahoy_types::{Direction, PhoneNumberId, RuleTime, Seconds, WabaId};
use serde_json::{Value, json};

/// A day of October 2026 with calls of both numbers, long past by the time the test asks.
const DAY: i64 = 1_790_812_800;

async fn api() -> Api {
    let api = Api::with(LimitTable::default(), |tx| {
        let calls = [
            (
                PHONE,
                0,
                "GB",
                Direction::BusinessInitiated,
                3,
                190,
                1_730_200,
            ),
            (PHONE, 3_600, "GB", Direction::UserInitiated, 2, 21, 0),
            (
                PRODUCTION,
                86_400,
                "ES",
                Direction::BusinessInitiated,
                1,
                6,
                1_300,
            ),
        ];
        for (number, after, country, direction, calls, seconds, cost) in calls {
            let cell = Cell {
                start: RuleTime::from_secs(DAY + after),
                number: Some(PhoneNumberId(number)),
                country: country.parse().ok(),
                direction,
                figures: Figures {
                    calls,
                    seconds: Seconds(seconds),
                    cost: Micros(cost),
                },
            };
            tx.add_call_sums(WabaId(WABA), &Zone::utc(), PhoneNumberId(number), &cell)?;
        }
        Ok(())
    })
    .await;
    // Whatever the machine's clock says, the day lies within the look-back and not ahead.
    let now = api.platform.clock().now().secs();
    let wanted = DAY + 40 * 86_400;
    if let Ok(ahead) = u64::try_from(wanted - now) {
        api.platform
            .advance(Duration::from_secs(ahead))
            .await
            .unwrap();
    }
    api
}

fn fields(more: &str) -> String {
    let fields = format!(
        "call_analytics.start({DAY}).end({}).granularity(DAILY){more}",
        DAY + 7 * 86_400
    );
    let query: String = fields
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b',' | b'_' | b'(' | b')' => {
                char::from(b).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("/v25.0/{WABA}?fields={query}")
}

async fn answer(api: &Api, more: &str) -> Value {
    let mut whole = api.get(&fields(more)).await.ok();
    assert_eq!(whole["id"], WABA.to_string());
    whole["call_analytics"].take()
}

#[tokio::test]
async fn points_hold_what_was_asked_for() {
    let api = api().await;
    assert_eq!(
        answer(&api, "").await,
        json!({"granularity": "DAILY", "data_points": [
            {"start": DAY, "end": DAY + 86_400, "count": 5, "cost": 1.7302, "average_duration": 42},
            {"start": DAY + 86_400, "end": DAY + 2 * 86_400, "count": 1, "cost": 0.0013, "average_duration": 6},
        ]})
    );
    assert_eq!(
        answer(
            &api,
            r#".directions(["USER_INITIATED"]).metric_types(["COUNT","COST"])"#
        )
        .await,
        json!({"granularity": "DAILY", "directions": "USER_INITIATED", "data_points": [
            {"start": DAY, "end": DAY + 86_400, "count": 2, "cost": 0.0},
        ]})
    );
    assert_eq!(
        answer(&api, ".dimensions(['DIRECTION',country,\"phone\"]).metric_types(COUNT).phone_numbers([\"+44 2079 460000\"])").await,
        json!({"granularity": "DAILY", "data_points": [
            {"start": DAY, "end": DAY + 86_400, "count": 3, "direction": "BUSINESS_INITIATED", "country": "GB", "phone_number": "442079460000"},
            {"start": DAY, "end": DAY + 86_400, "count": 2, "direction": "USER_INITIATED", "country": "GB", "phone_number": "442079460000"},
        ]})
    );
    let both = answer(
        &api,
        ".country_codes([\"es\"]).directions([USER_INITIATED,BUSINESS_INITIATED])",
    )
    .await;
    assert_eq!(
        both["directions"],
        json!(["USER_INITIATED", "BUSINESS_INITIATED"])
    );
    assert_eq!(both["data_points"][0]["count"], 1);
}

#[tokio::test]
async fn other_fields_come_with_it() {
    let api = api().await;
    let start = format!(
        "call_analytics.start({DAY}).end({}).granularity(MONTHLY)",
        DAY + 1
    );
    let whole = api
        .get(&format!("/{WABA}?fields=id,name,{start},currency"))
        .await
        .ok();
    assert_eq!(whole["currency"], "USD");
    let points = whole["call_analytics"]["data_points"].as_array().unwrap();
    assert_eq!(points.len(), 1);
    assert_eq!(points[0]["count"], 6);
    let without = api.get(&format!("/{WABA}")).await.ok();
    assert!(without.get("call_analytics").is_none());
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_a_sentence() {
    let api = api().await;
    for (more, said) in [
        (".directions([\"UP\"])", "call_analytics.directions"),
        (
            ".phone_numbers([\"34910000000\"])",
            "is not a number of this account",
        ),
        (".start(1)", "stands twice"),
        (".phone_numbers([\"34910000000\"", "no end"),
    ] {
        let reply = api.get(&fields(more)).await;
        let (status, code, details) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{more}");
        assert!(details.contains(said), "{more}: {details}");
    }
    for (question, said) in [
        ("call_analytics", "`call_analytics.start` is required"),
        (
            "call_analytics.start(1).end(2).granularity(DAILY)",
            "days back",
        ),
        (
            "call_analytics.start(2).end(1).granularity(DAILY)",
            "before `end`",
        ),
        (
            "call_analytics.start(1).end(2).granularity(DAY)",
            "none of HALF_HOUR",
        ),
    ] {
        let reply = api.get(&format!("/{WABA}?fields={question}")).await;
        let (status, code, details) = reply.refusal();
        assert_eq!((status, code), (400, 100), "{question}");
        assert!(details.contains(said), "{question}: {details}");
    }
    let reply = api.ask("GET", &fields(""), MESSAGING, None).await;
    assert_eq!(reply.refusal().0, 403);
    let reply = api.ask("GET", &fields(""), STRANGER, None).await;
    assert_eq!(
        reply.refusal().0,
        400,
        "another tenant's account does not exist"
    );
}

#[tokio::test]
async fn days_are_those_of_the_account_where_its_clock_is_put_forward() {
    let zone = Zone::named("Europe/Madrid").unwrap();
    let hour = Duration::from_secs(3_600);
    // The next day of 23 hours, seen from the machine's clock.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut day = zone.start_of_day(RuleTime::from_secs(i64::try_from(now.as_secs()).unwrap()));
    while zone.next_day(day).since(day) != 23 * hour {
        day = zone.next_day(day);
    }
    let next = zone.next_day(day);
    let placed = [day + hour / 2, next - hour / 2, next + hour / 2];
    let api = Api::with(LimitTable::default(), move |tx| {
        for at in placed {
            let cell = Cell {
                start: at,
                number: Some(PhoneNumberId(PHONE)),
                country: "ES".parse().ok(),
                direction: Direction::UserInitiated,
                figures: Figures {
                    calls: 1,
                    seconds: Seconds(10),
                    cost: Micros(0),
                },
            };
            tx.add_call_sums(WabaId(WABA), &Zone::utc(), PhoneNumberId(PHONE), &cell)?;
        }
        Ok(())
    })
    .await;
    let ask = async |granularity: &str| {
        let end = (next + hour).secs();
        let fields = format!(
            "call_analytics.start({}).end({end}).granularity({granularity})",
            day.secs()
        );
        let found = api
            .get(&format!("/v25.0/{WABA}?fields={fields}"))
            .await
            .ok();
        let points = found["call_analytics"]["data_points"]
            .as_array()
            .unwrap()
            .clone();
        let point = |p: &Value| {
            (
                p["start"].as_i64().unwrap(),
                p["end"].as_i64().unwrap(),
                p["count"].as_u64().unwrap(),
            )
        };
        points.iter().map(point).collect::<Vec<_>>()
    };
    // By UTC, the clock of an account that has set none, the first call lies in the day before.
    assert_eq!(
        ask("DAILY").await.iter().map(|p| p.2).collect::<Vec<_>>(),
        [1, 2]
    );
    let patch = WabaPatch {
        time_zone: Some(zone.name().to_owned()),
        ..WabaPatch::default()
    };
    let admin = api.platform.admin(Administrator::all("test"));
    admin.change_waba(WabaId(WABA), patch).await.unwrap();
    let after = zone.next_day(next);
    assert_eq!(
        ask("DAILY").await,
        [(day.secs(), next.secs(), 2), (next.secs(), after.secs(), 1)]
    );
    let month = zone.month(day);
    let (first, last) = (
        zone.start_of_month(month),
        zone.start_of_month(month.next()),
    );
    assert_eq!(ask("MONTHLY").await, [(first.secs(), last.secs(), 3)]);
}
