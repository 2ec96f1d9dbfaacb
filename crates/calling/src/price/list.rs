//! The price list as a file.

use std::collections::BTreeMap;
use std::sync::Arc;

use ahoy_types::{Country, RuleTime};
use serde::Deserialize;

use super::Micros;
use crate::calendar;

/// The list that comes with the program.
const PUBLISHED: &str = include_str!("../../data/rates.toml");
/// Digits after the point a rate may have: more than a millionth cannot be counted.
const DECIMALS: usize = 6;
/// Tiers at most: more would be a mistake in the file.
const MOST_TIERS: usize = 100;

/// What is wrong with a price list, in a sentence for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the price list: {0}")]
pub struct PriceListError(pub String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    currency: String,
    pulse_seconds: u64,
    tier_minutes: Vec<u64>,
    rest: String,
    markets: BTreeMap<String, Vec<Country>>,
    #[serde(rename = "card")]
    cards: Vec<CardFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardFile {
    from: String,
    #[serde(default)]
    rates: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// Rates in one currency from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Card {
    from: RuleTime,
    /// One rate for all tiers, or one a tier; a rate for every market.
    rates: BTreeMap<Arc<str>, Vec<Micros>>,
}

/// Rates by currency, day, market and tier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    currency: Arc<str>,
    pulse_seconds: u64,
    tier_minutes: Vec<u64>,
    rest: Arc<str>,
    markets: BTreeMap<Country, Arc<str>>,
    /// By ascending day, at least one a currency; the list's own currency is among them.
    cards: BTreeMap<Arc<str>, Vec<Card>>,
}

impl PriceList {
    /// The list that comes with the program: the published rates.
    ///
    /// # Errors
    /// Never, unless the program was built with a list that cannot be read.
    pub fn published() -> Result<Self, PriceListError> {
        Self::parse(PUBLISHED)
    }

    /// Reads a list in TOML.
    ///
    /// # Errors
    /// A sentence that names the key: unknown keys and countries, tiers that do not ascend, cards out of order,
    /// rates that cannot be counted, a currency whose first card lacks a market.
    pub fn parse(text: &str) -> Result<Self, PriceListError> {
        let file: File = toml::from_str(text).map_err(|e| PriceListError(e.to_string()))?;
        Self::checked(file).map_err(PriceListError)
    }

    fn checked(file: File) -> Result<Self, String> {
        let currency = file.currency.as_str();
        code(currency).map_err(|e| format!("currency: {e}"))?;
        if !(1..=60).contains(&file.pulse_seconds) {
            return Err("pulse_seconds: 1 to 60 is expected".into());
        }
        if file.tier_minutes.len() >= MOST_TIERS {
            return Err(format!(
                "tier_minutes: fewer than {MOST_TIERS} are expected"
            ));
        }
        let ascend = file.tier_minutes.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascend || file.tier_minutes.first() == Some(&0) {
            return Err("tier_minutes: the ends of the tiers must ascend from above 0".into());
        }
        let rest: Arc<str> = file.rest.into();
        let mut names: Vec<Arc<str>> = vec![rest.clone()];
        let mut markets = BTreeMap::new();
        for (name, countries) in file.markets {
            let name: Arc<str> = name.into();
            if !names.contains(&name) {
                names.push(name.clone());
            }
            for country in countries {
                if let Some(other) = markets.insert(country, name.clone()) {
                    return Err(format!(
                        "markets: {country} belongs to `{other}` and to `{name}`"
                    ));
                }
            }
        }
        let tiers = file.tier_minutes.len() + 1;
        let mut cards: BTreeMap<Arc<str>, Vec<Card>> = BTreeMap::new();
        let mut last = None;
        for card in file.cards {
            let from = calendar::day(&card.from).map_err(|e| format!("card.from: {e}"))?;
            if last.is_some_and(|last| last >= from) {
                return Err(format!(
                    "card: the one from {} does not come after the one before it",
                    card.from
                ));
            }
            last = Some(from);
            for (of, table) in &card.rates {
                let place = format!("card {}, rates.{of}", card.from);
                code(of).map_err(|e| format!("{place}: {e}"))?;
                let before = cards.entry(of.as_str().into()).or_default();
                // What the card does not name stays.
                let mut rates = before.last().map(|c| c.rates.clone()).unwrap_or_default();
                read_rates(&mut rates, table, &names, tiers).map_err(|e| format!("{place}.{e}"))?;
                if let Some(name) = names.iter().find(|name| !rates.contains_key(*name)) {
                    return Err(format!("{place}: there is no rate for `{name}`"));
                }
                before.push(Card { from, rates });
            }
        }
        let currency: Arc<str> = currency.into();
        if !cards.contains_key(&currency) {
            return Err(format!("card: there is none with rates in {currency}"));
        }
        Ok(Self {
            currency,
            pulse_seconds: file.pulse_seconds,
            tier_minutes: file.tier_minutes,
            rest,
            markets,
            cards,
        })
    }

