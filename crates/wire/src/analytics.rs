//! `call_analytics` of an account (`graph-api.md` §7): the question inside `?fields=`, and the answer.

mod expansion;

use ahoy_types::{Country, Direction, RuleTime, WaId};
use serde::{Deserialize, Serialize};

use crate::GraphError;
use crate::body::excerpt;

/// Name of the field.
pub const CALL_ANALYTICS: &str = "call_analytics";

/// How fine the points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Granularity {
    /// Half hours.
    HalfHour,
    /// Days.
    Daily,
    /// Months.
    Monthly,
}

/// What a point tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// How many calls.
    Count,
    /// What they cost.
    Cost,
    /// How long they were on average.
    AverageDuration,
}

/// What points are split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The business's number.
    Phone,
    /// Who called.
    Direction,
    /// The user's country.
    Country,
}

/// The question. Empty lists ask for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAnalyticsQuery {
    /// From when.
    pub start: RuleTime,
    /// Until when.
    pub end: RuleTime,
    /// How fine.
    pub granularity: Granularity,
    /// The business's numbers to count.
    pub phone_numbers: Vec<WaId>,
    /// Countries of users to count.
    pub country_codes: Vec<Country>,
    /// Directions to count.
    pub directions: Vec<Direction>,
    /// What to tell; nothing means all of it.
    pub metric_types: Vec<Metric>,
    /// What to split by.
    pub dimensions: Vec<Dimension>,
}

/// Words of [`Granularity`].
const GRANULARITIES: [(&str, Granularity); 3] = [
    ("HALF_HOUR", Granularity::HalfHour),
    ("DAILY", Granularity::Daily),
    ("MONTHLY", Granularity::Monthly),
];
/// Words of [`Direction`].
const DIRECTIONS: [(&str, Direction); 2] = [
    ("USER_INITIATED", Direction::UserInitiated),
    ("BUSINESS_INITIATED", Direction::BusinessInitiated),
];
/// Words of [`Metric`].
const METRICS: [(&str, Metric); 3] = [
    ("COUNT", Metric::Count),
    ("COST", Metric::Cost),
    ("AVERAGE_DURATION", Metric::AverageDuration),
];
/// Words of [`Dimension`].
const DIMENSIONS: [(&str, Dimension); 3] = [
    ("phone", Dimension::Phone),
    ("direction", Dimension::Direction),
    ("country", Dimension::Country),
];
/// Entries of a list at most.
const MOST: usize = 1_000;

impl CallAnalyticsQuery {
    /// Reads the question out of the value of `?fields=`, where other fields may stand beside it; `None` where it is not
    /// asked. Words are taken in any case, lists with brackets or without, entries in either quotes or none.
    ///
    /// # Errors
    /// Code 100 with the name of the parameter: missing, twice, of the wrong form, a word that does not exist.
    pub fn parse(fields: &str) -> Result<Option<Self>, GraphError> {
        let Some(modifiers) = expansion::modifiers(fields, CALL_ANALYTICS)? else {
            return Ok(None);
        };
        let required = |name: &str| {
            modifiers.get(name).ok_or_else(|| {
                GraphError::invalid(format!(
                    "The parameter `{CALL_ANALYTICS}.{name}` is required: ask for {CALL_ANALYTICS}.start(…).end(…).granularity(DAILY)."
                ))
            })
        };
        let (start, end) = (required("start")?, required("end")?);
        let granularity = required("granularity")?;
        let mut metric_types = words("metric_types", modifiers.get("metric_types"), &METRICS)?;
        if metric_types.is_empty() {
            metric_types = METRICS.map(|(_, metric)| metric).to_vec();
        }
        Ok(Some(Self {
            start: instant("start", start)?,
            end: instant("end", end)?,
            granularity: word("granularity", unquoted(granularity), &GRANULARITIES)?,
            phone_numbers: list("phone_numbers", modifiers.get("phone_numbers"), |text| {
                WaId::parse_loose(text).map_err(|e| e.to_string())
            })?,
            country_codes: list("country_codes", modifiers.get("country_codes"), |text| {
                text.parse()
            })?,
            directions: words("directions", modifiers.get("directions"), &DIRECTIONS)?,
            metric_types,
            dimensions: words("dimensions", modifiers.get("dimensions"), &DIMENSIONS)?,
        }))
    }
}

