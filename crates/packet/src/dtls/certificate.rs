//! What is needed of an X.509 certificate: its public key. Trust comes from the fingerprint alone (RFC 8122 §5), so names, dates and
//! issuers are not looked at.

use aws_lc_rs::digest::{SHA256, digest};

use super::Failure;

/// The kind of a certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    /// RSA whose key may be used for PSS alone.
    RsaPss,
    EcP256,
    EcP384,
    EcP521,
    Ed25519,
}

/// A public key: its kind and its bytes as the verifier takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PublicKey {
    pub kind: KeyKind,
    pub bytes: Vec<u8>,
}

/// SHA-256 of a certificate, which is what a session description announces.
pub(super) fn fingerprint(der: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, der).as_ref());
    out
}

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
/// `[0] EXPLICIT`: the version.
const VERSION: u8 = 0xa0;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Shortest RSA key that is taken, in bits.
pub(super) const RSA_BITS: usize = 2048;

/// Reads values of DER one after the other (X.690 §8, §10).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value: its tag and its contents.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => {
                let (&one, rest) = rest.split_first()?;
                (usize::from(one), rest)
            }
            0x82 => {
                let (two, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(*two)), rest)
            }
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()
            .filter(|(found, _)| *found == tag)
            .map(|(_, value)| value)
    }
}

/// Algorithm, parameters' object id, key bits.
type Spki<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

fn spki(der: &[u8]) -> Option<Spki<'_>> {
    let mut certificate = Der(Der(der).expect(SEQUENCE)?);
    let mut tbs = Der(certificate.expect(SEQUENCE)?);
    let (tag, _) = tbs.next()?;
    if tag == VERSION {
        tbs.expect(INTEGER)?;
    }
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        tbs.expect(SEQUENCE)?;
    }
    let mut info = Der(tbs.expect(SEQUENCE)?);
    let mut algorithm = Der(info.expect(SEQUENCE)?);
    let id = algorithm.expect(OID)?;
    let parameters = algorithm.expect(OID);
    let bits = info.expect(BIT_STRING)?;
    // No unused bits at the end.
    let key = bits.strip_prefix(&[0])?;
    Some((id, parameters, key))
}

/// Bits of the modulus of an `RSAPublicKey` (RFC 8017 §A.1.1).
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let modulus = Der(Der(key).expect(SEQUENCE)?).expect(INTEGER)?;
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

impl PublicKey {
    /// The key of a certificate.
    pub fn of(der: &[u8]) -> Result<Self, Failure> {
        let (id, parameters, key) = spki(der).ok_or(Failure::BadCertificate)?;
        let kind = match (id, parameters) {
            (RSA, _) => KeyKind::Rsa,
            (RSA_PSS, _) => KeyKind::RsaPss,
            (EC, Some(P256)) => KeyKind::EcP256,
            (EC, Some(P384)) => KeyKind::EcP384,
            (EC, Some(P521)) => KeyKind::EcP521,
            (ED25519, _) => KeyKind::Ed25519,
            _ => return Err(Failure::UnknownKey),
        };
        if matches!(kind, KeyKind::Rsa | KeyKind::RsaPss) {
            let bits = rsa_bits(key).ok_or(Failure::BadCertificate)?;
            if bits < RSA_BITS {
                return Err(Failure::WeakKey(bits));
            }
        }
        Ok(Self {
            kind,
            bytes: key.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn our_own_certificate_has_a_key_on_p_256() {
        let identity = super::super::Identity::generate().unwrap();
        let key = PublicKey::of(identity.certificate()).unwrap();
        assert_eq!(key.kind, KeyKind::EcP256);
        assert_eq!((key.bytes.len(), key.bytes[0]), (65, 4));
    }

    #[test]
    fn a_certificate_cut_anywhere_is_none() {
        let identity = super::super::Identity::generate().unwrap();
        let der = identity.certificate();
        for length in 0..der.len() - 100 {
            // Behind the key nothing is read.
            let _ = PublicKey::of(&der[..length]);
        }
        assert_eq!(PublicKey::of(&[]), Err(Failure::BadCertificate));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(der in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = PublicKey::of(&der);
        }
    }
}
