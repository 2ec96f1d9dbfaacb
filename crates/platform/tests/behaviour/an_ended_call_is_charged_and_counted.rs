//! Charges, tiers, figures and the log (`rules.md` §7, `graph-api.md` §7): whatever ends a call settles it with the end.

use ahoy_calling::Refusal;
use ahoy_calling::admin::Administrator;
use ahoy_calling::analytics::{Figures, Granularity, Question};
use ahoy_calling::calendar::{Month, Zone};
use ahoy_calling::price::Micros;
use ahoy_platform::admin::WabaPatch;
use ahoy_platform::{CallPoint, ConnectRequest, LogFormat};
use ahoy_store::{CallLogFilter, Charge};
use ahoy_types::{BusinessId, CallId, RuleTime, Seconds, WaId};

use crate::support::*;

const BUSINESS: BusinessId = BusinessId(730_000_000_000_001);

/// A call of the business that was answered and has its media.
async fn talking(world: &World, user: WaId) -> (CallId, impl Drop) {
    struct Media(#[allow(dead_code)] tokio::sync::watch::Receiver<bool>);
    impl Drop for Media {
        fn drop(&mut self) {}
    }
    let peer = Peer::new().await;
    let request = ConnectRequest {
        sdp: peer.offer.clone(),
        ..world.request(user)
    };
    let id = world
        .platform
        .connect(&world.caller, PHONE, request)
        .await
        .unwrap();
    let connect = world.until(&id, "connect").await;
    let answer = connect.about()["session"]["sdp"]
        .as_str()
        .unwrap()
        .to_owned();
    let media = peer.connect(&answer).await;
    world.platform.user_answers(user, &id).await.unwrap();
    world.until(&id, "ACCEPTED").await;
    (id, Media(media))
}

async fn world() -> World {
    let world = World::new().await;
    world.by_hand(&[ANA, BEN]).await;
    world.permit(ANA).await;
    world
}

fn charge(world: &World, id: &CallId) -> Option<Charge> {
    world.platform.charge(id).unwrap()
}

fn today(world: &World) -> Question {
    let now = world.platform.clock().now();
    Question {
        start: now - secs(3_600),
        end: now + secs(60),
        granularity: Granularity::Daily,
        zone: Default::default(),
        countries: Vec::new(),
        directions: Vec::new(),
        by_number: false,
        by_direction: true,
        by_country: false,
    }
}

async fn figures(world: &World, question: Question) -> Vec<Figures> {
    let points = world
        .platform
        .call_analytics(&world.caller, WABA, question, Vec::new());
    let points: Vec<CallPoint> = points.await.unwrap();
    points.iter().map(|p| p.point.figures).collect()
}

#[tokio::test]
async fn a_call_of_the_business_costs_its_pulses_and_a_users_call_nothing() {
    let world = world().await;
    let (id, _media) = talking(&world, ANA).await;
    world.advance(secs(20)).await;
    world.terminate(&id).await;
    let paid = charge(&world, &id).unwrap();
    // Twenty seconds of rule time and what the test took: at least four pulses of six.
    assert_eq!(paid.market, "United Kingdom");
    assert_eq!(
        (paid.tier.as_str(), paid.currency.as_str()),
        ("0:50000", "USD")
    );
    assert!(paid.pulses >= 4, "{paid:?}");
    assert_eq!(paid.cost, Micros(paid.pulses * 1_000));
    let minutes = world
        .platform
        .minutes_charged(BUSINESS, "United Kingdom", paid.month)
        .unwrap();
    assert_eq!(minutes, (paid.pulses * 6).div_ceil(60));

    let free = world.user_calls(ANA).await;
    world.accept(&free).await;
    world.advance(secs(9)).await;
    world.terminate(&free).await;
    let missed = world.user_calls(BEN).await;
    world.advance(secs(61)).await;
    world.until(&missed, "terminate").await;
    assert_eq!(
        (charge(&world, &free), charge(&world, &missed)),
        (None, None)
    );

    let found = figures(&world, today(&world)).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].calls, found[0].cost), (1, paid.cost));
    assert_eq!(
        (found[1].calls, found[1].cost),
        (1, Micros(0)),
        "nobody answered the other"
    );
    assert!(found[1].seconds >= Seconds(9), "{found:?}");
}

