use ahoy_calling::EndCause;
use ahoy_calling::act::CallAct;
use ahoy_calling::analytics::{Cell, Figures, Span};
use ahoy_calling::calendar::{Month, Zone};
use ahoy_calling::price::Micros;
use ahoy_types::{BusinessId, Direction, PhoneNumberId, RuleTime, Seconds, WabaId};

use super::samples::{
    BUSINESS, NOW, NUMBER, OTHER_NUMBER, WABA, call, call_id, ended, full_call, wa_id,
};
use super::{place, read, round_trip, try_write, write};
use crate::{CallEvent, CallLogFilter, Charge, Rows, Store, SumsOf};

const NOBODY: [u64; 0] = [];
const BIZ: Direction = Direction::BusinessInitiated;
const USER: Direction = Direction::UserInitiated;

fn charge(n: u64) -> Charge {
    Charge {
        call: call_id(n),
        business: BUSINESS,
        market: "Rest of Africa".into(),
        month: Month::of(NOW),
        tier: "50001:250000".into(),
        pulses: 10,
        currency: "USD".into(),
        per_minute: Micros(8_400),
        cost: Micros(8_400),
    }
}

pub(super) fn a_charge_comes_back_and_is_made_once(store: &mut dyn Store) {
    place(store, 1..3);
    assert_eq!(read(store, |rows| rows.charge(&call_id(1))), None);
    round_trip(
        store,
        &charge(1),
        |tx, row| tx.add_charge(row),
        |rows| rows.charge(&call_id(1)),
    );
    assert!(
        try_write(store, |tx| tx.add_charge(&charge(1))).is_err(),
        "twice"
    );
    assert!(
        try_write(store, |tx| tx.add_charge(&charge(3))).is_err(),
        "an unknown call"
    );
    assert_eq!(read(store, |rows| rows.charge(&call_id(2))), None);
}

pub(super) fn volumes_add_up_by_portfolio_market_and_month(store: &mut dyn Store) {
    let month = Month::of(NOW);
    let volume = |rows: &mut dyn Rows, business, market: &str, month| {
        rows.month_volume(business, market, month).map(|v| v.0)
    };
    write(store, |tx| {
        for (market, month, seconds) in [
            ("India", month, 60),
            ("India", month, 6),
            ("India", month.next(), 12),
            ("Spain", month, 18),
        ] {
            tx.add_volume(BUSINESS, market, month, Seconds(seconds))?;
        }
        Ok(())
    });
    let found = read(store, |rows| {
        Ok([
            volume(rows, BUSINESS, "India", month)?,
            volume(rows, BUSINESS, "India", month.next())?,
            volume(rows, BUSINESS, "Spain", month)?,
            volume(rows, BusinessId(1), "India", month)?,
            volume(rows, BusinessId(u64::MAX), "India", month)?,
        ])
    });
    assert_eq!(found, [66, 12, 18, 0, 0]);
}

fn cell(number: PhoneNumberId, ms: i64, country: Option<&str>, direction: Direction) -> Cell {
    Cell {
        start: RuleTime(ms),
        number: Some(number),
        country: country.map(|c| c.parse().unwrap()),
        direction,
        figures: Figures {
            calls: 1,
            seconds: Seconds(10),
            cost: Micros(7),
        },
    }
}

fn sums(
    store: &dyn Store,
    waba: WabaId,
    number: Option<PhoneNumberId>,
    span: Span,
    range: std::ops::Range<i64>,
) -> Vec<(i64, Option<String>, Direction, u64)> {
    let of = SumsOf {
        waba,
        number,
        span,
        from: RuleTime(range.start),
        until: RuleTime(range.end),
    };
    read(store, |rows| {
        let mut found = Vec::new();
        rows.call_sums(&of, &mut |cell| {
            assert_eq!(cell.number, number);
            assert_eq!(cell.figures.seconds, Seconds(cell.figures.calls * 10));
            assert_eq!(cell.figures.cost, Micros(cell.figures.calls * 7));
            let country = cell.country.map(|c| c.to_string());
            found.push((cell.start.0, country, cell.direction, cell.figures.calls));
            Ok(true)
        })?;
        Ok(found)
    })
}

const HALF_HOUR: i64 = 1_800_000;
const DAY: i64 = 86_400_000;

