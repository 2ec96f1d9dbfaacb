//! Why a handshake fails, and the alert that tells the peer.

use std::fmt;

/// A part of a handshake whose bytes cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    /// ClientHello.
    ClientHello,
    /// ServerHello or HelloVerifyRequest.
    ServerHello,
    /// Certificate.
    Certificate,
    /// ServerKeyExchange or ClientKeyExchange.
    KeyExchange,
    /// CertificateRequest.
    CertificateRequest,
    /// CertificateVerify.
    CertificateVerify,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientHello => "ClientHello",
            Self::ServerHello => "ServerHello",
            Self::Certificate => "Certificate",
            Self::KeyExchange => "key exchange",
            Self::CertificateRequest => "CertificateRequest",
            Self::CertificateVerify => "CertificateVerify",
        })
    }
}

/// An alert (RFC 5246 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alert {
    /// Whether it ends the association: level 2, or `close_notify`.
    pub fatal: bool,
    /// Its number.
    pub description: u8,
}

impl Alert {
    /// `close_notify`: the peer is done.
    pub const CLOSE_NOTIFY: Self = Self {
        fatal: false,
        description: 0,
    };

    /// A fatal alert with this number.
    pub const fn fatal(description: u8) -> Self {
        Self {
            fatal: true,
            description,
        }
    }

    /// Reads the body of an alert record.
    pub const fn parse(body: &[u8]) -> Option<Self> {
        match *body {
            [1, description] => Some(Self {
                fatal: false,
                description,
            }),
            [2, description] => Some(Self::fatal(description)),
            _ => None,
        }
    }

    /// The body of its record.
    pub const fn bytes(self) -> [u8; 2] {
        [if self.fatal { 2 } else { 1 }, self.description]
    }

    /// Whether the peer ends the association with it.
    pub const fn ends(self) -> bool {
        self.fatal || self.description == 0
    }

    /// Its name in RFC 5246 §7.2, or `unknown`.
    pub const fn name(self) -> &'static str {
        match self.description {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            40 => "handshake_failure",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            110 => "unsupported_extension",
            112 => "unrecognized_name",
            116 => "certificate_required",
            _ => "unknown",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.description)
    }
}

/// Why a handshake ended without keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The peer gave up.
    #[error("the peer sent the alert {0}")]
    PeerAlert(Alert),
    /// DTLS 1.2 is not among what the peer speaks.
    #[error("the peer does not speak DTLS 1.2")]
    Version,
    /// No cipher suite in common.
    #[error("the peer offers no cipher suite that is spoken here")]
    NoSuite,
    /// The peer's suites all want a server with an RSA certificate; ours is ECDSA.
    #[error(
        "the peer offers cipher suites for RSA server certificates alone; the certificate here is ECDSA P-256"
    )]
    RsaSuitesOnly,
    /// No group for the key exchange in common.
    #[error("the peer offers none of the groups X25519, P-256, P-384 and P-521")]
    NoGroup,
    /// The peer does not take signatures of our key.
    #[error("the peer takes no signatures by ECDSA with SHA-256")]
    NoScheme,
    /// No SRTP profile in common.
    #[error("the peer's use_srtp extension is missing or names no profile that is spoken here")]
    NoSrtp,
    /// A message cannot be read.
    #[error("the peer's {0} cannot be read")]
    Malformed(Field),
    /// A message of this type comes out of turn.
    #[error("the peer's handshake message of type {0} comes out of turn")]
    Unexpected(u8),
    /// A message is too long.
    #[error("a handshake message of {0} bytes is too long")]
    TooLong(usize),
    /// The peer shows no certificate.
    #[error("the peer shows no certificate")]
    NoCertificate,
    /// The certificate is no X.509.
    #[error("the peer's certificate cannot be read")]
    BadCertificate,
    /// The certificate's key is of a kind that is not known here.
    #[error(
        "the key of the peer's certificate is neither RSA, ECDSA (P-256, P-384, P-521) nor Ed25519"
    )]
    UnknownKey,
    /// The certificate's RSA key is too short.
    #[error("the RSA key of the peer's certificate has {0} bits; at least 2048 are needed")]
    WeakKey(usize),
    /// The server's key does not fit the suite it chose.
    #[error("the peer's certificate does not fit the cipher suite it chose")]
    KeyAndSuite,
    /// The signature is of a scheme that is not spoken here, or not one of the certificate's key.
    #[error(
        "the peer signs by scheme {0:#06x}, which is not spoken here or does not fit its certificate"
    )]
    Scheme(u16),
    /// A signature is not the certificate's.
    #[error("the peer's signature is not by the key of its certificate")]
    BadSignature,
    /// The key exchange came to nothing.
    #[error("the peer's key share is not valid")]
    KeyExchange,
    /// The peer's Finished is wrong.
    #[error("the peer's Finished does not match the handshake")]
    BadFinished,
    /// The peer did not answer.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The crypto library failed.
    #[error("a cryptographic operation failed here")]
    Internal,
}

impl Failure {
    /// What the peer is told (RFC 5246 §7.2.2); nothing where it has gone.
    pub const fn alert(self) -> Option<Alert> {
        Some(Alert::fatal(match self {
            Self::PeerAlert(_) | Self::TimedOut => return None,
            Self::Version => 70,
            Self::NoSuite
            | Self::RsaSuitesOnly
            | Self::NoGroup
            | Self::NoScheme
            | Self::NoSrtp
            | Self::NoCertificate => 40,
            Self::Malformed(_) | Self::TooLong(_) => 50,
            Self::Unexpected(_) => 10,
            Self::BadCertificate => 42,
            Self::UnknownKey => 43,
            Self::WeakKey(_) => 71,
            Self::KeyAndSuite | Self::Scheme(_) | Self::KeyExchange => 47,
            Self::BadSignature | Self::BadFinished => 51,
            Self::Internal => 80,
        }))
    }
}
