//! Portfolios, WABAs, numbers.

use ahoy_calling::account::{Business, Number, Waba};
use ahoy_calling::calendar::Zone;
use ahoy_types::{BusinessId, PhoneNumberId, WaId, WabaId};
use rusqlite::{Connection, Row, params};

use super::codec::{after, id, json, key, limit, many, one, run, to_json, unsigned, word};
use crate::{Page, Result};

pub(super) fn business(conn: &Connection, of: BusinessId) -> Result<Option<Business>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT id, name, contacts_json, contact_book FROM businesses WHERE id = ?1",
        [key],
        read_business,
    )
}

pub(super) fn read_business(row: &Row<'_>) -> Result<Business> {
    Ok(Business {
        id: BusinessId(unsigned(row, 0)?),
        name: row.get(1)?,
        contacts: json(row, 2)?,
        contact_book: row.get(3)?,
    })
}

pub(super) fn put_business(conn: &Connection, row: &Business) -> Result<()> {
    run(
        conn,
        "INSERT INTO businesses (id, name, contacts_json, contact_book) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, contacts_json = excluded.contacts_json,
             contact_book = excluded.contact_book",
        params![
            id(row.id.0)?,
            row.name,
            to_json(&row.contacts)?,
            row.contact_book
        ],
    )?;
    Ok(())
}

macro_rules! wabas {
    ($rest:literal) => {
        concat!(
            "SELECT id, business, name, currency, timezone_id, time_zone FROM wabas ",
            $rest
        )
    };
}
/// The beginning of every statement that reads WABAs.
pub(super) const WABA: &str = wabas!("");

pub(super) fn read_waba(row: &Row<'_>) -> Result<Waba> {
    Ok(Waba {
        id: WabaId(unsigned(row, 0)?),
        business: BusinessId(unsigned(row, 1)?),
        name: row.get(2)?,
        currency: row.get(3)?,
        timezone_id: row.get(4)?,
        zone: Zone::stored(&row.get::<_, String>(5)?),
    })
}

pub(super) fn waba(conn: &Connection, of: WabaId) -> Result<Option<Waba>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(conn, wabas!("WHERE id = ?1"), [key], read_waba)
}

pub(super) fn put_waba(conn: &Connection, row: &Waba) -> Result<()> {
    run(
        conn,
        "INSERT INTO wabas (id, business, name, currency, timezone_id, time_zone) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET business = excluded.business, name = excluded.name,
             currency = excluded.currency, timezone_id = excluded.timezone_id, time_zone = excluded.time_zone",
        params![
            id(row.id.0)?,
            id(row.business.0)?,
            row.name,
            row.currency,
            row.timezone_id,
            row.zone.name(),
        ],
    )?;
    Ok(())
}

macro_rules! numbers {
    ($rest:literal) => {
        concat!(
            "SELECT id, waba, digits, verified_name, profile, messaging_limit, payment_valid, settings_json, registration_json, about_json, standing_json FROM numbers ",
            $rest
        )
    };
}

/// The beginning of every statement that reads numbers.
pub(super) const NUMBER: &str = numbers!("");

pub(super) fn read_number(row: &Row<'_>) -> Result<Number> {
    Ok(Number {
        id: PhoneNumberId(unsigned(row, 0)?),
        waba: WabaId(unsigned(row, 1)?),
        number: WaId::from_u64(unsigned(row, 2)?),
        verified_name: row.get(3)?,
        profile: word(row, 4)?,
        messaging_limit: word(row, 5)?,
        payment_valid: row.get(6)?,
        settings: json(row, 7)?,
        registration: json(row, 8)?,
        about: json(row, 9)?,
        standing: json(row, 10)?,
    })
}

pub(super) fn number(conn: &Connection, of: PhoneNumberId) -> Result<Option<Number>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(conn, numbers!("WHERE id = ?1"), [key], read_number)
}

pub(super) fn number_by_digits(conn: &Connection, digits: WaId) -> Result<Option<Number>> {
    let Some(key) = key(digits.as_u64()) else {
        return Ok(None);
    };
    one(conn, numbers!("WHERE digits = ?1"), [key], read_number)
}

pub(super) fn numbers_of(
    conn: &Connection,
    waba: WabaId,
    page: Page<PhoneNumberId>,
) -> Result<Vec<Number>> {
    let (Some(waba), Some(after)) = (key(waba.0), after(page.after.map(|a| a.0))) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        numbers!("WHERE waba = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
        params![waba, after, limit(page.limit)],
        read_number,
    )
}

pub(super) fn numbers(conn: &Connection, page: Page<PhoneNumberId>) -> Result<Vec<Number>> {
    let Some(after) = after(page.after.map(|a| a.0)) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        numbers!("WHERE id > ?1 ORDER BY id LIMIT ?2"),
        params![after, limit(page.limit)],
        read_number,
    )
}

pub(super) fn put_number(conn: &Connection, row: &Number) -> Result<()> {
    run(
        conn,
        "INSERT INTO numbers (id, waba, digits, verified_name, profile, messaging_limit, payment_valid,
             settings_json, registration_json, about_json, standing_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET waba = excluded.waba, digits = excluded.digits,
             verified_name = excluded.verified_name, profile = excluded.profile,
             messaging_limit = excluded.messaging_limit, payment_valid = excluded.payment_valid,
             settings_json = excluded.settings_json, registration_json = excluded.registration_json,
             about_json = excluded.about_json, standing_json = excluded.standing_json",
        params![
            id(row.id.0)?,
            id(row.waba.0)?,
            id(row.number.as_u64())?,
            row.verified_name,
            row.profile.as_str(),
            row.messaging_limit.as_str(),
            row.payment_valid,
            to_json(&row.settings)?,
            to_json(&row.registration)?,
            to_json(&row.about)?,
            to_json(&row.standing)?,
        ],
    )?;
    Ok(())
}
