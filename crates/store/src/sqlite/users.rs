//! Users.

use ahoy_calling::account::User;
use ahoy_types::{Country, RuleTime, WaId};
use rusqlite::{Connection, Row, params};

use super::codec::{corrupt, id, json, key, limit, many, one, run, to_json, unsigned};
use crate::Result;

fn read_user(row: &Row<'_>) -> Result<User> {
    let country: Option<String> = row.get(2)?;
    let behaviour: Option<String> = row.get(3)?;
    Ok(User {
        wa_id: WaId::from_u64(unsigned(row, 0)?),
        name: row.get(1)?,
        country: country
            .map(|text| text.parse::<Country>().map_err(|_| corrupt(&text)))
            .transpose()?,
        behaviour: behaviour
            .map(|text| serde_json::from_str(&text).map_err(|_| corrupt(&text)))
            .transpose()?,
        created_at: RuleTime(row.get(4)?),
        identity: json(row, 5)?,
        client: json(row, 6)?,
    })
}

pub(super) fn user(conn: &Connection, wa_id: WaId) -> Result<Option<User>> {
    let Some(key) = key(wa_id.as_u64()) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT wa_id, name, country, behaviour_json, created_at, identity_json, client_json FROM users WHERE wa_id = ?1",
        [key],
        read_user,
    )
}

pub(super) fn users(conn: &Connection, at_most: usize) -> Result<Vec<User>> {
    many(
        conn,
        "SELECT wa_id, name, country, behaviour_json, created_at, identity_json, client_json FROM users ORDER BY seq LIMIT ?1",
        [limit(at_most)],
        read_user,
    )
}

pub(super) fn put_user(conn: &Connection, row: &User) -> Result<()> {
    let behaviour = row.behaviour.as_ref().map(to_json).transpose()?;
    run(
        conn,
        "INSERT INTO users (wa_id, name, country, behaviour_json, created_at, identity_json, client_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (wa_id) DO UPDATE SET name = excluded.name, country = excluded.country,
             behaviour_json = excluded.behaviour_json, created_at = excluded.created_at,
             identity_json = excluded.identity_json, client_json = excluded.client_json",
        params![
            id(row.wa_id.as_u64())?,
            row.name,
            row.country.as_ref().map(Country::as_str),
            behaviour,
            row.created_at.0,
            to_json(&row.identity)?,
            to_json(&row.client)?,
        ],
    )?;
    Ok(())
}
