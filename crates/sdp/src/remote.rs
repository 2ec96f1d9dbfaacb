//! What the other side said, after it was checked.

use std::net::SocketAddr;

use ahoy_types::{Fingerprint, IcePwd, PayloadType, Ssrc, Ufrag};

use crate::G711;
use crate::sdes::CryptoLine;

/// How the keys of a number's media are agreed: a property of the number, never negotiated (`media.md` §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keying {
    /// ICE and DTLS-SRTP.
    Dtls,
    /// Keys in the description (RFC 4568), no ICE.
    Sdes,
}

/// What a number allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The number's keying; a description in the other mode is refused.
    pub keying: Keying,
    /// G.711 variants the number takes beside Opus, the preferred one first.
    pub g711: Vec<G711>,
    /// Which fingerprints a description may have.
    pub fingerprints: Fingerprints,
}

/// Fingerprints of hash functions other than SHA-256 (`media.md` §4.1 rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fingerprints {
    /// They are refused, also beside one by SHA-256.
    #[default]
    Sha256Only,
    /// They are passed over as long as one by SHA-256 is there (RFC 8122 §5).
    Any,
}

/// Role in the DTLS handshake (RFC 4145 §4, RFC 8842 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Setup {
    /// Sends the ClientHello.
    Active,
    /// Waits for it.
    Passive,
    /// Leaves it to the answerer; in offers only.
    Actpass,
}

impl Setup {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::Actpass => "actpass",
        }
    }
}

/// Which way media flows, as the one who says it sees it (RFC 8866 §6.7). `inactive` is refused before it gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaDirection {
    /// Sends and receives.
    SendRecv,
    /// Sends only.
    SendOnly,
    /// Receives only.
    RecvOnly,
}

impl MediaDirection {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
        }
    }
    /// The same flow as the other side sees it: what an answer says (RFC 3264 §6.1).
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendRecv => Self::SendRecv,
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
        }
    }
}

/// Transport protocol of the audio section. An answer repeats the token of the offer (`media.md` §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `RTP/SAVP` (RFC 3711).
    RtpSavp,
    /// `RTP/SAVPF` (RFC 5124).
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP` (RFC 5764).
    UdpTlsRtpSavp,
    /// `UDP/TLS/RTP/SAVPF` (RFC 5764).
    UdpTlsRtpSavpf,
}

impl Profile {
    const ALL: [Self; 4] = [
        Self::RtpSavp,
        Self::RtpSavpf,
        Self::UdpTlsRtpSavp,
        Self::UdpTlsRtpSavpf,
    ];

    /// The token on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RtpSavp => "RTP/SAVP",
            Self::RtpSavpf => "RTP/SAVPF",
            Self::UdpTlsRtpSavp => "UDP/TLS/RTP/SAVP",
            Self::UdpTlsRtpSavpf => "UDP/TLS/RTP/SAVPF",
        }
    }
    /// Whether `a=rtcp-fb` belongs into such a section (RFC 4585 §4).
    pub const fn has_feedback(self) -> bool {
        matches!(self, Self::RtpSavpf | Self::UdpTlsRtpSavpf)
    }
    pub(crate) fn from_token(token: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str().eq_ignore_ascii_case(token))
    }
}

/// How the other side keys its media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteKeying {
    /// ICE credentials and the certificate to expect.
    Dtls {
        /// Their user name fragment.
        ufrag: Ufrag,
        /// Their password.
        pwd: IcePwd,
        /// SHA-256 of their certificate.
        fingerprint: Fingerprint,
        /// Their role in the handshake. In an answer never `Actpass`.
        setup: Setup,
        /// They too only answer checks. Then nobody sends any and the media path never opens (`media.md` §5).
        ice_lite: bool,
    },
    /// Their keys, in the order of preference; only lines that can be used. In an answer exactly one.
    Sdes {
        /// The lines.
        cryptos: Vec<CryptoLine>,
    },
}

/// A section of port 0, which an answer must repeat in its place (RFC 3264 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedSection {
    /// `audio`, `video`, `application` …
    pub media: String,
    /// The token of its transport.
    pub protocol: String,
    /// The first format of its list.
    pub format: String,
    /// Its `a=mid`.
    pub mid: Option<String>,
}

/// What the other side said, checked. Built by [`parse_offer`](crate::parse_offer) and [`parse_answer`](crate::parse_answer).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Keys, in the number's mode.
    pub keying: RemoteKeying,
    /// Number of opus/48000/2. In an answer only if it is the one we offered; the same holds for the other codecs.
    pub opus: Option<PayloadType>,
    /// `stereo=1` or `sprop-stereo=1` is said of Opus: packets may carry two channels.
    pub opus_stereo: bool,
    /// Number of PCMU/8000, whether or not the number takes it.
    pub pcmu: Option<PayloadType>,
    /// Number of PCMA/8000, whether or not the number takes it.
    pub pcma: Option<PayloadType>,
    /// Number of telephone-event with the 8000 Hz clock; other clocks are passed over.
    pub telephone_event: Option<PayloadType>,
    /// Numbers of comfort noise (RFC 3389), listed and never chosen.
    pub comfort_noise: Vec<PayloadType>,
    /// Numbers of redundant audio (RFC 2198), listed and never chosen.
    pub redundancy: Vec<PayloadType>,
    /// The source they announced. Packets with another one are no reason to end a call.
    pub ssrc: Option<Ssrc>,
    /// Name of the audio section.
    pub mid: Option<String>,
    /// A group BUNDLE holds the audio section.
    pub bundle: bool,
    /// Transport token of the audio section.
    pub profile: Profile,
    /// `a=rtcp-mux` is there.
    pub rtcp_mux: bool,
    /// `a=rtcp-rsize` is there.
    pub rtcp_rsize: bool,
    /// Which way media flows, as they see it.
    pub direction: MediaDirection,
    /// `c=` and the port of `m=`; `None` if it is a host name, unspecified or multicast.
    pub address: Option<SocketAddr>,
    /// UDP candidates of component 1 with literal addresses. The nominated pair decides, not this list.
    pub candidates: Vec<SocketAddr>,
    /// Transport-wide congestion control is offered for the Opus payload type.
    pub transport_cc: bool,
    /// Every payload type the audio section names, so that an answer does not give one a second meaning.
    pub payload_types: Vec<PayloadType>,
    /// Rejected sections before the audio section.
    pub rejected_before: Vec<RejectedSection>,
    /// Rejected sections after it.
    pub rejected_after: Vec<RejectedSection>,
}
