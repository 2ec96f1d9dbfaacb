//! Deliveries and their attempts.

use ahoy_types::{AppId, CallId, DeliveryId, PhoneNumberId, RuleTime};
use rusqlite::{Connection, Row, params};

use super::calls;
use super::codec::{after, corrupt, id, json, key, limit, many, one, run, to_json, unsigned, word};
use crate::{Attempt, Delivery, DeliveryFilter, DeliveryState, NewDelivery, Result, StoreError};

/// What a list answers whose filter names no limit.
const LISTED: usize = 1000;

macro_rules! deliveries {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.app, d.number, calls.id, d.field, d.created_at, d.state, d.holds_lane, d.attempts,
             d.next_due, delivery_bodies.body
             FROM deliveries d JOIN delivery_bodies ON delivery_bodies.delivery = d.id
             LEFT JOIN calls ON calls.seq = d.lane ",
            $rest
        )
    };
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery> {
    let lane: Option<String> = row.get(3)?;
    let next_due: Option<i64> = row.get(9)?;
    Ok(Delivery {
        id: DeliveryId(unsigned(row, 0)?),
        app: AppId(unsigned(row, 1)?),
        number: PhoneNumberId(unsigned(row, 2)?),
        lane: lane
            .map(|text| text.parse().map_err(|_| corrupt(&text)))
            .transpose()?,
        field: row.get(4)?,
        created_at: RuleTime(row.get(5)?),
        state: word(row, 6)?,
        holds_lane: row.get(7)?,
        attempts: row.get(8)?,
        next_due: next_due.map(RuleTime),
        body: row.get(10)?,
    })
}

fn read_id(row: &Row<'_>) -> Result<DeliveryId> {
    unsigned(row, 0).map(DeliveryId)
}

pub(super) fn delivery(conn: &Connection, of: DeliveryId) -> Result<Option<Delivery>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(conn, deliveries!("WHERE d.id = ?1"), [key], read_delivery)
}