pub(super) fn sums_are_kept_for_number_and_account_by_half_hour_and_day(store: &mut dyn Store) {
    write(store, |tx| {
        for (number, ms, country, direction) in [
            (NUMBER, 0, Some("GB"), USER),
            (NUMBER, HALF_HOUR - 1, Some("GB"), USER),
            (NUMBER, HALF_HOUR, Some("GB"), USER),
            (NUMBER, HALF_HOUR, Some("GB"), BIZ),
            (OTHER_NUMBER, DAY - 1, None, BIZ),
            (OTHER_NUMBER, DAY, None, BIZ),
        ] {
            tx.add_call_sums(
                WABA,
                &Zone::utc(),
                number,
                &cell(number, ms, country, direction),
            )?;
        }
        Ok(())
    });
    let gb = || Some("GB".to_owned());
    let all = 0..i64::MAX;
    assert_eq!(
        sums(store, WABA, Some(NUMBER), Span::HalfHour, all.clone()),
        [
            (0, gb(), USER, 2),
            (HALF_HOUR, gb(), BIZ, 1),
            (HALF_HOUR, gb(), USER, 1)
        ]
    );
    assert_eq!(
        sums(store, WABA, Some(NUMBER), Span::Day, all.clone()),
        [(0, gb(), BIZ, 1), (0, gb(), USER, 3)]
    );
    assert_eq!(
        sums(store, WABA, None, Span::Day, all.clone()),
        [
            (0, None, BIZ, 1),
            (0, gb(), BIZ, 1),
            (0, gb(), USER, 3),
            (DAY, None, BIZ, 1)
        ]
    );
    assert_eq!(
        sums(store, WABA, None, Span::Day, 0..DAY).len(),
        3,
        "the end is left out"
    );
    assert_eq!(
        sums(store, WABA, None, Span::HalfHour, all.clone()).len(),
        5
    );
    assert_eq!(sums(store, WabaId(1), None, Span::Day, all.clone()), []);
    assert_eq!(sums(store, WabaId(u64::MAX), None, Span::Day, all), []);
}

pub(super) fn sums_are_handed_out_by_time_until_it_is_enough(store: &mut dyn Store) {
    write(store, |tx| {
        for n in [3, 1, 2] {
            tx.add_call_sums(
                WABA,
                &Zone::utc(),
                NUMBER,
                &cell(NUMBER, n * DAY, Some("ES"), BIZ),
            )?;
        }
        Ok(())
    });
    let of = SumsOf {
        waba: WABA,
        number: None,
        span: Span::Day,
        from: RuleTime(0),
        until: RuleTime(i64::MAX),
    };
    let seen = read(store, |rows| {
        let mut seen = Vec::new();
        rows.call_sums(&of, &mut |cell| {
            seen.push(cell.start.0 / DAY);
            Ok(seen.len() < 2)
        })?;
        Ok(seen)
    });
    assert_eq!(seen, [1, 2]);
}

pub(super) fn days_follow_the_clock_of_their_account(store: &mut dyn Store) {
    const HOUR: i64 = 3_600_000;
    // In January Madrid is an hour ahead of UTC, and Kathmandu five and three quarters.
    let madrid = Zone::stored("Europe/Madrid");
    let other = WabaId(WABA.0 + 1);
    write(store, |tx| {
        for ms in [22 * HOUR, 23 * HOUR, 24 * HOUR] {
            let cell = cell(NUMBER, ms, Some("ES"), BIZ);
            tx.add_call_sums(WABA, &madrid, NUMBER, &cell)?;
            tx.add_call_sums(other, &Zone::utc(), OTHER_NUMBER, &cell)?;
        }
        Ok(())
    });
    let days = |store: &dyn Store, waba, number| {
        let found = sums(store, waba, number, Span::Day, -DAY..i64::MAX);
        found
            .into_iter()
            .map(|(start, .., calls)| (start, calls))
            .collect::<Vec<_>>()
    };
    let by_madrid = vec![(-HOUR, 1), (23 * HOUR, 2)];
    let by_utc = vec![(0, 2), (DAY, 1)];
    assert_eq!(days(store, WABA, None), by_madrid);
    assert_eq!(days(store, WABA, Some(NUMBER)), by_madrid);
    // Another clock: the days of this account are summed up anew, those of others stay.
    write(store, |tx| tx.resum_days(WABA, &Zone::utc()));
    assert_eq!(days(store, WABA, None), by_utc);
    assert_eq!(days(store, WABA, Some(NUMBER)), by_utc);
    assert_eq!(days(store, other, None), by_utc);
    write(store, |tx| tx.resum_days(WABA, &madrid));
    assert_eq!(days(store, WABA, None), by_madrid);
    let kathmandu = Zone::stored("Asia/Kathmandu");
    write(store, |tx| tx.resum_days(WABA, &kathmandu));
    let offset = 5 * HOUR + HOUR / 2;
    assert_eq!(
        days(store, WABA, None).iter().map(|(_, n)| n).sum::<u64>(),
        3,
        "none is lost"
    );
    assert!(
        days(store, WABA, None)
            .iter()
            .all(|(at, _)| (at + offset) % DAY == 0)
    );
}

