//! Pairs and calls.

use ahoy_calling::{Call, CallState, End, Pair};
use ahoy_types::{CallId, Direction, PhoneNumberId, RuleTime, WaId};
use rusqlite::{Connection, Row, params};

use super::codec::{
    call_id, corrupt, id, json, key, limit, many, one, run, to_json, unsigned, word,
};
use super::timers;
use crate::{Result, StoreError};

pub(super) fn pair(conn: &Connection, number: PhoneNumberId, user: WaId) -> Result<Pair> {
    let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
        return Ok(Pair::default());
    };
    let found = one(
        conn,
        "SELECT state_json FROM pairs WHERE number = ?1 AND user = ?2",
        [number, user],
        |row| json(row, 0),
    )?;
    Ok(found.unwrap_or_default())
}

pub(super) fn put_pair(
    conn: &Connection,
    number: PhoneNumberId,
    user: WaId,
    row: &Pair,
) -> Result<()> {
    run(
        conn,
        "INSERT INTO pairs (number, user, state_json) VALUES (?1, ?2, ?3)
         ON CONFLICT (number, user) DO UPDATE SET state_json = excluded.state_json",
        params![id(number.0)?, id(user.as_u64())?, to_json(row)?],
    )?;
    Ok(())
}

// Without statistics SQLite prefers a whole index of equal columns to a partial one, and would read a number's
// history to count its live calls: hence `INDEXED BY`.

macro_rules! calls {
    ($rest:literal) => {
        calls!("", $rest)
    };
    ($index:literal, $rest:literal) => {
        concat!(
            "SELECT id, number, user, direction, state, bridge, placed_at, rang_at, answered_at, business_media_up,
             end_cause, ended_at, opaque, cta_payload, deeplink_payload, business_sdp, platform_sdp, report
             FROM calls ",
            $index,
            " JOIN call_texts ON call_texts.call = calls.seq ",
            $rest
        )
    };
}

fn read_call(row: &Row<'_>) -> Result<Call> {
    let instant = |column| -> Result<Option<RuleTime>> {
        let ms: Option<i64> = row.get(column)?;
        Ok(ms.map(RuleTime))
    };
    let bridge: i64 = row.get(5)?;
    let end = match instant(11)? {
        Some(at) => Some(End {
            cause: word(row, 10)?,
            at,
        }),
        None => None,
    };
    let state: CallState = word(row, 4)?;
    if state.live() != end.is_none() {
        return Err(corrupt(state.as_str()));
    }
    Ok(Call {
        id: call_id(row, 0)?,
        number: PhoneNumberId(unsigned(row, 1)?),
        user: WaId::from_u64(unsigned(row, 2)?),
        direction: word(row, 3)?,
        state,
        bridge: bridge.cast_unsigned(),
        placed_at: RuleTime(row.get(6)?),
        rang_at: instant(7)?,
        answered_at: instant(8)?,
        business_media_up: row.get(9)?,
        end,
        opaque: row.get(12)?,
        cta_payload: row.get(13)?,
        deeplink_payload: row.get(14)?,
        business_sdp: row.get(15)?,
        platform_sdp: row.get(16)?,
        report: row.get(17)?,
    })
}

pub(super) fn call(conn: &Connection, of: &CallId) -> Result<Option<Call>> {
    one(conn, calls!("WHERE id = ?1"), [of.as_str()], read_call)
}

pub(super) fn live_call_of_pair(
    conn: &Connection,
    number: PhoneNumberId,
    user: WaId,
) -> Result<Option<CallId>> {
    let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT id FROM calls INDEXED BY calls_live WHERE number = ?1 AND user = ?2 AND state <> 'ended'",
        [number, user],
        |row| call_id(row, 0),
    )
}

