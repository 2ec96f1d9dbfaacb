//! Charge records, tiers and the figures of analytics.

use ahoy_calling::analytics::{Cell, Figures, Span};
use ahoy_calling::calendar::{Month, Zone};
use ahoy_calling::price::Micros;
use ahoy_types::{
    BusinessId, CallId, Country, Direction, PhoneNumberId, RuleTime, Seconds, WabaId,
};
use rusqlite::{Connection, Row, params};

use super::calls::seq;
use super::codec::{corrupt, id, key, limit, many, one, run, statement, unsigned, word};
use super::view::View;
use crate::{
    CallEvent, CallLogFilter, Charge, ChargeRows, ChargeTx, LoggedCall, Result, StoreError, SumsOf,
};

mod log;

/// A count to be written.
fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Kept figures of a whole account have this number.
const ALL_NUMBERS: i64 = 0;

fn text<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: std::str::FromStr,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|_| corrupt(&text))
}

fn charge(conn: &Connection, of: &CallId) -> Result<Option<Charge>> {
    one(
        conn,
        "SELECT business, market, month, tier, pulses, currency, per_minute, cost FROM charges
         WHERE call = (SELECT seq FROM calls WHERE id = ?1)",
        [of.as_str()],
        |row| {
            Ok(Charge {
                call: of.clone(),
                business: BusinessId(unsigned(row, 0)?),
                market: row.get(1)?,
                month: text(row, 2)?,
                tier: row.get(3)?,
                pulses: unsigned(row, 4)?,
                currency: row.get(5)?,
                per_minute: Micros(unsigned(row, 6)?),
                cost: Micros(unsigned(row, 7)?),
            })
        },
    )
}

fn add_charge(conn: &Connection, row: &Charge) -> Result<()> {
    let call = seq(conn, &row.call)?;
    run(
        conn,
        "INSERT INTO charges (call, business, market, month, tier, pulses, currency, per_minute, cost)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            call,
            id(row.business.0)?,
            row.market,
            row.month.to_string(),
            row.tier,
            count(row.pulses),
            row.currency,
            count(row.per_minute.0),
            count(row.cost.0),
        ],
    )?;
    Ok(())
}

fn month_volume(
    conn: &Connection,
    business: BusinessId,
    market: &str,
    month: Month,
) -> Result<Seconds> {
    let Some(business) = key(business.0) else {
        return Ok(Seconds(0));
    };
    let found = one(
        conn,
        "SELECT seconds FROM month_volumes WHERE business = ?1 AND market = ?2 AND month = ?3",
        params![business, market, month.to_string()],
        |row| unsigned(row, 0),
    )?;
    Ok(Seconds(found.unwrap_or(0)))
}

fn add_volume(
    conn: &Connection,
    business: BusinessId,
    market: &str,
    month: Month,
    volume: Seconds,
) -> Result<()> {
    run(
        conn,
        "INSERT INTO month_volumes (business, market, month, seconds) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (business, market, month) DO UPDATE SET seconds = seconds + excluded.seconds",
        params![id(business.0)?, market, month.to_string(), count(volume.0)],
    )?;
    Ok(())
}

/// Adds to one of the kept figures; `start` is the beginning of its span.
const ADD_SUMS: &str = "INSERT INTO call_sums (span, waba, number, start, country, user_initiated, calls, seconds, cost)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
     ON CONFLICT (span, waba, number, start, country, user_initiated) DO UPDATE SET
         calls = calls + excluded.calls, seconds = seconds + excluded.seconds, cost = cost + excluded.cost";

fn add_call_sums(
    conn: &Connection,
    waba: WabaId,
    zone: &Zone,
    number: PhoneNumberId,
    cell: &Cell,
) -> Result<()> {
    let (waba, number) = (id(waba.0)?, id(number.0)?);
    let country = cell.country.as_ref().map_or("", Country::as_str);
    for span in Span::ALL {
        let start = span.start(cell.start, zone);
        for number in [number, ALL_NUMBERS] {
            run(
                conn,
                ADD_SUMS,
                params![
                    span.seconds(),
                    waba,
                    number,
                    start.0,
                    country,
                    cell.direction == Direction::UserInitiated,
                    count(cell.figures.calls),
                    count(cell.figures.seconds.0),
                    count(cell.figures.cost.0),
                ],
            )?;
        }
    }
    Ok(())
}

