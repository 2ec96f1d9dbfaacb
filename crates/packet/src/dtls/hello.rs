//! ClientHello and ServerHello with the extensions that matter here.

use super::message::u24_at;
use super::suite::{
    Authentication, Group, OWN_SCHEME, PROFILES, RENEGOTIATION_SCSV, SCHEMES, SUITES, Scheme,
    Suite, is_rsa_suite,
};
use super::{Failure, Field};
use crate::bytes::u16_at;
use crate::srtp::Profile;

/// A random of client or server.
pub(super) type Random = [u8; 32];

const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const USE_SRTP: u16 = 14;
const EXTENDED_MASTER_SECRET: u16 = 23;
const RENEGOTIATION_INFO: u16 = 0xff01;

/// Reads fields one after the other.
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }
    pub fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    pub fn u16(&mut self) -> Option<u16> {
        u16_at(self.take(2)?, 0)
    }
    /// A field with its length in one byte.
    pub fn short(&mut self) -> Option<&'a [u8]> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }
    /// A field with its length in two bytes.
    pub fn long(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }
    /// A field with its length in three bytes.
    pub fn longer(&mut self) -> Option<&'a [u8]> {
        let length = u24_at(self.take(3)?, 0)?;
        self.take(length)
    }
}

/// Numbers of two bytes each.
pub(super) fn numbers(bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
    bytes.chunks_exact(2).filter_map(|pair| u16_at(pair, 0))
}

/// The extensions of a hello: number and body.
fn extensions<'a>(reader: &mut Reader<'a>) -> Option<Vec<(u16, &'a [u8])>> {
    let mut found = Vec::new();
    if reader.0.is_empty() {
        return Some(found);
    }
    let mut list = Reader(reader.long()?);
    while !list.0.is_empty() {
        let number = list.u16()?;
        found.push((number, list.long()?));
    }
    Some(found)
}

/// What a server chooses from a ClientHello.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub random: Random,
    pub suite: Suite,
    pub group: Group,
    pub profile: Profile,
    pub extended_master_secret: bool,
    pub renegotiation_info: bool,
}

fn random(reader: &mut Reader<'_>) -> Option<Random> {
    reader.take(32)?.try_into().ok()
}

/// Reads a ClientHello and chooses, as a server with an ECDSA certificate.
pub(super) fn choose(body: &[u8]) -> Result<Chosen, Failure> {
    let malformed = || Failure::Malformed(Field::ClientHello);
    let mut reader = Reader(body);
    // DTLS 1.3 says 1.2 here too; versions count downwards.
    if !matches!(reader.take(2).ok_or_else(malformed)?, [0xfe, 0x00..=0xfd]) {
        return Err(Failure::Version);
    }
    let random = random(&mut reader).ok_or_else(malformed)?;
    let _session = reader.short().ok_or_else(malformed)?;
    let _cookie = reader.short().ok_or_else(malformed)?;
    let suites: Vec<u16> = numbers(reader.long().ok_or_else(malformed)?).collect();
    let _compression = reader.short().ok_or_else(malformed)?;
    let extensions = extensions(&mut reader).ok_or_else(malformed)?;
    let extension = |number: u16| {
        let of = |(found, _): &&(u16, &[u8])| *found == number;
        extensions.iter().find(of).map(|(_, body)| *body)
    };

    let ours = SUITES
        .into_iter()
        .filter(|suite| suite.authentication == Authentication::Ecdsa);
    let suite = ours.into_iter().find(|suite| suites.contains(&suite.id));
    let suite = suite.ok_or_else(|| {
        let real = suites.iter().filter(|id| **id != RENEGOTIATION_SCSV);
        if !suites.is_empty() && real.clone().all(|id| is_rsa_suite(*id)) {
            Failure::RsaSuitesOnly
        } else {
            Failure::NoSuite
        }
    })?;

    let groups = match extension(SUPPORTED_GROUPS) {
        Some(body) => numbers(Reader(body).long().ok_or_else(malformed)?).collect(),
        // A client without the extension takes any (RFC 8422 §4).
        None => vec![Group::P256.id()],
    };
    let group = Group::ALL
        .into_iter()
        .find(|group| groups.contains(&group.id()))
        .ok_or(Failure::NoGroup)?;

    if let Some(body) = extension(SIGNATURE_ALGORITHMS) {
        let list = Reader(body).long().ok_or_else(malformed)?;
        if !numbers(list).any(|scheme| scheme == OWN_SCHEME.0) {
            return Err(Failure::NoScheme);
        }
    }

    let body = extension(USE_SRTP).ok_or(Failure::NoSrtp)?;
    let offered: Vec<u16> = numbers(Reader(body).long().ok_or_else(malformed)?).collect();
    let profile = PROFILES
        .into_iter()
        .find(|(number, _)| offered.contains(number))
        .map(|(_, profile)| profile)
        .ok_or(Failure::NoSrtp)?;

    Ok(Chosen {
        random,
        suite,
        group,
        profile,
        extended_master_secret: extension(EXTENDED_MASTER_SECRET).is_some(),
        renegotiation_info: extension(RENEGOTIATION_INFO).is_some()
            || suites.contains(&RENEGOTIATION_SCSV),
    })
}

