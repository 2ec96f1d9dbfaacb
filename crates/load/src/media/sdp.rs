//! Our side's session descriptions, as a browser writes them, and what we need of the server's.

use std::fmt::Write as _;
use std::net::SocketAddr;

use ahoy_sdp::{
    Fingerprints, Keying, OfferCodecs, Offered, Policy, RemoteKeying, Setup, parse_answer,
    parse_offer,
};
use ahoy_types::{Fingerprint, IcePwd, PayloadType, Ssrc, Ufrag};

/// Numbers of our offers.
const OPUS: PayloadType = PayloadType(111);
const EVENTS: PayloadType = PayloadType(126);

/// What we say of ourselves.
#[derive(Debug, Clone)]
pub(crate) struct Local {
    /// Where our socket is.
    pub(crate) address: SocketAddr,
    /// Our user name fragment.
    pub(crate) ufrag: String,
    /// Our password.
    pub(crate) pwd: String,
    /// Of our certificate.
    pub(crate) fingerprint: Fingerprint,
    /// Of the stream we send.
    pub(crate) ssrc: Ssrc,
}

/// What the server said, as far as a peer needs it.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    /// Where its media port is.
    pub(crate) address: SocketAddr,
    /// Its user name fragment.
    pub(crate) ufrag: Ufrag,
    /// Its password.
    pub(crate) pwd: IcePwd,
    /// Of the certificate it will show.
    pub(crate) fingerprint: Fingerprint,
    /// Whether we send the ClientHello.
    pub(crate) we_are_client: bool,
    /// Number of Opus in this call.
    pub(crate) opus: PayloadType,
}

fn policy() -> Policy {
    Policy {
        keying: Keying::Dtls,
        g711: Vec::new(),
        fingerprints: Fingerprints::Any,
    }
}

impl Local {
    /// An offer.
    pub(crate) fn offer(&self) -> String {
        self.write("actpass", OPUS, EVENTS, "audio")
    }

    /// The answer to an offer, and what the offer said.
    pub(crate) fn answer(&self, offer: &str) -> Result<(String, Remote), String> {
        let said = parse_offer(offer, &policy()).map_err(|e| e.to_string())?;
        let remote = remote(&said)?;
        let setup = if remote.we_are_client {
            "active"
        } else {
            "passive"
        };
        let events = said.telephone_event.unwrap_or(EVENTS);
        let mid = said.mid.as_deref().unwrap_or("audio");
        Ok((self.write(setup, remote.opus, events, mid), remote))
    }

    /// Reads the answer to our [`Local::offer`].
    pub(crate) fn read_answer(&self, answer: &str) -> Result<Remote, String> {
        let offered = Offered {
            text: self.offer(),
            codecs: OfferCodecs::default(),
            ufrag: Some(Ufrag(self.ufrag.as_str().into())),
            cryptos: Vec::new(),
        };
        let said = parse_answer(answer, &offered, &policy()).map_err(|e| e.to_string())?;
        remote(&said)
    }

    fn write(&self, setup: &str, opus: PayloadType, events: PayloadType, mid: &str) -> String {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        let (ip, port) = (self.address.ip(), self.address.port());
        let mut text = String::with_capacity(800);
        let mut line = |line: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{line}\r\n");
        };
        line(format_args!("v=0"));
        line(format_args!(
            "o=- {} 2 IN {family} {ip}",
            1_000_000_000_000 + u64::from(self.ssrc.0)
        ));
        line(format_args!("s=-"));
        line(format_args!("t=0 0"));
        line(format_args!("a=group:BUNDLE {mid}"));
        line(format_args!(
            "m=audio {port} UDP/TLS/RTP/SAVPF {opus} {events}"
        ));
        line(format_args!("c=IN {family} {ip}"));
        line(format_args!("a=rtcp-mux"));
        line(format_args!(
            "a=candidate:1 1 udp 2130706431 {ip} {port} typ host"
        ));
        line(format_args!("a=ice-ufrag:{}", self.ufrag));
        line(format_args!("a=ice-pwd:{}", self.pwd));
        line(format_args!("a=fingerprint:sha-256 {}", self.fingerprint));
        line(format_args!("a=setup:{setup}"));
        line(format_args!("a=mid:{mid}"));
        line(format_args!("a=sendrecv"));
        line(format_args!("a=rtpmap:{opus} opus/48000/2"));
        line(format_args!("a=fmtp:{opus} minptime=20;useinbandfec=1"));
        line(format_args!("a=rtpmap:{events} telephone-event/8000"));
        line(format_args!("a=ptime:20"));
        line(format_args!("a=ssrc:{} cname:ahoy-load", self.ssrc));
        text
    }
}

fn remote(said: &ahoy_sdp::Remote) -> Result<Remote, String> {
    let RemoteKeying::Dtls {
        ufrag,
        pwd,
        fingerprint,
        setup,
        ..
    } = &said.keying
    else {
        return Err("the keys are in the description; this tool agrees on them by DTLS".into());
    };
    let address = said.candidates.first().copied().or(said.address);
    Ok(Remote {
        address: address.ok_or("it names no address to send to")?,
        ufrag: ufrag.clone(),
        pwd: pwd.clone(),
        fingerprint: *fingerprint,
        we_are_client: *setup != Setup::Active,
        opus: said.opus.ok_or("it has no Opus")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn local(ufrag: &str, port: u16) -> Local {
        Local {
            address: ([127, 0, 0, 1], port).into(),
            ufrag: ufrag.into(),
            pwd: "0123456789012345678901".into(),
            fingerprint: Fingerprint([7; 32]),
            ssrc: Ssrc(9),
        }
    }

    #[test]
    fn one_of_ours_understands_the_other() {
        let (ours, theirs) = (local("ours", 1_000), local("them", 2_000));
        let (answer, remote) = theirs.answer(&ours.offer()).unwrap();
        assert_eq!((remote.address, remote.we_are_client), (ours.address, true));
        let remote = ours.read_answer(&answer).unwrap();
        assert_eq!(remote.address, theirs.address);
        assert!(!remote.we_are_client, "they are");
        assert_eq!((&*remote.ufrag.0, remote.opus), ("them", OPUS));
    }

    #[test]
    fn what_is_no_description_has_a_sentence() {
        let none = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";
        let said = local("ours", 1).answer(none).unwrap_err();
        assert_eq!(said, "SDP has no m=audio section");
        assert!(local("ours", 1).read_answer("").is_err());
    }
}
