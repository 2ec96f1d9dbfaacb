//! `state`: everything as one document, out and in.

use std::collections::BTreeMap;

use ahoy_calling::instant;
use ahoy_platform::State as Whole;
use ahoy_store::{Dump, ReplaceError};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::SandboxState;
use crate::answer::{Answer, Failure, object};
use crate::model::{Imported, StateDocument};

/// What the document says it is.
const FORMAT: &str = "ahoy-state";
/// Version of the frame around the rows; the rows have one of their own.
const VERSION: u64 = 1;
/// The largest document.
pub(crate) const MOST_BYTES: usize = 256 << 20;

impl From<ReplaceError> for Failure {
    fn from(e: ReplaceError) -> Self {
        match e {
            ReplaceError::Invalid(clause) => Self::Invalid(clause),
            ReplaceError::Store(e) => e.into(),
        }
    }
}

/// The document, its keys in the order in which one reads them.
#[derive(Serialize)]
struct Exported {
    format: &'static str,
    version: u64,
    schema: u32,
    clock: Value,
    tables: BTreeMap<String, Vec<Map<String, Value>>>,
}

/// Exports everything as one document. Secrets are as they are kept: tokens hashed, app secrets in the clear.
#[utoipa::path(
    get,
    path = "/state",
    operation_id = "export_state",
    tag = "state",
    responses(
        (status = 200, description = "Everything", body = StateDocument),
    )
)]
pub(crate) async fn export(
    State(state): State<SandboxState>,
) -> Result<axum::Json<impl Serialize>, Failure> {
    let Whole { now, frozen, rows } = state.platform.export()?;
    Ok(axum::Json(Exported {
        format: FORMAT,
        version: VERSION,
        schema: rows.schema,
        clock: json!({ "now_ms": now.0, "frozen": frozen }),
        tables: rows.tables,
    }))
}

/// Puts an exported document in the place of everything there is, its clock included: all of it or nothing. Live calls
/// end without a word; those that live in the document end as failed, as after a crash.
#[utoipa::path(
    put,
    path = "/state",
    operation_id = "import_state",
    tag = "state",
    request_body = StateDocument,
    responses(
        (status = 200, description = "What was settled in it", body = Imported),
    )
)]
pub(crate) async fn import(
    State(state): State<SandboxState>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let body =
        body.map_err(|e| Failure::Invalid(format!("the body cannot be read: {}", e.body_text())))?;
    let whole = ahoy_wire::json::parse(&body)
        .map_err(|e| Failure::Invalid(format!("the body is not JSON: {e}")))
        .and_then(|value| read(value).map_err(Failure::Invalid))?;
    let recovered = state.platform.import(whole).await?;
    (state.after_reset)(state.platform.clone()).await;
    object(json!({
        "success": true,
        "ended_calls": recovered.calls,
        "resent_deliveries": recovered.deliveries,
    }))
}

/// A value as a sentence shows it.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(value) => value.to_string().chars().take(60).collect(),
    }
}

fn read(value: Value) -> Result<Whole, String> {
    const KEYS: [&str; 5] = ["format", "version", "schema", "clock", "tables"];
    let Value::Object(mut document) = value else {
        return Err("a JSON object is expected: what GET /sandbox/v1/state answers".into());
    };
    if document.get("format").is_none_or(|f| f != FORMAT) {
        return Err(format!(
            "format: \"{FORMAT}\" is expected, not {}: what GET /sandbox/v1/state answers",
            shown(document.get("format"))
        ));
    }
    let version = document.get("version");
    if version.and_then(Value::as_u64) != Some(VERSION) {
        let newer = version.and_then(Value::as_u64).is_some_and(|v| v > VERSION);
        return Err(format!(
            "version: {VERSION} is expected, not {}{}",
            shown(version),
            if newer {
                ": a newer release wrote it"
            } else {
                ""
            }
        ));
    }
    if let Some(key) = document.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("`{key}` is none of {}", KEYS.join(", ")));
    }
    let schema = document.get("schema");
    let schema = schema
        .and_then(Value::as_u64)
        .and_then(|n| u32::try_from(n).ok())
        .ok_or_else(|| format!("schema: a whole number is expected, not {}", shown(schema)))?;
    let (now, frozen) = clock(document.get("clock"))?;
    let tables = match document.remove("tables") {
        Some(Value::Object(tables)) => tables,
        other => {
            return Err(format!(
                "tables: an object is expected, not {}",
                shown(other.as_ref())
            ));
        }
    };
    let tables = tables
        .into_iter()
        .map(|(name, rows)| Ok((name.clone(), list(&name, rows)?)))
        .collect::<Result<_, String>>()?;
    Ok(Whole {
        now,
        frozen,
        rows: Dump { schema, tables },
    })
}

fn clock(value: Option<&Value>) -> Result<(ahoy_types::RuleTime, bool), String> {
    let Some(Value::Object(clock)) = value else {
        return Err(format!(
            "clock: an object with now_ms and frozen is expected, not {}",
            shown(value)
        ));
    };
    if let Some(key) = clock.keys().find(|k| *k != "now_ms" && *k != "frozen") {
        return Err(format!("clock: `{key}` is none of now_ms, frozen"));
    }
    let now = clock.get("now_ms");
    let now = now
        .and_then(Value::as_i64)
        .and_then(instant::checked)
        .ok_or_else(|| {
            format!(
                "clock.now_ms: Unix milliseconds between 1970 and 9998 are expected, not {}",
                shown(now)
            )
        })?;
    let frozen = clock.get("frozen");
    let frozen = frozen.and_then(Value::as_bool).ok_or_else(|| {
        format!(
            "clock.frozen: true or false is expected, not {}",
            shown(frozen)
        )
    })?;
    Ok((now, frozen))
}

fn list(name: &str, rows: Value) -> Result<Vec<Map<String, Value>>, String> {
    let Value::Array(rows) = rows else {
        return Err(format!(
            "tables.{name}: a list of rows is expected, not {}",
            shown(Some(&rows))
        ));
    };
    rows.into_iter()
        .enumerate()
        .map(|(n, row)| match row {
            Value::Object(row) => Ok(row),
            other => Err(format!(
                "tables.{name}[{n}]: an object is expected, not {}",
                shown(Some(&other))
            )),
        })
        .collect()
}
