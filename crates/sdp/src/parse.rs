//! Offers and answers of the other side: the hard rules of `media.md` §4.1 with the tolerances of §4.2.

use std::net::{IpAddr, SocketAddr};

use ahoy_types::Ssrc;

use crate::codec::Formats;
use crate::defect::{Defect, Defects, excerpt};
use crate::lines::{self, Description, Section, is_token};
use crate::offered::Offered;
use crate::remote::{
    Keying, MediaDirection, Policy, Profile, RejectedSection, Remote, RemoteKeying,
};
use crate::sdes::CryptoLine;
use crate::{ice_dtls, same_sdp};

/// Reads a business's offer.
///
/// # Errors
/// Every defect found, each with its sentence; only the first one if the text is no session description at all.
pub fn parse_offer(text: &str, policy: &Policy) -> Result<Remote, Defects> {
    read(text, None, policy)
}

/// Reads a business's answer to an offer of ours. An answer without `a=setup` counts as `active` (RFC 4145 §4.1).
///
/// # Errors
/// As [`parse_offer`]; besides, our own offer sent back, a codec under a number it was not offered with, `setup:actpass`
/// and, with SDES, a crypto line that was not offered.
pub fn parse_answer(text: &str, offer: &Offered, policy: &Policy) -> Result<Remote, Defects> {
    if same_sdp(text, &offer.text) {
        return Err(Defect::Echo.into());
    }
    read(text, Some(offer), policy)
}

fn read(text: &str, offer: Option<&Offered>, policy: &Policy) -> Result<Remote, Defects> {
    let description = lines::split(text)?;
    let mut defects = Vec::new();
    let Some(at) = audio_section(&description, offer.is_some(), &mut defects) else {
        return Err(Defects(defects));
    };
    let section = &description.sections[at];
    let profile = Profile::from_token(section.protocol);
    if profile.is_none() {
        defects.push(Defect::Profile(excerpt(section.protocol)));
    }
    let keying = match policy.keying {
        Keying::Dtls => ice_dtls::read(
            &description,
            section,
            offer.is_some(),
            policy.fingerprints,
            &mut defects,
        ),
        Keying::Sdes => sdes(&description, section, offer, &mut defects),
    };
    if let (Some(keying), Some(offer)) = (&keying, offer)
        && offer.is_echoed_by(keying)
    {
        return Err(Defect::Echo.into());
    }
    // Ours, though the password that goes with it may not pass.
    let ufrag = description
        .level_of(section, "ice-ufrag")
        .first("ice-ufrag");
    if let (Some(theirs), Some(ours)) = (ufrag, offer.and_then(|o| o.ufrag.as_ref()))
        && *theirs == *ours.0
    {
        return Err(Defect::Echo.into());
    }
    let formats = Formats::read(section, offer.map(|o| &o.codecs), &mut defects);
    // What an answer may use was settled by our offer, whatever the number's settings have become since.
    let g711 = offer.map_or(&policy.g711, |o| &o.codecs.g711);
    formats.require_common(g711, &mut defects);
    let direction = direction(&description, section);
    if direction.is_none() {
        defects.push(Defect::Inactive);
    }
    let ssrc = ssrc(section, &mut defects);
    check_streams(section, &mut defects);
    let mid = section.level.first("mid");
    if let Some(mid) = mid.filter(|mid| !is_token(mid)) {
        defects.push(Defect::Mid(excerpt(mid)));
    }
    let (Some(profile), Some(keying), Some(direction), true) =
        (profile, keying, direction, defects.is_empty())
    else {
        return Err(Defects(defects));
    };
    let said = |name| description.level_of(section, name).has(name);
    Ok(Remote {
        keying,
        opus: formats.opus,
        opus_stereo: formats.opus_stereo,
        pcmu: formats.pcmu,
        pcma: formats.pcma,
        telephone_event: formats.telephone_event,
        comfort_noise: formats.comfort_noise,
        redundancy: formats.redundancy,
        ssrc,
        mid: mid.map(str::to_owned),
        bundle: mid.is_some_and(|mid| is_bundled(&description, mid)),
        profile,
        rtcp_mux: said("rtcp-mux"),
        rtcp_rsize: said("rtcp-rsize"),
        direction,
        address: address(&description, section),
        candidates: ice_dtls::candidates(section),
        transport_cc: formats.transport_cc,
        payload_types: formats.taken,
        rejected_before: rejected(&description.sections[..at]),
        rejected_after: rejected(&description.sections[at + 1..]),
    })
}

/// The place of the one live audio section. `None` if there is none to look into.
fn audio_section(
    description: &Description<'_>,
    is_answer: bool,
    defects: &mut Vec<Defect>,
) -> Option<usize> {
    // An offered section of port 0 with `a=bundle-only` is live: it shares the port of another one (RFC 9143 §6).
    let is_live = |s: &Section<'_>| s.port != 0 || (!is_answer && s.level.has("bundle-only"));
    let mut live = Vec::new();
    for (at, section) in description.sections.iter().enumerate() {
        if !is_live(section) {
            continue;
        }
        if section.media == "audio" {
            live.push(at);
        } else {
            defects.push(Defect::OtherMedia(excerpt(section.media)));
        }
    }
    match live[..] {
        [] if description.sections.iter().any(|s| s.media == "audio") => {
            defects.push(Defect::AudioRejected);
        }
        [] => defects.push(Defect::NoAudio),
        [_] => {}
        _ => defects.push(Defect::SeveralAudio(live.len())),
    }
    live.first().copied()
}

