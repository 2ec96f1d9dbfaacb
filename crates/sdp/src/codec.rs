//! Payload types: what ours mean, and what a section's formats and `a=rtpmap` lines mean.

use ahoy_types::PayloadType;

use crate::defect::{Defect, excerpt};
use crate::lines::Section;

/// Number of Opus in our offers (`media.md` §2.1).
pub const OPUS_PAYLOAD_TYPE: PayloadType = PayloadType(111);
/// Number of telephone-event in our offers, and in answers to offers without it (`media.md` §3).
pub const TELEPHONE_EVENT_PAYLOAD_TYPE: PayloadType = PayloadType(126);

/// A variant of G.711 (RFC 3551 §4.5.14), which a number may take beside Opus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum G711 {
    /// µ-law.
    Pcmu,
    /// A-law.
    Pcma,
}

impl G711 {
    /// Its static payload type (RFC 3551 §6).
    pub const fn payload_type(self) -> PayloadType {
        match self {
            Self::Pcmu => PayloadType(0),
            Self::Pcma => PayloadType(8),
        }
    }
}

/// A codec a call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// opus/48000/2 (RFC 7587).
    Opus,
    /// PCMU/8000.
    Pcmu,
    /// PCMA/8000.
    Pcma,
}

impl Codec {
    /// The encoding of `a=rtpmap`.
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Opus => "opus/48000/2",
            Self::Pcmu => "PCMU/8000",
            Self::Pcma => "PCMA/8000",
        }
    }
    /// Ticks of the RTP clock in a second.
    pub const fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Pcmu | Self::Pcma => 8_000,
        }
    }
}
impl From<G711> for Codec {
    fn from(g711: G711) -> Self {
        match g711 {
            G711::Pcmu => Self::Pcmu,
            G711::Pcma => Self::Pcma,
        }
    }
}

/// The codecs of an offer of ours: Opus as 111 always, then these, then telephone-event as 126.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfferCodecs {
    /// G.711 variants to offer, in this order; a repeated one counts once.
    pub g711: Vec<G711>,
}

impl OfferCodecs {
    /// Every format of the offer with its payload type, in the order of the `m=` line.
    pub(crate) fn formats(&self) -> Vec<(Format, PayloadType)> {
        let mut formats = vec![(Format::Audio(Codec::Opus), OPUS_PAYLOAD_TYPE)];
        for &g711 in &self.g711 {
            let entry = (Format::Audio(g711.into()), g711.payload_type());
            if !formats.contains(&entry) {
                formats.push(entry);
            }
        }
        formats.push((Format::TelephoneEvent, TELEPHONE_EVENT_PAYLOAD_TYPE));
        formats
    }
}

/// What a payload type means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Audio(Codec),
    TelephoneEvent,
}

impl Format {
    pub const fn encoding(self) -> &'static str {
        match self {
            Self::Audio(codec) => codec.encoding(),
            Self::TelephoneEvent => "telephone-event/8000",
        }
    }
    /// Encoding names are compared without case (RFC 8866 §6.6); one channel may be left out.
    fn from_encoding(encoding: &str) -> Option<Self> {
        let plain = encoding.strip_suffix("/1").unwrap_or(encoding);
        [
            Self::Audio(Codec::Opus),
            Self::Audio(Codec::Pcmu),
            Self::Audio(Codec::Pcma),
            Self::TelephoneEvent,
        ]
        .into_iter()
        .find(|f| f.encoding().eq_ignore_ascii_case(plain))
    }
}

/// The formats of one audio section.
#[derive(Debug, Default)]
pub(crate) struct Formats {
    pub opus: Option<PayloadType>,
    pub opus_stereo: bool,
    pub pcmu: Option<PayloadType>,
    pub pcma: Option<PayloadType>,
    pub telephone_event: Option<PayloadType>,
    pub transport_cc: bool,
    /// Every payload type that has a meaning, sorted.
    pub taken: Vec<PayloadType>,
    /// Numbers of comfort noise and of redundant audio.
    pub comfort_noise: Vec<PayloadType>,
    pub redundancy: Vec<PayloadType>,
    /// The encodings of the `m=` line, for a sentence.
    listed: Vec<String>,
    /// Opus with a wrong clock.
    misclocked: Option<String>,
}

impl Formats {
    /// Reads the formats of `section`. With `offered`, the section is an answer: a codec counts only under the number it was
    /// offered with. Formats beyond the offer are legal in an answer (RFC 3264 §6.1) and passed over as long as an offered
    /// codec is among the rest.
    pub fn read(
        section: &Section<'_>,
        offered: Option<&OfferCodecs>,
        defects: &mut Vec<Defect>,
    ) -> Self {
        let offered = offered.map(OfferCodecs::formats);
        let encodings = encodings(section);
        let mut formats = Self::default();
        let mut not_offered = Vec::new();
        let mut seen = [false; 128];
        for word in section.formats.split_ascii_whitespace() {
            let Some(pt) = payload_type(word) else {
                defects.push(Defect::PayloadType(excerpt(word)));
                break;
            };
            let slot = usize::from(pt.0);
            if std::mem::replace(&mut seen[slot], true) {
                continue;
            }
            let encoding = encodings[slot];
            formats.listed.push(excerpt(encoding.unwrap_or(word)));
            let Some(format) = encoding.and_then(Format::from_encoding) else {
                formats.note_misclocked(encoding);
                formats.note_no_audio(pt, encoding);
                continue;
            };
            if (64..=95).contains(&pt.0) {
                defects.push(Defect::PayloadTypeReserved {
                    payload_type: pt.0,
                    codec: format.encoding(),
                });
            }
            match &offered {
                Some(list) if !list.contains(&(format, pt)) => not_offered.push((format, pt)),
                _ => {
                    formats.slot(format).get_or_insert(pt);
                }
            }
        }
        if let Some(list) = &offered {
            let deaf = !formats.has_audio();
            for (format, pt) in not_offered {
                let renumbered =
                    list.iter().any(|(f, _)| *f == format) && formats.slot(format).is_none();
                if renumbered || deaf {
                    defects.push(Defect::PayloadTypeNotOffered {
                        payload_type: pt.0,
                        codec: format.encoding(),
                    });
                }
            }
        }
        formats.taken = (0u8..128)
            .filter(|&pt| seen[usize::from(pt)] || encodings[usize::from(pt)].is_some())
            .map(PayloadType)
            .collect();
        if let Some(opus) = formats.opus {
            formats.read_opus(section, opus);
        }
        formats
    }

