//! Our offers and answers, line by line as `media.md` §2.1 and §3 have them.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use ahoy_types::{Fingerprint, IcePwd, PayloadType, Ssrc, Ufrag};

use crate::choose::AnswerChoice;
use crate::codec::{Codec, Format, OfferCodecs};
use crate::remote::{MediaDirection, Profile, RejectedSection, Remote, Setup};
use crate::sdes::CryptoLine;

/// Name of the audio section in our offers.
pub(crate) const MID: &str = "audio";
/// What the platform says about Opus: wideband at 20 kbit/s with in-band FEC.
const OPUS_FMTP: &str = "maxaveragebitrate=20000;maxplaybackrate=16000;minptime=20;sprop-maxcapturerate=16000;useinbandfec=1";

/// Our side of one WebRTC leg.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local {
    /// IPv4 address and port that are advertised.
    pub v4: Option<SocketAddrV4>,
    /// IPv6 address and port that are advertised.
    pub v6: Option<SocketAddrV6>,
    /// Our user name fragment.
    pub ufrag: Ufrag,
    /// Our password.
    pub pwd: IcePwd,
    /// SHA-256 of our certificate.
    pub fingerprint: Fingerprint,
    /// The source of the packets we send.
    pub ssrc: Ssrc,
    /// Session id of the `o=` line: milliseconds since the Unix epoch, 13 digits.
    pub session_id: u64,
    /// Id of the media stream, a UUID.
    pub stream_id: String,
}

/// The offer of a DTLS number, with CRLF line ends. Without any address it names 0.0.0.0 port 9 and no candidate.
pub fn write_offer(local: &Local, codecs: &OfferCodecs) -> String {
    let own = local.own(Setup::Actpass, codecs.formats());
    offer(
        Text::head(&own, Some(MID)).ice_lite(),
        Profile::UdpTlsRtpSavpf,
        &own,
    )
}

/// The answer of a DTLS number, with CRLF line ends. It keeps the offer's profile token, mid and rejected sections.
pub fn write_answer(local: &Local, offer: &Remote, choice: &AnswerChoice) -> String {
    let own = local.own(choice.setup, answered(choice));
    answer(Text::head(&own, bundled(offer)).ice_lite(), offer, &own)
}

impl Local {
    fn own(&self, setup: Setup, formats: Vec<(Format, PayloadType)>) -> Own<'_> {
        let v4 = self.v4.map(SocketAddr::V4);
        let address = v4.or(self.v6.map(SocketAddr::V6));
        Own {
            address: address.unwrap_or((Ipv4Addr::UNSPECIFIED, 9).into()),
            keys: Keys::Dtls(self, setup),
            formats,
            ssrc: self.ssrc,
            session_id: self.session_id,
            stream_id: &self.stream_id,
        }
    }
}

/// Assembles an offer.
pub(crate) fn offer(head: Text, profile: Profile, own: &Own<'_>) -> String {
    let shared = Shared {
        profile,
        transport_cc: profile.has_feedback(),
        mid: Some(MID),
        direction: MediaDirection::SendRecv,
    };
    head.audio(own, &shared).0
}

/// Assembles an answer: sections stand in the order of the offer (RFC 3264 §6).
pub(crate) fn answer(head: Text, offer: &Remote, own: &Own<'_>) -> String {
    let shared = Shared {
        profile: offer.profile,
        // Feedback in an answer is a subset of what was offered (RFC 4585 §4.2).
        transport_cc: offer.transport_cc && offer.profile.has_feedback(),
        mid: offer.mid.as_deref(),
        direction: offer.direction.reversed(),
    };
    head.rejected(&offer.rejected_before)
        .audio(own, &shared)
        .rejected(&offer.rejected_after)
        .0
}

/// The mid to bundle in an answer: none if the offer had no group around it (RFC 9143 §7.3).
pub(crate) fn bundled(offer: &Remote) -> Option<&str> {
    offer.mid.as_deref().filter(|_| offer.bundle)
}

/// The formats of an answer.
pub(crate) fn answered(choice: &AnswerChoice) -> Vec<(Format, PayloadType)> {
    vec![
        (Format::Audio(choice.codec), choice.pt),
        (Format::TelephoneEvent, choice.dtmf),
    ]
}

/// The part that differs between the two keyings.
pub(crate) enum Keys<'a> {
    Dtls(&'a Local, Setup),
    Sdes(&'a CryptoLine),
}

/// What we say of ourselves.
pub(crate) struct Own<'a> {
    pub address: SocketAddr,
    pub keys: Keys<'a>,
    pub formats: Vec<(Format, PayloadType)>,
    pub ssrc: Ssrc,
    pub session_id: u64,
    pub stream_id: &'a str,
}

