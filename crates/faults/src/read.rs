//! Reading plans: the JSON of `PUT /faults`, and the short form of the header `Ahoy-Fault`.

mod fields;
mod rule;

use ahoy_types::PhoneNumberId;
use serde_json::{Map, Number, Value};

use crate::plan::{Area, Plan};
use fields::{Fields, list};
use rule::{
    api_faults, finish, media_faults, only_calls, only_requests, only_webhooks, process_faults,
    webhook_faults,
};

/// Finds a business number by its id or its digits.
pub type Numbers<'a> = &'a dyn Fn(&str) -> Option<PhoneNumberId>;

/// Rules of one plan at most: each is looked at for every webhook, request or call.
const MOST_RULES: usize = 100;
/// Keys that any rule may have.
const COMMON: [&str; 2] = ["probability", "times"];

const fn faults_of(area: Area) -> &'static [&'static str] {
    match area {
        Area::Webhooks => &[
            "drop",
            "timeout",
            "duplicate",
            "reorder",
            "chunked",
            "delay_ms",
        ],
        Area::Api => &["error_code", "latency_ms", "cut"],
        Area::Media => &[
            "loss",
            "loss_to_business",
            "loss_to_user",
            "no_ice",
            "no_dtls",
            "dtls_late_ms",
            "one_way",
            "event_lost",
            "event_repeated",
            "dtls_alert",
            "codec_refused",
        ],
        Area::Process => &["refuse_calls", "over_capacity"],
    }
}

const fn filters_of(area: Area) -> &'static [&'static str] {
    match area {
        Area::Webhooks => &["event", "call", "number", "receiver", "attempt"],
        Area::Api => &["method", "path", "action", "call", "number"],
        Area::Media => &["press", "after_ms", "call", "number", "user", "direction"],
        Area::Process => &["number", "user", "direction"],
    }
}

fn area_of_fault(key: &str) -> Option<Area> {
    Area::ALL
        .into_iter()
        .find(|area| faults_of(*area).contains(&key))
}

/// A plan from JSON: `{"seed", "webhooks", "api", "media", "process"}`, each of the last four a rule or a list of them; or one
/// rule by itself, beside `seed`.
///
/// # Errors
/// One sentence that names the key and says what was expected.
pub fn from_json(body: &Map<String, Value>, numbers: Numbers<'_>) -> Result<Plan, String> {
    json(body, numbers).map_err(|said| sentence(&said))
}

/// A sentence with a client's own words in it, made fit to be shown: no control characters, and neither its beginning nor what
/// it expects is lost behind a long word.
fn sentence(said: &str) -> String {
    const BEGINNING: usize = 200;
    const END: usize = 600;
    let plain: Vec<char> = said
        .chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let same = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(same)
        })
        .collect();
    match plain.len().checked_sub(END) {
        Some(end) if end > BEGINNING => {
            let beginning = plain.iter().take(BEGINNING);
            beginning
                .chain(['…'].iter())
                .chain(plain.iter().skip(end))
                .collect()
        }
        _ => plain.into_iter().collect(),
    }
}

fn json(body: &Map<String, Value>, numbers: Numbers<'_>) -> Result<Plan, String> {
    let mut reader = Reader::new(numbers);
    let given = |key: &str| body.get(key).filter(|value| !value.is_null());
    if let Some(seed) = given("seed") {
        reader.plan.seed = fields::whole("seed", seed, u64::MAX)?;
    }
    // In one order always, as a rule's place is part of its draws.
    for area in Area::ALL {
        if let Some(rules) = given(area.as_str()) {
            reader.section(area, rules)?;
        }
    }
    let of_rule = |key: &String| {
        key != "seed" && !Area::ALL.iter().any(|area| area.as_str() == key) && given(key).is_some()
    };
    let flat: Map<String, Value> = body
        .iter()
        .filter(|(key, _)| of_rule(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !flat.is_empty() {
        reader.flat(&flat)?;
    }
    Ok(reader.plan)
}

/// A plan from the header `Ahoy-Fault`: JSON as of [`from_json`], or rules like `drop;event=terminate, loss=0.2`.
///
/// # Errors
/// One sentence that names the key and says what was expected.
pub fn from_header(text: &str, numbers: Numbers<'_>) -> Result<Plan, String> {
    header(text, numbers).map_err(|said| sentence(&said))
}

fn header(text: &str, numbers: Numbers<'_>) -> Result<Plan, String> {
    let text = text.trim();
    if text.starts_with('{') {
        let Value::Object(body) = ahoy_wire::json::parse(text.as_bytes())
            .map_err(|e| format!("the JSON cannot be read: {e}"))?
        else {
            return Err("the JSON is not an object".into());
        };
        return json(&body, numbers);
    }
    let mut reader = Reader::new(numbers);
    for item in text
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        let mut rule = Map::new();
        for part in item
            .split(';')
            .map(str::trim)
            .filter(|part| !part.is_empty())
        {
            let (key, value) = match part.split_once('=') {
                Some((key, value)) => (key.trim(), value_of(value.trim())),
                None => (part, Value::Bool(true)),
            };
            if rule.insert(key.to_owned(), value).is_some() {
                return Err(format!("{key}: it is given twice in one rule"));
            }
        }
        if let Some(seed) = rule.remove("seed") {
            reader.plan.seed = fields::whole("seed", &seed, u64::MAX)?;
        }
        if !rule.is_empty() {
            reader.flat(&rule)?;
        }
    }
    Ok(reader.plan)
}

/// A word of the header as JSON would have it.
fn value_of(text: &str) -> Value {
    let text = text.trim_matches('"');
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match (text.parse::<u64>(), text.parse::<f64>()) {
            (Ok(whole), _) => whole.into(),
            (_, Ok(number)) => {
                Number::from_f64(number).map_or_else(|| Value::from(text), Value::Number)
            }
            _ => Value::from(text),
        },
    }
}

