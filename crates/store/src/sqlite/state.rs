//! Export and import, table by table as the schema has them, so that no table of a later migration is forgotten.

mod sound;

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Connection, ErrorCode, params_from_iter};
use serde_json::{Map, Value};

use super::codec::many;
use super::migrate::{MIGRATIONS, migrate};
use crate::{Dump, ReplaceError, Result, StoreError};

/// What a column keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Integer,
    Real,
    Text,
    /// Text that is JSON (`*_json`).
    Json,
    Blob,
}

impl Kind {
    const fn expected(self) -> &'static str {
        match self {
            Self::Integer => "a whole number",
            Self::Real => "a number",
            Self::Text => "a text",
            Self::Json => "a value",
            Self::Blob => "base64",
        }
    }
}

struct Column {
    name: String,
    kind: Kind,
    nullable: bool,
    /// Its place in the primary key, from 1.
    key: Option<u32>,
}

struct Table {
    name: String,
    columns: Vec<Column>,
}

impl Table {
    fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|c| quoted(&c.name)).collect();
        names.join(", ")
    }

    fn order(&self) -> String {
        let mut keys: Vec<&Column> = self.columns.iter().filter(|c| c.key.is_some()).collect();
        keys.sort_by_key(|c| c.key);
        if keys.is_empty() {
            return "rowid".to_owned();
        }
        let names: Vec<String> = keys.iter().map(|c| quoted(&c.name)).collect();
        names.join(", ")
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// SQLite's own tables are not among them.
pub(super) fn table_names(conn: &Connection) -> Result<Vec<String>> {
    many(
        conn,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'",
        [],
        |row| Ok(row.get(0)?),
    )
}

fn tables(conn: &Connection) -> Result<Vec<Table>> {
    let mut names = table_names(conn)?;
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let mut statement =
                conn.prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
            let columns = statement.query_map([&name], |row| {
                let column: String = row.get(0)?;
                let declared: String = row.get(1)?;
                let key: u32 = row.get(3)?;
                let kind = match declared.as_str() {
                    "INTEGER" | "INT" => Kind::Integer,
                    "REAL" => Kind::Real,
                    "BLOB" => Kind::Blob,
                    _ if column.ends_with("_json") => Kind::Json,
                    _ => Kind::Text,
                };
                Ok(Column {
                    kind,
                    nullable: !row.get::<_, bool>(2)? && key == 0,
                    key: (key > 0).then_some(key),
                    name: column,
                })
            })?;
            let columns = columns.collect::<rusqlite::Result<_>>()?;
            Ok(Table { name, columns })
        })
        .collect()
}

fn version(conn: &Connection) -> Result<u32> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Every row.
pub(super) fn dump(conn: &Connection) -> Result<Dump> {
    let mut dump = Dump {
        schema: version(conn)?,
        tables: Default::default(),
    };
    for table in tables(conn)? {
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            table.names(),
            quoted(&table.name),
            table.order()
        );
        let mut statement = conn.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut list = Vec::new();
        while let Some(row) = rows.next()? {
            let mut map = Map::new();
            for (n, column) in table.columns.iter().enumerate() {
                let value = shown(row.get_ref(n)?, column.kind)
                    .map_err(|e| StoreError(format!("{}.{}: {}", table.name, column.name, e.0)))?;
                map.insert(column.name.clone(), value);
            }
            list.push(map);
        }
        dump.tables.insert(table.name, list);
    }
    Ok(dump)
}

fn shown(cell: ValueRef<'_>, kind: Kind) -> Result<Value> {
    Ok(match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(n) => n.into(),
        ValueRef::Real(n) => n.into(),
        ValueRef::Blob(bytes) => STANDARD.encode(bytes).into(),
        ValueRef::Text(bytes) => {
            let text = std::str::from_utf8(bytes)
                .map_err(|_| StoreError("the database holds text that is not UTF-8".into()))?;
            match kind {
                Kind::Json => serde_json::from_str(text)
                    .map_err(|_| StoreError("the database holds JSON that is none".into()))?,
                _ => text.into(),
            }
        }
    })
}

/// Puts the rows of `dump` in the place of all there are; inside a transaction of the caller's.
pub(super) fn replace(conn: &Connection, dump: &Dump) -> std::result::Result<(), ReplaceError> {
    let dump = upgraded(dump, version(conn)?)?;
    delete_all(conn)?;
    insert(conn, &dump)?;
    sound::check(conn)
}

