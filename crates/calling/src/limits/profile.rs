//! A profile out of a configuration file: the file's keys laid over the profile's own defaults, or over those of the date
//! that its key `contract` names.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::{Table, Value};

use super::{Contract, Limits, Profile};

/// The key of a profile that names the [`Contract`] whose limits hold.
const CONTRACT: &str = "contract";

pub(super) fn production<'de, D: Deserializer<'de>>(from: D) -> Result<Limits, D::Error> {
    over(Profile::Production, from)
}

pub(super) fn sandbox<'de, D: Deserializer<'de>>(from: D) -> Result<Limits, D::Error> {
    over(Profile::Sandbox, from)
}

pub(super) fn test<'de, D: Deserializer<'de>>(from: D) -> Result<Limits, D::Error> {
    over(Profile::Test, from)
}

fn over<'de, D: Deserializer<'de>>(profile: Profile, from: D) -> Result<Limits, D::Error> {
    let mut given = Table::deserialize(from)?;
    let contract = match given.remove(CONTRACT) {
        None => Contract::default(),
        Some(value) => named(&value).map_err(D::Error::custom)?,
    };
    let mut whole =
        Table::try_from(Limits::of(profile).dated(contract)).map_err(D::Error::custom)?;
    lay(&mut whole, given);
    whole.try_into().map_err(|e: toml::de::Error| {
        // The error of a value without a source text ends in the key it is about, on a line of its own.
        D::Error::custom(e.to_string().trim().replace('\n', " "))
    })
}

fn named(value: &Value) -> Result<Contract, String> {
    let text = value.as_str().unwrap_or_default();
    Contract::parse(text).ok_or_else(|| {
        let known: Vec<_> = Contract::WORDS
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        format!(
            "{CONTRACT}: `{text}` is no date at which limits changed; these are: {}",
            known.join(", ")
        )
    })
}

/// Lays one table over another, tables within them too.
fn lay(under: &mut Table, over: Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => lay(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::super::{LimitTable, Limits, Profile, Quality};

    #[test]
    fn what_a_profile_leaves_out_keeps_its_own_default() {
        let table: LimitTable = toml::from_str(
            "[sandbox]\nconcurrent_calls = 3\nring_timeout = { secs = 5 }\n[sandbox.quality]\npick_up_min_calls = 4\n\
             [production]\nrequests_per_day = 2\n",
        )
        .unwrap();
        let sandbox = Limits::of(Profile::Sandbox);
        let expected = Limits {
            concurrent_calls: 3,
            ring_timeout: Duration::from_secs(5),
            quality: Quality {
                pick_up_min_calls: 4,
                ..sandbox.quality.clone()
            },
            ..sandbox
        };
        assert_eq!(table.sandbox, expected);
        assert_eq!(table.test, Limits::of(Profile::Test));
        let expected = Limits {
            requests_per_day: 2,
            ..Limits::of(Profile::Production)
        };
        assert_eq!(table.production, expected);
    }

    #[test]
    fn a_contract_sets_the_limits_of_its_date_and_other_keys_lie_over_it() {
        const DAY: u64 = 86_400;
        for (contract, grant, connected) in [
            ("2025-07", 3 * DAY, 5),
            ("2025-10-13", 3 * DAY, 10),
            ("2025-11-03", 7 * DAY, 10),
            ("2025-12-19", 7 * DAY, 100),
        ] {
            for profile in ["production", "sandbox", "test"] {
                let text = format!("[{profile}]\ncontract = \"{contract}\"\n");
                let table: LimitTable = toml::from_str(&text).unwrap();
                let own = match profile {
                    "production" => (&table.production, Limits::of(Profile::Production)),
                    "sandbox" => (&table.sandbox, Limits::of(Profile::Sandbox)),
                    _ => (&table.test, Limits::of(Profile::Test)),
                };
                let expected = Limits {
                    temporary_grant: Duration::from_secs(grant),
                    connected_per_day: connected,
                    ..own.1
                };
                assert_eq!(*own.0, expected, "{profile} {contract}");
            }
        }
        let table: LimitTable =
            toml::from_str("[production]\ncontract = \"2025-07\"\nconnected_per_day = 7").unwrap();
        assert_eq!(table.production.connected_per_day, 7);
        assert_eq!(
            table.production.temporary_grant,
            Duration::from_secs(3 * DAY)
        );
    }

    #[test]
    fn the_defaults_written_out_read_back() {
        let whole = LimitTable::default();
        let written = toml::Table::try_from(&whole).unwrap();
        assert_eq!(written.try_into::<LimitTable>().unwrap(), whole);
    }

    #[test]
    fn a_mistake_is_named_by_its_key() {
        for (text, named) in [
            ("[sandbox]\nconcurent_calls = 3", "concurent_calls"),
            ("[sandbox]\nconcurrent_calls = \"many\"", "concurrent_calls"),
            ("[test.quality]\npause = 7", "pause"),
            ("[production]\nno_call_buttons = [\"XX\"]", "XX"),
            ("[production]\ncontract = \"2025-08\"", "2025-10-13"),
            ("[production]\ncontract = 2025", "contract"),
        ] {
            let refused = toml::from_str::<LimitTable>(text).unwrap_err().to_string();
            assert!(refused.contains(named), "{text}: {refused}");
        }
    }
}
