//! Cipher suites, groups and signature schemes that are spoken here, and the keys that come of them.

use std::fmt;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521, X25519};
use aws_lc_rs::digest;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1,
    ECDSA_P384_SHA384_ASN1, ECDSA_P521_SHA256_ASN1, ECDSA_P521_SHA384_ASN1, ECDSA_P521_SHA512_ASN1,
    ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    VerificationAlgorithm,
};

use super::certificate::KeyKind;
use crate::srtp::Profile;

/// How a server proves in a suite that it holds the certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authentication {
    Ecdsa,
    Rsa,
}

/// A cipher suite with an ephemeral key exchange and an AEAD cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suite {
    pub id: u16,
    pub authentication: Authentication,
    pub cipher: Cipher,
    pub hash: Hash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    ChaCha20Poly1305,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
}

const fn suite(id: u16, authentication: Authentication, cipher: Cipher, hash: Hash) -> Suite {
    Suite {
        id,
        authentication,
        cipher,
        hash,
    }
}

/// In the order of preference (RFC 5289 §3.2, RFC 7905 §2).
pub(super) const SUITES: [Suite; 6] = [
    suite(
        0xc02b,
        Authentication::Ecdsa,
        Cipher::Aes128Gcm,
        Hash::Sha256,
    ),
    suite(
        0xc02c,
        Authentication::Ecdsa,
        Cipher::Aes256Gcm,
        Hash::Sha384,
    ),
    suite(
        0xcca9,
        Authentication::Ecdsa,
        Cipher::ChaCha20Poly1305,
        Hash::Sha256,
    ),
    suite(0xc02f, Authentication::Rsa, Cipher::Aes128Gcm, Hash::Sha256),
    suite(0xc030, Authentication::Rsa, Cipher::Aes256Gcm, Hash::Sha384),
    suite(
        0xcca8,
        Authentication::Rsa,
        Cipher::ChaCha20Poly1305,
        Hash::Sha256,
    ),
];

/// `TLS_EMPTY_RENEGOTIATION_INFO_SCSV` (RFC 5746 §3.3).
pub(super) const RENEGOTIATION_SCSV: u16 = 0x00ff;

impl Suite {
    pub fn of(id: u16) -> Option<Self> {
        SUITES.into_iter().find(|suite| suite.id == id)
    }
}

/// Whether a suite's server proves itself by an RSA key, whatever else it does: key transport, (EC)DHE_RSA.
pub(super) const fn is_rsa_suite(id: u16) -> bool {
    matches!(
        id,
        0x0001..=0x000a
            | 0x0015..=0x0016
            | 0x002f
            | 0x0033
            | 0x0035
            | 0x0039
            | 0x003b..=0x003d
            | 0x0041
            | 0x0045
            | 0x0067
            | 0x006b
            | 0x0084
            | 0x0088
            | 0x009c..=0x009f
            | 0xc010..=0xc014
            | 0xc027..=0xc028
            | 0xc02f..=0xc030
            | 0xc09c..=0xc0a3
            | 0xcca8
            | 0xccaa
    )
}

impl Cipher {
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }
    /// Bytes of the implicit part of the nonce.
    pub const fn iv_len(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
            Self::ChaCha20Poly1305 => 12,
        }
    }
    /// Bytes of the nonce that every record carries.
    pub const fn explicit_len(self) -> usize {
        12 - self.iv_len()
    }
    pub fn algorithm(self) -> &'static aws_lc_rs::aead::Algorithm {
        match self {
            Self::Aes128Gcm => &aws_lc_rs::aead::AES_128_GCM,
            Self::Aes256Gcm => &aws_lc_rs::aead::AES_256_GCM,
            Self::ChaCha20Poly1305 => &aws_lc_rs::aead::CHACHA20_POLY1305,
        }
    }
}

impl Hash {
    pub fn of(self, bytes: &[u8]) -> digest::Digest {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        };
        digest::digest(algorithm, bytes)
    }

    /// The pseudo-random function of TLS 1.2 (RFC 5246 §5); `seed` is its parts one after the other.
    pub fn prf(self, secret: &[u8], label: &str, seed: &[&[u8]], out: &mut [u8]) {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, secret);
        let with_seed = |a: Option<&[u8]>| {
            let mut context = hmac::Context::with_key(&key);
            context.update(a.unwrap_or_default());
            context.update(label.as_bytes());
            for part in seed {
                context.update(part);
            }
            context.sign()
        };
        let mut a = with_seed(None);
        for chunk in out.chunks_mut(a.as_ref().len()) {
            let block = with_seed(Some(a.as_ref()));
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
            a = hmac::sign(&key, a.as_ref());
        }
    }
}

/// A group for the key exchange (RFC 8422 §5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    X25519,
    P256,
    P384,
    /// Nobody needs it for the exchange, but a server with a key on it must see it here (RFC 8422 §5.1.1).
    P521,
}