const HALF_HOUR_MS: i64 = 1_800_000;

/// Half hours read at once while days are summed up anew.
const RESUM_PAGE: usize = 10_000;

/// Figures are kept by half hours. One in which a day begins, as in zones a quarter of an hour apart from the others, is summed up from its calls.
fn resum_days(conn: &Connection, waba: WabaId, zone: &Zone) -> Result<()> {
    type Row = (i64, i64, String, bool, i64, i64, i64);
    let waba = id(waba.0)?;
    run(
        conn,
        "DELETE FROM call_sums WHERE span = ?1 AND waba = ?2",
        params![Span::Day.seconds(), waba],
    )?;
    let mut after: (i64, i64, String, bool) = (-1, i64::MIN, String::new(), false);
    loop {
        let page: Vec<Row> = many(
            conn,
            "SELECT number, start, country, user_initiated, calls, seconds, cost FROM call_sums
             WHERE span = ?1 AND waba = ?2 AND (number, start, country, user_initiated) > (?3, ?4, ?5, ?6)
             ORDER BY number, start, country, user_initiated LIMIT ?7",
            params![
                Span::HalfHour.seconds(),
                waba,
                after.0,
                after.1,
                after.2,
                after.3,
                limit(RESUM_PAGE),
            ],
            |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                    row.get(6)?,
                ))
            },
        )?;
        for (number, start, country, user_initiated, calls, seconds, cost) in &page {
            let day = zone.start_of_day(RuleTime(*start));
            if zone.start_of_day(RuleTime(start + HALF_HOUR_MS - 1)) != day {
                // Of the whole account the cells are those of its numbers together.
                if *number != ALL_NUMBERS {
                    let cell = SplitCell {
                        number: *number,
                        start: *start,
                        country,
                        user_initiated: *user_initiated,
                    };
                    split_days(conn, waba, zone, &cell)?;
                }
                continue;
            }
            run(
                conn,
                ADD_SUMS,
                params![
                    Span::Day.seconds(),
                    waba,
                    number,
                    day.0,
                    country,
                    user_initiated,
                    calls,
                    seconds,
                    cost
                ],
            )?;
        }
        match page.into_iter().next_back() {
            Some((number, start, country, user_initiated, ..)) => {
                after = (number, start, country, user_initiated);
            }
            None => return Ok(()),
        }
    }
}

/// A half hour of a number in which a day begins.
struct SplitCell<'a> {
    number: i64,
    start: i64,
    country: &'a str,
    user_initiated: bool,
}

fn split_days(conn: &Connection, waba: i64, zone: &Zone, cell: &SplitCell<'_>) -> Result<()> {
    let number = u64::try_from(cell.number).map_err(|_| corrupt("number"))?;
    let direction = match cell.user_initiated {
        true => Direction::UserInitiated,
        false => Direction::BusinessInitiated,
    };
    let mut filter = CallLogFilter {
        number: Some(PhoneNumberId(number)),
        user: None,
        direction: Some(direction),
        since: Some(RuleTime(cell.start)),
        until: Some(RuleTime(cell.start + HALF_HOUR_MS)),
        after: None,
        limit: RESUM_PAGE,
    };
    loop {
        let page = log::call_log(conn, &filter)?;
        for call in &page {
            let country = call.user.country();
            let country = country.as_ref().map_or("", Country::as_str);
            let (Some(answered), Some(end)) = (call.answered_at, &call.end) else {
                continue;
            };
            if country != cell.country {
                continue;
            }
            let seconds = end.at.whole_seconds_since(answered);
            let cost = call.cost.as_ref().map_or(0, |(_, cost)| cost.0);
            let day = zone.start_of_day(call.placed_at);
            for number in [cell.number, ALL_NUMBERS] {
                run(
                    conn,
                    ADD_SUMS,
                    params![
                        Span::Day.seconds(),
                        waba,
                        number,
                        day.0,
                        country,
                        cell.user_initiated,
                        1,
                        count(seconds.0),
                        count(cost)
                    ],
                )?;
            }
        }
        match page.last() {
            Some(last) => filter.after = Some(last.place),
            None => return Ok(()),
        }
    }
}