    /// Whether any codec of ours is there.
    pub fn has_audio(&self) -> bool {
        self.opus.is_some() || self.pcmu.is_some() || self.pcma.is_some()
    }

    /// The defect of a section in which neither Opus nor one of `g711` is listed.
    pub fn require_common(&self, g711: &[G711], defects: &mut Vec<Defect>) {
        let common = self.opus.is_some()
            || g711.iter().any(|g| match g {
                G711::Pcmu => self.pcmu.is_some(),
                G711::Pcma => self.pcma.is_some(),
            });
        let explained = |d: &Defect| {
            matches!(
                d,
                Defect::PayloadType(_) | Defect::PayloadTypeNotOffered { .. }
            )
        };
        if common || defects.iter().any(explained) {
            return;
        }
        defects.push(match &self.misclocked {
            Some(encoding) => Defect::OpusClock(encoding.clone()),
            None => no_common_codec(g711, &self.listed),
        });
    }

    fn slot(&mut self, format: Format) -> &mut Option<PayloadType> {
        match format {
            Format::Audio(Codec::Opus) => &mut self.opus,
            Format::Audio(Codec::Pcmu) => &mut self.pcmu,
            Format::Audio(Codec::Pcma) => &mut self.pcma,
            Format::TelephoneEvent => &mut self.telephone_event,
        }
    }

    /// Formats that are listed and never chosen, but may be sent all the same (`media.md` §4.1).
    fn note_no_audio(&mut self, pt: PayloadType, encoding: Option<&str>) {
        let name = encoding.and_then(|e| e.split('/').next());
        let is = |wanted: &str| name.is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        if is("CN") {
            self.comfort_noise.push(pt);
        } else if is("red") {
            self.redundancy.push(pt);
        }
    }

    fn note_misclocked(&mut self, encoding: Option<&str>) {
        let opus = |e: &&str| {
            e.split('/')
                .next()
                .is_some_and(|n| n.eq_ignore_ascii_case("opus"))
        };
        if let Some(encoding) = encoding.filter(opus) {
            self.misclocked.get_or_insert_with(|| excerpt(encoding));
        }
    }

    fn read_opus(&mut self, section: &Section<'_>, opus: PayloadType) {
        for value in section.level.all("fmtp") {
            if let Some((pt, parameters)) = value.split_once([' ', '\t'])
                && payload_type(pt) == Some(opus)
            {
                self.opus_stereo |= parameters
                    .split(';')
                    .any(|p| matches!(p.trim(), "stereo=1" | "sprop-stereo=1"));
            }
        }
        for value in section.level.all("rtcp-fb") {
            let mut words = value.split_ascii_whitespace();
            let ours = words
                .next()
                .is_some_and(|pt| pt == "*" || payload_type(pt) == Some(opus));
            self.transport_cc |= ours && words.next() == Some("transport-cc");
        }
    }
}

/// The defect of two sides without a common codec.
pub(crate) fn no_common_codec(g711: &[G711], listed: &[String]) -> Defect {
    /// Most encodings one sentence repeats.
    const MOST: usize = 8;
    let mut supported = vec![Codec::Opus.encoding()];
    supported.extend(g711.iter().map(|&g| Codec::from(g).encoding()));
    let mut shown = listed
        .iter()
        .take(MOST)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if listed.len() > MOST {
        shown.push_str(", …");
    }
    Defect::NoCommonCodec {
        supported: supported.join(", "),
        listed: if shown.is_empty() {
            "nothing".to_owned()
        } else {
            shown
        },
    }
}

fn payload_type(word: &str) -> Option<PayloadType> {
    let digits = (1..=3).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    let number = digits.then(|| word.parse::<u8>().ok())??;
    (number < 128).then_some(PayloadType(number))
}

/// The encoding of every payload type: from `a=rtpmap`, else the static assignment (RFC 3551 §6) where it is one of ours.
fn encodings<'a>(section: &Section<'a>) -> [Option<&'a str>; 128] {
    let mut table = [None; 128];
    for value in section.level.all("rtpmap") {
        let mut words = value.split_ascii_whitespace();
        if let (Some(pt), Some(encoding)) = (words.next().and_then(payload_type), words.next()) {
            table[usize::from(pt.0)].get_or_insert(encoding);
        }
    }
    for g711 in [G711::Pcmu, G711::Pcma] {
        let slot = usize::from(g711.payload_type().0);
        table[slot].get_or_insert(Codec::from(g711).encoding());
    }
    table
}
