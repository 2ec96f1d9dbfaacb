//! Why a request failed, in words for the person who runs the receiver.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

/// Why there was no answer. Its words never hold a byte that was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The policy has it that requests do not go there.
    #[error(
        "requests of this server go to public addresses alone, and `{0}` is none (its operator allows others under [outbound])"
    )]
    NotAllowed(String),
    /// The policy has it that requests do not go to this port.
    #[error(
        "requests of this server go to ports 80, 443 and 1024 to 65535, not to {0} (its operator allows others under [outbound])"
    )]
    PortNotAllowed(u16),
    /// The name has no address.
    #[error("the name `{0}` has no address")]
    NoAddress(String),
    /// The name has no address that requests may go to. Which of both is not said: a tenant learns nothing of the
    /// names of a network it is not in.
    #[error(
        "the name `{0}` has no public address, and requests of this server go to these alone (its operator allows others under [outbound])"
    )]
    NoPublicAddress(String),
    /// Nobody listens.
    #[error("nothing listens at {0} (connection refused)")]
    Refused(String),
    /// The network says that there is no way.
    #[error("there is no route to {0}")]
    NoRoute(String),
    /// No answer in time.
    #[error("no answer within {}", secs(*.0))]
    TimedOut(Duration),
    /// The handshake failed.
    #[error("TLS: {0}")]
    Tls(TlsFailure),
    /// The receiver closed the connection.
    #[error("the connection was closed before an answer came")]
    Closed,
    /// The same without TLS, which is how some servers with TLS meet plain HTTP.
    #[error(
        "the connection was closed before an answer came; if the server speaks TLS, the URL begins with https"
    )]
    ClosedInPlain,
    /// What came is no HTTP.
    #[error(
        "what listens there does not answer in HTTP; if it speaks TLS, the URL begins with https"
    )]
    NotHttp,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a TLS handshake failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFailure {
    /// `https` for a server that speaks plain HTTP.
    PlainHttp,
    /// Nobody known has signed the certificate.
    UnknownIssuer,
    /// A certificate authority's own certificate where a server's is expected.
    AuthorityAsServer,
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not begun.
    NotYetValid,
    /// It is another name's certificate; these it is for.
    WrongName(Vec<String>),
    /// The certificate was revoked.
    Revoked,
    /// Another fault of the certificate, as the TLS library words it.
    Certificate(String),
    /// The server broke the handshake off with this alert.
    Alert(String),
    /// Neither side has a version or cipher suite the other takes.
    NothingInCommon,
    /// The server closed the connection in the middle of the handshake.
    Closed,
    /// Anything else, as the TLS library words it.
    Other(String),
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainHttp => {
                f.write_str("the server does not speak TLS; if it speaks plain HTTP, the URL begins with http")
            }
            Self::UnknownIssuer => f.write_str(
                "its certificate is self-signed or from an authority this machine does not know; --webhook-ca FILE trusts it",
            ),
            Self::AuthorityAsServer => f.write_str(
                "its certificate is marked as an authority's own (CA:TRUE); a server's is expected (CA:FALSE)",
            ),
            Self::Expired => f.write_str("its certificate has expired"),
            Self::NotYetValid => f.write_str("its certificate is not valid yet"),
            Self::WrongName(names) if names.is_empty() => {
                f.write_str("its certificate is for another name than the URL's")
            }
            Self::WrongName(names) => write!(
                f,
                "its certificate is for {}, not for the URL's host",
                names.join(", ")
            ),
            Self::Revoked => f.write_str("its certificate was revoked"),
            Self::Certificate(words) => write!(f, "its certificate is not accepted: {words}"),
            Self::Alert(alert) => write!(f, "the server broke the handshake off with the alert {alert}"),
            Self::NothingInCommon => {
                f.write_str("the server takes no version or cipher suite of ours (TLS 1.2 and 1.3)")
            }
            Self::Closed => f.write_str("the server closed the connection during the handshake"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// Names of a certificate that are told.
const NAMES: usize = 3;

impl From<&TlsError> for TlsFailure {
    fn from(error: &TlsError) -> Self {
        match error {
            TlsError::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) => Self::PlainHttp,
            TlsError::InvalidCertificate(certificate) => certificate.into(),
            TlsError::AlertReceived(
                AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity,
            )
            | TlsError::PeerIncompatible(_) => Self::NothingInCommon,
            TlsError::AlertReceived(alert) => Self::Alert(format!("{alert:?}")),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<&CertificateError> for TlsFailure {
    fn from(error: &CertificateError) -> Self {
        match error {
            // The last two: an authority of the issuer's name is known, and another key than its has signed.
            CertificateError::UnknownIssuer
            | CertificateError::BadSignature
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::UnknownIssuer
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            CertificateError::NotValidForName => Self::WrongName(Vec::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let short = |name: &String| plain_name(name).chars().take(80).collect();
                Self::WrongName(presented.iter().take(NAMES).map(short).collect())
            }
            CertificateError::Revoked => Self::Revoked,
            // The verifier below has no word of its own for this one.
            other if format!("{other:?}").contains("CaUsedAsEndEntity") => Self::AuthorityAsServer,
            other => Self::Certificate(other.to_string()),
        }
    }
}

/// `DnsName("a.example")` as `a.example`.
fn plain_name(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

fn secs(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

/// Every error of the chain. An error inside an [`io::Error`] is no source of it, so it is looked up.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> Vec<&'e (dyn Error + 'static)> {
    let mut all = vec![error];
    let mut at = error;
    loop {
        let inner: Option<&'e (dyn Error + 'static)> = match at.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as _),
            None => at.source(),
        };
        let Some(inner) = inner else {
            return all;
        };
        all.push(inner);
        at = inner;
    }
}

impl Failure {
    /// What the errors of the client mean. `place` is host and port, `plain` whether the request was without TLS.
    pub(crate) fn of(error: &reqwest::Error, place: &str, plain: bool, timeout: Duration) -> Self {
        let chain = chain(error);
        for cause in &chain {
            if let Some(known) = cause.downcast_ref::<Self>() {
                return known.clone();
            }
            if let Some(tls) = cause.downcast_ref::<TlsError>() {
                return Self::Tls(tls.into());
            }
        }
        if error.is_timeout() {
            return Self::TimedOut(timeout);
        }
        let closed = if plain {
            Self::ClosedInPlain
        } else {
            Self::Closed
        };
        // The innermost: those around it wrap it as `Other`.
        let io = chain
            .iter()
            .rev()
            .find_map(|e| e.downcast_ref::<io::Error>());
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Self::Refused(place.to_owned()),
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                return Self::NoRoute(place.to_owned());
            }
            Some(io::ErrorKind::UnexpectedEof) if error.is_connect() => {
                return Self::Tls(TlsFailure::Closed);
            }
            Some(
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof,
            ) => return closed,
            _ => {}
        }
        // The words of the HTTP library, which hold nothing of what was read.
        let last = chain.last().map(ToString::to_string).unwrap_or_default();
        if chain.iter().any(|e| e.to_string().contains("invalid HTTP")) {
            return Self::NotHttp;
        }
        if last.contains("connection closed") || last.contains("operation was canceled") {
            return closed;
        }
        Self::Other(last)
    }
}
