//! Apps, tokens, subscriptions, overrides.

use ahoy_calling::account::{App, Callback, Subscription, Token};
use ahoy_types::{AppId, BusinessId, PhoneNumberId, RuleTime, TokenHash, TokenId, WabaId};
use rusqlite::{Connection, Row, params};

use super::codec::{callback, corrupt, id, json, key, many, one, run, to_json, unsigned};
use crate::{NumberOverride, Result};

macro_rules! apps {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, secret, business, callback_url, verify_token, fields_json FROM apps ",
            $rest
        )
    };
}
/// The beginning of every statement that reads apps.
pub(super) const APP: &str = apps!("");

pub(super) fn read_app(row: &Row<'_>) -> Result<App> {
    Ok(App {
        id: AppId(unsigned(row, 0)?),
        name: row.get(1)?,
        secret: row.get(2)?,
        business: BusinessId(unsigned(row, 3)?),
        callback: callback(row, 4)?,
        fields: json(row, 6)?,
    })
}

pub(super) fn app(conn: &Connection, of: AppId) -> Result<Option<App>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(conn, apps!("WHERE id = ?1"), [key], read_app)
}

pub(super) fn put_app(conn: &Connection, row: &App) -> Result<()> {
    let (url, verify_token) = split(row.callback.as_ref());
    run(
        conn,
        "INSERT INTO apps (id, name, secret, business, callback_url, verify_token, fields_json)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, secret = excluded.secret, business = excluded.business,
             callback_url = excluded.callback_url, verify_token = excluded.verify_token,
             fields_json = excluded.fields_json",
        params![
            id(row.id.0)?,
            row.name,
            row.secret,
            id(row.business.0)?,
            url,
            verify_token,
            to_json(&row.fields)?,
        ],
    )?;
    Ok(())
}

fn split(callback: Option<&Callback>) -> (Option<&str>, Option<&str>) {
    callback
        .map(|c| (c.url.as_str(), c.verify_token.as_str()))
        .unzip()
}

macro_rules! tokens {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, name, app, business, scopes_json, issued_at, expires_at, revoked_at FROM tokens ",
            $rest
        )
    };
}
/// The beginning of every statement that reads tokens.
pub(super) const TOKEN: &str = tokens!("");

pub(super) fn read_token(row: &Row<'_>) -> Result<Token> {
    let hash: Vec<u8> = row.get(1)?;
    let expires_at: Option<i64> = row.get(7)?;
    let revoked_at: Option<i64> = row.get(8)?;
    Ok(Token {
        id: TokenId(unsigned(row, 0)?),
        hash: TokenHash(hash.try_into().map_err(|_| corrupt("a hash"))?),
        name: row.get(2)?,
        app: AppId(unsigned(row, 3)?),
        business: BusinessId(unsigned(row, 4)?),
        scopes: json(row, 5)?,
        issued_at: RuleTime(row.get(6)?),
        expires_at: expires_at.map(RuleTime),
        revoked_at: revoked_at.map(RuleTime),
    })
}

pub(super) fn token(conn: &Connection, hash: &TokenHash) -> Result<Option<Token>> {
    one(
        conn,
        tokens!("WHERE hash = ?1"),
        [hash.0.as_slice()],
        read_token,
    )
}

pub(super) fn put_token(conn: &Connection, row: &Token) -> Result<()> {
    run(
        conn,
        "INSERT INTO tokens (hash, id, name, app, business, scopes_json, issued_at, expires_at, revoked_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (hash) DO UPDATE SET id = excluded.id, name = excluded.name, app = excluded.app,
             business = excluded.business, scopes_json = excluded.scopes_json, issued_at = excluded.issued_at,
             expires_at = excluded.expires_at, revoked_at = excluded.revoked_at",
        params![
            row.hash.0.as_slice(),
            id(row.id.0)?,
            row.name,
            id(row.app.0)?,
            id(row.business.0)?,
            to_json(&row.scopes)?,
            row.issued_at.0,
            row.expires_at.map(|t| t.0),
            row.revoked_at.map(|t| t.0),
        ],
    )?;
    Ok(())
}

pub(super) fn subscriptions(conn: &Connection, waba: WabaId) -> Result<Vec<Subscription>> {
    let Some(key) = key(waba.0) else {
        return Ok(Vec::new());
    };
    many(
        conn,
        "SELECT app, callback_url, verify_token FROM subscriptions WHERE waba = ?1 ORDER BY app",
        [key],
        |row| {
            Ok(Subscription {
                waba,
                app: AppId(unsigned(row, 0)?),
                callback: callback(row, 1)?,
            })
        },
    )
}

pub(super) fn put_subscription(conn: &Connection, row: &Subscription) -> Result<()> {
    let (url, verify_token) = split(row.callback.as_ref());
    run(
        conn,
        "INSERT INTO subscriptions (waba, app, callback_url, verify_token) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (waba, app) DO UPDATE SET callback_url = excluded.callback_url,
             verify_token = excluded.verify_token",
        params![id(row.waba.0)?, id(row.app.0)?, url, verify_token],
    )?;
    Ok(())
}

pub(super) fn delete_subscription(conn: &Connection, waba: WabaId, app: AppId) -> Result<bool> {
    let (Some(waba), Some(app)) = (key(waba.0), key(app.0)) else {
        return Ok(false);
    };
    let gone = run(
        conn,
        "DELETE FROM subscriptions WHERE waba = ?1 AND app = ?2",
        [waba, app],
    )?;
    Ok(gone > 0)
}

pub(super) fn number_override(
    conn: &Connection,
    number: PhoneNumberId,
    app: AppId,
) -> Result<Option<NumberOverride>> {
    let (Some(number_key), Some(app_key)) = (key(number.0), key(app.0)) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT callback_url, verify_token FROM number_overrides WHERE number = ?1 AND app = ?2",
        [number_key, app_key],
        |row| {
            let callback = Callback {
                url: row.get(0)?,
                verify_token: row.get(1)?,
            };
            Ok(NumberOverride {
                number,
                app,
                callback,
            })
        },
    )
}

pub(super) fn put_number_override(conn: &Connection, row: &NumberOverride) -> Result<()> {
    run(
        conn,
        "INSERT INTO number_overrides (number, app, callback_url, verify_token) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (number, app) DO UPDATE SET callback_url = excluded.callback_url,
             verify_token = excluded.verify_token",
        params![id(row.number.0)?, id(row.app.0)?, row.callback.url, row.callback.verify_token],
    )?;
    Ok(())
}

pub(super) fn delete_number_override(
    conn: &Connection,
    number: PhoneNumberId,
    app: AppId,
) -> Result<bool> {
    let (Some(number), Some(app)) = (key(number.0), key(app.0)) else {
        return Ok(false);
    };
    let gone = run(
        conn,
        "DELETE FROM number_overrides WHERE number = ?1 AND app = ?2",
        [number, app],
    )?;
    Ok(gone > 0)
}
