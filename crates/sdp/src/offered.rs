//! What we offered, as an answer is checked against it.

use ahoy_types::Ufrag;

use crate::codec::{Formats, OfferCodecs};
use crate::defect::{Defect, Defects};
use crate::lines;
use crate::remote::RemoteKeying;
use crate::sdes::CryptoLine;
use crate::{G711, Local, write_offer};

/// An offer of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The offer as it was sent.
    pub text: String,
    /// The codecs in it.
    pub codecs: OfferCodecs,
    /// Our user name fragment in it; `None` with SDES.
    pub ufrag: Option<Ufrag>,
    /// Our crypto lines in it; empty with DTLS.
    pub cryptos: Vec<CryptoLine>,
}

impl Offered {
    /// Writes the offer of a DTLS number and remembers what is in it.
    pub fn new(local: &Local, codecs: OfferCodecs) -> Self {
        Self {
            text: write_offer(local, &codecs),
            codecs,
            ufrag: Some(local.ufrag.clone()),
            cryptos: Vec::new(),
        }
    }

    /// Reads an offer written earlier by [`write_offer`] or [`write_offer_sdes`](crate::write_offer_sdes), from storage for instance.
    ///
    /// # Errors
    /// The defect that keeps the text from being one.
    pub fn read(text: impl Into<String>) -> Result<Self, Defects> {
        let text = text.into();
        let description = lines::split(&text)?;
        let section = description
            .sections
            .first()
            .filter(|s| s.media == "audio")
            .ok_or(Defect::NoAudio)?;
        let mut defects = Vec::new();
        let formats = Formats::read(section, None, &mut defects);
        if !defects.is_empty() {
            return Err(Defects(defects));
        }
        let mut g711: Vec<G711> = Vec::new();
        for (variant, listed) in [(G711::Pcmu, formats.pcmu), (G711::Pcma, formats.pcma)] {
            if listed == Some(variant.payload_type()) {
                g711.push(variant);
            }
        }
        let cryptos = section
            .level
            .all("crypto")
            .map(CryptoLine::read)
            .collect::<Result<_, _>>()
            .map_err(Defect::CryptoUnusable)?;
        let ufrag = section.level.first("ice-ufrag").map(|u| Ufrag(u.into()));
        drop(description);
        Ok(Self {
            codecs: OfferCodecs { g711 },
            ufrag,
            cryptos,
            text,
        })
    }

    /// Whether the keys of an answer are our own: the offer came back, only slightly changed.
    pub(crate) fn is_echoed_by(&self, answer: &RemoteKeying) -> bool {
        match answer {
            RemoteKeying::Dtls { ufrag, .. } => self.ufrag.as_ref() == Some(ufrag),
            RemoteKeying::Sdes { cryptos } => cryptos
                .iter()
                .any(|line| self.cryptos.iter().any(|o| o.key() == line.key())),
        }
    }
}
