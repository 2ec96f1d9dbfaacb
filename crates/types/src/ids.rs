//! Identifiers of the Graph's objects: decimal text on the wire, `u64` inside.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Why a text is no object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an object id: 1 to 19 decimal digits are expected")]
pub struct IdError(pub String);

fn parse_digits(text: &str) -> Result<u64, IdError> {
    let fits = !text.is_empty() && text.len() <= 19 && text.bytes().all(|b| b.is_ascii_digit());
    if !fits {
        return Err(IdError(text.chars().take(40).collect()));
    }
    text.parse()
        .map_err(|_| IdError(text.chars().take(40).collect()))
}

macro_rules! graph_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse_digits(text).map(Self)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

graph_id!(
    /// A business phone number (the node `/{phone-number-id}`), not the number itself.
    PhoneNumberId
);
graph_id!(
    /// A WhatsApp Business Account.
    WabaId
);
graph_id!(
    /// A business portfolio, the owner of WABAs.
    BusinessId
);
graph_id!(
    /// An app: the holder of tokens and the receiver of webhooks.
    AppId
);
graph_id!(
    /// A message template.
    TemplateId
);
graph_id!(
    /// An uploaded or received media file.
    MediaId
);
graph_id!(
    /// One webhook owed to one app; stays the same over all attempts. Grows with the order of commits.
    DeliveryId
);
graph_id!(
    /// An access token or an admin token, in lists; never the token itself.
    TokenId
);
graph_id!(
    /// One mail owed to one contact. Grows with the order of commits.
    MailId
);
graph_id!(
    /// An entry of the persistent scheduler.
    TimerId
);

/// SHA-256 of an access token. Tokens are stored in no other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token as it was sent.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_take_digits_only() {
        assert_eq!(
            "710000000000001".parse(),
            Ok(PhoneNumberId(710_000_000_000_001))
        );
        for bad in ["", "12a", "-1", "+1", "99999999999999999999", " 1"] {
            assert!(bad.parse::<PhoneNumberId>().is_err(), "{bad}");
        }
    }
}
