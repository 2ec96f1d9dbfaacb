//! A session description with its role, as requests and webhooks carry it.

use serde::{Deserialize, Serialize};

/// Role of a session description (RFC 3264).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum SdpType {
    /// Proposes a session.
    Offer,
    /// Takes up an offer.
    Answer,
}

impl SdpType {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
        }
    }
}

/// `session` of requests and connect webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Whether `sdp` is an offer or an answer.
    pub sdp_type: SdpType,
    /// The description (RFC 8866), lines ended by CRLF.
    pub sdp: String,
}

impl Session {
    /// An offer.
    pub fn offer(sdp: impl Into<String>) -> Self {
        Self {
            sdp_type: SdpType::Offer,
            sdp: sdp.into(),
        }
    }
    /// An answer.
    pub fn answer(sdp: impl Into<String>) -> Self {
        Self {
            sdp_type: SdpType::Answer,
            sdp: sdp.into(),
        }
    }
}
