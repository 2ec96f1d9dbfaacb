//! Between columns and types, and the few ways in which a statement is run.
//!
//! Every statement goes through [`statement`], so that each is prepared once a connection and a test can ask
//! SQLite for the plan of each.

use ahoy_calling::account::Callback;
use ahoy_types::CallId;
use rusqlite::{CachedStatement, Connection, Params, Row};
use serde::de::IntoDeserializer;
use serde::de::value::Error as WordError;
use serde::{Deserialize, Serialize};

use crate::{Result, StoreError};

impl From<rusqlite::Error> for StoreError {
    fn from(e: rusqlite::Error) -> Self {
        Self(e.to_string())
    }
}

/// A prepared statement out of the connection's cache.
pub(super) fn statement<'c>(conn: &'c Connection, sql: &str) -> Result<CachedStatement<'c>> {
    #[cfg(test)]
    super::plans::record(sql);
    Ok(conn.prepare_cached(sql)?)
}

/// Runs a statement that answers no rows; says how many it changed.
pub(super) fn run(conn: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(statement(conn, sql)?.execute(params)?)
}

/// The first row, if there is one.
pub(super) fn one<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = statement(conn, sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows.
pub(super) fn many<T>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = statement(conn, sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// An id to be written; SQLite's integers end at 2⁶³ − 1.
pub(super) fn id(value: u64) -> Result<i64> {
    i64::try_from(value)
        .map_err(|_| StoreError(format!("{value} is too large: ids end at {}", i64::MAX)))
}

/// An id to be looked up: `None` where it is beyond what a row can hold, so that there is no such row.
pub(super) fn key(value: u64) -> Option<i64> {
    i64::try_from(value).ok()
}

/// Where a list begins: after this id, or before all of them. `None` where nothing can follow.
pub(super) fn after(value: Option<u64>) -> Option<i64> {
    value.map_or(Some(-1), key)
}

/// A count for `LIMIT`.
pub(super) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A column that [`id`] wrote.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| corrupt(&value.to_string()))
}

/// A column with one of the words of a closed enum.
pub(super) fn word<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: for<'de> Deserialize<'de>,
{
    let text: &str = text(row, column)?;
    T::deserialize(text.into_deserializer()).map_err(|_: WordError| corrupt(text))
}

/// A column with JSON.
pub(super) fn json<T>(row: &Row<'_>, column: usize) -> Result<T>
where
    T: for<'de> Deserialize<'de>,
{
    let text = text(row, column)?;
    serde_json::from_str(text).map_err(|_| corrupt(text))
}

/// JSON for a column.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| StoreError(format!("a row cannot be written: {e}")))
}

/// A column with a call id.
pub(super) fn call_id(row: &Row<'_>, column: usize) -> Result<CallId> {
    let text = text(row, column)?;
    text.parse().map_err(|_| corrupt(text))
}

/// Two neighbouring columns with a callback.
pub(super) fn callback(row: &Row<'_>, column: usize) -> Result<Option<Callback>> {
    let url: Option<String> = row.get(column)?;
    let verify_token: Option<String> = row.get(column + 1)?;
    Ok(url
        .zip(verify_token)
        .map(|(url, verify_token)| Callback { url, verify_token }))
}

fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str> {
    let value = row.get_ref(column)?;
    value
        .as_str()
        .map_err(|_| StoreError("the database holds text that is not UTF-8".into()))
}

/// What stands in the database is nothing this program writes.
pub(super) fn corrupt(value: &str) -> StoreError {
    let shown: String = value.chars().take(60).collect();
    StoreError(format!(
        "the database holds a value this program does not know: `{shown}`"
    ))
}