/// What offer and answer must agree on.
pub(crate) struct Shared<'a> {
    profile: Profile,
    transport_cc: bool,
    mid: Option<&'a str>,
    direction: MediaDirection,
}

/// A description under construction.
pub(crate) struct Text(String);

impl Text {
    /// The session level.
    pub fn head(own: &Own<'_>, bundled: Option<&str>) -> Self {
        let mut text = Self(String::with_capacity(1200));
        text.line("v=0");
        text.line(format_args!("o=- {} 2 IN IP4 127.0.0.1", own.session_id));
        text.line("s=-");
        text.line("t=0 0");
        if let Some(mid) = bundled {
            text.line(format_args!("a=group:BUNDLE {mid}"));
        }
        text.line(format_args!("a=msid-semantic: WMS {}", own.stream_id));
        text
    }

    pub fn ice_lite(mut self) -> Self {
        self.line("a=ice-lite");
        self
    }

    fn audio(mut self, own: &Own<'_>, shared: &Shared<'_>) -> Self {
        let mut media = format!("m=audio {} {}", own.address.port(), shared.profile.as_str());
        for (_, pt) in &own.formats {
            // Writing to a String cannot fail.
            let _ = write!(media, " {pt}");
        }
        self.line(media);
        self.connection(own.address);
        self.line("a=rtcp:9 IN IP4 0.0.0.0");
        if let Keys::Dtls(local, setup) = own.keys {
            self.ice_and_dtls(local, setup);
        }
        if let Some(mid) = shared.mid {
            self.line(format_args!("a=mid:{mid}"));
        }
        self.line(format_args!("a={}", shared.direction.as_str()));
        self.line(format_args!("a=msid:{} WhatsAppTrack1", own.stream_id));
        self.line("a=rtcp-mux");
        if let Keys::Sdes(crypto) = own.keys {
            self.line(format_args!("a=crypto:{}", crypto.attribute()));
        }
        for &(format, pt) in &own.formats {
            self.line(format_args!("a=rtpmap:{pt} {}", format.encoding()));
            if format == Format::Audio(Codec::Opus) {
                if shared.transport_cc {
                    self.line(format_args!("a=rtcp-fb:{pt} transport-cc"));
                }
                self.line(format_args!("a=fmtp:{pt} {OPUS_FMTP}"));
            }
        }
        self.line("a=maxptime:20");
        self.line("a=ptime:20");
        self.line(format_args!(
            "a=ssrc:{} cname:WhatsAppAudioStream1",
            own.ssrc
        ));
        self
    }

    fn rejected(mut self, sections: &[RejectedSection]) -> Self {
        for section in sections {
            self.line(format_args!(
                "m={} 0 {} {}",
                section.media, section.protocol, section.format
            ));
            self.line("c=IN IP4 0.0.0.0");
            if let Some(mid) = &section.mid {
                self.line(format_args!("a=mid:{mid}"));
            }
            self.line("a=inactive");
        }
        self
    }

    fn line(&mut self, line: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{line}\r\n");
    }

    fn connection(&mut self, address: SocketAddr) {
        let family = if address.is_ipv4() { "IP4" } else { "IP6" };
        self.line(format_args!("c=IN {family} {}", address.ip()));
    }

    fn ice_and_dtls(&mut self, local: &Local, setup: Setup) {
        let v4 = local.v4.map(|a| (SocketAddr::V4(a), 2_122_260_223_u32));
        let v6 = local.v6.map(|a| (SocketAddr::V6(a), 2_122_262_783));
        for (address, priority) in v4.into_iter().chain(v6) {
            self.line(format_args!(
                "a=candidate:{} 1 udp {priority} {} {} typ host generation 0 network-cost 50",
                foundation(address),
                address.ip(),
                address.port()
            ));
        }
        self.line(format_args!("a=ice-ufrag:{}", local.ufrag));
        self.line(format_args!("a=ice-pwd:{}", local.pwd.0));
        self.line(format_args!("a=fingerprint:sha-256 {}", local.fingerprint));
        self.line(format_args!("a=setup:{}", setup.as_str()));
    }
}

/// The same for candidates of one base address, different for different ones (RFC 8445 §5.1.1.3): FNV-1a of the address.
fn foundation(address: SocketAddr) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let start = 2_166_136_261;
    match address {
        SocketAddr::V4(a) => a.ip().octets().into_iter().fold(start, step),
        SocketAddr::V6(a) => a.ip().octets().into_iter().fold(start, step),
    }
}
