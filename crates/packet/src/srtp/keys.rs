//! Profiles, master keys and the derivation of session keys (RFC 3711 §4.3).

use std::fmt;

use super::SrtpError;
use super::counter::{Aes, salt_block};

/// A protection profile: cipher, key length and tag length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// AES-128 counter mode, HMAC-SHA1 with 80-bit tags. The one every peer knows.
    Aes128CmSha1_80,
    /// As above with 32-bit tags on RTP; RTCP keeps 80 bits.
    Aes128CmSha1_32,
    /// AES-256 counter mode (RFC 6188), 80-bit tags.
    Aes256CmSha1_80,
    /// AES-256 counter mode, 32-bit tags on RTP; RTCP keeps 80 bits.
    Aes256CmSha1_32,
    /// AES-128 in Galois counter mode (RFC 7714), 128-bit tags.
    Aes128Gcm,
    /// AES-256 in Galois counter mode, 128-bit tags.
    Aes256Gcm,
}

impl Profile {
    /// Bytes of the master key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128CmSha1_80 | Self::Aes128CmSha1_32 | Self::Aes128Gcm => 16,
            Self::Aes256CmSha1_80 | Self::Aes256CmSha1_32 | Self::Aes256Gcm => 32,
        }
    }
    /// Bytes of the master salt.
    pub const fn salt_len(self) -> usize {
        if self.is_aead() { 12 } else { 14 }
    }
    /// Bytes of key and salt together: what `a=crypto … inline:` holds in base64, and half of what DTLS exports.
    pub const fn key_and_salt_len(self) -> usize {
        self.key_len() + self.salt_len()
    }
    /// Bytes that protection adds to an RTP packet.
    pub const fn rtp_overhead(self) -> usize {
        match self {
            Self::Aes128CmSha1_32 | Self::Aes256CmSha1_32 => 4,
            Self::Aes128CmSha1_80 | Self::Aes256CmSha1_80 => 10,
            Self::Aes128Gcm | Self::Aes256Gcm => 16,
        }
    }
    /// Bytes that protection adds to an RTCP packet: tag and index word.
    pub const fn rtcp_overhead(self) -> usize {
        if self.is_aead() { 20 } else { 14 }
    }
    pub(super) const fn is_aead(self) -> bool {
        matches!(self, Self::Aes128Gcm | Self::Aes256Gcm)
    }
}

/// Master key and salt of one direction. Neither is ever printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    profile: Profile,
    key: [u8; 32],
    salt: [u8; 14],
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({:?}, …)", self.profile)
    }
}

/// Which side of the DTLS handshake we were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DtlsRole {
    /// We sent the ClientHello (`a=setup:active`).
    Client,
    /// The peer sent the ClientHello (`a=setup:passive`).
    Server,
}

/// The two directions of a leg keyed by DTLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DtlsKeys {
    /// What we protect with.
    pub outbound: Keys,
    /// What the peer protects with.
    pub inbound: Keys,
}

impl Keys {
    /// Keys from a master key and a master salt.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`] if either has not the profile's length.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, SrtpError> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(SrtpError::KeyLength);
        }
        let mut keys = Self {
            profile,
            key: [0; 32],
            salt: [0; 14],
        };
        for (to, from) in keys.key.iter_mut().zip(key) {
            *to = *from;
        }
        for (to, from) in keys.salt.iter_mut().zip(salt) {
            *to = *from;
        }
        Ok(keys)
    }

    /// Keys from the decoded `inline:` value of a crypto line: key, then salt (RFC 4568 §6.1). Each side's line holds
    /// the key that side protects with, so that ours makes the [`super::Outbound`] and the peer's the [`super::Inbound`].
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`].
    pub fn from_sdes(profile: Profile, inline: &[u8]) -> Result<Self, SrtpError> {
        let (key, salt) = inline
            .split_at_checked(profile.key_len())
            .ok_or(SrtpError::KeyLength)?;
        Self::new(profile, key, salt)
    }

    /// Keys of both directions from exported keying material, which is client key, server key, client salt, server
    /// salt (RFC 5764 §4.2). Material longer than needed is cut.
    ///
    /// # Errors
    /// [`SrtpError::KeyLength`].
    pub fn from_dtls(
        profile: Profile,
        material: &[u8],
        role: DtlsRole,
    ) -> Result<DtlsKeys, SrtpError> {
        let material = material
            .get(..2 * profile.key_and_salt_len())
            .ok_or(SrtpError::KeyLength)?;
        let (keys, salts) = material.split_at(2 * profile.key_len());
        let (client_key, server_key) = keys.split_at(profile.key_len());
        let (client_salt, server_salt) = salts.split_at(profile.salt_len());
        let client = Self::new(profile, client_key, client_salt)?;
        let server = Self::new(profile, server_key, server_salt)?;
        Ok(match role {
            DtlsRole::Client => DtlsKeys {
                outbound: client,
                inbound: server,
            },
            DtlsRole::Server => DtlsKeys {
                outbound: server,
                inbound: client,
            },
        })
    }

    /// The profile these keys are for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Session keys of RTP and RTCP, derived once: the key derivation rate is 0.
    pub(super) fn derive(&self) -> (SessionKeys, SessionKeys) {
        let (key, _) = self.key.split_at(self.profile.key_len());
        let prf = Aes::new(key);
        let master_salt = salt_block(&self.salt);
        let session = |labels: [u8; 3]| {
            let [cipher_label, mac_label, salt_label] = labels;
            let mut session = SessionKeys {
                profile: self.profile,
                key: [0; 32],
                mac: [0; 20],
                salt: [0; 14],
            };
            // The label stands above 48 zero bits of "index DIV rate" and 16 bits of block counter.
            let stream = |label: u8, out: &mut [u8]| {
                prf.apply_keystream(master_salt ^ u128::from(label) << 64, out);
            };
            stream(
                cipher_label,
                session.key.split_at_mut(self.profile.key_len()).0,
            );
            stream(mac_label, &mut session.mac);
            stream(
                salt_label,
                session.salt.split_at_mut(self.profile.salt_len()).0,
            );
            session
        };
        (session([0, 1, 2]), session([3, 4, 5]))
    }
}

/// Session keys of RTP or of RTCP in one direction, not yet expanded.
pub(super) struct SessionKeys {
    pub(super) profile: Profile,
    pub(super) key: [u8; 32],
    pub(super) mac: [u8; 20],
    pub(super) salt: [u8; 14],
}

impl SessionKeys {
    pub(super) fn key(&self) -> &[u8] {
        self.key.split_at(self.profile.key_len()).0
    }
}
