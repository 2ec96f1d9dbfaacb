//! ICE credentials, candidates, fingerprint and DTLS role.

use std::net::{IpAddr, SocketAddr};

use ahoy_types::{Fingerprint, IcePwd, Ufrag};

use crate::defect::{Defect, excerpt};
use crate::lines::{Description, Section};
use crate::remote::{Fingerprints, RemoteKeying, Setup};

/// Reads the keying of a DTLS number. `None` when something is wrong; then `defects` says what.
pub(crate) fn read(
    description: &Description<'_>,
    section: &Section<'_>,
    is_answer: bool,
    fingerprints: Fingerprints,
    defects: &mut Vec<Defect>,
) -> Option<RemoteKeying> {
    let has = |name| description.level_of(section, name).has(name);
    // A description in the other mode lacks all of it; the one sentence of `media.md` §1 says it best.
    if !has("fingerprint") && has("crypto") {
        defects.push(Defect::NoFingerprint);
        return None;
    }
    let fingerprint = keep(fingerprint(description, section, fingerprints), defects);
    let ufrag = keep(ufrag(description, section), defects);
    let pwd = keep(pwd(description, section), defects);
    let setup = keep(setup(description, section, is_answer), defects);
    Some(RemoteKeying::Dtls {
        ufrag: ufrag?,
        pwd: pwd?,
        fingerprint: fingerprint?,
        setup: setup?,
        ice_lite: has("ice-lite"),
    })
}

fn keep<T>(result: Result<T, Defect>, defects: &mut Vec<Defect>) -> Option<T> {
    result.map_err(|defect| defects.push(defect)).ok()
}

/// The SHA-256 fingerprint of the level that speaks about it. Others are a defect on either level, or passed over, as the
/// policy says: new aiortc sends three hashes.
fn fingerprint(
    description: &Description<'_>,
    section: &Section<'_>,
    allowed: Fingerprints,
) -> Result<Fingerprint, Defect> {
    let mut found = None;
    let level = description.level_of(section, "fingerprint");
    for value in level.all("fingerprint") {
        let (hash, octets) = hash_and_octets(value);
        if !is_sha256(hash) {
            continue;
        }
        let fingerprint = octets
            .parse()
            .map_err(|_| Defect::Fingerprint(excerpt(octets.trim())))?;
        if found.is_some_and(|f| f != fingerprint) {
            return Err(Defect::SeveralFingerprints);
        }
        found = Some(fingerprint);
    }
    let session = description.session.all("fingerprint");
    let others = other_hashes(session.chain(section.level.all("fingerprint")));
    match (found, others) {
        (None, None) => Err(Defect::NoFingerprint),
        (None, Some(others)) => Err(Defect::FingerprintHash(others)),
        (Some(_), Some(others)) if allowed == Fingerprints::Sha256Only => {
            Err(Defect::OtherFingerprints(others))
        }
        (Some(fingerprint), _) => Ok(fingerprint),
    }
}

fn hash_and_octets(value: &str) -> (&str, &str) {
    value.split_once([' ', '\t']).unwrap_or((value, ""))
}

fn is_sha256(hash: &str) -> bool {
    hash.eq_ignore_ascii_case("sha-256")
}

/// The first few hash functions other than SHA-256, for a sentence.
fn other_hashes<'a>(values: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut others: Vec<String> = Vec::new();
    for value in values {
        let (hash, _) = hash_and_octets(value);
        let name = excerpt(&hash.to_ascii_lowercase());
        if !is_sha256(hash) && others.len() < 4 && !others.contains(&name) {
            others.push(name);
        }
    }
    (!others.is_empty()).then(|| others.join(", "))
}

/// The characters of RFC 8839 §5.4, `ice-char`.
fn is_credential(text: &str, shortest: usize) -> bool {
    let is_ice_char = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    (shortest..=256).contains(&text.len()) && text.bytes().all(is_ice_char)
}

fn ufrag(description: &Description<'_>, section: &Section<'_>) -> Result<Ufrag, Defect> {
    let level = description.level_of(section, "ice-ufrag");
    let text = level.first("ice-ufrag").ok_or(Defect::NoUfrag)?;
    if is_credential(text, 4) {
        Ok(Ufrag(text.into()))
    } else {
        Err(Defect::Ufrag(excerpt(text)))
    }
}

fn pwd(description: &Description<'_>, section: &Section<'_>) -> Result<IcePwd, Defect> {
    let level = description.level_of(section, "ice-pwd");
    let text = level.first("ice-pwd").ok_or(Defect::NoPwd)?;
    // The platform's own passwords are base64 with its padding, and so are those of stacks that do likewise.
    let unpadded = text.trim_end_matches('=');
    if text.len() - unpadded.len() <= 2 && is_credential(unpadded, 22) {
        Ok(IcePwd(text.into()))
    } else {
        Err(Defect::Pwd(text.chars().count()))
    }
}

/// The role. An answer without one is `active` (RFC 4145 §4.1); an offer has to name one (`media.md` §4.1 rule 6).
fn setup(
    description: &Description<'_>,
    section: &Section<'_>,
    is_answer: bool,
) -> Result<Setup, Defect> {
    let word = description.level_of(section, "setup").first("setup");
    let word = match word {
        None if is_answer => return Ok(Setup::Active),
        None => return Err(Defect::NoSetup),
        Some(word) => word,
    };
    let known = [Setup::Active, Setup::Passive, Setup::Actpass]
        .into_iter()
        .find(|s| s.as_str().eq_ignore_ascii_case(word));
    match known {
        Some(Setup::Actpass) | None if is_answer => Err(Defect::Setup {
            value: excerpt(word),
            side: "an answer",
            allowed: "active or passive",
        }),
        None => Err(Defect::Setup {
            value: excerpt(word),
            side: "an offer",
            allowed: "actpass, active or passive",
        }),
        Some(setup) => Ok(setup),
    }
}

/// UDP candidates of component 1. Lines that cannot be understood, host names and TCP are passed over (RFC 8839 §5.1):
/// media follows the nominated pair.
pub(crate) fn candidates(section: &Section<'_>) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for value in section.level.all("candidate") {
        let words: Vec<&str> = value.split_ascii_whitespace().take(8).collect();
        if let [_, "1", transport, _, address, port, "typ", _] = words[..]
            && transport.eq_ignore_ascii_case("udp")
            && let (Ok(ip), Ok(port)) = (address.parse::<IpAddr>(), port.parse::<u16>())
            && port != 0
        {
            found.push(SocketAddr::new(ip, port));
        }
    }
    found
}
