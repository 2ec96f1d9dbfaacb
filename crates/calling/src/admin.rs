//! Who may manage what: roles of administrators, and the checks of what they enter.

use ahoy_types::{BusinessId, RuleTime, TokenHash, TokenId};
use serde::{Deserialize, Serialize};

use crate::calendar::Zone;

/// Characters of a name at most.
pub const NAME_CHARS: usize = 200;
/// Characters of an app's secret at least, and at most.
pub const SECRET_CHARS: (usize, usize) = (8, 200);
/// Mail addresses of a business at most.
pub const CONTACTS: usize = 20;
/// Objects on a page: unless asked otherwise, and at most.
pub const PAGE: (usize, usize) = (25, 100);

/// What the holder of an admin token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, of every business.
    Admin,
    /// Reads and changes what belongs to one business.
    Developer,
    /// Reads: everything, or what belongs to one business.
    Viewer,
}

impl Role {
    /// Every role with its word.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("admin", Self::Admin),
        ("developer", Self::Developer),
        ("viewer", Self::Viewer),
    ];

    /// The word stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
        }
    }

    /// Whether the role goes with this choice of a business.
    ///
    /// # Errors
    /// A sentence where an admin is tied to a business or a developer is not.
    pub fn check_scope(self, business: Option<BusinessId>) -> Result<(), AdminRefusal> {
        match (self, business) {
            (Self::Admin, Some(_)) => Err(AdminRefusal::Invalid(
                "business: the role admin reaches every business and is tied to none".into(),
            )),
            (Self::Developer, None) => Err(AdminRefusal::Invalid(
                "business: the role developer needs the business it works for".into(),
            )),
            _ => Ok(()),
        }
    }
}

/// A role given to somebody, held by an admin token. Stored by the token's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleGrant {
    /// Its id.
    pub id: TokenId,
    /// SHA-256 of the admin token.
    pub hash: TokenHash,
    /// Whose it is.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The one business it reaches; `None` means all of them.
    pub business: Option<BusinessId>,
    /// When it was given.
    pub issued_at: RuleTime,
    /// When it ends; `None` never.
    pub expires_at: Option<RuleTime>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Administrator {
    /// Name, for the audit log.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The one business they reach; `None` means all of them.
    pub business: Option<BusinessId>,
}

impl Administrator {
    /// Somebody who may do everything.
    pub fn all(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            role: Role::Admin,
            business: None,
        }
    }

    /// Whether objects of this business exist as far as they may know.
    pub fn sees(&self, business: BusinessId) -> bool {
        self.business.is_none_or(|own| own == business)
    }

    /// Refuses whoever may only read.
    ///
    /// # Errors
    /// Forbidden.
    pub fn may_write(&self) -> Result<(), AdminRefusal> {
        match self.role {
            Role::Admin | Role::Developer => Ok(()),
            Role::Viewer => Err(AdminRefusal::Forbidden(
                "the role viewer reads and changes nothing".into(),
            )),
        }
    }

    /// Refuses everybody but admins: businesses and roles are theirs alone.
    ///
    /// # Errors
    /// Forbidden.
    pub fn must_be_admin(&self, what: &str) -> Result<(), AdminRefusal> {
        if self.role == Role::Admin {
            return Ok(());
        }
        Err(AdminRefusal::Forbidden(format!(
            "the role {} does not {what}: the role admin does",
            self.role.as_str()
        )))
    }
}

/// Why an administrator's request is refused; nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    /// A field is wrong; the sentence begins with its name.
    #[error("{0}")]
    Invalid(String),
    /// The token is unknown or has ended.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// The role does not allow it.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such object, or none that this administrator may know.
    #[error("there is no {kind} {id}")]
    NoSuch {
        /// What was looked for.
        kind: &'static str,
        /// Under which id.
        id: String,
    },
    /// Something that exists stands against it.
    #[error("{0}")]
    Conflict(String),
    /// The platform failed.
    #[error("{0}")]
    Internal(String),
}

