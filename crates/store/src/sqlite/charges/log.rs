//! The log of calls, in the order they were placed.

use ahoy_calling::price::Micros;
use ahoy_calling::{CallState, End};
use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, WaId};
use rusqlite::{Connection, Row, params};

use super::super::codec::{call_id, key, limit, many, one, unsigned, word};
use crate::{CallLogFilter, LoggedCall, Result};

macro_rules! log {
    ($index:literal, $rest:literal) => {
        concat!(
            "SELECT c.seq, c.id, c.number, c.user, c.direction, c.state, c.placed_at, c.answered_at, c.end_cause, c.ended_at,
             p.currency, p.cost FROM calls c ",
            $index,
            " LEFT JOIN charges p ON p.call = c.seq WHERE ",
            $rest
        )
    };
}

fn read(row: &Row<'_>) -> Result<LoggedCall> {
    let instant = |column| -> Result<Option<RuleTime>> {
        let ms: Option<i64> = row.get(column)?;
        Ok(ms.map(RuleTime))
    };
    let state: CallState = word(row, 5)?;
    let end = match instant(9)? {
        Some(at) => Some(End {
            cause: word(row, 8)?,
            at,
        }),
        None => None,
    };
    let currency: Option<String> = row.get(10)?;
    let cost = match currency {
        Some(currency) => Some((currency, Micros(unsigned(row, 11)?))),
        None => None,
    };
    Ok(LoggedCall {
        place: unsigned(row, 0)?,
        id: call_id(row, 1)?,
        number: PhoneNumberId(unsigned(row, 2)?),
        user: WaId::from_u64(unsigned(row, 3)?),
        direction: word(row, 4)?,
        state,
        placed_at: RuleTime(row.get(6)?),
        answered_at: instant(7)?,
        end,
        cost,
    })
}

pub(super) fn logged_call(conn: &Connection, of: &CallId) -> Result<Option<LoggedCall>> {
    one(conn, log!("", "c.id = ?1"), [of.as_str()], read)
}

/// The place after which every call was placed at or after `at`. Calls are placed in the order of time, because rule
/// time never goes back: the place is found by halving, without an index of times.
fn before(conn: &Connection, at: RuleTime) -> Result<i64> {
    let last = one(conn, "SELECT MAX(seq) FROM calls", [], |row| {
        Ok(row.get::<_, Option<i64>>(0)?)
    })?;
    // All calls up to `low` are too early; the first that is not lies at or below `high`.
    let (mut low, mut high) = (0, last.flatten().unwrap_or(0).saturating_add(1));
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        let next = one(
            conn,
            "SELECT seq, placed_at FROM calls WHERE seq >= ?1 ORDER BY seq LIMIT 1",
            [middle],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        match next {
            Some((seq, placed)) if placed < at.0 => low = seq.max(middle),
            _ => high = middle,
        }
    }
    Ok(low)
}

pub(super) fn call_log(conn: &Connection, filter: &CallLogFilter) -> Result<Vec<LoggedCall>> {
    let mut after = match filter.after {
        Some(place) => match key(place) {
            Some(place) => place,
            None => return Ok(Vec::new()),
        },
        None => 0,
    };
    if let Some(since) = filter.since {
        after = after.max(before(conn, since)?);
    }
    let last = match filter.until {
        Some(until) => before(conn, until)?,
        None => i64::MAX,
    };
    let direction = filter.direction.map(Direction::as_str);
    let most = limit(filter.limit);
    let number = filter.number.map(|number| key(number.0));
    let user = filter.user.map(|user| key(user.as_u64()));
    match (number, user) {
        (Some(None), _) | (_, Some(None)) => Ok(Vec::new()),
        (Some(Some(number)), Some(Some(user))) => many(
            conn,
            log!(
                "INDEXED BY calls_of_user",
                "c.user = ?1 AND c.seq > ?2 AND c.seq <= ?3 AND c.number = ?4
                 AND (?5 IS NULL OR c.direction = ?5) ORDER BY c.seq LIMIT ?6"
            ),
            params![user, after, last, number, direction, most],
            read,
        ),
        (None, Some(Some(user))) => many(
            conn,
            log!(
                "INDEXED BY calls_of_user",
                "c.user = ?1 AND c.seq > ?2 AND c.seq <= ?3
                 AND (?4 IS NULL OR c.direction = ?4) ORDER BY c.seq LIMIT ?5"
            ),
            params![user, after, last, direction, most],
            read,
        ),
        (Some(Some(number)), None) => many(
            conn,
            log!(
                "INDEXED BY calls_of_number",
                "c.number = ?1 AND c.seq > ?2 AND c.seq <= ?3
                 AND (?4 IS NULL OR c.direction = ?4) ORDER BY c.seq LIMIT ?5"
            ),
            params![number, after, last, direction, most],
            read,
        ),
        (None, None) => many(
            conn,
            log!(
                "NOT INDEXED",
                "c.seq > ?1 AND c.seq <= ?2 AND (?3 IS NULL OR c.direction = ?3) ORDER BY c.seq LIMIT ?4"
            ),
            params![after, last, direction, most],
            read,
        ),
    }
}
