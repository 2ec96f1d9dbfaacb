//! What a request for the log asks: the same parameters wherever the log is served.

use ahoy_store::{CallLogFilter, StoreError};
use ahoy_types::{Direction, RuleTime, WaId};

use super::LogFormat;
use crate::platform::Platform;

/// Calls of a page where the request does not say.
const LIMIT: usize = 100;
/// Calls of a page at most; an export has no end.
const MOST: usize = 1_000;

/// A request for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLogQuery {
    /// Which calls.
    pub filter: CallLogFilter,
    /// As a file; `None` asks for a page in JSON.
    pub format: Option<LogFormat>,
}

/// Why a request for the log cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallLogRefusal {
    /// A parameter; the clause names it.
    #[error("{0}")]
    Invalid(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Platform {
    /// Reads the parameters `phone_number` (node id or digits), `user`, `direction`, `since` and `until` (Unix seconds),
    /// `after` (a cursor), `limit` and `format` (`json`, `csv`, `jsonl`). Empty ones count as absent, others are not looked at.
    ///
    /// # Errors
    /// A clause that names the parameter; the store.
    pub fn call_log_query<'p>(
        &self,
        parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<CallLogQuery, CallLogRefusal> {
        let mut filter = CallLogFilter::default();
        let mut format = None;
        let mut limit = None;
        for (name, value) in parameters {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let wrong = |expected: &str| {
                let shown: String = value.chars().take(60).collect();
                CallLogRefusal::Invalid(format!("{name}: `{shown}` is not {expected}"))
            };
            match name {
                "phone_number" => {
                    let number = self.find_number(value)?;
                    let number = number.ok_or_else(|| wrong("a business number of this server"))?;
                    filter.number = Some(number.id);
                }
                "user" => {
                    let user = WaId::parse_loose(value);
                    filter.user = Some(user.map_err(|_| wrong("a phone number"))?);
                }
                "direction" => {
                    let known = [Direction::UserInitiated, Direction::BusinessInitiated];
                    let found = known
                        .into_iter()
                        .find(|d| d.as_str().eq_ignore_ascii_case(value));
                    let found = found.ok_or_else(|| wrong("USER_INITIATED or BUSINESS_INITIATED"));
                    filter.direction = Some(found?);
                }
                "since" | "until" => {
                    let seconds = value.parse::<i64>().ok().filter(|s| {
                        let fits = i64::MIN / 1_000..=i64::MAX / 1_000;
                        fits.contains(s)
                    });
                    let at = seconds.ok_or_else(|| wrong("a time in Unix seconds"))?;
                    let at = Some(RuleTime::from_secs(at));
                    match name {
                        "since" => filter.since = at,
                        _ => filter.until = at,
                    }
                }
                "after" => {
                    let place = value.parse().map_err(|_| wrong("a cursor of this list"))?;
                    filter.after = Some(place);
                }
                "limit" => {
                    let most = value.parse().ok().filter(|n| (1..=MOST).contains(n));
                    limit = Some(most.ok_or_else(|| wrong("a number from 1 to 1000"))?);
                }
                "format" => {
                    format = match value.to_ascii_lowercase().as_str() {
                        "json" => None,
                        "csv" => Some(LogFormat::Csv),
                        "jsonl" => Some(LogFormat::JsonLines),
                        _ => return Err(wrong("json, csv or jsonl")),
                    }
                }
                _ => {}
            }
        }
        filter.limit = match (limit, format) {
            (Some(limit), _) => limit,
            (None, None) => LIMIT,
            // Everything.
            (None, Some(_)) => 0,
        };
        Ok(CallLogQuery { filter, format })
    }
}
