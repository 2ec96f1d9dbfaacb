#![allow(clippy::unwrap_used)]

use ahoy_types::{CallId, PhoneNumberId, WaId};
use proptest::prelude::*;

use super::*;
use crate::calendar::{self, Zone};

fn list() -> PriceList {
    PriceList::published().unwrap()
}

fn price(list: &PriceList, call: &Billable, before: Seconds) -> Price {
    list.price(call, before, None)
}

fn to(country: &str, length: u64) -> Billable {
    Billable {
        country: country.parse().ok(),
        start: calendar::day("2026-10-02").unwrap(),
        length: Seconds(length),
    }
}

const NONE: Seconds = Seconds(0);
/// Volume at the very end of the first tier.
const FIRST_FULL: Seconds = Seconds(50_000 * 60);

#[test]
fn a_started_pulse_counts_whole() {
    let list = list();
    for (length, pulses) in [(0, 0), (1, 1), (6, 1), (7, 2), (56, 10), (60, 10), (61, 11)] {
        assert_eq!(
            price(&list, &to("IN", length), NONE).pulses,
            pulses,
            "{length} s"
        );
    }
    // Ten pulses are a minute: the published rate.
    assert_eq!(price(&list, &to("IN", 56), NONE).cost, Micros(5_000));
    assert_eq!(price(&list, &to("IN", 1), NONE).cost.to_string(), "0.0005");
}

#[test]
fn the_callees_country_decides() {
    let list = list();
    let minute = |country: &str| price(&list, &to(country, 60), NONE);
    for (country, market, cost) in [
        ("IN", "India", 5_000),
        ("NL", "Netherlands", 6_000),
        ("GB", "United Kingdom", 10_000),
        ("ID", "Indonesia", 24_000),
        ("KE", "Rest of Africa", 10_300),
        ("PL", "Rest of Central & Eastern Europe", 9_500),
        ("AT", "Rest of Western Europe", 10_000),
        ("US", "Other", 13_000),
        ("nowhere", "Other", 13_000),
    ] {
        let price = minute(country);
        assert_eq!((&*price.market, price.cost.0), (market, cost), "{country}");
    }
}

#[test]
fn a_call_that_crosses_into_a_tier_is_charged_whole_at_its_rate() {
    let list = list();
    let last = price(&list, &to("PL", 60), Seconds(FIRST_FULL.0 - 60));
    assert_eq!((last.tier.index, last.tier_reached), (0, false));
    assert_eq!(last.per_minute, Micros(9_500));
    let crossing = price(&list, &to("PL", 600), Seconds(FIRST_FULL.0 - 60));
    assert_eq!((crossing.tier.index, crossing.tier_reached), (1, true));
    assert_eq!(crossing.cost, Micros(76_000));
    let after = price(&list, &to("PL", 60), Seconds(FIRST_FULL.0 + 540));
    assert_eq!((after.tier.index, after.tier_reached), (1, false));
    let names: Vec<String> = [0, 50_000, 50_001, 250_001, 1_000_001, 2_500_001, 5_000_001]
        .map(|minutes| list.tier(Seconds(minutes * 60)).to_string())
        .to_vec();
    assert_eq!(
        names,
        [
            "0:50000",
            "0:50000",
            "50001:250000",
            "250001:1000000",
            "1000001:2500000",
            "2500001:5000000",
            "5000001:"
        ]
    );
}

#[test]
fn a_market_with_one_rate_has_it_in_every_tier() {
    let list = list();
    let far_up = Seconds(6_000_000 * 60);
    assert_eq!(price(&list, &to("FR", 60), far_up).cost, Micros(10_000));
    assert_eq!(price(&list, &to("PL", 60), far_up).cost, Micros(3_700));
}

fn own(cards: &str) -> Result<PriceList, PriceListError> {
    let head = "currency = \"EUR\"\npulse_seconds = 6\ntier_minutes = [10]\nrest = \"All\"\n[markets]\n\"Home\" = [\"DE\"]\n";
    PriceList::parse(&format!("{head}{cards}"))
}

