//! What a number says about itself: the business profile and the state of its name (`graph-api.md` §7).

use ahoy_types::PhoneNumberId;
use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::badge::BadgeReview;

/// Characters of `about` at most.
pub const ABOUT_CHARS: usize = 139;
/// Characters of `address` at most.
pub const ADDRESS_CHARS: usize = 256;
/// Characters of `description` at most.
pub const DESCRIPTION_CHARS: usize = 512;
/// Characters of `email` at most.
pub const EMAIL_CHARS: usize = 128;
/// Websites at most.
pub const WEBSITES: usize = 2;
/// Characters of a website's address at most.
pub const WEBSITE_CHARS: usize = 256;
/// Bytes of a profile picture at most (inferred).
pub const PICTURE_BYTES: usize = 1 << 20;

/// Words of `vertical`, the line of business.
pub const VERTICALS: [&str; 25] = [
    "ALCOHOL",
    "APPAREL",
    "AUTO",
    "BEAUTY",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GOVT",
    "GROCERY",
    "HEALTH",
    "HOTEL",
    "MATRIMONY_SERVICE",
    "NONPROFIT",
    "NOT_A_BIZ",
    "ONLINE_GAMBLING",
    "OTC_DRUGS",
    "OTHER",
    "PHYSICAL_GAMBLING",
    "PROF_SERVICES",
    "RESTAURANT",
    "RETAIL",
    "TRAVEL",
    "UNDEFINED",
    "",
];

/// How far the review of a number's name has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NameStatus {
    /// Taken.
    #[default]
    Approved,
    /// Good without a review.
    AvailableWithoutReview,
    /// Refused.
    Declined,
    /// Too old.
    Expired,
    /// Under review.
    PendingReview,
    /// There is none.
    None,
}

impl NameStatus {
    /// Every state with its word on the wire.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("APPROVED", Self::Approved),
        ("AVAILABLE_WITHOUT_REVIEW", Self::AvailableWithoutReview),
        ("DECLINED", Self::Declined),
        ("EXPIRED", Self::Expired),
        ("PENDING_REVIEW", Self::PendingReview),
        ("NONE", Self::None),
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::AvailableWithoutReview => "AVAILABLE_WITHOUT_REVIEW",
            Self::Declined => "DECLINED",
            Self::Expired => "EXPIRED",
            Self::PendingReview => "PENDING_REVIEW",
            Self::None => "NONE",
        }
    }
}

/// The public face of a number, beyond its verified name. Empty texts stand for what was never set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// State of the verified name.
    pub name_status: NameStatus,
    /// Whether the business has the badge of an official account.
    pub official: bool,
    /// What became of the business's request for it.
    pub badge: BadgeReview,
    /// The short line below the name.
    pub about: String,
    /// Postal address.
    pub address: String,
    /// What the business does.
    pub description: String,
    /// E-mail address.
    pub email: String,
    /// Line of business, one of [`VERTICALS`].
    pub vertical: String,
    /// Addresses of web sites.
    pub websites: Vec<String>,
    /// Tag of the stored profile picture: changes with every picture. `None` without one.
    pub picture: Option<String>,
}

/// A partial change of the profile: what is absent stays as it is, an empty text takes it away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AboutPatch {
    /// New `about`; it cannot be emptied.
    pub about: Option<String>,
    /// New `address`.
    pub address: Option<String>,
    /// New `description`.
    pub description: Option<String>,
    /// New `email`.
    pub email: Option<String>,
    /// New `vertical`.
    pub vertical: Option<String>,
    /// New `websites`, all of them.
    pub websites: Option<Vec<String>>,
}

impl About {
    /// Where the picture of this number is served; its tag makes every picture an address of its own.
    pub fn picture_path(&self, number: PhoneNumberId) -> Option<String> {
        let tag = self.picture.as_ref()?;
        Some(format!("/pictures/{number}?v={tag}"))
    }

    /// The profile with the patch laid over it.
    ///
    /// # Errors
    /// A sentence that begins with the field's name for what is too long or malformed.
    pub fn patched(&self, patch: AboutPatch) -> Result<Self, Refusal> {
        let mut after = self.clone();
        if let Some(about) = patch.about {
            short("about", &about, ABOUT_CHARS)?;
            if about.trim().is_empty() {
                return Err(invalid("about: an empty text is not allowed"));
            }
            after.about = about;
        }
        if let Some(address) = patch.address {
            short("address", &address, ADDRESS_CHARS)?;
            after.address = address;
        }
        if let Some(description) = patch.description {
            short("description", &description, DESCRIPTION_CHARS)?;
            after.description = description;
        }
        if let Some(email) = patch.email {
            short("email", &email, EMAIL_CHARS)?;
            if !email.is_empty() && !is_email(&email) {
                return Err(invalid("email: this is not an e-mail address"));
            }
            after.email = email;
        }
        if let Some(vertical) = patch.vertical {
            let vertical = vertical.to_ascii_uppercase();
            if !VERTICALS.contains(&vertical.as_str()) {
                let words: Vec<&str> = VERTICALS.into_iter().filter(|w| !w.is_empty()).collect();
                return Err(invalid(format!(
                    "vertical: allowed are {}",
                    words.join(", ")
                )));
            }
            after.vertical = vertical;
        }
        if let Some(websites) = patch.websites {
            check_websites(&websites)?;
            after.websites = websites;
        }
        Ok(after)
    }
}