#[tokio::test]
async fn the_call_that_reaches_a_tier_is_cheaper_and_the_business_told() {
    let world = World::with(Setup {
        rows: |tx| {
            // All that the first tier holds, this month and in case it ends while the test runs.
            let now = std::time::SystemTime::now();
            let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
            let month = Month::of(RuleTime::from_secs(i64::try_from(now.as_secs()).unwrap()));
            for month in [month, month.next()] {
                tx.add_volume(BUSINESS, "Rest of Africa", month, Seconds(50_000 * 60))?;
            }
            Ok(())
        },
        ..Setup::default()
    })
    .await;
    let kenya = WaId::from_u64(254_712_345_678);
    world.by_hand(&[kenya]).await;
    world.permit(kenya).await;
    for told in [1, 1] {
        let (id, _media) = talking(&world, kenya).await;
        world.advance(secs(2)).await;
        world.terminate(&id).await;
        world.until(&id, "terminate").await;
        let paid = charge(&world, &id).unwrap();
        assert_eq!(paid.tier, "50001:250000");
        assert_eq!(paid.cost, Micros(paid.pulses * 840));
        let deliveries = world.platform.deliveries(&Default::default()).unwrap();
        let updates: Vec<serde_json::Value> = deliveries
            .iter()
            .filter(|(d, _)| d.field == "account_update")
            .map(|(d, _)| serde_json::from_slice(&d.body).unwrap())
            .collect();
        assert_eq!(updates.len(), told, "once a tier");
        let value = &updates[0]["entry"][0]["changes"][0]["value"];
        assert_eq!(value["event"], "VOLUME_BASED_PRICING_TIER_UPDATE");
        let info = &value["volume_tier_info"];
        assert_eq!(info["tier"], "50001:250000");
        assert_eq!(info["region"], "Rest of Africa");
        assert_eq!(info["pricing_category"], "CALLING");
        assert_eq!(info["effective_month"], paid.month.to_string());
    }
}

