//! Webhook timestamps: Unix seconds as text. A number is taken too when reading.

use ahoy_types::RuleTime;
use serde::{Deserialize, Deserializer, Serializer, de};

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Text(String),
    Number(i64),
}

fn time<E: de::Error>(seconds: Seconds) -> Result<RuleTime, E> {
    let seconds = match seconds {
        Seconds::Text(text) => text.parse().map_err(E::custom)?,
        Seconds::Number(number) => number,
    };
    match i64::checked_mul(seconds, 1000) {
        Some(_) => Ok(RuleTime::from_secs(seconds)),
        None => Err(E::custom("timestamp out of range")),
    }
}

pub(super) fn serialize<S: Serializer>(time: &RuleTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&time.secs())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<RuleTime, D::Error> {
    time(Seconds::deserialize(from)?)
}

pub(super) mod option {
    use super::{Deserialize, Deserializer, RuleTime, Seconds, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        time: &Option<RuleTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => super::serialize(time, to),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<RuleTime>, D::Error> {
        Option::<Seconds>::deserialize(from)?
            .map(super::time)
            .transpose()
    }
}