impl AdminRefusal {
    /// There is no such object.
    pub fn no_such(kind: &'static str, id: impl ToString) -> Self {
        Self::NoSuch {
            kind,
            id: id.to_string(),
        }
    }
}

/// A name as an administrator enters it: not empty, no control characters, not too long.
///
/// # Errors
/// A sentence that begins with the field's name.
pub fn name(field: &str, text: &str) -> Result<String, AdminRefusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > NAME_CHARS || text.chars().any(char::is_control) {
        return Err(AdminRefusal::Invalid(format!(
            "{field}: 1 to {NAME_CHARS} characters without control characters are expected"
        )));
    }
    Ok(text.to_owned())
}

/// An app's secret.
///
/// # Errors
/// A sentence for one that is too short, too long or not printable ASCII: it stands in headers and query strings.
pub fn secret(text: &str) -> Result<String, AdminRefusal> {
    let (least, most) = SECRET_CHARS;
    let good = (least..=most).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'|');
    if !good {
        return Err(AdminRefusal::Invalid(format!(
            "secret: {least} to {most} printable ASCII characters without space and `|` are expected"
        )));
    }
    Ok(text.to_owned())
}

/// A currency as ISO 4217 writes it.
///
/// # Errors
/// A sentence for anything but three capital letters.
pub fn currency(text: &str) -> Result<String, AdminRefusal> {
    if text.len() != 3 || !text.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(AdminRefusal::Invalid(
            "currency: three capital letters (ISO 4217) are expected".into(),
        ));
    }
    Ok(text.to_owned())
}

/// The number of a time zone in the reference's list; `0` stands for none set.
///
/// # Errors
/// A sentence for anything but a small decimal number.
pub fn timezone_id(text: &str) -> Result<String, AdminRefusal> {
    match text.parse::<u16>() {
        Ok(id) if id <= 999 => Ok(id.to_string()),
        _ => Err(AdminRefusal::Invalid(
            "timezone_id: a number from 0 (none set) to 999 is expected".into(),
        )),
    }
}

/// The clock of an account.
///
/// # Errors
/// A sentence for anything but the IANA name of a time zone.
pub fn time_zone(text: &str) -> Result<Zone, AdminRefusal> {
    Zone::named(text).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        AdminRefusal::Invalid(format!(
            "time_zone: `{}` is not the IANA name of a time zone, as `Europe/Madrid` is",
            shown.escape_debug()
        ))
    })
}

/// Mail addresses of those whom warnings reach.
///
/// # Errors
/// A sentence for more than [`CONTACTS`], and for what no mail server would take as an address.
pub fn contacts(list: Vec<String>) -> Result<Vec<String>, AdminRefusal> {
    let mut found: Vec<String> = Vec::with_capacity(list.len());
    for text in list {
        let address = text.trim();
        if !is_address(address) {
            let shown: String = address.chars().take(60).collect();
            return Err(AdminRefusal::Invalid(format!(
                "contacts: `{}` is not a mail address, as `ops@harbour.example` is",
                shown.escape_debug()
            )));
        }
        if !found
            .iter()
            .any(|known| known.eq_ignore_ascii_case(address))
        {
            found.push(address.to_owned());
        }
    }
    if found.len() > CONTACTS {
        return Err(AdminRefusal::Invalid(format!(
            "contacts: at most {CONTACTS} addresses are allowed"
        )));
    }
    Ok(found)
}

/// `local@domain` of visible ASCII characters without quotes, within the lengths of RFC 5321 §4.5.3.1.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let local_byte = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.bytes().all(local_byte)
        && dots(local)
        && domain.split('.').all(label)
}

/// The kind of a picture by its first bytes; only kinds that carry no script.
pub fn picture_kind(bytes: &[u8]) -> Option<&'static str> {
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        _ if webp => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