pub(super) fn deliveries(conn: &Connection, filter: &DeliveryFilter) -> Result<Vec<Delivery>> {
    let Some(after) = after(filter.after.map(|a| a.0)) else {
        return Ok(Vec::new());
    };
    let at_most = limit(if filter.limit == 0 {
        LISTED
    } else {
        filter.limit
    });
    let number = match filter.number {
        Some(number) => match key(number.0) {
            Some(key) => Some(key),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let state = filter.state.map(DeliveryState::as_str);
    match &filter.call {
        None => many(
            conn,
            deliveries!(
                "WHERE d.id > ?1 AND (?3 IS NULL OR d.number = ?3) AND (?4 IS NULL OR d.state = ?4)
                 ORDER BY d.id LIMIT ?2"
            ),
            params![after, at_most, number, state],
            read_delivery,
        ),
        Some(call) => many(
            conn,
            deliveries!(
                "WHERE d.lane = (SELECT seq FROM calls WHERE id = ?1) AND d.id > ?2
                 AND (?4 IS NULL OR d.number = ?4) AND (?5 IS NULL OR d.state = ?5) ORDER BY d.id LIMIT ?3"
            ),
            params![call.as_str(), after, at_most, number, state],
            read_delivery,
        ),
    }
}

pub(super) fn lane_held(conn: &Connection, app: AppId, lane: &CallId) -> Result<bool> {
    let Some(app) = key(app.0) else {
        return Ok(false);
    };
    let found = one(
        conn,
        "SELECT 1 FROM deliveries INDEXED BY deliveries_holding
         WHERE app = ?1 AND lane = (SELECT seq FROM calls WHERE id = ?2) AND holds_lane = 1 LIMIT 1",
        params![app, lane.as_str()],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

pub(super) fn lane_next(
    conn: &Connection,
    app: AppId,
    lane: &CallId,
) -> Result<Option<DeliveryId>> {
    let Some(app) = key(app.0) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT id FROM deliveries INDEXED BY deliveries_waiting
         WHERE app = ?1 AND lane = (SELECT seq FROM calls WHERE id = ?2) AND state = 'waiting' ORDER BY id LIMIT 1",
        params![app, lane.as_str()],
        read_id,
    )
}

pub(super) fn last_delivery(conn: &Connection) -> Result<Option<DeliveryId>> {
    one(
        conn,
        "SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'",
        [],
        read_id,
    )
}

pub(super) fn sending(conn: &Connection) -> Result<Vec<DeliveryId>> {
    many(
        conn,
        "SELECT id FROM deliveries INDEXED BY deliveries_sending WHERE state = 'sending' ORDER BY id",
        [],
        read_id,
    )
}

pub(super) fn add_delivery(conn: &Connection, row: &NewDelivery) -> Result<DeliveryId> {
    let lane = match &row.lane {
        Some(call) => Some(calls::seq(conn, call)?),
        None => None,
    };
    run(
        conn,
        "INSERT INTO deliveries (app, number, lane, field, created_at, state, holds_lane, attempts, next_due)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, NULL)",
        params![
            id(row.app.0)?,
            id(row.number.0)?,
            lane,
            row.field,
            row.created_at.0,
            row.state.as_str(),
            row.holds_lane,
        ],
    )?;
    let key = conn.last_insert_rowid();
    run(
        conn,
        "INSERT INTO delivery_bodies (delivery, body) VALUES (?1, ?2)",
        params![key, row.body],
    )?;
    u64::try_from(key)
        .map(DeliveryId)
        .map_err(|_| StoreError("delivery ids are used up".into()))
}

pub(super) fn update_delivery(conn: &Connection, row: &Delivery) -> Result<()> {
    let changed = run(
        conn,
        "UPDATE deliveries SET state = ?2, holds_lane = ?3, attempts = ?4, next_due = ?5 WHERE id = ?1",
        params![
            id(row.id.0)?,
            row.state.as_str(),
            row.holds_lane,
            row.attempts,
            row.next_due.map(|t| t.0),
        ],
    )?;
    match changed {
        0 => Err(StoreError(format!(
            "there is no delivery {} to update",
            row.id
        ))),
        _ => Ok(()),
    }
}

pub(super) fn attempts(conn: &Connection, of: DeliveryId) -> Result<Vec<Attempt>> {
    let Some(key) = key(of.0) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        "SELECT number, url, headers_json, at, took_us, status, note, replay, fault FROM attempts
         WHERE delivery = ?1 ORDER BY number",
        [key],
        |row| {
            Ok(Attempt {
                delivery: of,
                number: row.get(0)?,
                url: row.get(1)?,
                headers: json(row, 2)?,
                at: RuleTime(row.get(3)?),
                took_us: unsigned(row, 4)?,
                status: row.get(5)?,
                note: row.get(6)?,
                replay: row.get(7)?,
                fault: row.get(8)?,
            })
        },
    )
}

pub(super) fn add_attempt(conn: &Connection, row: &Attempt) -> Result<()> {
    run(
        conn,
        "INSERT INTO attempts (delivery, number, url, headers_json, at, took_us, status, note, replay, fault)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            id(row.delivery.0)?,
            row.number,
            row.url,
            to_json(&row.headers)?,
            row.at.0,
            id(row.took_us)?,
            row.status,
            row.note,
            row.replay,
            row.fault,
        ],
    )?;
    Ok(())
}

pub(super) fn prune_deliveries(conn: &Connection, before: RuleTime, at_most: u32) -> Result<u32> {
    let gone = many(
        conn,
        "SELECT id FROM deliveries WHERE state IN ('delivered', 'abandoned') AND created_at < ?1
         ORDER BY created_at, id LIMIT ?2",
        params![before.0, at_most],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    for key in &gone {
        run(conn, "DELETE FROM attempts WHERE delivery = ?1", [key])?;
        run(
            conn,
            "DELETE FROM delivery_bodies WHERE delivery = ?1",
            [key],
        )?;
        run(conn, "DELETE FROM deliveries WHERE id = ?1", [key])?;
    }
    Ok(u32::try_from(gone.len()).unwrap_or(u32::MAX))
}
