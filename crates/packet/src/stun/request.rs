//! Binding requests, the connectivity checks of ICE (RFC 8445 §7.1).

use super::attributes::{
    ICE_CONTROLLED, ICE_CONTROLLING, MESSAGE_INTEGRITY, Message, PRIORITY, USE_CANDIDATE, USERNAME,
    Writer,
};
use super::{IceKey, StunError, Transaction};
use crate::bytes::{u32_at, u64_at};

/// The type of a binding request.
pub(super) const BINDING_REQUEST: u16 = 0x0001;

/// How many unknown attributes a 420 answer names.
pub(super) const UNKNOWN_MAX: usize = 4;

/// A connectivity check whose structure is sound. It is not verified yet: see [`BindingRequest::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingRequest<'a> {
    /// The receiver's fragment, by which a leg is found: the first half of USERNAME.
    pub local_ufrag: &'a str,
    /// The sender's fragment: the second half of USERNAME.
    pub remote_ufrag: &'a str,
    /// Whether the sender nominates this pair (USE-CANDIDATE).
    pub use_candidate: bool,
    /// Tie-breaker of a sender that holds itself for controlling.
    pub controlling: Option<u64>,
    /// Tie-breaker of a sender that holds itself for controlled: to be answered by [`super::write_role_conflict`].
    pub controlled: Option<u64>,
    /// Priority that a peer-reflexive candidate would have.
    pub priority: Option<u32>,
    /// Pairs the answer with this request.
    pub transaction: Transaction,
    /// Attributes that must be understood and are not; zero marks a free place.
    unknown: [u16; UNKNOWN_MAX],
    message: &'a [u8],
    integrity: usize,
}

/// Reads a binding request: structure, FINGERPRINT if there is one, USERNAME of two fragments, and the presence of
/// MESSAGE-INTEGRITY. No key is needed, so that the leg can be found first.
///
/// # Errors
/// Any [`StunError`] but `Integrity` and `BufferTooSmall`. None deserves an answer.
pub fn parse_binding_request(packet: &[u8]) -> Result<BindingRequest<'_>, StunError> {
    let mut username = None;
    let mut use_candidate = false;
    let mut controlling = None;
    let mut controlled = None;
    let mut priority = None;
    let mut unknown = [0; UNKNOWN_MAX];
    let message = Message::parse(packet, |kind, value| {
        let malformed = StunError::Attribute(kind);
        let tie_breaker = || {
            u64_at(value, 0)
                .filter(|_| value.len() == 8)
                .ok_or(malformed)
        };
        // Of an attribute given twice only the first counts (RFC 8489 §14).
        match kind {
            USERNAME if username.is_none() => username = Some(value),
            USE_CANDIDATE => use_candidate = true,
            ICE_CONTROLLING if controlling.is_none() => controlling = Some(tie_breaker()?),
            ICE_CONTROLLED if controlled.is_none() => controlled = Some(tie_breaker()?),
            PRIORITY if priority.is_none() => {
                let value = u32_at(value, 0)
                    .filter(|_| value.len() == 4)
                    .ok_or(malformed)?;
                priority = Some(value);
            }
            _ if !understood(kind) => {
                if let Some(place) = unknown.iter_mut().find(|place| **place == 0) {
                    *place = kind;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    if message.kind != BINDING_REQUEST {
        return Err(StunError::UnexpectedType(message.kind));
    }
    let integrity = message.integrity.ok_or(StunError::NoIntegrity)?;
    let (local_ufrag, remote_ufrag) = username
        .and_then(|name| std::str::from_utf8(name).ok())
        .and_then(|name| name.split_once(':'))
        .ok_or(StunError::Username)?;
    Ok(BindingRequest {
        local_ufrag,
        remote_ufrag,
        use_candidate,
        controlling,
        controlled,
        priority,
        transaction: message.transaction,
        unknown,
        message: packet,
        integrity,
    })
}

/// Whether an attribute may be passed over: it is optional, or one of those defined for STUN and ICE that have no
/// meaning in a check with short-term credentials (RFC 8489 §18.3).
fn understood(kind: u16) -> bool {
    kind >= 0x8000
        || matches!(
            kind,
            USERNAME | MESSAGE_INTEGRITY | PRIORITY | USE_CANDIDATE
        )
        || matches!(kind, 0x0001 | 0x0014 | 0x0015 | 0x001c..=0x001e | 0x0020)
}

impl BindingRequest<'_> {
    /// Whether MESSAGE-INTEGRITY fits `key`. Takes the same time for every wrong value.
    pub fn verify(&self, key: &IceKey) -> bool {
        key.verify(self.message, self.integrity)
    }

    /// Attributes that the sender demands to be understood and that are not: the request is to be answered by
    /// [`super::write_unknown_attributes`] if this is not empty (RFC 8489 §6.3.1).
    pub fn unknown_attributes(&self) -> &[u16] {
        let end = self.unknown.iter().take_while(|kind| **kind != 0).count();
        self.unknown.split_at(end).0
    }
}

/// The role a client claims, with its tie-breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The side that nominates; the only one an ICE-lite server accepts.
    Controlling(u64),
    /// The side that follows.
    Controlled(u64),
}

/// What a client puts into a connectivity check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check<'a> {
    /// Random, so that nobody off the path can answer in the server's place.
    pub transaction: Transaction,
    /// The server's `a=ice-ufrag`.
    pub remote_ufrag: &'a str,
    /// The client's own fragment.
    pub local_ufrag: &'a str,
    /// The client's role.
    pub role: Role,
    /// Whether to nominate the pair.
    pub use_candidate: bool,
    /// Priority of the client's candidate.
    pub priority: u32,
}

/// Writes a connectivity check and returns its length. `key` is made from the server's password.
///
/// # Errors
/// [`StunError::BufferTooSmall`].
pub fn write_binding_request(
    out: &mut [u8],
    check: &Check<'_>,
    key: &IceKey,
) -> Result<usize, StunError> {
    let mut writer = Writer::new(out, BINDING_REQUEST, &check.transaction)?;
    let (remote, local) = (check.remote_ufrag.as_bytes(), check.local_ufrag.as_bytes());
    writer.attribute(USERNAME, &[remote, b":", local])?;
    writer.attribute(PRIORITY, &[&check.priority.to_be_bytes()])?;
    match check.role {
        Role::Controlling(tie) => writer.attribute(ICE_CONTROLLING, &[&tie.to_be_bytes()])?,
        Role::Controlled(tie) => writer.attribute(ICE_CONTROLLED, &[&tie.to_be_bytes()])?,
    }
    if check.use_candidate {
        writer.attribute(USE_CANDIDATE, &[])?;
    }
    writer.finish(key)
}