fn extension(out: &mut Vec<u8>, number: u16, body: &[u8]) {
    out.extend(number.to_be_bytes());
    out.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(body);
}

fn list(numbers: impl Iterator<Item = u16>) -> Vec<u8> {
    let bytes: Vec<u8> = numbers.flat_map(u16::to_be_bytes).collect();
    let mut out = u16::try_from(bytes.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes()
        .to_vec();
    out.extend(bytes);
    out
}

fn number_of(profile: Profile) -> u16 {
    let of = |(_, known): &&(u16, Profile)| *known == profile;
    PROFILES.iter().find(of).map_or(1, |(number, _)| *number)
}

/// The body of a ServerHello.
pub(super) fn server_hello(chosen: &Chosen, random: &Random) -> Vec<u8> {
    let mut out = super::record::VERSION.to_vec();
    out.extend(random);
    // No session to resume, and no compression.
    out.push(0);
    out.extend(chosen.suite.id.to_be_bytes());
    out.push(0);
    let mut more = Vec::new();
    if chosen.renegotiation_info {
        extension(&mut more, RENEGOTIATION_INFO, &[0]);
    }
    if chosen.extended_master_secret {
        extension(&mut more, EXTENDED_MASTER_SECRET, &[]);
    }
    extension(&mut more, POINT_FORMATS, &[1, 0]);
    let mut srtp = list(std::iter::once(number_of(chosen.profile)));
    srtp.push(0);
    extension(&mut more, USE_SRTP, &srtp);
    out.extend(u16::try_from(more.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(more);
    out
}

/// The body of a ClientHello.
pub(super) fn client_hello(random: &Random, cookie: &[u8]) -> Vec<u8> {
    let mut out = super::record::VERSION.to_vec();
    out.extend(random);
    out.push(0);
    out.push(u8::try_from(cookie.len()).unwrap_or(u8::MAX));
    out.extend(cookie);
    out.extend(list(SUITES.iter().map(|suite| suite.id)));
    out.extend([1, 0]);
    let mut more = Vec::new();
    extension(&mut more, RENEGOTIATION_INFO, &[0]);
    extension(&mut more, EXTENDED_MASTER_SECRET, &[]);
    extension(
        &mut more,
        SUPPORTED_GROUPS,
        &list(Group::ALL.iter().map(|group| group.id())),
    );
    extension(&mut more, POINT_FORMATS, &[1, 0]);
    extension(
        &mut more,
        SIGNATURE_ALGORITHMS,
        &list(SCHEMES.iter().map(|scheme| scheme.0)),
    );
    let mut srtp = list(PROFILES.iter().map(|(number, _)| *number));
    srtp.push(0);
    extension(&mut more, USE_SRTP, &srtp);
    out.extend(u16::try_from(more.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(more);
    out
}

/// What a server has chosen.
#[derive(Debug, Clone)]
pub(super) struct ServerChoice {
    pub random: Random,
    pub suite: Suite,
    pub profile: Profile,
    pub extended_master_secret: bool,
}

/// Reads a ServerHello.
pub(super) fn read_server_hello(body: &[u8]) -> Result<ServerChoice, Failure> {
    let malformed = || Failure::Malformed(Field::ServerHello);
    let mut reader = Reader(body);
    if reader.take(2).ok_or_else(malformed)? != super::record::VERSION {
        return Err(Failure::Version);
    }
    let random = random(&mut reader).ok_or_else(malformed)?;
    let _session = reader.short().ok_or_else(malformed)?;
    let suite = reader.u16().ok_or_else(malformed)?;
    let suite = Suite::of(suite).ok_or(Failure::NoSuite)?;
    let _compression = reader.u8().ok_or_else(malformed)?;
    let mut profile = None;
    let mut extended_master_secret = false;
    for (number, body) in extensions(&mut reader).ok_or_else(malformed)? {
        match number {
            USE_SRTP => {
                let chosen = Reader(body).long().and_then(|list| u16_at(list, 0));
                let chosen = chosen.ok_or_else(malformed)?;
                let known = PROFILES.into_iter().find(|(known, _)| *known == chosen);
                profile = known.map(|(_, profile)| profile);
            }
            EXTENDED_MASTER_SECRET => extended_master_secret = true,
            _ => {}
        }
    }
    Ok(ServerChoice {
        random,
        suite,
        profile: profile.ok_or(Failure::NoSrtp)?,
        extended_master_secret,
    })
}

/// The cookie of a HelloVerifyRequest (RFC 6347 §4.2.1).
pub(super) fn cookie(body: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(body);
    reader.take(2)?;
    reader.short()
}

/// A chain of certificates with ours alone in it.
pub(super) fn certificate_list(der: &[u8]) -> Vec<u8> {
    use super::message::u24;
    let mut out = u24(der.len() + 3).to_vec();
    out.extend(u24(der.len()));
    out.extend(der);
    out
}

/// The first certificate of a chain; `None` inside where the chain is empty.
pub(super) fn first_certificate(body: &[u8]) -> Option<Option<&[u8]>> {
    let mut chain = Reader(Reader(body).longer()?);
    if chain.0.is_empty() {
        return Some(None);
    }
    chain.longer().map(Some)
}

/// The body of a CertificateRequest: RSA and ECDSA keys (the latter stands for Ed25519 too, RFC 8422 §5.5), any issuer.
pub(super) fn certificate_request() -> Vec<u8> {
    const RSA_SIGN: u8 = 1;
    const ECDSA_SIGN: u8 = 64;
    let mut out = vec![2, ECDSA_SIGN, RSA_SIGN];
    out.extend(list(SCHEMES.iter().map(|scheme| scheme.0)));
    out.extend([0, 0]);
    out
}

/// The schemes that a server's CertificateRequest takes.
pub(super) fn requested_schemes(body: &[u8]) -> Option<Vec<Scheme>> {
    let mut reader = Reader(body);
    reader.short()?;
    Some(numbers(reader.long()?).map(Scheme).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn our_hellos_read_each_other() {
        let hello = client_hello(&[7; 32], &[]);
        let chosen = choose(&hello).unwrap();
        assert_eq!(chosen.random, [7; 32]);
        assert!(chosen.extended_master_secret && chosen.renegotiation_info);
        let answer = read_server_hello(&server_hello(&chosen, &[8; 32])).unwrap();
        assert_eq!(answer.suite, chosen.suite);
        assert_eq!(answer.profile, Profile::Aes256Gcm);
        assert!(answer.extended_master_secret);
    }

    #[test]
    fn what_is_missing_is_named() {
        let hello = client_hello(&[7; 32], &[]);
        let suites_at = 2 + 32 + 1 + 1;
        let with_suites = |ids: &[u16]| {
            let mut changed = hello[..suites_at].to_vec();
            changed.extend(list(ids.iter().copied()));
            changed.extend(&hello[suites_at + 2 + 2 * SUITES.len()..]);
            changed
        };
        let chosen = |ids: &[u16]| choose(&with_suites(ids)).map(|chosen| chosen.suite.id);
        assert_eq!(chosen(&[0xc02f, 0xc02b]), Ok(0xc02b));
        // Key transport and ECDHE with an RSA certificate, and the signalling value.
        assert_eq!(
            chosen(&[0xc02f, 0x009c, 0x002f, 0x00ff]),
            Err(Failure::RsaSuitesOnly)
        );
        assert_eq!(chosen(&[0xc009]), Err(Failure::NoSuite));
        assert_eq!(
            choose(&hello[..10]).unwrap_err(),
            Failure::Malformed(Field::ClientHello)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (choose(&body), read_server_hello(&body), cookie(&body), first_certificate(&body), requested_schemes(&body));
        }
    }
}