    /// What an account is billed in: its own currency where the list has rates in it, else the list's.
    pub fn currency(&self, of_account: Option<&str>) -> Arc<str> {
        let own = of_account.and_then(|code| self.cards.get_key_value(code));
        own.map_or(&self.currency, |(code, _)| code).clone()
    }
    /// Length of a pulse in seconds, never 0.
    pub const fn pulse_seconds(&self) -> u64 {
        self.pulse_seconds
    }
    /// Where the tiers end, in minutes a month; the last tier has no end.
    pub fn tier_minutes(&self) -> &[u64] {
        &self.tier_minutes
    }
    /// The market of a country.
    pub fn market(&self, country: Option<Country>) -> Arc<str> {
        let named = country.and_then(|country| self.markets.get(&country));
        named.unwrap_or(&self.rest).clone()
    }

    /// The rate of a market at an instant in a tier.
    pub(super) fn per_minute(
        &self,
        currency: &str,
        market: &str,
        at: RuleTime,
        tier: usize,
    ) -> Micros {
        let Some(cards) = self.cards.get(currency) else {
            return Micros::default();
        };
        let holds = cards.iter().rev().find(|card| card.from <= at);
        let row = holds
            .or(cards.first())
            .and_then(|card| card.rates.get(market));
        let rate = row.and_then(|row| row.get(tier).or(row.first()));
        rate.copied().unwrap_or_default()
    }
}

/// Lays the rates of a card over those before it.
fn read_rates(
    rates: &mut BTreeMap<Arc<str>, Vec<Micros>>,
    table: &BTreeMap<String, Vec<String>>,
    names: &[Arc<str>],
    tiers: usize,
) -> Result<(), String> {
    for (market, row) in table {
        let Some(name) = names.iter().find(|name| ***name == **market) else {
            return Err(format!("`{market}`: there is no such market"));
        };
        if row.len() != 1 && row.len() != tiers {
            return Err(format!("`{market}`: one rate is expected, or {tiers}"));
        }
        let row: Result<Vec<Micros>, String> = row.iter().map(|text| micros(text)).collect();
        let row = row.map_err(|e| format!("`{market}`: {e}"))?;
        rates.insert(name.clone(), row);
    }
    Ok(())
}

/// An ISO 4217 code in capitals.
fn code(text: &str) -> Result<(), String> {
    if text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not an ISO 4217 code of three capitals"
    ))
}

/// `0.0103` → 10,300.
fn micros(text: &str) -> Result<Micros, String> {
    let bad = || format!("`{text}` is not a rate: digits with a point are expected, as in 0.0103");
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 9 {
        return Err(bad());
    }
    if part.len() > DECIMALS {
        return Err(format!(
            "`{text}` has more than {DECIMALS} digits after the point"
        ));
    }
    let whole: u64 = whole.parse().map_err(|_| bad())?;
    let part: u64 = format!("{part:0<DECIMALS$}").parse().map_err(|_| bad())?;
    Ok(Micros(whole * 1_000_000 + part))
}