#[tokio::test]
async fn a_question_is_answered_for_ones_own_account_only() {
    let world = world().await;
    let ask = |question: Question, numbers: Vec<WaId>| {
        world
            .platform
            .call_analytics(&world.caller, WABA, question, numbers)
    };
    let strange = ask(today(&world), vec![somebody(1)]).await;
    assert!(matches!(strange, Err(Refusal::Invalid(s)) if s.contains("phone_numbers")));
    let mut old = today(&world);
    old.start = RuleTime(0);
    let old = ask(old, Vec::new()).await;
    assert!(matches!(old, Err(Refusal::Invalid(s)) if s.contains("`start`")));
    let other = ahoy_types::WabaId(1);
    let other = world
        .platform
        .call_analytics(&world.caller, other, today(&world), Vec::new())
        .await;
    assert!(matches!(other, Err(Refusal::NoSuchObject(_))));
    assert_eq!(ask(today(&world), Vec::new()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn the_log_tells_what_happened_to_a_call_and_by_whose_request() {
    let mut world = world().await;
    world.caller.request = Some("TraceOfTheRequest00000".into());
    let id = world.user_calls(ANA).await;
    world.until(&id, "connect").await;
    let platform = &world.platform;
    platform
        .pre_accept(&world.caller, PHONE, id.clone(), answer())
        .await
        .unwrap();
    world.accept(&id).await;
    world.advance(secs(3)).await;
    world.platform.user_hangs_up(ANA, &id).await.unwrap();
    let (paid, _media) = talking(&world, ANA).await;
    world.terminate(&paid).await;

    let entry = world.platform.logged_call(&id).unwrap().unwrap();
    let told: Vec<(&str, bool)> = entry
        .events
        .iter()
        .map(|e| (e.event.as_str(), e.request_id.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            ("connect", false),
            ("pre_accept", true),
            ("accept", true),
            ("connected", false),
            ("end", false)
        ]
    );
    assert_eq!(entry.events[4].detail.as_deref(), Some("user_hung_up"));
    assert_eq!(entry.details, "The user hung up.");
    assert_eq!((entry.request_id, entry.cost), (None, None));

    let page = world
        .platform
        .call_log(&CallLogFilter {
            limit: 10,
            ..CallLogFilter::default()
        })
        .unwrap();
    let ids: Vec<&CallId> = page.calls.iter().map(|c| &c.call_id).collect();
    assert_eq!(ids, [&id, &paid]);
    let of_business = &page.calls[1];
    assert_eq!(
        of_business.request_id.as_deref(),
        Some("TraceOfTheRequest00000")
    );
    assert!(of_business.cost.is_some());
    let told: Vec<&str> = of_business
        .events
        .iter()
        .map(|e| e.event.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "connect",
            "ringing",
            "answer",
            "connected",
            "terminate",
            "end"
        ]
    );

    for format in [LogFormat::Csv, LogFormat::JsonLines] {
        let mut pieces = world
            .platform
            .export_call_log(CallLogFilter::default(), format);
        let mut text = String::new();
        while let Some(piece) = pieces.recv().await {
            text.push_str(&piece.unwrap());
        }
        let lines: Vec<&str> = text.lines().collect();
        match format {
            LogFormat::Csv => {
                assert_eq!(lines.len(), 3);
                let columns = lines[0].split(',').count();
                assert!(lines[1].contains(id.as_str()) && lines[2].contains(paid.as_str()));
                assert_eq!(lines[1].split(',').count(), columns);
            }
            LogFormat::JsonLines => {
                assert_eq!(lines.len(), 2);
                let second: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
                assert_eq!(second, serde_json::to_value(of_business).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn a_stop_charges_what_it_ends() {
    let world = world().await;
    let (id, _media) = talking(&world, ANA).await;
    world.advance(secs(30)).await;
    world.platform.drain(secs(5)).await;
    let paid = charge(&world, &id).unwrap();
    assert!(paid.pulses >= 5, "{paid:?}");
}

#[tokio::test]
async fn months_and_days_go_by_the_clock_of_the_account() {
    let world = world().await;
    let zone = Zone::named("Europe/Madrid").unwrap();
    let patch = WabaPatch {
        time_zone: Some(zone.name().to_owned()),
        ..WabaPatch::default()
    };
    let admin = world.platform.admin(Administrator::all("test"));
    admin.change_waba(WABA, patch).await.unwrap();
    // The month begins in Madrid while it is still the last one in UTC.
    let now = world.platform.clock().now();
    let month = zone.month(now).next();
    let begins = zone.start_of_month(month);
    world.advance((begins + secs(60)).since(now)).await;
    world.permit(ANA).await;
    let (id, _media) = talking(&world, ANA).await;
    world.advance(secs(20)).await;
    world.terminate(&id).await;
    let paid = charge(&world, &id).unwrap();
    assert_eq!(paid.month, month);
    assert_ne!(Month::of(world.platform.clock().now()), month, "in UTC");
    let question = Question {
        zone: zone.clone(),
        ..today(&world)
    };
    let points = world
        .platform
        .call_analytics(&world.caller, WABA, question, Vec::new());
    let points: Vec<CallPoint> = points.await.unwrap();
    let counted = points.iter().find(|p| p.point.figures.cost == paid.cost);
    let counted = counted.unwrap().point;
    assert_eq!(
        (counted.start, counted.end),
        (begins, zone.next_day(begins))
    );
}

/// A day of Kathmandu begins at 18:15 by UTC, in the middle of a half hour by which figures are kept.
#[tokio::test]
async fn days_are_told_apart_within_a_half_hour_when_the_account_takes_another_clock() {
    let world = world().await;
    let zone = Zone::named("Asia/Kathmandu").unwrap();
    let now = world.platform.clock().now();
    let midnight = zone.next_day(now);
    assert_eq!(midnight.secs() % 1_800, 900, "a quarter past");
    world.permit(ANA).await;
    let before = midnight.since(now) - secs(300);
    world.advance(before).await;
    for wait in [600, 0] {
        let (id, _media) = talking(&world, ANA).await;
        world.advance(secs(20)).await;
        world.terminate(&id).await;
        world.advance(secs(wait)).await;
    }
    let admin = world.platform.admin(Administrator::all("test"));
    for name in ["Asia/Kathmandu", "UTC", "Asia/Kathmandu"] {
        let patch = WabaPatch {
            time_zone: Some(name.to_owned()),
            ..WabaPatch::default()
        };
        admin.change_waba(WABA, patch).await.unwrap();
    }
    let question = Question {
        zone: zone.clone(),
        start: midnight - secs(86_400),
        end: midnight + secs(86_400),
        ..today(&world)
    };
    let points = world
        .platform
        .call_analytics(&world.caller, WABA, question, Vec::new());
    let points: Vec<CallPoint> = points.await.unwrap();
    let days: Vec<(RuleTime, u64, u64)> = points
        .iter()
        .map(|p| {
            (
                p.point.start,
                p.point.figures.calls,
                p.point.figures.seconds.0,
            )
        })
        .collect();
    let day_before = midnight - secs(86_400);
    assert_eq!(days, [(day_before, 1, 20), (midnight, 1, 20)]);
}