fn invalid(sentence: impl Into<String>) -> Refusal {
    Refusal::Invalid(sentence.into())
}

fn short(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length > most {
        return Err(invalid(format!(
            "{field}: {length} characters are too many, at most {most} are allowed"
        )));
    }
    Ok(())
}

/// Something before and after one `@`, with a dot behind it: anything closer would refuse addresses that exist.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let plain = |part: &str| {
        !part.is_empty()
            && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@')
    };
    let labels = |host: &str| host.contains('.') && host.split('.').all(|label| !label.is_empty());
    plain(name) && plain(host) && labels(host)
}

fn check_websites(websites: &[String]) -> Result<(), Refusal> {
    if websites.len() > WEBSITES {
        return Err(invalid(format!(
            "websites: {} are too many, at most {WEBSITES} are allowed",
            websites.len()
        )));
    }
    for website in websites {
        short("websites", website, WEBSITE_CHARS)?;
        let host = website
            .strip_prefix("https://")
            .or_else(|| website.strip_prefix("http://"));
        let good = host.is_some_and(|host| {
            !host.is_empty()
                && !host.starts_with('/')
                && !host.contains(|c: char| c.is_whitespace() || c.is_control())
        });
        if !good {
            return Err(invalid(
                "websites: each must be an address that begins with http:// or https://",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(patch: AboutPatch) -> String {
        About::default().patched(patch).unwrap_err().to_string()
    }

    #[test]
    fn each_field_has_its_limit_and_its_sentence() {
        let text = |n: usize| Some("é".repeat(n));
        let with = |set: fn(&mut AboutPatch, Option<String>), n: usize| {
            let mut patch = AboutPatch::default();
            set(&mut patch, text(n));
            About::default().patched(patch)
        };
        type Set = fn(&mut AboutPatch, Option<String>);
        let fields: [(&str, Set, usize); 3] = [
            ("about", |p, t| p.about = t, ABOUT_CHARS),
            ("address", |p, t| p.address = t, ADDRESS_CHARS),
            ("description", |p, t| p.description = t, DESCRIPTION_CHARS),
        ];
        for (name, set, most) in fields {
            assert!(with(set, most).is_ok(), "{name}");
            let refused = with(set, most + 1).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{name}: ")), "{refused}");
        }
        let about = AboutPatch {
            about: Some(" ".into()),
            ..Default::default()
        };
        assert_eq!(refused(about), "about: an empty text is not allowed");
    }

    #[test]
    fn addresses_are_looked_at() {
        for (email, good) in [
            ("", true),
            ("desk@harbour.example", true),
            ("desk", false),
            ("@harbour.example", false),
            ("desk@harbour", false),
            ("desk@harbour..example", false),
            ("a b@harbour.example", false),
            ("a@b@harbour.example", false),
        ] {
            let patch = AboutPatch {
                email: Some(email.into()),
                ..Default::default()
            };
            assert_eq!(About::default().patched(patch).is_ok(), good, "{email}");
        }
        for (sites, good) in [
            (vec![], true),
            (vec!["https://harbour.example/menu?a=b"], true),
            (vec!["http://a.example", "https://b.example"], true),
            (
                vec!["http://a.example", "https://b.example", "https://c.example"],
                false,
            ),
            (vec!["javascript:alert(1)"], false),
            (vec!["https://"], false),
            (vec!["https://a example"], false),
        ] {
            let patch = AboutPatch {
                websites: Some(sites.iter().map(|s| (*s).to_owned()).collect()),
                ..Default::default()
            };
            assert_eq!(About::default().patched(patch).is_ok(), good, "{sites:?}");
        }
    }

    #[test]
    fn what_is_absent_stays_and_what_is_empty_goes() {
        let first = AboutPatch {
            description: Some("Coffee".into()),
            vertical: Some("restaurant".into()),
            ..Default::default()
        };
        let first = About::default().patched(first).unwrap();
        let second = AboutPatch {
            description: Some(String::new()),
            ..Default::default()
        };
        let second = first.patched(second).unwrap();
        assert_eq!(
            (second.description.as_str(), second.vertical.as_str()),
            ("", "RESTAURANT")
        );
    }

    #[test]
    fn a_state_is_stored_as_its_word() {
        for (word, status) in NameStatus::WORDS {
            assert_eq!(status.as_str(), word);
        }
    }
}
