//! Call ids: `wacid.` and a base64url blob that holds both numbers, the direction and 16 random bytes
//! (`graph-api.md` §1.5). Clients treat it as opaque; so does everything here but this module.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};

use crate::WaId;

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// The business called the user.
    BusinessInitiated,
    /// The user called the business.
    UserInitiated,
}

impl Direction {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BusinessInitiated => "BUSINESS_INITIATED",
            Self::UserInitiated => "USER_INITIATED",
        }
    }
}
impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text cannot be a call id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a call id: text beginning `wacid.` is expected")]
pub struct CallIdError(pub String);

/// A call's id, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallId(Arc<str>);

impl CallId {
    /// A new id from 16 random bytes of the caller.
    pub fn new(user: WaId, business: WaId, direction: Direction, random: [u8; 16]) -> Self {
        let user = user.to_string();
        let business = business.to_string();
        let mut blob = Vec::with_capacity(80);
        blob.extend([0x1c, 0x18, len(&user)]);
        blob.extend(user.as_bytes());
        blob.extend([0x15, 0x02, 0x00]);
        blob.push(match direction {
            Direction::BusinessInitiated => 0x11,
            Direction::UserInitiated => 0x12,
        });
        blob.extend([0x18, 0x20]);
        for byte in random {
            blob.extend(format!("{byte:02X}").as_bytes());
        }
        blob.extend([0x1c, 0x18, len(&business)]);
        blob.extend(business.as_bytes());
        blob.extend([0x15, 0x02, 0x00, 0x00]);
        Self(format!("wacid.{}", URL_SAFE.encode(blob)).into())
    }
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn len(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for CallId {
    type Err = CallIdError;
    fn from_str(text: &str) -> Result<Self, CallIdError> {
        let good = text.len() <= 256
            && text.strip_prefix("wacid.").is_some_and(|rest| {
                !rest.is_empty()
                    && rest
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_=+/".contains(&b))
            });
        if good {
            Ok(Self(text.into()))
        } else {
            Err(CallIdError(text.chars().take(60).collect()))
        }
    }
}
impl TryFrom<String> for CallId {
    type Error = CallIdError;
    fn try_from(text: String) -> Result<Self, CallIdError> {
        text.parse()
    }
}
impl From<CallId> for String {
    fn from(id: CallId) -> String {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_parse_and_differ() {
        let ids: Vec<CallId> = (0..2)
            .map(|i| {
                CallId::new(
                    WaId::from_u64(447_700_900_001),
                    WaId::from_u64(442_079_460_000),
                    Direction::UserInitiated,
                    [i; 16],
                )
            })
            .collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0].as_str().parse(), Ok(ids[0].clone()));
        assert!(ids[0].as_str().starts_with("wacid.HBg"));
        for bad in ["", "wacid.", "wamid.abc", "wacid.a b", "wacid.é"] {
            assert!(bad.parse::<CallId>().is_err(), "{bad}");
        }
    }
}
