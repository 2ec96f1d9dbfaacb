//! What an answer of ours picks from an offer (`media.md` §3, §6, §7).

use ahoy_types::PayloadType;

use crate::codec::{Codec, TELEPHONE_EVENT_PAYLOAD_TYPE, no_common_codec};
use crate::defect::{Defect, Defects};
use crate::remote::{Policy, Remote, RemoteKeying, Setup};
use crate::sdes::CryptoLine;

/// What an answer picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerChoice {
    /// The one audio codec.
    pub codec: Codec,
    /// Its number, from the offer.
    pub pt: PayloadType,
    /// Number of telephone-event/8000: from the offer, or 126, or a free one if 126 means something else there.
    pub dtmf: PayloadType,
    /// Our role in the DTLS handshake. SDES has no handshake; then it stays `Passive` and is not written.
    pub setup: Setup,
}

impl AnswerChoice {
    /// The same choice with this role where the offer leaves it to us. The live platform may write any of the three
    /// (`media.md` §6); with `Actpass` we wait for the ClientHello, as with `Passive`.
    #[must_use]
    pub fn with_setup(mut self, offer: &Remote, setup: Setup) -> Self {
        if let RemoteKeying::Dtls {
            setup: Setup::Actpass,
            ..
        } = offer.keying
        {
            self.setup = setup;
        }
        self
    }
}

/// Picks codec, numbers and role: Opus wherever it is offered, else the first G.711 variant of the policy that is;
/// `passive` unless only `active` fits.
///
/// # Errors
/// No codec in common, or no payload type left for telephone-event.
pub fn choose(offer: &Remote, policy: &Policy) -> Result<AnswerChoice, Defects> {
    let g711 = policy.g711.iter().map(|&g| Codec::from(g));
    let (codec, pt) = std::iter::once(Codec::Opus)
        .chain(g711)
        .find_map(|codec| Some((codec, offered(offer, codec)?)))
        .ok_or_else(|| {
            let listed = [Codec::Opus, Codec::Pcmu, Codec::Pcma]
                .into_iter()
                .filter(|&codec| offered(offer, codec).is_some())
                .map(|codec| codec.encoding().to_owned());
            no_common_codec(&policy.g711, &listed.collect::<Vec<_>>())
        })?;
    let dtmf = offer
        .telephone_event
        .or_else(|| free_payload_type(&offer.payload_types))
        .ok_or(Defect::NoFreePayloadType)?;
    let setup = match offer.keying {
        RemoteKeying::Dtls {
            setup: Setup::Passive,
            ..
        } => Setup::Active,
        _ => Setup::Passive,
    };
    Ok(AnswerChoice {
        codec,
        pt,
        dtmf,
        setup,
    })
}

/// The crypto line of an SDES offer that an answer accepts: the first one, since unusable ones are gone (`media.md` §7).
pub fn choose_crypto(offer: &Remote) -> Option<&CryptoLine> {
    match &offer.keying {
        RemoteKeying::Sdes { cryptos } => cryptos.first(),
        RemoteKeying::Dtls { .. } => None,
    }
}

fn offered(offer: &Remote, codec: Codec) -> Option<PayloadType> {
    match codec {
        Codec::Opus => offer.opus,
        Codec::Pcmu => offer.pcmu,
        Codec::Pcma => offer.pcma,
    }
}

/// 126 if it is free, else another dynamic payload type: 96 to 127, then 35 to 63 (RFC 5761 §4 keeps 64 to 95 for RTCP).
fn free_payload_type(taken: &[PayloadType]) -> Option<PayloadType> {
    std::iter::once(TELEPHONE_EVENT_PAYLOAD_TYPE)
        .chain((96..128).chain(35..64).map(PayloadType))
        .find(|pt| !taken.contains(pt))
}
