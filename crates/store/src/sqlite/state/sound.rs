//! Whether rows that were imported can be read: nothing that this program could not have written may stay.

use ahoy_types::{
    AppId, BusinessId, CallId, DeliveryId, MailId, MediaId, MessageId, PhoneNumberId, TemplateId,
    TokenId, WaId, WabaId,
};
use rusqlite::Connection;

use super::super::view::View;
use crate::{
    AdminRows, ChargeRows, IdentityRows, MessageRows, QualityRows, ReplaceError, Result,
    RoutingRows, RoutingScope, Rows, StoreError, TemplateRows, TimerKind,
};

type Checked = std::result::Result<(), ReplaceError>;

/// Child table and column, and the table and column it must be found in.
const REFERENCES: &[(&str, &str, &str, &str)] = &[
    ("wabas", "business", "businesses", "id"),
    ("numbers", "waba", "wabas", "id"),
    ("apps", "business", "businesses", "id"),
    ("tokens", "app", "apps", "id"),
    ("subscriptions", "waba", "wabas", "id"),
    ("subscriptions", "app", "apps", "id"),
    ("number_overrides", "number", "numbers", "id"),
    ("number_overrides", "app", "apps", "id"),
    ("threads", "number", "numbers", "id"),
    ("call_texts", "call", "calls", "seq"),
    ("call_events", "call", "calls", "seq"),
    ("charges", "call", "calls", "seq"),
    ("timers", "call", "calls", "seq"),
    ("delivery_bodies", "delivery", "deliveries", "id"),
    ("attempts", "delivery", "deliveries", "id"),
    ("media_parts", "media", "media", "id"),
];

pub(super) fn check(conn: &Connection) -> Checked {
    for (table, column, of, key) in REFERENCES {
        let sql = format!(
            "SELECT c.\"{column}\" FROM \"{table}\" c LEFT JOIN \"{of}\" p ON p.\"{key}\" = c.\"{column}\" \
             WHERE c.\"{column}\" IS NOT NULL AND p.\"{key}\" IS NULL LIMIT 1"
        );
        let mut statement = conn.prepare(&sql).map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        if let Some(row) = rows.next().map_err(StoreError::from)? {
            let value: i64 = row.get(0).map_err(StoreError::from)?;
            return Err(ReplaceError::Invalid(format!(
                "tables.{table}: {column} {value} is no {key} of tables.{of}"
            )));
        }
    }
    let view = &mut View(conn);
    each(conn, "businesses", "id", |id| {
        found(view.business(BusinessId(id)))
    })?;
    each(conn, "wabas", "id", |id| found(view.waba(WabaId(id))))?;
    each(conn, "numbers", "id", |id| {
        found(view.number(PhoneNumberId(id)))
    })?;
    each(conn, "apps", "id", |id| found(view.app(AppId(id))))?;
    // A token's own key is its hash.
    each_by(conn, "tokens", "id", "hash", |id| {
        found(view.token_by_id(TokenId(id)))
    })?;
    each(conn, "role_grants", "id", |id| {
        found(view.role_grant_by_id(TokenId(id)))
    })?;
    each_by(conn, "users", "wa_id", "seq", |id| {
        found(view.user(wa_id(id)?))
    })?;
    each(conn, "templates", "id", |id| {
        found(view.template(TemplateId(id)))
    })?;
    each(conn, "media", "id", |id| found(view.media(MediaId(id))))?;
    each_text(conn, "calls", "id", "seq", |id| {
        let id: CallId = id.parse().map_err(unknown("call id", id))?;
        view.call_events(&id)?;
        view.charge(&id)?;
        found(view.call(&id))?;
        found(view.logged_call(&id))
    })?;
    each_text(conn, "messages", "id", "seq", |id| {
        let id: MessageId = id.parse().map_err(unknown("message id", id))?;
        found(view.message(&id))
    })?;
    each(conn, "deliveries", "id", |id| {
        view.attempts(DeliveryId(id))?;
        found(view.delivery(DeliveryId(id)))
    })?;
    each(conn, "mails", "id", |id| found(view.mail(MailId(id))))?;
    each_of_pair(conn, "pairs", |number, user| {
        view.pair(PhoneNumberId(number), wa_id(user)?).map(|_| ())
    })?;
    each(conn, "routing", "node", |id| {
        let of = RoutingScope::Account(WabaId(id));
        let rules = view.routing_rules(of)?.unwrap_or_default();
        let node = view.waba(WabaId(id))?.is_some() || view.number(PhoneNumberId(id))?.is_some();
        if !node {
            return Err(StoreError(format!("node {id} is no account and no number")));
        }
        for business in rules.businesses() {
            if view.business(business)?.is_none() {
                return Err(StoreError(format!("there is no business {business}")));
            }
        }
        Ok(())
    })?;
    each_of_pair(conn, "threads", |number, user| {
        view.thread(PhoneNumberId(number), wa_id(user)?).map(|_| ())
    })?;
    each_of_pair(conn, "allow_list", |_, user| wa_id(user).map(|_| ()))?;
    each_of(conn, "user_ids", "business", "user", |_, user| {
        view.ids_of_user(wa_id(user)?).map(|_| ())
    })?;
    each_of(conn, "acquaintances", "number", "user", |number, user| {
        found(view.acquaintance(PhoneNumberId(number), wa_id(user)?))
    })?;
    each_text(conn, "timers", "kind_json", "id", |kind| {
        serde_json::from_str::<TimerKind>(kind)
            .map(|_| ())
            .map_err(|e| StoreError(format!("kind_json: {e}")))
    })
}