fn count(conn: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<u32> {
    let found = one(conn, sql, params, |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(u32::try_from(found.unwrap_or(0)).unwrap_or(u32::MAX))
}

pub(super) fn live_calls_of(conn: &Connection, number: PhoneNumberId) -> Result<u32> {
    let Some(number) = key(number.0) else {
        return Ok(0);
    };
    count(
        conn,
        "SELECT COUNT(*) FROM calls INDEXED BY calls_live WHERE number = ?1 AND state <> 'ended'",
        [number],
    )
}

pub(super) fn live_calls(conn: &Connection) -> Result<Vec<Call>> {
    many(
        conn,
        calls!(
            "INDEXED BY calls_live",
            "WHERE state <> 'ended' ORDER BY seq"
        ),
        [],
        read_call,
    )
}

pub(super) fn connects_since(
    conn: &Connection,
    number: PhoneNumberId,
    since: RuleTime,
    cap: u32,
) -> Result<u32> {
    let Some(number) = key(number.0) else {
        return Ok(0);
    };
    count(
        conn,
        "SELECT COUNT(*) FROM (SELECT 1 FROM calls INDEXED BY calls_connects
             WHERE number = ?1 AND direction = 'BUSINESS_INITIATED' AND placed_at > ?2 LIMIT ?3)",
        params![number, since.0, cap],
    )
}

/// How other tables name a call.
pub(super) fn seq(conn: &Connection, of: &CallId) -> Result<i64> {
    let found = one(
        conn,
        "SELECT seq FROM calls WHERE id = ?1",
        [of.as_str()],
        |row| Ok(row.get(0)?),
    )?;
    found.ok_or_else(|| StoreError(format!("there is no call {of}")))
}

fn newest_last(mut calls: Vec<Call>) -> Vec<Call> {
    calls.reverse();
    calls
}

pub(super) fn calls_of_user(conn: &Connection, user: WaId, at_most: usize) -> Result<Vec<Call>> {
    let Some(user) = key(user.as_u64()) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        calls!("WHERE user = ?1 ORDER BY seq DESC LIMIT ?2"),
        params![user, limit(at_most)],
        read_call,
    )
    .map(newest_last)
}

pub(super) fn calls_of_pair(
    conn: &Connection,
    number: PhoneNumberId,
    user: WaId,
    at_most: usize,
) -> Result<Vec<Call>> {
    let (Some(number), Some(user)) = (key(number.0), key(user.as_u64())) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        calls!(
            "INDEXED BY calls_of_user",
            "WHERE number = ?1 AND user = ?2 ORDER BY seq DESC LIMIT ?3"
        ),
        params![number, user, limit(at_most)],
        read_call,
    )
    .map(newest_last)
}

/// What of a call never changes in its life: written again only where it does, because indexes hang on it.
#[derive(PartialEq)]
struct Identity {
    number: i64,
    user: i64,
    direction: Direction,
    placed_at: i64,
}

pub(super) fn put_call(conn: &Connection, row: &Call) -> Result<()> {
    if row.state.live() != row.end.is_none() {
        return Err(StoreError(format!(
            "call {} is {} and {} an end",
            row.id,
            row.state.as_str(),
            if row.end.is_some() { "has" } else { "lacks" },
        )));
    }
    let identity = Identity {
        number: id(row.number.0)?,
        user: id(row.user.as_u64())?,
        direction: row.direction,
        placed_at: row.placed_at.0,
    };
    let before = one(
        conn,
        "SELECT seq, number, user, direction, placed_at FROM calls WHERE id = ?1",
        [row.id.as_str()],
        |found| {
            let identity = Identity {
                number: found.get(1)?,
                user: found.get(2)?,
                direction: word(found, 3)?,
                placed_at: found.get(4)?,
            };
            Ok((found.get::<_, i64>(0)?, identity))
        },
    )?;
    let seq = match before {
        None => insert_call(conn, row, &identity)?,
        Some((seq, before)) => {
            if before != identity {
                run(
                    conn,
                    "UPDATE calls SET number = ?2, user = ?3, direction = ?4, placed_at = ?5 WHERE seq = ?1",
                    params![
                        seq,
                        identity.number,
                        identity.user,
                        identity.direction.as_str(),
                        identity.placed_at,
                    ],
                )?;
            }
            update_call(conn, row, seq)?;
            seq
        }
    };
    put_texts(conn, row, seq)
}