fn wrong(name: &str, reason: &str) -> GraphError {
    let reason = reason.trim_end_matches('.');
    GraphError::invalid(format!(
        "The parameter `{CALL_ANALYTICS}.{name}`: {reason}."
    ))
}

fn instant(name: &str, text: &str) -> Result<RuleTime, GraphError> {
    let text = unquoted(text);
    match text.parse::<i64>() {
        // What milliseconds can count.
        Ok(secs) if (0..=i64::MAX / 1_000).contains(&secs) => Ok(RuleTime::from_secs(secs)),
        _ => Err(wrong(
            name,
            &format!("`{}` is not a time in Unix seconds", excerpt(text)),
        )),
    }
}

fn word<T: Copy>(name: &str, text: &str, set: &[(&str, T)]) -> Result<T, GraphError> {
    match set.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        Some((_, value)) => Ok(*value),
        None => {
            let allowed: Vec<&str> = set.iter().map(|(word, _)| *word).collect();
            Err(wrong(
                name,
                &format!("`{}` is none of {}", excerpt(text), allowed.join(", ")),
            ))
        }
    }
}

fn words<T: Copy + PartialEq>(
    name: &str,
    text: Option<&str>,
    set: &[(&str, T)],
) -> Result<Vec<T>, GraphError> {
    list_of(name, text, |text| word(name, text, set))
}

fn list<T: PartialEq>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, GraphError> {
    list_of(name, text, |text| read(text).map_err(|e| wrong(name, &e)))
}

fn list_of<T: PartialEq>(
    name: &str,
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, GraphError>,
) -> Result<Vec<T>, GraphError> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let text = text.trim();
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .ok_or_else(|| wrong(name, "the list has no end"))?,
        None => text,
    };
    let mut found = Vec::new();
    for entry in inner.split(',') {
        let entry = unquoted(entry);
        if entry.is_empty() {
            continue;
        }
        let value = read(entry)?;
        if found.len() >= MOST {
            return Err(wrong(name, &format!("at most {MOST} entries are allowed")));
        }
        if !found.contains(&value) {
            found.push(value);
        }
    }
    Ok(found)
}

/// The text without spaces around it and without the quotes around that.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.strip_suffix(quote).unwrap_or(inner).trim();
        }
    }
    text
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallAnalytics {
    /// How fine the points are.
    pub granularity: Granularity,
    /// The directions asked for: one as text, several as a list, absent where none was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub directions: Option<OneOrMany>,
    /// The points by time; a time without a call has none.
    pub data_points: Vec<DataPoint>,
}

/// One value as it is, several as a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// One.
    One(Direction),
    /// Several.
    Many(Vec<Direction>),
}

impl OneOrMany {
    /// In the shape the answer has; `None` for none.
    pub fn of(directions: &[Direction]) -> Option<Self> {
        match directions {
            [] => None,
            [one] => Some(Self::One(*one)),
            many => Some(Self::Many(many.to_vec())),
        }
    }
}

/// Figures of calls that were picked up and have ended, by the time they were placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataPoint {
    /// Beginning in Unix seconds: that of a half hour, day or month in UTC.
    pub start: i64,
    /// End in Unix seconds.
    pub end: i64,
    /// How many calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What they cost; 0 for calls of users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// How long they were on average, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_duration: Option<u64>,
    /// Who called, with the dimension `direction`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub direction: Option<Direction>,
    /// The user's country, with the dimension `country`; `ZZ` for numbers of no country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The business's number, with the dimension `phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub phone_number: Option<WaId>,
}

/// Millionths as the decimal number of the answer. The division is rounded correctly, so that what is printed has the
/// very digits that were counted, up to four thousand million whole units: above that, doubles lie further apart than millionths.
pub fn amount(micros: u64) -> f64 {
    #[allow(
        clippy::cast_precision_loss,
        reason = "exact up to 2^53; beyond it the last digits do not matter"
    )]
    let micros = micros as f64;
    micros / 1_000_000.0
}

#[cfg(test)]
mod tests;