struct Reader<'a> {
    plan: Plan,
    numbers: Numbers<'a>,
}

impl<'a> Reader<'a> {
    fn new(numbers: Numbers<'a>) -> Self {
        Self {
            plan: Plan::default(),
            numbers,
        }
    }

    /// A rule of an area, or a list of them.
    fn section(&mut self, area: Area, value: &Value) -> Result<(), String> {
        let name = area.as_str();
        match value {
            Value::Object(rule) => self.rule(area, name, rule),
            Value::Array(rules) => {
                for (n, rule) in rules.iter().enumerate() {
                    let at = format!("{name}[{n}]");
                    let Value::Object(rule) = rule else {
                        return Err(format!("{at}: an object is expected"));
                    };
                    self.rule(area, &at, rule)?;
                }
                Ok(())
            }
            _ => Err(format!(
                "{name}: an object or a list of objects is expected"
            )),
        }
    }

    /// One rule whose faults say which area it is about. Faults of several areas make a rule of each.
    fn flat(&mut self, body: &Map<String, Value>) -> Result<(), String> {
        let areas: Vec<Area> = Area::ALL
            .into_iter()
            .filter(|area| {
                body.keys()
                    .any(|key| faults_of(*area).contains(&key.as_str()))
            })
            .collect();
        let belongs = |key: &str| {
            COMMON.contains(&key)
                || areas
                    .iter()
                    .any(|area| filters_of(*area).contains(&key) || faults_of(*area).contains(&key))
        };
        if let Some(stray) = body.keys().find(|key| !belongs(key)) {
            let known = Area::ALL
                .iter()
                .any(|area| filters_of(*area).contains(&stray.as_str()));
            let every: Vec<&str> = Area::ALL
                .iter()
                .flat_map(|area| faults_of(*area))
                .copied()
                .collect();
            return Err(if known && areas.is_empty() {
                format!(
                    "{stray}: a filter needs a fault beside it: one of {}",
                    list(&every)
                )
            } else if known {
                format!("{stray}: none of the faults beside it can be filtered by that")
            } else {
                format!(
                    "{stray}: there is no such fault; there are {}",
                    list(&every)
                )
            });
        }
        if areas.is_empty() {
            return Err("no fault is named: `probability` and `times` go with one".to_owned());
        }
        for area in areas {
            let own = |key: &String| {
                COMMON.contains(&key.as_str())
                    || filters_of(area).contains(&key.as_str())
                    || area_of_fault(key) == Some(area)
            };
            let rule = body
                .iter()
                .filter(|(key, _)| own(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            self.rule(area, "", &rule)?;
        }
        Ok(())
    }

    fn rule(&mut self, area: Area, at: &str, body: &Map<String, Value>) -> Result<(), String> {
        let index = self.plan.len();
        if index >= MOST_RULES {
            return Err(format!("at most {MOST_RULES} rules are allowed"));
        }
        let known: Vec<&str> = faults_of(area)
            .iter()
            .chain(filters_of(area))
            .chain(&COMMON)
            .copied()
            .collect();
        let fields = Fields::new(at, body, &known)?;
        match area {
            Area::Webhooks => {
                let (faults, only) = (
                    webhook_faults(&fields)?,
                    only_webhooks(&fields, self.numbers)?,
                );
                self.plan
                    .webhooks
                    .push(finish(&fields, index, area, faults, only)?);
            }
            Area::Api => {
                let (faults, only) = (api_faults(&fields)?, only_requests(&fields, self.numbers)?);
                self.plan
                    .api
                    .push(finish(&fields, index, area, faults, only)?);
            }
            Area::Media => {
                let (faults, only) = (media_faults(&fields)?, only_calls(&fields, self.numbers)?);
                self.plan
                    .media
                    .push(finish(&fields, index, area, faults, only)?);
            }
            Area::Process => {
                let (faults, only) = (process_faults(&fields)?, only_calls(&fields, self.numbers)?);
                self.plan
                    .process
                    .push(finish(&fields, index, area, faults, only)?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
