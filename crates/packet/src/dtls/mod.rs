//! DTLS 1.2 for SRTP keys (RFC 6347, RFC 5764), both roles, sans-I/O: datagrams and time come in, datagrams and an outcome go out.
//!
//! Our certificate is ECDSA P-256. The peer's may be RSA (PKCS#1 and PSS, 2048 bits and up), ECDSA or Ed25519: trust comes from the
//! fingerprint in its session description alone. Suites are those of TLS 1.2 with ephemeral key exchange and an AEAD cipher. The extended
//! master secret (RFC 7627) is used wherever the peer has it, and not insisted on.
//!
//! An [`Endpoint`] is thrown away after the handshake; what an association needs later is in [`Established`]: sending and reading
//! alerts. Media is protected by SRTP, so there is no application data.

mod certificate;
mod endpoint;
mod failure;
mod hello;
mod identity;
mod message;
mod record;
mod secrets;
mod suite;
#[cfg(test)]
mod tests;

pub use endpoint::{Endpoint, Outcome};
pub use failure::{Alert, Failure, Field};
pub use identity::Identity;
pub use secrets::Established;