fn call_sums(
    conn: &Connection,
    of: &SumsOf,
    each: &mut dyn FnMut(Cell) -> Result<bool>,
) -> Result<()> {
    let number = match of.number {
        Some(number) => key(number.0),
        None => Some(ALL_NUMBERS),
    };
    let (Some(waba), Some(number)) = (key(of.waba.0), number) else {
        return Ok(());
    };
    let mut statement = statement(
        conn,
        "SELECT start, country, user_initiated, calls, seconds, cost FROM call_sums
         WHERE span = ?1 AND waba = ?2 AND number = ?3 AND start >= ?4 AND start < ?5
         ORDER BY start, country, user_initiated",
    )?;
    let mut rows = statement.query(params![
        of.span.seconds(),
        waba,
        number,
        of.from.0,
        of.until.0
    ])?;
    while let Some(row) = rows.next()? {
        let country = row.get_ref(1)?.as_str().map_err(|_| corrupt("country"))?;
        let country: Option<Country> = match country {
            "" => None,
            code => Some(code.parse().map_err(|_| corrupt(code))?),
        };
        let cell = Cell {
            start: RuleTime(row.get(0)?),
            number: of.number,
            country,
            direction: if row.get(2)? {
                Direction::UserInitiated
            } else {
                Direction::BusinessInitiated
            },
            figures: Figures {
                calls: unsigned(row, 3)?,
                seconds: Seconds(unsigned(row, 4)?),
                cost: Micros(unsigned(row, 5)?),
            },
        };
        if !each(cell)? {
            break;
        }
    }
    Ok(())
}

fn call_events(conn: &Connection, of: &CallId) -> Result<Vec<CallEvent>> {
    many(
        conn,
        "SELECT at, act, detail, request FROM call_events
         WHERE call = (SELECT seq FROM calls WHERE id = ?1) ORDER BY n",
        [of.as_str()],
        |row| {
            Ok(CallEvent {
                at: RuleTime(row.get(0)?),
                act: word(row, 1)?,
                detail: row.get(2)?,
                request: row.get(3)?,
            })
        },
    )
}

fn add_call_event(conn: &Connection, of: &CallId, event: &CallEvent) -> Result<()> {
    let added = run(
        conn,
        "INSERT INTO call_events (call, n, at, act, detail, request)
         SELECT seq, (SELECT COALESCE(MAX(n), 0) + 1 FROM call_events WHERE call = seq), ?2, ?3, ?4, ?5
         FROM calls WHERE id = ?1",
        params![
            of.as_str(),
            event.at.0,
            event.act.as_str(),
            event.detail,
            event.request
        ],
    )?;
    match added {
        0 => Err(StoreError(format!("there is no call {of}"))),
        _ => Ok(()),
    }
}

impl ChargeRows for View<'_> {
    fn charge(&mut self, call: &CallId) -> Result<Option<Charge>> {
        charge(self.0, call)
    }
    fn month_volume(
        &mut self,
        business: BusinessId,
        market: &str,
        month: Month,
    ) -> Result<Seconds> {
        month_volume(self.0, business, market, month)
    }
    fn call_sums(&mut self, of: &SumsOf, each: &mut dyn FnMut(Cell) -> Result<bool>) -> Result<()> {
        call_sums(self.0, of, each)
    }
    fn call_events(&mut self, call: &CallId) -> Result<Vec<CallEvent>> {
        call_events(self.0, call)
    }
    fn call_log(&mut self, filter: &CallLogFilter) -> Result<Vec<LoggedCall>> {
        log::call_log(self.0, filter)
    }
    fn logged_call(&mut self, call: &CallId) -> Result<Option<LoggedCall>> {
        log::logged_call(self.0, call)
    }
}

impl ChargeTx for View<'_> {
    fn add_charge(&mut self, row: &Charge) -> Result<()> {
        add_charge(self.0, row)
    }
    fn add_volume(
        &mut self,
        business: BusinessId,
        market: &str,
        month: Month,
        volume: Seconds,
    ) -> Result<()> {
        add_volume(self.0, business, market, month, volume)
    }
    fn add_call_sums(
        &mut self,
        waba: WabaId,
        zone: &Zone,
        number: PhoneNumberId,
        cell: &Cell,
    ) -> Result<()> {
        add_call_sums(self.0, waba, zone, number, cell)
    }
    fn resum_days(&mut self, waba: WabaId, zone: &Zone) -> Result<()> {
        resum_days(self.0, waba, zone)
    }
    fn add_call_event(&mut self, call: &CallId, event: &CallEvent) -> Result<()> {
        add_call_event(self.0, call, event)
    }
}
