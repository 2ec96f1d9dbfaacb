//! The one table of errors and the two shapes in which they reach a business: the answer's envelope
//! (`graph-api.md` §1.4) and the error object of a webhook (`webhooks.md` §2.4).

mod code;
mod envelope;
mod markdown;

pub use code::{Channel, ErrorCode, ErrorKind, UserWords};
pub use envelope::{ErrorBody, ErrorData, ErrorEnvelope, GraphError, WebhookError};
pub use markdown::table as markdown_table;

/// Page named by `href` in webhook errors.
pub const ERROR_PAGE: &str =
    "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/";
/// Page named in the answer to an unsupported request.
pub const GRAPH_PAGE: &str = "https://developers.facebook.com/docs/graph-api";
/// Subcode under 190: the token has expired.
pub const SUBCODE_EXPIRED: u32 = 463;
/// Subcode under 100: a session description has a fingerprint by another hash than SHA-256.
pub const SUBCODE_FINGERPRINT: u32 = 2_494_010;
/// Subcode under 100: the object does not exist or may not be seen.
pub const SUBCODE_UNKNOWN_OBJECT: u32 = 33;