impl Group {
    /// In the order of preference.
    pub const ALL: [Self; 4] = [Self::X25519, Self::P256, Self::P384, Self::P521];

    pub const fn id(self) -> u16 {
        match self {
            Self::X25519 => 29,
            Self::P256 => 23,
            Self::P384 => 24,
            Self::P521 => 25,
        }
    }
    pub fn of(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.id() == id)
    }
    pub fn algorithm(self) -> &'static agreement::Algorithm {
        match self {
            Self::X25519 => &X25519,
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
        }
    }
}

/// A signature scheme (RFC 8446 §4.2.3; in TLS 1.2 those of ECDSA name no curve, RFC 5246 §7.4.1.4.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Scheme(pub u16);

/// What our own key signs with.
pub(super) const OWN_SCHEME: Scheme = Scheme(0x0403);

/// What peers may sign with, in the order of preference.
pub(super) const SCHEMES: [Scheme; 13] = [
    OWN_SCHEME,
    Scheme(0x0503),
    Scheme(0x0603),
    Scheme(0x0807),
    Scheme(0x0804),
    Scheme(0x0805),
    Scheme(0x0806),
    Scheme(0x0809),
    Scheme(0x080a),
    Scheme(0x080b),
    Scheme(0x0401),
    Scheme(0x0501),
    Scheme(0x0601),
];

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}

impl Scheme {
    /// How a signature of this scheme by a key of this kind is verified; `None` where the two do not go together or the scheme is not
    /// spoken here.
    pub fn verifier(self, key: KeyKind) -> Option<&'static dyn VerificationAlgorithm> {
        use KeyKind::{EcP256, EcP384, EcP521, Ed25519, Rsa, RsaPss};
        Some(match (self.0, key) {
            (0x0403, EcP256) => &ECDSA_P256_SHA256_ASN1,
            (0x0503, EcP256) => &ECDSA_P256_SHA384_ASN1,
            (0x0403, EcP384) => &ECDSA_P384_SHA256_ASN1,
            (0x0503, EcP384) => &ECDSA_P384_SHA384_ASN1,
            (0x0403, EcP521) => &ECDSA_P521_SHA256_ASN1,
            (0x0503, EcP521) => &ECDSA_P521_SHA384_ASN1,
            (0x0603, EcP521) => &ECDSA_P521_SHA512_ASN1,
            (0x0807, Ed25519) => &ED25519,
            (0x0804, Rsa) | (0x0809, RsaPss) => &RSA_PSS_2048_8192_SHA256,
            (0x0805, Rsa) | (0x080a, RsaPss) => &RSA_PSS_2048_8192_SHA384,
            (0x0806, Rsa) | (0x080b, RsaPss) => &RSA_PSS_2048_8192_SHA512,
            (0x0401, Rsa) => &RSA_PKCS1_2048_8192_SHA256,
            (0x0501, Rsa) => &RSA_PKCS1_2048_8192_SHA384,
            (0x0601, Rsa) => &RSA_PKCS1_2048_8192_SHA512,
            _ => return None,
        })
    }
}

/// Whether the signature is this key's.
pub(super) fn verifies(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    signature::UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .is_ok()
}

/// SRTP profiles in the order of preference, with their numbers (RFC 5764 §4.1.2, RFC 7714 §14.2).
pub(super) const PROFILES: [(u16, Profile); 3] = [
    (0x0008, Profile::Aes256Gcm),
    (0x0007, Profile::Aes128Gcm),
    (0x0001, Profile::Aes128CmSha1_80),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// P_SHA256 test vector as published on the IETF TLS list and used by every implementation.
    #[test]
    fn the_prf_is_that_of_tls_1_2() {
        let secret = [
            0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71,
            0xdb, 0x35,
        ];
        let seed = [
            0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5,
            0x19, 0x8c,
        ];
        let mut out = [0; 100];
        Hash::Sha256.prf(&secret, "test label", &[&seed[..7], &seed[7..]], &mut out);
        assert_eq!(
            &out[..16],
            [
                0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c,
                0xd4, 0x53
            ]
        );
    }

    #[test]
    fn schemes_go_with_their_keys_alone() {
        assert!(Scheme(0x0401).verifier(KeyKind::Rsa).is_some());
        assert!(Scheme(0x0401).verifier(KeyKind::EcP256).is_none());
        assert!(Scheme(0x0403).verifier(KeyKind::EcP384).is_some());
        assert!(Scheme(0x0809).verifier(KeyKind::Rsa).is_none());
        assert!(Scheme(0x0201).verifier(KeyKind::Rsa).is_none(), "SHA-1");
        for scheme in SCHEMES {
            let kinds = [
                KeyKind::Rsa,
                KeyKind::RsaPss,
                KeyKind::EcP256,
                KeyKind::EcP384,
                KeyKind::EcP521,
                KeyKind::Ed25519,
            ];
            assert!(
                kinds.iter().any(|kind| scheme.verifier(*kind).is_some()),
                "{scheme:?}"
            );
        }
    }
}
