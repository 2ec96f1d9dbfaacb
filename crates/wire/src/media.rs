//! Media files (`graph-api.md` §9).

use serde::{Deserialize, Serialize};

/// Answer to an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaCreated {
    /// The file's id.
    pub id: String,
}

/// A media file as a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MediaNode {
    /// `whatsapp`.
    pub messaging_product: String,
    /// Where its bytes are for five minutes; the request needs the access token.
    pub url: String,
    /// `audio/ogg`.
    pub mime_type: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Bytes.
    pub file_size: String,
    /// Its id.
    pub id: String,
}

/// Value of `use_case` of an upload for the voice message's announcement.
pub const VOICEMAIL_ANNOUNCEMENT: &str = "call_voicemail_announcement";
