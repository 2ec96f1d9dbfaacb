//! Offers and answers of numbers keyed by SDES (`media.md` §2.2, §7).

use std::net::SocketAddr;

use ahoy_types::{PayloadType, Ssrc};

use crate::choose::AnswerChoice;
use crate::codec::{Format, OfferCodecs};
use crate::remote::{Profile, Remote};
use crate::sdes::CryptoLine;
use crate::write::{Keys, MID, Own, Text, answer, answered, bundled, offer};

/// Our side of one SDES leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSdes {
    /// Address and port that are advertised.
    pub address: SocketAddr,
    /// The key of what we send. In an answer it has tag and suite of [`choose_crypto`](crate::choose_crypto).
    pub crypto: CryptoLine,
    /// The source of the packets we send.
    pub ssrc: Ssrc,
    /// Session id of the `o=` line: milliseconds since the Unix epoch, 13 digits.
    pub session_id: u64,
    /// Id of the media stream, a UUID.
    pub stream_id: String,
}

/// The offer of an SDES number, with CRLF line ends.
pub fn write_offer_sdes(local: &LocalSdes, codecs: &OfferCodecs) -> String {
    let own = local.own(codecs.formats());
    offer(Text::head(&own, Some(MID)), Profile::RtpSavp, &own)
}

/// The answer of an SDES number, with CRLF line ends. It keeps the offer's profile token, mid and rejected sections.
pub fn write_answer_sdes(local: &LocalSdes, offer: &Remote, choice: &AnswerChoice) -> String {
    let own = local.own(answered(choice));
    answer(Text::head(&own, bundled(offer)), offer, &own)
}

impl LocalSdes {
    fn own(&self, formats: Vec<(Format, PayloadType)>) -> Own<'_> {
        Own {
            address: self.address,
            keys: Keys::Sdes(&self.crypto),
            formats,
            ssrc: self.ssrc,
            session_id: self.session_id,
            stream_id: &self.stream_id,
        }
    }
}
