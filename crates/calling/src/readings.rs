//! Where the reference is open or contradicts itself: one switch a question, for whoever has seen the other answer
//! (`[readings]` of the configuration, `docs/ahoy.toml`).

use serde::{Deserialize, Serialize};

use crate::hours::HolidayReading;
use crate::routing::ForeignThreads;

/// The choices. The defaults are those of record (`contract.md` §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Readings {
    /// Which fingerprints a business's description may have.
    pub fingerprints: FingerprintReading,
    /// The code of a description that is refused.
    pub sdp_defect: SdpDefectReading,
    /// The DTLS role written into answers to offers that leave it open.
    pub setup: SetupReading,
    /// What an entry of a holiday schedule means.
    pub holiday: HolidayReading,
    /// Which rules holiday entries obey.
    pub holiday_rules: HolidayRules,
    /// The headers of webhooks.
    pub webhook_headers: HeaderReading,
    /// What becomes of a message into a thread that another business owns.
    pub foreign_threads: ForeignThreads,
}

/// Fingerprints of hash functions other than SHA-256 (`media.md` §4.1 rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FingerprintReading {
    /// They are refused, also beside one by SHA-256.
    #[default]
    Sha256Only,
    /// They are passed over as long as one by SHA-256 is there (RFC 8122 §5).
    Any,
}

/// The code of a defect in a session description (`media.md` §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum SdpDefectReading {
    /// The documented one.
    #[default]
    #[serde(rename = "100")]
    InvalidParameter,
    /// The one two clients met.
    #[serde(rename = "138008")]
    SdpValidation,
}

/// The DTLS role in answers to offers with `setup:actpass` (`media.md` §6): each of the three has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetupReading {
    /// The business sends the ClientHello.
    #[default]
    Passive,
    /// We send it.
    Active,
    /// What RFC 5763 §5 forbids in an answer; we wait for the ClientHello.
    Actpass,
}

/// Rules of the entries of a holiday schedule (`graph-api.md` §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HolidayRules {
    /// Those the documented errors name: so many entries, none past, each ends after it begins.
    #[default]
    Errors,
    /// Those of the table as well: two entries a date at most, which do not overlap.
    Table,
}

/// Headers of a webhook (`webhooks.md` §1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderReading {
    /// The signature by SHA-256, and a user agent that names this server.
    #[default]
    Plain,
    /// As live: that user agent, and the legacy signature by SHA-1 beside the other.
    Live,
}

/// A session description of a business that is refused, on its way to the code its readings say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentences}")]
pub struct SdpRefusal {
    /// A sentence for each defect.
    pub sentences: String,
    /// A fingerprint by another hash than SHA-256 is among the defects.
    pub other_fingerprint: bool,
    /// Which code it gets.
    pub reading: SdpDefectReading,
}
