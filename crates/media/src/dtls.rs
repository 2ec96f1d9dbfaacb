//! The DTLS end of a leg (RFC 5764), around [`ahoy_packet::dtls`]. Sans-I/O: datagrams and time come in, datagrams and news go out.

use std::time::Instant;

use ahoy_packet::dtls::{self, Endpoint, Established, Failure};
use ahoy_packet::srtp::{self, DtlsKeys, Profile};
use ahoy_types::Fingerprint;

use crate::{DtlsRole, MediaError};

/// The certificate of an engine.
#[derive(Clone)]
pub(crate) struct Identity {
    identity: dtls::Identity,
    /// What goes into our session descriptions.
    pub fingerprint: Fingerprint,
}

impl Identity {
    /// A new ECDSA P-256 certificate: small flights that need no fragmentation (`media.md` §6).
    pub fn generate() -> Result<Self, MediaError> {
        let identity = dtls::Identity::generate().map_err(MediaError::Certificate)?;
        Ok(Self {
            fingerprint: Fingerprint(identity.fingerprint()),
            identity,
        })
    }
}

/// What a finished handshake yields: keys that are worth nothing until the fingerprint is compared.
pub(crate) struct Outcome {
    pub peer: Fingerprint,
    pub keys: DtlsKeys,
    pub established: Established,
}

/// One DTLS association until it has keys.
pub(crate) struct Handshake(Endpoint);

impl Handshake {
    pub fn new(identity: &Identity, role: DtlsRole, now: Instant) -> Self {
        let role = match role {
            DtlsRole::Client => srtp::DtlsRole::Client,
            DtlsRole::Server => srtp::DtlsRole::Server,
        };
        Self(Endpoint::new(&identity.identity, role, now))
    }
    /// When [`Handshake::advance`] wants to be called without a datagram.
    pub fn due(&self) -> Option<Instant> {
        Some(self.0.due())
    }
    /// Moves on with a datagram, or with time alone. After an outcome or a failure the association is of no more use.
    pub fn advance(
        &mut self,
        packet: Option<&[u8]>,
        now: Instant,
        mut send: impl FnMut(&[u8]),
    ) -> Result<Option<Box<Outcome>>, Failure> {
        let done = self.0.advance(packet, now, &mut send)?;
        Ok(done.map(|outcome| {
            Box::new(Outcome {
                peer: Fingerprint(outcome.peer),
                keys: outcome.keys,
                established: outcome.established,
            })
        }))
    }
}

/// Whether every record of a datagram could belong to a handshake. An association queues what it cannot use yet, and gives up when
/// the queue is full; rubbish with the right address must not get that far.
pub(crate) fn is_plausible(datagram: &[u8]) -> bool {
    let mut rest = datagram;
    let mut records = 0;
    while let Some((header, behind)) = rest.split_first_chunk::<13>() {
        // Type, version, epoch, 48 bits of sequence number, length (RFC 6347 §4.1).
        let [kind, 0xfe, _, 0, epoch @ 0..=1, 0, 0, 0, 0, _, _, l0, l1] = *header else {
            return false;
        };
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let Some((body, next)) = behind.split_at_checked(length) else {
            return false;
        };
        let plausible = match (kind, epoch) {
            (20, _) => body == [1],
            (21, 0) => matches!(body, [1 | 2, _]),
            (22, 0) => is_plausible_message(body),
            // Encrypted: more than the tag of any cipher of ours (RFC 5288 §3, RFC 7905 §2).
            (21 | 22, _) => body.len() > 16,
            _ => false,
        };
        if !plausible {
            return false;
        }
        rest = next;
        records += 1;
    }
    records > 0 && rest.is_empty()
}

/// A handshake message or a fragment of one: type, length, message number, fragment offset and length (RFC 6347 §4.2.2).
fn is_plausible_message(body: &[u8]) -> bool {
    let Some((header, fragment)) = body.split_first_chunk::<12>() else {
        return false;
    };
    let [kind, a0, a1, a2, 0, number, b0, b1, b2, c0, c1, c2] = *header else {
        return false;
    };
    let [length, offset, part] =
        [[0, a0, a1, a2], [0, b0, b1, b2], [0, c0, c1, c2]].map(|n| u32::from_be_bytes(n) as usize);
    let known = matches!(kind, 0..=4 | 11..=16 | 20);
    known && number < 32 && length <= 1 << 14 && offset + part <= length && part <= fragment.len()
}