#[test]
fn a_card_holds_from_its_day_and_keeps_what_it_does_not_name() {
    let list = own(r#"
        [[card]]
        from = "2026-01-01"
        [card.rates.EUR]
        "Home" = ["0.02", "0.01"]
        "All" = ["0.05"]
        [[card]]
        from = "2026-07-01"
        [card.rates.EUR]
        "All" = ["0.04"]
        [card.rates.USD]
        "Home" = ["9"]
        "All" = ["8"]
    "#)
    .unwrap();
    let billed = |own, country: &str, start: RuleTime| {
        let call = Billable {
            start,
            ..to(country, 60)
        };
        let price = list.price(&call, NONE, own);
        (price.currency.to_string(), price.cost.0)
    };
    let cost = |country: &str, start: RuleTime| billed(None, country, start).1;
    let july = calendar::day("2026-07-01").unwrap();
    let before = RuleTime(july.0 - 1);
    assert_eq!((cost("FR", before), cost("FR", july)), (50_000, 40_000));
    assert_eq!((cost("DE", before), cost("DE", july)), (20_000, 20_000));
    assert_eq!(cost("FR", RuleTime(0)), 50_000, "before the first card");
    assert_eq!(billed(Some("USD"), "FR", july), ("USD".into(), 8_000_000));
    assert_eq!(billed(Some("USD"), "FR", before), ("USD".into(), 8_000_000));
    assert_eq!(billed(Some("BRL"), "FR", july), ("EUR".into(), 40_000));
}

#[test]
fn what_is_wrong_with_a_list_is_said_by_name() {
    let good = "[[card]]\nfrom = \"2026-01-01\"\n[card.rates.EUR]\n\"Home\" = [\"1\"]\n\"All\" = [\"1\"]\n";
    assert!(own(good).is_ok());
    for (cards, said) in [
        ("", "card"),
        ("[[card]]\nfrom = \"2026-02-30\"", "2026-02-30"),
        ("[[card]]\nfrom = \"2026-01-01\"", "none with rates in EUR"),
        (&good.replace("\"Home\"", "\"Hume\""), "`Hume`"),
        (
            &good.replace("\"Home\" = [\"1\"]\n", ""),
            "no rate for `Home`",
        ),
        (&good.replace("EUR", "eur"), "`eur`"),
        (&good.replace("[\"1\"]", "[\"1\", \"2\", \"3\"]"), "or 2"),
        (&good.replace("\"1\"", "\"1,5\""), "`1,5`"),
        (&good.replace("\"1\"", "\"0.1234567\""), "more than 6"),
        (&good.replace("[\"1\"]", "[1.5]"), "string"),
        (&format!("{good}{good}"), "does not come after"),
        (&format!("colour = 1\n{good}"), "colour"),
    ] {
        let refused = own(cards).unwrap_err().to_string();
        assert!(refused.contains(said), "{said} in: {refused}");
    }
}

#[test]
fn only_answered_calls_of_the_business_are_charged() {
    let call = |direction, answered: Option<i64>| Call {
        id: "wacid.x".parse::<CallId>().unwrap(),
        number: PhoneNumberId(1),
        user: WaId::from_u64(447_700_900_001),
        direction,
        state: crate::CallState::Ended,
        bridge: 0,
        placed_at: RuleTime(0),
        rang_at: None,
        answered_at: answered.map(RuleTime),
        business_media_up: true,
        end: Some(crate::End {
            cause: crate::EndCause::UserHungUp,
            at: RuleTime(60_001),
        }),
        opaque: None,
        cta_payload: None,
        deeplink_payload: None,
        business_sdp: None,
        platform_sdp: String::new(),
        report: None,
    };
    let billed = Billable::of(&call(Direction::BusinessInitiated, Some(0)), &Zone::utc()).unwrap();
    assert_eq!(billed.length, Seconds(61));
    assert_eq!(billed.country.map(|c| c.to_string()).as_deref(), Some("GB"));
    assert_eq!(
        Billable::of(&call(Direction::BusinessInitiated, None), &Zone::utc()),
        None
    );
    assert_eq!(
        Billable::of(&call(Direction::UserInitiated, Some(0)), &Zone::utc()),
        None
    );
}

proptest! {
    #[test]
    fn a_longer_call_never_costs_less_within_a_tier(
        length in 0u64..100_000, more in 0u64..100_000, before in 0u64..10_000_000,
        country in prop::sample::select(vec!["IN", "PL", "KE", "GB", "US"]),
    ) {
        let list = list();
        let (short, long) = (to(country, length), to(country, length + more));
        let (short, long) = (price(&list, &short, Seconds(before)), price(&list, &long, Seconds(before)));
        prop_assert!(short.tier <= long.tier);
        prop_assert!(short.per_minute >= long.per_minute);
        if short.tier == long.tier {
            prop_assert!(short.cost <= long.cost);
        }
    }

    #[test]
    fn a_call_costs_what_its_pulses_cost(length in 0u64..1_000_000, before in 0u64..400_000_000) {
        let list = list();
        let whole = price(&list, &to("KE", length), Seconds(before));
        prop_assert!(whole.volume.0 >= length && whole.volume.0 - length < list.pulse_seconds());
        prop_assert_eq!(whole.volume.0, whole.pulses * list.pulse_seconds());
        // The same volume in calls of one pulse, all in the tier of the whole.
        let one = price(&list, &to("KE", 1), Seconds((before + whole.volume.0).saturating_sub(1)));
        if whole.pulses > 0 && one.tier == whole.tier {
            prop_assert_eq!(whole.cost.0, one.cost.0 * whole.pulses);
        }
    }

    #[test]
    fn money_reads_as_it_was_counted(micros in any::<u64>()) {
        let text = Micros(micros).to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let back = whole.parse::<u128>().unwrap() * 1_000_000
            + format!("{part:0<6}").parse::<u128>().unwrap();
        prop_assert_eq!(back, u128::from(micros));
    }
}
