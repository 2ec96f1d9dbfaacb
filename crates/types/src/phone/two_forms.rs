//! Countries in which one line has two numbers: one digit more or less, and both reach the same person.
//!
//! The platform knows every user by one of the two. Which one depends on the country, in Brazil on the area: where the
//! ninth digit came late, users had been known by eight digits already.

/// One country's rule. A number is the country's code, the area where the digit stands behind it, the digit that may be
/// there or not, and the rest.
#[derive(Debug)]
pub struct TwoForms {
    /// The country's calling code.
    pub code: &'static str,
    /// Digits before the one that may be there or not, calling code and area together.
    pub before: usize,
    /// That digit.
    pub digit: char,
    /// Digits behind it.
    pub behind: usize,
    /// What the digits behind it begin with; other numbers have one form alone.
    pub begins: &'static str,
    /// Areas whose users are known by the longer form, all others by the shorter one; `None` where every area's are.
    pub longer: Option<&'static [&'static str]>,
}

/// Every country that is known to have such numbers.
pub const TWO_FORMS: &[TwoForms] = &[
    // Mexico: until 2019 mobile numbers had a 1 behind the country's code when called from abroad.
    TwoForms {
        code: "52",
        before: 2,
        digit: '1',
        behind: 10,
        begins: "23456789",
        longer: None,
    },
    // Argentina: mobile numbers have a 9 there when called from abroad.
    TwoForms {
        code: "54",
        before: 2,
        digit: '9',
        behind: 10,
        begins: "123",
        longer: None,
    },
    // Brazil: mobile numbers grew from eight digits to nine, area by area from 2012 to 2016; landlines (2 to 5) did not.
    TwoForms {
        code: "55",
        before: 4,
        digit: '9',
        behind: 8,
        begins: "6789",
        longer: Some(&[
            "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "24", "27", "28",
        ]),
    },
];

impl TwoForms {
    /// The shorter and the longer form of this number, and whether users are known by the longer one; `None` for a number
    /// with one form.
    fn forms(&self, digits: &str) -> Option<(String, String, bool)> {
        let rest = digits.strip_prefix(self.code)?;
        let area = rest.get(..self.before - self.code.len())?;
        let behind = match digits.len() {
            n if n == self.before + self.behind => digits.get(self.before..)?,
            n if n == self.before + 1 + self.behind => {
                digits.get(self.before..)?.strip_prefix(self.digit)?
            }
            _ => return None,
        };
        if !behind.starts_with(|first| self.begins.contains(first)) {
            return None;
        }
        let head = &digits[..self.before];
        let longer = self.longer.is_none_or(|areas| areas.contains(&area));
        Some((
            format!("{head}{behind}"),
            format!("{head}{}{behind}", self.digit),
            longer,
        ))
    }
}

/// The form by which the platform knows the user of this number.
pub(super) fn known_by(digits: u64) -> u64 {
    let text = digits.to_string();
    let forms = TWO_FORMS.iter().find_map(|country| country.forms(&text));
    let Some((shorter, longer, by_longer)) = forms else {
        return digits;
    };
    let known = if by_longer { longer } else { shorter };
    known.parse().unwrap_or(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_country_has_its_form() {
        for (written, known) in [
            // Mexico and Argentina: the longer one.
            (525_512_345_678, 5_215_512_345_678),
            (541_112_345_678, 5_491_112_345_678),
            // Brazil: by area.
            (551_181_234_567, 5_511_981_234_567),
            (5_531_981_234_567, 553_181_234_567),
        ] {
            assert_eq!(known_by(written), known, "{written}");
            assert_eq!(known_by(known), known, "{known}");
        }
    }

    #[test]
    fn landlines_and_other_countries_have_one_form() {
        for number in [
            551_132_345_678,
            5_511_912_345_678,
            5_531_932_345_678,
            447_700_900_001,
            34_600_111_222,
            52_123,
            5_211_234_567_890,
            54_911_123_456,
        ] {
            assert_eq!(known_by(number), number);
        }
    }

    proptest! {
        #[test]
        fn both_forms_lead_to_one_and_it_to_itself(
            rule in 0..TWO_FORMS.len(),
            area in 11_u32..=99,
            first in any::<prop::sample::Index>(),
            rest in 0_u64..10_000_000_000,
        ) {
            let rule = &TWO_FORMS[rule];
            let area = area.to_string();
            let head = format!("{}{}", rule.code, &area[..rule.before - rule.code.len()]);
            let begins: Vec<char> = rule.begins.chars().collect();
            let behind = format!("{rest:010}");
            let behind = format!("{}{}", first.get(&begins), &behind[behind.len() + 1 - rule.behind..]);
            let shorter: u64 = format!("{head}{behind}").parse().unwrap_or_default();
            let longer: u64 = format!("{head}{}{behind}", rule.digit).parse().unwrap_or_default();
            let known = known_by(shorter);
            prop_assert_eq!(known, known_by(longer));
            prop_assert!(known == shorter || known == longer);
            prop_assert_eq!(known, known_by(known));
        }

        #[test]
        fn whatever_the_number_its_form_is_its_own(digits in 1_000_000_u64..1_000_000_000_000_000) {
            let known = known_by(digits);
            prop_assert_eq!(known, known_by(known));
        }
    }
}
