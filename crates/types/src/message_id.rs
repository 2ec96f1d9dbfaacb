//! Message ids: `wamid.` and base64 of a small compact-protocol blob, shaped like the ones seen in the wild
//! (`graph-api.md` §1.5). A message left after an unanswered call has the id of that call. Nobody takes them apart
//! anywhere but this module.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde::{Deserialize, Serialize};

use crate::WaId;

/// Why a text cannot be a message id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a message id: text beginning `wamid.` is expected")]
pub struct MessageIdError(pub String);

/// A message's id, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(Arc<str>);

impl MessageId {
    /// A new id from 16 random bytes of the caller; `user` is the one at the other end, whoever writes.
    pub fn new(user: WaId, random: [u8; 16]) -> Self {
        let user = user.to_string();
        let mut blob = Vec::with_capacity(64);
        blob.extend([0x1c, 0x18, u8::try_from(user.len()).unwrap_or(u8::MAX)]);
        blob.extend(user.as_bytes());
        blob.extend([0x15, 0x02, 0x00, 0x11, 0x18, 0x20]);
        for byte in random {
            blob.extend(format!("{byte:02X}").as_bytes());
        }
        blob.push(0x00);
        Self(format!("wamid.{}", URL_SAFE.encode(blob)).into())
    }
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for MessageId {
    type Err = MessageIdError;
    fn from_str(text: &str) -> Result<Self, MessageIdError> {
        let rest = text
            .strip_prefix("wamid.")
            .or_else(|| text.strip_prefix("wacid."));
        let good = text.len() <= 256
            && rest.is_some_and(|rest| {
                !rest.is_empty()
                    && rest
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-_=+/".contains(&b))
            });
        if good {
            Ok(Self(text.into()))
        } else {
            Err(MessageIdError(text.chars().take(60).collect()))
        }
    }
}
impl TryFrom<String> for MessageId {
    type Error = MessageIdError;
    fn try_from(text: String) -> Result<Self, MessageIdError> {
        text.parse()
    }
}
impl From<MessageId> for String {
    fn from(id: MessageId) -> String {
        id.0.as_ref().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_parse_and_differ() {
        let user = WaId::from_u64(447_700_900_001);
        let ids: Vec<MessageId> = (0..2).map(|i| MessageId::new(user, [i; 16])).collect();
        assert_ne!(ids[0], ids[1]);
        assert_eq!(ids[0].as_str().parse(), Ok(ids[0].clone()));
        assert!(ids[0].as_str().starts_with("wamid.HBg"));
        assert!("wacid.HBgL".parse::<MessageId>().is_ok(), "a voicemail");
        for bad in ["", "wamid.", "abc", "wamid.a b", "wamid.é"] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad}");
        }
    }
}
