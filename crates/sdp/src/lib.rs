//! The platform's profile of SDP: what a business may say, what the platform says, and a sentence for every defect.
//!
//! One audio stream a call, keyed by DTLS-SRTP over ICE or by SDES; Opus first, G.711 where the number allows it.
//! Text from outside is bounded ([`MAX_BYTES`], [`MAX_LINES`], [`MAX_SECTIONS`]) and never trusted; nothing here does I/O.
//!
//! ```
//! use ahoy_sdp::{Fingerprints, Keying, Policy, parse_offer};
//!
//! let policy = Policy { keying: Keying::Dtls, g711: vec![], fingerprints: Fingerprints::Sha256Only };
//! let refused = parse_offer("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n", &policy);
//! assert_eq!(refused.unwrap_err().to_string(), "SDP has no m=audio section");
//! ```

mod choose;
mod codec;
mod defect;
mod ice_dtls;
mod lines;
mod offered;
mod parse;
mod remote;
mod same;
mod sdes;
mod write;
mod write_sdes;

pub use choose::{AnswerChoice, choose, choose_crypto};
pub use codec::{Codec, G711, OPUS_PAYLOAD_TYPE, OfferCodecs, TELEPHONE_EVENT_PAYLOAD_TYPE};
pub use defect::{Defect, Defects};
pub use lines::{MAX_BYTES, MAX_LINES, MAX_SECTIONS};
pub use offered::Offered;
pub use parse::{parse_answer, parse_offer};
pub use remote::{
    Fingerprints, Keying, MediaDirection, Policy, Profile, RejectedSection, Remote, RemoteKeying,
    Setup,
};
pub use same::same_sdp;
pub use sdes::{CryptoLine, SdesKey, Suite};
pub use write::{Local, write_answer, write_offer};
pub use write_sdes::{LocalSdes, write_answer_sdes, write_offer_sdes};