fn unknown<E>(what: &'static str, text: &str) -> impl FnOnce(E) -> StoreError {
    let text = text.to_owned();
    move |_| StoreError(format!("`{text}` is no {what}"))
}

fn wa_id(digits: u64) -> Result<WaId> {
    digits
        .to_string()
        .parse()
        .map_err(unknown("number of a user", &digits.to_string()))
}

/// A row that is there must be found: its texts may be missing from a table beside it.
fn found<T>(row: Result<Option<T>>) -> Result<()> {
    match row? {
        Some(_) => Ok(()),
        None => Err(StoreError("a part of it is missing".into())),
    }
}

fn at<T>(table: &str, n: usize, result: Result<T>) -> std::result::Result<T, ReplaceError> {
    result.map_err(|e| ReplaceError::Invalid(format!("tables.{table}[{n}]: {}", e.0)))
}

fn id(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(unknown("id", &value.to_string()))
}

fn each(
    conn: &Connection,
    table: &str,
    column: &str,
    check: impl FnMut(u64) -> Result<()>,
) -> Checked {
    each_by(conn, table, column, column, check)
}

fn each_by(
    conn: &Connection,
    table: &str,
    column: &str,
    order: &str,
    mut check: impl FnMut(u64) -> Result<()>,
) -> Checked {
    let sql = format!("SELECT \"{column}\" FROM \"{table}\" ORDER BY {order}");
    let list: Vec<i64> = all(conn, &sql, |row| row.get(0))?;
    for (n, value) in list.into_iter().enumerate() {
        at(table, n, id(value).and_then(&mut check))?;
    }
    Ok(())
}

fn each_text(
    conn: &Connection,
    table: &str,
    column: &str,
    order: &str,
    mut check: impl FnMut(&str) -> Result<()>,
) -> Checked {
    let sql = format!("SELECT \"{column}\" FROM \"{table}\" ORDER BY {order}");
    let list: Vec<String> = all(conn, &sql, |row| row.get(0))?;
    for (n, value) in list.iter().enumerate() {
        at(table, n, check(value))?;
    }
    Ok(())
}

fn each_of_pair(
    conn: &Connection,
    table: &str,
    check: impl FnMut(u64, u64) -> Result<()>,
) -> Checked {
    each_of(conn, table, "number", "user", check)
}

fn each_of(
    conn: &Connection,
    table: &str,
    first: &str,
    second: &str,
    mut check: impl FnMut(u64, u64) -> Result<()>,
) -> Checked {
    let sql = format!(
        "SELECT \"{first}\", \"{second}\" FROM \"{table}\" ORDER BY \"{first}\", \"{second}\""
    );
    let list: Vec<(i64, i64)> = all(conn, &sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (n, (a, b)) in list.into_iter().enumerate() {
        let checked = id(a).and_then(|a| id(b).and_then(|b| check(a, b)));
        at(table, n, checked)?;
    }
    Ok(())
}

fn all<T>(
    conn: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
