//! Portfolios, WABAs, numbers, apps, tokens, subscriptions, overrides, users.

use ahoy_calling::account::{App, Business, Callback, Number, Subscription, Token, User, Waba};
use ahoy_calling::calendar::Zone;
use ahoy_types::{
    AppId, BusinessId, Country, PhoneNumberId, RuleTime, TokenHash, TokenId, WaId, WabaId,
};
use rusqlite::{Connection, Row, params};

use super::codec::{
    after, callback, corrupt, id, json, key, limit, many, one, run, to_json, unsigned, word,
};
use crate::{NumberOverride, Page, Result};

pub(super) fn business(conn: &Connection, of: BusinessId) -> Result<Option<Business>> {
    let Some(key) = key(of.0) else {
        return Ok(None);
    };
    one(
        conn,
        "SELECT id, name, contacts_json FROM businesses WHERE id = ?1",
        [key],
        read_business,
    )
}

pub(super) fn read_business(row: &Row<'_>) -> Result<Business> {
    Ok(Business {
        id: BusinessId(unsigned(row, 0)?),
        name: row.get(1)?,
        contacts: json(row, 2)?,
    })
}

pub(super) fn put_business(conn: &Connection, row: &Business) -> Result<()> {
    run(
        conn,
        "INSERT INTO businesses (id, name, contacts_json) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, contacts_json = excluded.contacts_json",
        params![id(row.id.0)?, row.name, to_json(&row.contacts)?],
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
