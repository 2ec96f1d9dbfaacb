//! The country of a number.
//!
//! Most calling codes are one country's, so that its digits alone tell. Where several share one (`+1`, `+44`) the patterns of each must be
//! tried, which takes about ten microseconds; as rules ask for the same numbers again and again, each thread remembers
//! some of them.

use std::cell::RefCell;
use std::sync::OnceLock;

use phonenumber::metadata::DATABASE;

use super::{Country, WaId};

/// Numbers a thread remembers: a few kilobytes.
const REMEMBERED: usize = 1_024;
/// Calling codes have at most three digits.
const CODES: u16 = 1_000;

/// Whose a calling code is.
#[derive(Clone, Copy)]
enum Owner {
    /// There is no such code.
    Nobody,
    /// One country, or a range of none.
    One(Option<Country>),
    /// Several countries.
    Several,
}

type Slot = Option<(WaId, Option<Country>)>;

thread_local! {
    static KNOWN: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn country_of(number: WaId) -> Option<Country> {
    match owner(number) {
        Owner::Nobody => None,
        Owner::One(country) => country,
        Owner::Several => remembered(number),
    }
}

fn owner(number: WaId) -> Owner {
    static OWNERS: OnceLock<Vec<Owner>> = OnceLock::new();
    let owners = OWNERS.get_or_init(|| (0..CODES).map(owner_of).collect());
    // No code begins with another one: of the first three, two and one digits at most one is a code.
    let mut found = prefixes(number).filter_map(|code| owners.get(usize::from(code)));
    let owned = found.find(|owner| !matches!(owner, Owner::Nobody));
    owned.copied().unwrap_or(Owner::Nobody)
}

/// The first three, two and one digits of a number.
fn prefixes(number: WaId) -> impl Iterator<Item = u16> {
    let mut prefix = number.0;
    while prefix >= u64::from(CODES) {
        prefix /= 10;
    }
    let longest = u16::try_from(prefix).unwrap_or(0);
    [longest, longest / 10, longest / 100]
        .into_iter()
        .filter(|prefix| *prefix > 0)
}

fn owner_of(code: u16) -> Owner {
    match DATABASE.by_code(&code).as_deref() {
        None | Some([]) => Owner::Nobody,
        Some([only]) => Owner::One(only.id().parse().ok()),
        Some(_) => Owner::Several,
    }
}

fn remembered(number: WaId) -> Option<Country> {
    // Neighbouring numbers fall into neighbouring places.
    let place = usize::try_from(number.0 % REMEMBERED as u64).unwrap_or(0);
    KNOWN.with_borrow_mut(|known| {
        if known.is_empty() {
            known.resize(REMEMBERED, None);
        }
        let slot = known.get_mut(place)?;
        match *slot {
            Some((of, country)) if of == number => country,
            _ => {
                let country = by_pattern(number);
                *slot = Some((number, country));
                country
            }
        }
    })
}

fn by_pattern(number: WaId) -> Option<Country> {
    let parsed = phonenumber::parse(None, format!("+{number}"));
    match parsed.as_ref().ok().and_then(|it| it.country().id()) {
        Some(id) => id.as_ref().parse().ok(),
        // Ranges reserved for fiction match no national pattern, and what is too short or begins like a prefix for dialling cannot
        // be parsed at all: they belong to the code's main country.
        None => main_country(number),
    }
}

fn main_country(number: WaId) -> Option<Country> {
    let of_code = |code: u16| DATABASE.by_code(&code)?.first()?.id().parse().ok();
    prefixes(number).find_map(of_code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the way to it, the country is the one the patterns tell.
        #[test]
        fn every_number_has_the_country_of_its_patterns(
            code in 1u64..1_000, rest in any::<u64>(), digits in 7usize..=15,
        ) {
            let text: String = format!("{code}{rest:020}").chars().take(digits).collect();
            let number = WaId::from_u64(text.parse().unwrap_or(0));
            let slow = by_pattern(number);
            prop_assert_eq!(country_of(number), slow, "{}", number);
            prop_assert_eq!(country_of(number), slow, "{}, asked again", number);
        }
    }

    /// The national part of the first is no more than a prefix for dialling, which the parser takes off.
    #[test]
    fn a_number_nobody_can_have_is_of_the_country_of_its_code() {
        for (number, country) in [(8_611_000, "CN"), (4_411_000, "GB"), (1_411_000, "US")] {
            let told = country_of(WaId::from_u64(number));
            assert_eq!(told, country.parse().ok(), "{number}");
            assert_eq!(by_pattern(WaId::from_u64(number)), told, "{number}");
        }
        assert_eq!(country_of(WaId::from_u64(9_991_000)), None);
    }

    #[test]
    fn numbers_that_share_a_place_do_not_share_a_country() {
        let step = REMEMBERED as u64;
        let toronto = WaId::from_u64(14_165_550_100);
        let others: Vec<WaId> = (0..2_000)
            .map(|n| WaId::from_u64(12_125_550_100 / step * step + toronto.0 % step + n * step))
            .collect();
        for other in others {
            assert_eq!(country_of(toronto), by_pattern(toronto));
            assert_eq!(country_of(other), by_pattern(other));
        }
    }
}
