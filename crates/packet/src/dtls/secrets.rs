//! From the key exchange to record keys, Finished and SRTP keys (RFC 5246 §6.3, §8.1, RFC 7627, RFC 5764 §4.2).

use std::fmt;

use super::hello::Random;
use super::record::{self, Protection, Window};
use super::suite::Suite;
use super::{Alert, Failure};
use crate::srtp::{DtlsKeys, DtlsRole, Keys, Profile};

const MASTER: usize = 48;
/// Bytes of a Finished (RFC 5246 §7.4.9).
pub(super) const FINISHED: usize = 12;

/// The secrets of a handshake.
pub(super) struct Secrets {
    suite: Suite,
    master: [u8; MASTER],
    client: Random,
    server: Random,
}

impl Secrets {
    /// From the shared secret; `session` is the transcript up to ClientKeyExchange where both ends have the extended master secret.
    pub fn new(
        suite: Suite,
        shared: &[u8],
        randoms: (Random, Random),
        session: Option<&[u8]>,
    ) -> Self {
        let (client, server) = randoms;
        let mut master = [0; MASTER];
        match session {
            Some(transcript) => {
                let hash = suite.hash.of(transcript);
                let label = "extended master secret";
                suite.hash.prf(shared, label, &[hash.as_ref()], &mut master);
            }
            None => {
                let seed: [&[u8]; 2] = [&client, &server];
                suite.hash.prf(shared, "master secret", &seed, &mut master);
            }
        }
        Self {
            suite,
            master,
            client,
            server,
        }
    }

    /// The record keys of client and server.
    pub fn protections(&self) -> Option<(Protection, Protection)> {
        let cipher = self.suite.cipher;
        let (key, iv) = (cipher.key_len(), cipher.iv_len());
        let mut block = [0; 2 * (32 + 12)];
        let block = block.get_mut(..2 * (key + iv))?;
        let seed: [&[u8]; 2] = [&self.server, &self.client];
        self.suite
            .hash
            .prf(&self.master, "key expansion", &seed, block);
        let (keys, ivs) = block.split_at(2 * key);
        let (client_key, server_key) = keys.split_at(key);
        let (client_iv, server_iv) = ivs.split_at(iv);
        Some((
            Protection::new(cipher, client_key, client_iv)?,
            Protection::new(cipher, server_key, server_iv)?,
        ))
    }

    /// What the Finished of this end says after the transcript.
    pub fn finished(&self, of: DtlsRole, transcript: &[u8]) -> [u8; FINISHED] {
        let label = match of {
            DtlsRole::Client => "client finished",
            DtlsRole::Server => "server finished",
        };
        let hash = self.suite.hash.of(transcript);
        let mut out = [0; FINISHED];
        self.suite
            .hash
            .prf(&self.master, label, &[hash.as_ref()], &mut out);
        out
    }

    /// SRTP keys as this role uses them.
    pub fn srtp(&self, profile: Profile, role: DtlsRole) -> Result<DtlsKeys, Failure> {
        let mut material = [0; 2 * (32 + 14)];
        let length = 2 * profile.key_and_salt_len();
        let material = material.get_mut(..length).ok_or(Failure::Internal)?;
        let seed: [&[u8]; 2] = [&self.client, &self.server];
        self.suite
            .hash
            .prf(&self.master, "EXTRACTOR-dtls_srtp", &seed, material);
        Keys::from_dtls(profile, material, role).map_err(|_| Failure::Internal)
    }
}

/// What stays of an association after the handshake: alerts can be sent and read.
pub struct Established {
    pub(super) write: Protection,
    /// Number of the next record of epoch 1.
    pub(super) number: u64,
    pub(super) read: Protection,
    pub(super) window: Window,
}

impl fmt::Debug for Established {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Established").finish_non_exhaustive()
    }
}

impl Established {
    /// A datagram with an alert.
    pub fn alert(&mut self, alert: Alert) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.write
            .seal(&mut out, record::ALERT, self.number, &alert.bytes())?;
        self.number += 1;
        Some(out)
    }

    /// The alert in a datagram of the peer, if it is authentic and new.
    pub fn read_alert(&mut self, datagram: &[u8]) -> Option<Alert> {
        let mut rest = datagram;
        while let Some((record, next)) = record::split(rest) {
            rest = next;
            let fits = record.kind == record::ALERT && record.epoch == 1;
            if !fits || !self.window.is_new(record.number) {
                continue;
            }
            if let Some(body) = self.read.open(&record) {
                self.window.note(record.number);
                return Alert::parse(&body);
            }
        }
        None
    }
}