/// Whether a datagram begins with a DTLS handshake record holding a ClientHello (RFC 6347 §4.1, §4.2.2).
pub(crate) fn is_client_hello(packet: &[u8]) -> bool {
    // Content type 22, epoch 0, then behind the 13-byte record header message type 1.
    matches!(packet, [22, 0xfe, _, 0, 0, ..]) && packet.get(13) == Some(&1)
}

/// Whether a datagram begins with a record of a handshake: content type 22, or 20, ChangeCipherSpec.
pub(crate) fn is_handshake(packet: &[u8]) -> bool {
    matches!(packet, [20 | 22, 0xfe, ..])
}

/// Whether a datagram begins with an alert of a finished handshake (content type 21, epoch 1 or more). What it says is encrypted.
pub(crate) fn is_protected_alert(packet: &[u8]) -> bool {
    matches!(packet, [21, 0xfe, _, e0, e1, ..] if (*e0, *e1) != (0, 0))
}

/// The name of a profile in RFC 5764 §4.1.2 or RFC 7714 §14.2.
pub(crate) const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Aes128CmSha1_80 => "SRTP_AES128_CM_HMAC_SHA1_80",
        Profile::Aes128CmSha1_32 => "SRTP_AES128_CM_HMAC_SHA1_32",
        Profile::Aes256CmSha1_80 => "AES_256_CM_HMAC_SHA1_80",
        Profile::Aes256CmSha1_32 => "AES_256_CM_HMAC_SHA1_32",
        Profile::Aes128Gcm => "SRTP_AEAD_AES_128_GCM",
        Profile::Aes256Gcm => "SRTP_AEAD_AES_256_GCM",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// A whole handshake between two of our own, every datagram shown to `see`.
    fn handshake(mut see: impl FnMut(&[u8])) -> [Outcome; 2] {
        let identity = Identity::generate().unwrap();
        let now = Instant::now();
        let mut ends =
            [DtlsRole::Client, DtlsRole::Server].map(|role| Handshake::new(&identity, role, now));
        let mut outcomes = [None, None];
        let mut waiting: Vec<(usize, Vec<u8>)> = Vec::new();
        let start = ends[0].advance(None, now, |d| waiting.push((1, d.to_vec())));
        assert!(start.unwrap().is_none());
        while !waiting.is_empty() {
            let (to, datagram) = waiting.remove(0);
            see(&datagram);
            let step = ends[to].advance(Some(&datagram), now, |d| {
                waiting.push((1 - to, d.to_vec()));
            });
            if let Some(outcome) = step.unwrap() {
                outcomes[to] = Some(*outcome);
            }
        }
        outcomes.map(Option::unwrap)
    }

    #[test]
    fn a_handshake_is_plausible_and_gives_both_ends_the_same_keys() {
        let mut seen = 0;
        let [client, server] = handshake(|datagram| {
            seen += 1;
            assert!(is_plausible(datagram), "{datagram:02x?}");
            assert!(is_handshake(datagram) && !is_protected_alert(datagram));
            assert_eq!(is_client_hello(datagram), seen == 1);
        });
        assert!(seen >= 4);
        assert_eq!(client.peer, server.peer);
        assert_eq!(client.keys.outbound, server.keys.inbound);
        assert_eq!(client.keys.inbound, server.keys.outbound);
    }

    proptest! {
        #[test]
        fn rubbish_is_not_plausible(datagram in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(!is_plausible(&datagram));
        }

        #[test]
        fn nor_is_a_record_of_rubbish(kind in 20u8..=25, body in proptest::collection::vec(any::<u8>(), 3..400), tail in any::<[u8; 2]>()) {
            let [l0, l1] = (body.len() as u16).to_be_bytes();
            let mut datagram = vec![kind, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, tail[0], tail[1], l0, l1];
            datagram.extend(&body);
            // A message header of random bytes says something possible once in 2^30 times.
            prop_assert!(!is_plausible(&datagram) || kind == 22);
        }
    }
}