pub(super) fn events_of_a_call_keep_their_order(store: &mut dyn Store) {
    place(store, 1..3);
    let event = |at: i64, act, detail: Option<&str>, request: Option<&str>| CallEvent {
        at: RuleTime(at),
        act,
        detail: detail.map(str::to_owned),
        request: request.map(str::to_owned),
    };
    let events = [
        event(5, CallAct::Connect, None, Some("AbC-_1")),
        event(5, CallAct::PreAccept, None, None),
        event(5, CallAct::Accept, None, Some("x")),
        event(4, CallAct::End, Some("user_hung_up"), None),
    ];
    for event in &events {
        write(store, |tx| tx.add_call_event(&call_id(1), event));
    }
    assert_eq!(read(store, |rows| rows.call_events(&call_id(1))), events);
    assert_eq!(read(store, |rows| rows.call_events(&call_id(2))), []);
    assert!(try_write(store, |tx| tx.add_call_event(&call_id(3), &events[0])).is_err());
}

fn log(store: &dyn Store, change: impl Fn(&mut CallLogFilter)) -> Vec<u64> {
    let mut filter = CallLogFilter {
        limit: 100,
        ..CallLogFilter::default()
    };
    change(&mut filter);
    let found = read(store, |rows| rows.call_log(&filter));
    assert!(found.windows(2).all(|pair| pair[0].place < pair[1].place));
    found
        .iter()
        .map(|c| c.user.as_u64() - wa_id(0).as_u64())
        .collect()
}

pub(super) fn the_log_is_filtered_and_goes_on_where_it_stopped(store: &mut dyn Store) {
    write(store, |tx| {
        tx.put_call(&ended(call(1, NUMBER, USER), EndCause::NoAnswer))?;
        tx.put_call(&full_call(2, BIZ, EndCause::UserHungUp))?;
        tx.add_charge(&charge(2))?;
        tx.put_call(&call(3, OTHER_NUMBER, BIZ))
    });
    assert_eq!(log(store, |_| {}), [1, 2, 3]);
    assert_eq!(log(store, |f| f.limit = 2), [1, 2]);
    assert_eq!(log(store, |f| f.number = Some(NUMBER)), [1, 2]);
    assert_eq!(
        log(store, |f| f.number = Some(PhoneNumberId(u64::MAX))),
        NOBODY
    );
    assert_eq!(log(store, |f| f.direction = Some(BIZ)), [2, 3]);
    assert_eq!(log(store, |f| f.user = Some(wa_id(3))), [3]);
    assert_eq!(
        log(store, |f| {
            f.user = Some(wa_id(3));
            f.number = Some(NUMBER);
        }),
        NOBODY
    );
    let second = read(store, |rows| rows.logged_call(&call_id(2))).unwrap();
    assert_eq!(second.id, call_id(2));
    assert_eq!(second.end.map(|e| e.cause), Some(EndCause::UserHungUp));
    assert_eq!(second.answered_at, Some(RuleTime(NOW.0 + 2)));
    assert_eq!(second.cost, Some(("USD".to_owned(), Micros(8_400))));
    assert_eq!(log(store, |f| f.after = Some(second.place)), [3]);
    assert_eq!(log(store, |f| f.after = Some(u64::MAX)), NOBODY);
    assert_eq!(read(store, |rows| rows.logged_call(&call_id(9))), None);
}

pub(super) fn the_log_finds_a_time_wherever_it_lies(store: &mut dyn Store) {
    // Several calls at one instant, and a long time without any.
    let times = [10, 10, 20, 20, 20, 500];
    write(store, |tx| {
        for (n, at) in (1..).zip(times) {
            let mut call = ended(call(n, NUMBER, USER), EndCause::NoAnswer);
            call.placed_at = RuleTime(at);
            tx.put_call(&call)?;
        }
        Ok(())
    });
    for since in [0, 10, 11, 20, 21, 500, 501] {
        for until in [0, 10, 11, 20, 21, 500, 501, i64::MAX] {
            let found = log(store, |f| {
                f.since = Some(RuleTime(since));
                f.until = Some(RuleTime(until));
                f.number = (since % 2 == 0).then_some(NUMBER);
            });
            let expected: Vec<u64> = (1..)
                .zip(times)
                .filter(|(_, at)| (since..until).contains(at))
                .map(|(n, _)| n)
                .collect();
            assert_eq!(found, expected, "{since}..{until}");
        }
    }
}