fn insert_call(conn: &Connection, row: &Call, identity: &Identity) -> Result<i64> {
    run(
        conn,
        "INSERT INTO calls (id, number, user, direction, placed_at, state, bridge, rang_at, answered_at,
             business_media_up, end_cause, ended_at, opaque, cta_payload, deeplink_payload)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            row.id.as_str(),
            identity.number,
            identity.user,
            identity.direction.as_str(),
            identity.placed_at,
            row.state.as_str(),
            row.bridge.cast_signed(),
            row.rang_at.map(|t| t.0),
            row.answered_at.map(|t| t.0),
            row.business_media_up,
            row.end.map(|end| end.cause.as_str()),
            row.end.map(|end| end.at.0),
            row.opaque,
            row.cta_payload,
            row.deeplink_payload,
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

fn update_call(conn: &Connection, row: &Call, seq: i64) -> Result<()> {
    run(
        conn,
        "UPDATE calls SET state = ?2, bridge = ?3, rang_at = ?4, answered_at = ?5, business_media_up = ?6,
             end_cause = ?7, ended_at = ?8, opaque = ?9, cta_payload = ?10, deeplink_payload = ?11
         WHERE seq = ?1",
        params![
            seq,
            row.state.as_str(),
            row.bridge.cast_signed(),
            row.rang_at.map(|t| t.0),
            row.answered_at.map(|t| t.0),
            row.business_media_up,
            row.end.map(|end| end.cause.as_str()),
            row.end.map(|end| end.at.0),
            row.opaque,
            row.cta_payload,
            row.deeplink_payload,
        ],
    )?;
    Ok(())
}

/// Writes the long texts, but dirties no page where they are as they were.
fn put_texts(conn: &Connection, row: &Call, seq: i64) -> Result<()> {
    run(
        conn,
        "INSERT INTO call_texts (call, business_sdp, platform_sdp, report) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (call) DO UPDATE SET business_sdp = excluded.business_sdp,
             platform_sdp = excluded.platform_sdp, report = excluded.report
         WHERE business_sdp IS NOT excluded.business_sdp OR platform_sdp IS NOT excluded.platform_sdp
             OR report IS NOT excluded.report",
        params![seq, row.business_sdp, row.platform_sdp, row.report],
    )?;
    Ok(())
}

pub(super) fn put_report(conn: &Connection, of: &CallId, report: &str) -> Result<()> {
    run(
        conn,
        "UPDATE call_texts SET report = ?2 WHERE call = (SELECT seq FROM calls WHERE id = ?1)",
        [of.as_str(), report],
    )?;
    Ok(())
}

/// The last call whose SDPs are gone: what lies before it is not read again.
const PRUNED_KEY: &str = "sdps_pruned";

pub(super) fn prune_sdps(conn: &Connection, before: RuleTime, at_most: u32) -> Result<u32> {
    let mark = timers::meta(conn, PRUNED_KEY)?;
    let mark: i64 = mark.and_then(|mark| mark.parse().ok()).unwrap_or(0);
    let next = many(
        conn,
        "SELECT seq, ended_at FROM calls WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        params![mark, at_most],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)),
    )?;
    let mut gone = 0;
    let mut last = None;
    for (seq, ended) in next {
        if ended.is_none_or(|at| at >= before.0) {
            break;
        }
        run(
            conn,
            "UPDATE call_texts SET business_sdp = NULL, platform_sdp = '' WHERE call = ?1",
            [seq],
        )?;
        gone += 1;
        last = Some(seq);
    }
    if let Some(last) = last {
        timers::put_meta(conn, PRUNED_KEY, &last.to_string())?;
    }
    Ok(gone)
}