/// Deletes every row. SQLite's own tables stay, the counters of AUTOINCREMENT among them: a receiver never sees a
/// delivery id twice.
pub(super) fn delete_all(conn: &Connection) -> Result<()> {
    for table in table_names(conn)? {
        conn.execute_batch(&format!("DELETE FROM {}", quoted(&table)))?;
    }
    Ok(())
}

/// The dump in this program's schema: one of an older release goes through the migrations like a data folder of it.
fn upgraded(dump: &Dump, newest: u32) -> std::result::Result<Cow<'_, Dump>, ReplaceError> {
    let older = usize::try_from(dump.schema).unwrap_or(usize::MAX);
    if dump.schema == newest {
        return Ok(Cow::Borrowed(dump));
    }
    let Some(steps) = MIGRATIONS.get(..older).filter(|steps| !steps.is_empty()) else {
        return Err(ReplaceError::Invalid(format!(
            "schema: 1 to {newest} is expected, not {}{}",
            dump.schema,
            if dump.schema > newest {
                ": a newer release wrote it"
            } else {
                ""
            }
        )));
    };
    let mut scratch = Connection::open_in_memory().map_err(StoreError::from)?;
    migrate(&mut scratch, steps)?;
    insert(&scratch, dump)?;
    migrate(&mut scratch, MIGRATIONS)?;
    Ok(Cow::Owned(self::dump(&scratch)?))
}

fn insert(conn: &Connection, dump: &Dump) -> std::result::Result<(), ReplaceError> {
    let invalid = |clause: String| Err(ReplaceError::Invalid(clause));
    let tables = tables(conn)?;
    if let Some(name) = dump
        .tables
        .keys()
        .find(|name| !tables.iter().any(|t| t.name == **name))
    {
        return invalid(format!(
            "tables.{name}: there is no such table in schema {}",
            dump.schema
        ));
    }
    for table in &tables {
        let Some(rows) = dump.tables.get(&table.name) else {
            return invalid(format!("tables.{}: the table is missing", table.name));
        };
        let marks = vec!["?"; table.columns.len()].join(", ");
        let sql = format!(
            "INSERT INTO {} ({}) VALUES ({marks})",
            quoted(&table.name),
            table.names()
        );
        let mut statement = conn.prepare(&sql).map_err(StoreError::from)?;
        for (n, row) in rows.iter().enumerate() {
            let at = format!("tables.{}[{n}]", table.name);
            if let Some(key) = row
                .keys()
                .find(|key| !table.columns.iter().any(|c| c.name == **key))
            {
                return invalid(format!("{at}.{key}: the table has no such column"));
            }
            let cells: Vec<Cell> = table
                .columns
                .iter()
                .map(|column| cell(column, row.get(&column.name), &at))
                .collect::<std::result::Result<_, _>>()?;
            if let Err(e) = statement.execute(params_from_iter(cells)) {
                return Err(refused(e, &at));
            }
        }
    }
    Ok(())
}

/// A row that breaks a rule of the schema is the document's fault, anything else the store's.
fn refused(e: rusqlite::Error, at: &str) -> ReplaceError {
    match e.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => {
            ReplaceError::Invalid(format!("{at}: {e}"))
        }
        _ => ReplaceError::Store(e.into()),
    }
}

fn cell(
    column: &Column,
    value: Option<&Value>,
    at: &str,
) -> std::result::Result<Cell, ReplaceError> {
    let at = format!("{at}.{}", column.name);
    let Some(value) = value else {
        return Err(ReplaceError::Invalid(format!("{at}: it is missing")));
    };
    let cell = match (column.kind, value) {
        (_, Value::Null) if column.nullable => Some(Cell::Null),
        (Kind::Integer, value) => value.as_i64().map(Cell::Integer),
        (Kind::Real, value) => value.as_f64().map(Cell::Real),
        (Kind::Text, Value::String(text)) => Some(Cell::Text(text.clone())),
        (Kind::Json, value) => Some(Cell::Text(value.to_string())),
        (Kind::Blob, Value::String(text)) => STANDARD.decode(text).ok().map(Cell::Blob),
        _ => None,
    };
    cell.ok_or_else(|| {
        let shown: String = value.to_string().chars().take(60).collect();
        ReplaceError::Invalid(format!(
            "{at}: {} is expected, not {shown}",
            column.kind.expected()
        ))
    })
}