fn rejected(sections: &[Section<'_>]) -> Vec<RejectedSection> {
    sections
        .iter()
        .filter_map(|section| {
            Some(RejectedSection {
                media: section.media.to_owned(),
                protocol: section.protocol.to_owned(),
                format: section.formats.split_ascii_whitespace().next()?.to_owned(),
                mid: section
                    .level
                    .first("mid")
                    .filter(|mid| is_token(mid))
                    .map(str::to_owned),
            })
        })
        .collect()
}

/// The crypto lines that can be used; of an answer the one line, which must pick one of ours.
fn sdes(
    description: &Description<'_>,
    section: &Section<'_>,
    offer: Option<&Offered>,
    defects: &mut Vec<Defect>,
) -> Option<RemoteKeying> {
    let mut cryptos = Vec::new();
    let mut reason = None;
    for value in section.level.all("crypto") {
        match CryptoLine::read(value) {
            Ok(line) => cryptos.push(line),
            Err(why) => {
                reason.get_or_insert(why);
            }
        }
    }
    if connection(description, section).is_none() {
        defects.push(Defect::NoConnection);
    }
    if let Some(offer) = offer {
        cryptos.truncate(1);
        for line in &cryptos {
            let picks = |ours: &CryptoLine| (ours.tag, ours.suite) == (line.tag, line.suite);
            if !offer.cryptos.iter().any(picks) {
                defects.push(Defect::CryptoNotOffered {
                    tag: line.tag,
                    suite: line.suite.as_str(),
                });
            }
        }
    }
    if cryptos.is_empty() {
        defects.push(reason.map_or(Defect::NoCrypto, Defect::CryptoUnusable));
        return None;
    }
    Some(RemoteKeying::Sdes { cryptos })
}

/// The first direction of the section, else of the session, else `sendrecv` (RFC 8866 §6.7). `None` for `inactive`.
fn direction(description: &Description<'_>, section: &Section<'_>) -> Option<MediaDirection> {
    let word = |name: &str| match name {
        "sendrecv" => Some(Some(MediaDirection::SendRecv)),
        "sendonly" => Some(Some(MediaDirection::SendOnly)),
        "recvonly" => Some(Some(MediaDirection::RecvOnly)),
        "inactive" => Some(None),
        _ => None,
    };
    let mut names = section.level.names().chain(description.session.names());
    names
        .find_map(word)
        .unwrap_or(Some(MediaDirection::SendRecv))
}

fn connection<'a>(description: &Description<'a>, section: &Section<'a>) -> Option<&'a str> {
    section.level.connection.or(description.session.connection)
}

fn address(description: &Description<'_>, section: &Section<'_>) -> Option<SocketAddr> {
    let mut words = connection(description, section)?.split_ascii_whitespace();
    let text = match (words.next()?, words.next()?) {
        ("IN", "IP4" | "IP6") => words.next()?,
        _ => return None,
    };
    let ip: IpAddr = text.split('/').next()?.parse().ok()?;
    let usable = !ip.is_unspecified() && !ip.is_multicast();
    usable.then(|| SocketAddr::new(ip, section.port))
}

/// Sources that repeat or protect another one and carry no voice of their own: all but the first of a group FID (RFC 5576 §4.2) or
/// FEC-FR (RFC 5956 §4.3).
fn repairs(section: &Section<'_>) -> Vec<u32> {
    let mut repairs = Vec::new();
    for value in section.level.all("ssrc-group") {
        let mut words = value.split_ascii_whitespace();
        if matches!(words.next(), Some("FID" | "FEC-FR")) {
            repairs.extend(words.skip(1).filter_map(|word| word.parse::<u32>().ok()));
        }
    }
    repairs
}

/// The one source. Several lines about the same number are one source, and repair streams are none.
fn ssrc(section: &Section<'_>, defects: &mut Vec<Defect>) -> Option<Ssrc> {
    let mut found = Vec::new();
    for value in section.level.all("ssrc") {
        let number = value.split_ascii_whitespace().next().unwrap_or_default();
        match number.parse::<u32>() {
            Ok(ssrc) => found.push(ssrc),
            Err(_) => {
                defects.push(Defect::Ssrc(excerpt(number)));
                break;
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    let repairs = repairs(section);
    found.retain(|ssrc| !repairs.contains(ssrc));
    if found.len() > 1 {
        defects.push(Defect::SeveralSsrcs(found.len()));
    }
    found.first().copied().map(Ssrc)
}

fn check_streams(section: &Section<'_>, defects: &mut Vec<Defect>) {
    let mut streams: Vec<&str> = section.level.all("msid").collect();
    streams.sort_unstable();
    streams.dedup();
    if streams.len() > 1 {
        defects.push(Defect::SeveralStreams(streams.len()));
    }
}

fn is_bundled(description: &Description<'_>, mid: &str) -> bool {
    description.session.all("group").any(|value| {
        let mut words = value.split_ascii_whitespace();
        words.next() == Some("BUNDLE") && words.any(|word| word == mid)
    })
}
