//! What can be wrong with a session description: one variant a defect, one sentence a variant.
//!
//! The sentences reach the business in `error_data.details` of error 100 (`contract.md` §4), so each names the culprit.

use std::fmt;

/// Longest piece of foreign text a sentence repeats, in characters.
const EXCERPT: usize = 40;

/// A short, printable piece of `text` for a sentence.
pub(crate) fn excerpt(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(EXCERPT).map(printable).collect();
    if text.chars().nth(EXCERPT).is_some() {
        short.push('…');
    }
    short
}

/// One thing that is wrong with a session description. `Display` is one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// Longer than [`MAX_BYTES`](crate::MAX_BYTES).
    #[error("SDP is {0} bytes long, {max} are allowed", max = crate::MAX_BYTES)]
    TooLong(usize),
    /// More lines than [`MAX_LINES`](crate::MAX_LINES).
    #[error("SDP has more than {max} lines", max = crate::MAX_LINES)]
    TooManyLines,
    /// More `m=` lines than [`MAX_SECTIONS`](crate::MAX_SECTIONS).
    #[error("SDP has more than {max} media sections", max = crate::MAX_SECTIONS)]
    TooManySections,
    /// Nothing but white space.
    #[error("SDP is empty")]
    Empty,
    /// A NUL, which RFC 8866 §9 forbids in every byte string.
    #[error("SDP holds a NUL character")]
    Nul,
    /// A control character other than the tab; the line counts from 1.
    #[error("SDP line {0} holds a control character")]
    ControlCharacter(usize),
    /// JSON text, or escaped line ends, where the description itself belongs (`media.md` §4.1 rule 7).
    #[error("SDP is serialised twice: a plain string with CRLF line ends is expected")]
    SerialisedTwice,
    /// The first line is another one.
    #[error("SDP does not begin with v=0")]
    Version,
    /// A line that is not `<letter>=<value>`; the line counts from 1.
    #[error("SDP line {line} is not of the form <type>=<value>: `{text}`")]
    Line {
        /// Place in the text, from 1.
        line: usize,
        /// How the line begins.
        text: String,
    },
    /// A line that RFC 8866 §5 demands is missing.
    #[error("SDP has no {0}= line")]
    MissingLine(char),
    /// An `m=` line without kind, port, protocol and format.
    #[error("media line `m={0}` does not name media, port, protocol and formats")]
    MediaLine(String),
    /// No audio at all.
    #[error("SDP has no m=audio section")]
    NoAudio,
    /// Every audio section has port 0.
    #[error("the m=audio section is rejected: its port is 0")]
    AudioRejected,
    /// More than one live audio section.
    #[error("SDP has {0} m=audio sections, one is expected")]
    SeveralAudio(usize),
    /// A live section that is no audio.
    #[error("SDP has a live m={0} section: calls carry audio only")]
    OtherMedia(String),
    /// A transport protocol without encryption, or not over UDP.
    #[error(
        "profile `{0}` is not supported: RTP/SAVP, RTP/SAVPF, UDP/TLS/RTP/SAVP or UDP/TLS/RTP/SAVPF is expected"
    )]
    Profile(String),
    /// A format of the audio section that is no payload type.
    #[error("payload type `{0}` is not a number from 0 to 127")]
    PayloadType(String),
    /// A codec on a number that collides with RTCP on the same port.
    #[error(
        "payload type {payload_type} of {codec} collides with RTCP: 64 to 95 are reserved (RFC 5761)"
    )]
    PayloadTypeReserved {
        /// The number.
        payload_type: u8,
        /// The codec.
        codec: &'static str,
    },
    /// The answer gives a codec a number our offer did not.
    #[error("payload type {payload_type} ({codec}) was not offered")]
    PayloadTypeNotOffered {
        /// The number.
        payload_type: u8,
        /// The codec.
        codec: &'static str,
    },
    /// Opus with a clock or channel count other than 48000/2 (RFC 7587 §7), and no other codec in common.
    #[error("Opus is mapped as `{0}`, opus/48000/2 is expected")]
    OpusClock(String),
    /// Nothing both sides speak.
    #[error(
        "No supported codec found in SDP: {supported} can be used on this number, {listed} is listed"
    )]
    NoCommonCodec {
        /// What the number takes.
        supported: String,
        /// What the description lists.
        listed: String,
    },
    /// Every dynamic payload type is taken, so none is left for telephone-event.
    #[error("SDP takes every dynamic payload type, none is left for telephone-event")]
    NoFreePayloadType,
    /// `a=inactive`.
    #[error("the media direction is inactive")]
    Inactive,
    /// DTLS without `a=fingerprint`. The one sentence that is known word for word (`media.md` §12).
    #[error("No fingerprint found in SDP")]
    NoFingerprint,
    /// Fingerprints, but none by SHA-256; the hashes that are there.
    #[error("No sha-256 fingerprint found in SDP, only {0}")]
    FingerprintHash(String),
    /// A fingerprint by SHA-256, and others beside it; the hashes of those.
    #[error(
        "the fingerprint algorithm {0} is not SHA256: a=fingerprint:sha-256 alone is expected in SDP"
    )]
    OtherFingerprints(String),
    /// A SHA-256 fingerprint that is not 32 octets.
    #[error("the sha-256 fingerprint `{0}` is not 32 hexadecimal octets separated by colons")]
    Fingerprint(String),
    /// Two SHA-256 fingerprints that differ: only one certificate can be expected.
    #[error("SDP has several different sha-256 fingerprints, one is expected")]
    SeveralFingerprints,
    /// No `a=ice-ufrag`.
    #[error("No ice-ufrag found in SDP")]
    NoUfrag,
    /// A user name fragment outside RFC 8839 §5.4.
    #[error("ice-ufrag `{0}` is not 4 to 256 letters, digits, + and / (RFC 8839)")]
    Ufrag(String),
    /// No `a=ice-pwd`.
    #[error("No ice-pwd found in SDP")]
    NoPwd,
    /// A password outside RFC 8839 §5.4. It is a secret, so only its length is told.
    #[error("ice-pwd of {0} characters is not 22 to 256 letters, digits, + and / (RFC 8839)")]
    Pwd(usize),
    /// No `a=setup` in an offer.
    #[error("No setup attribute found in SDP")]
    NoSetup,
    /// A setup role that does not fit the side which sent it.
    #[error("setup:{value} is not allowed in {side}: {allowed} is expected")]
    Setup {
        /// What was said.
        value: String,
        /// `an offer` or `an answer`.
        side: &'static str,
        /// What may be said.
        allowed: &'static str,
    },
    /// A number keyed by SDES was sent no `a=crypto`.
    #[error("No crypto attribute found in SDP")]
    NoCrypto,
    /// Crypto lines, none of which can be used; why the first one cannot.
    #[error("No usable crypto attribute found in SDP: {0}")]
    CryptoUnusable(String),
    /// An SDES answer with a tag or suite our offer did not have.
    #[error("crypto attribute {tag} ({suite}) was not offered")]
    CryptoNotOffered {
        /// The tag.
        tag: u32,
        /// The suite's name.
        suite: &'static str,
    },
    /// An SDES description without `c=`: there is no ICE to make up for it.
    #[error("SDP has no c= line")]
    NoConnection,
    /// A line `a=ssrc:` without a 32-bit number.
    #[error("ssrc `{0}` is not a 32-bit number")]
    Ssrc(String),
    /// More than one synchronisation source (`media.md` §4.1 rule 5).
    #[error("SDP announces {0} synchronisation sources (a=ssrc), one is expected")]
    SeveralSsrcs(usize),
    /// More than one track or stream in the section (`media.md` §4.1 rule 1).
    #[error("SDP announces {0} media streams (a=msid), one is expected")]
    SeveralStreams(usize),
    /// An `a=mid` that is no token, which could not be repeated in an answer.
    #[error("mid `{0}` is not a token")]
    Mid(String),
    /// Our own offer came back as the answer (`clients.md`).
    #[error("the SDP is the offer that was received, sent back: an answer of your own is expected")]
    Echo,
}

/// Everything that is wrong with a session description. `Display` joins the sentences with `; `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defects(pub Vec<Defect>);

impl Defects {
    /// Whether a fingerprint by another hash than SHA-256 is among them.
    pub fn other_fingerprint(&self) -> bool {
        let other = |defect: &Defect| {
            matches!(
                defect,
                Defect::OtherFingerprints(_) | Defect::FingerprintHash(_)
            )
        };
        self.0.iter().any(other)
    }
}

impl fmt::Display for Defects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, defect) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            defect.fmt(f)?;
        }
        Ok(())
    }
}
impl std::error::Error for Defects {}
impl From<Defect> for Defects {
    fn from(defect: Defect) -> Self {
        Self(vec![defect])
    }
}
