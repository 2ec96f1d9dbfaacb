//! Answers to binding requests (RFC 8489 §6.3, RFC 8445 §7.3).

use std::net::SocketAddr;

use super::attributes::{
    ERROR_CODE, Message, UNKNOWN_ATTRIBUTES, Writer, XOR_MAPPED_ADDRESS, read_xor_address,
};
use super::request::UNKNOWN_MAX;
use super::{BindingRequest, IceKey, StunError, Transaction};

const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

/// Writes the success response to a verified request and returns its length: `mapped` is the source address of the
/// request. [`super::RESPONSE_MAX`] bytes suffice.
///
/// # Errors
/// [`StunError::BufferTooSmall`].
pub fn write_success(
    out: &mut [u8],
    request: &BindingRequest<'_>,
    mapped: SocketAddr,
    key: &IceKey,
) -> Result<usize, StunError> {
    let mut writer = Writer::new(out, BINDING_SUCCESS, &request.transaction)?;
    writer.xor_address(mapped)?;
    writer.finish(key)
}

/// Writes "487 Role Conflict": the peer claims to be controlled, which an ICE-lite server always is itself
/// (`media.md` §5). [`super::RESPONSE_MAX`] bytes suffice.
///
/// # Errors
/// [`StunError::BufferTooSmall`].
pub fn write_role_conflict(
    out: &mut [u8],
    request: &BindingRequest<'_>,
    key: &IceKey,
) -> Result<usize, StunError> {
    let mut writer = Writer::new(out, BINDING_ERROR, &request.transaction)?;
    writer.attribute(ERROR_CODE, &[&[0, 0, 4, 87], b"Role Conflict"])?;
    writer.finish(key)
}

/// Writes "420 Unknown Attribute" with [`BindingRequest::unknown_attributes`].
/// [`super::RESPONSE_MAX`] bytes suffice.
///
/// # Errors
/// [`StunError::BufferTooSmall`].
pub fn write_unknown_attributes(
    out: &mut [u8],
    request: &BindingRequest<'_>,
    key: &IceKey,
) -> Result<usize, StunError> {
    let mut writer = Writer::new(out, BINDING_ERROR, &request.transaction)?;
    writer.attribute(ERROR_CODE, &[&[0, 0, 4, 20], b"Unknown Attribute"])?;
    let mut kinds = [0; 2 * UNKNOWN_MAX];
    let unknown = request.unknown_attributes();
    for (place, kind) in kinds.chunks_exact_mut(2).zip(unknown) {
        place.copy_from_slice(&kind.to_be_bytes());
    }
    writer.attribute(UNKNOWN_ATTRIBUTES, &[kinds.split_at(2 * unknown.len()).0])?;
    writer.finish(key)
}

/// What a server said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Success: the address the server saw.
    Mapped(SocketAddr),
    /// An error by its code, 300 to 699.
    Error(u16),
}

/// A verified answer to a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingResponse {
    /// The transaction of the check it answers. The caller compares it with those it has sent.
    pub transaction: Transaction,
    /// Success or error.
    pub outcome: Outcome,
}

/// Reads and verifies an answer. `key` is made from the server's password, as for the request.
///
/// # Errors
/// Any [`StunError`] but `Username` and `BufferTooSmall`.
pub fn parse_binding_response(packet: &[u8], key: &IceKey) -> Result<BindingResponse, StunError> {
    let mut mapped = None;
    let mut error = None;
    let message = Message::parse(packet, |kind, value| {
        match kind {
            XOR_MAPPED_ADDRESS if mapped.is_none() => mapped = Some(value),
            ERROR_CODE if error.is_none() => error = Some(value),
            _ => {}
        }
        Ok(())
    })?;
    let outcome = match message.kind {
        BINDING_SUCCESS => mapped
            .and_then(|value| read_xor_address(value, &message.transaction))
            .map(Outcome::Mapped)
            .ok_or(StunError::Attribute(XOR_MAPPED_ADDRESS)),
        BINDING_ERROR => match error {
            Some([_, _, class @ 3..=6, number @ 0..=99, ..]) => {
                Ok(Outcome::Error(u16::from(*class) * 100 + u16::from(*number)))
            }
            _ => Err(StunError::Attribute(ERROR_CODE)),
        },
        other => Err(StunError::UnexpectedType(other)),
    }?;
    message.check_integrity(key)?;
    Ok(BindingResponse {
        transaction: message.transaction,
        outcome,
    })
}
