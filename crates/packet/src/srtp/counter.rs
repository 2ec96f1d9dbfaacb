//! AES in counter mode as RFC 3711 §4.1.1 uses it, and HMAC-SHA1 (§4.2.1) with both of its keyed states kept.

use aes::cipher::consts::U16;
use aes::cipher::{BlockCipherEncrypt, InnerIvInit, KeyInit as _, StreamCipherCore};
use aes::{Aes128Enc, Aes256Enc};
use ctr::CtrCore;
use ctr::flavors::Ctr128BE;
use hmac::Mac as _;

use super::SrtpError;
use super::keys::SessionKeys;
use crate::mac::{HmacSha1, hmac_sha1};

/// An expanded AES key, encryption only.
pub(super) enum Aes {
    Short(Aes128Enc),
    Long(Aes256Enc),
}

impl Aes {
    /// From 16 or 32 bytes; other lengths cannot come out of a profile and are cut or filled with zeros.
    pub(super) fn new(key: &[u8]) -> Self {
        fn fit<const N: usize>(key: &[u8]) -> [u8; N] {
            let mut fitted = [0; N];
            for (to, from) in fitted.iter_mut().zip(key) {
                *to = *from;
            }
            fitted
        }
        if key.len() <= 16 {
            Self::Short(Aes128Enc::new(&fit::<16>(key).into()))
        } else {
            Self::Long(Aes256Enc::new(&fit::<32>(key).into()))
        }
    }

    /// XORs `data` with the key stream that starts at counter block `iv`. At most 2^16 blocks, which no datagram reaches.
    pub(super) fn apply_keystream(&self, iv: u128, data: &mut [u8]) {
        match self {
            Self::Short(aes) => apply(aes, iv, data),
            Self::Long(aes) => apply(aes, iv, data),
        }
    }
}

fn apply<C: BlockCipherEncrypt<BlockSize = U16>>(aes: &C, iv: u128, data: &mut [u8]) {
    CtrCore::<&C, Ctr128BE>::inner_iv_init(aes, &iv.to_be_bytes().into())
        .apply_keystream_partial(data.into());
}

/// A 112-bit salt above 16 zero bits of block counter.
pub(super) fn salt_block(salt: &[u8; 14]) -> u128 {
    salt.iter()
        .fold(0, |block, byte| block << 8 | u128::from(*byte))
        << 16
}

/// Counter mode and HMAC-SHA1 of RTP or RTCP in one direction.
pub(super) struct CounterMode {
    aes: Aes,
    salt: u128,
    mac: HmacSha1,
}

/// The longest tag in use.
const TAG: usize = 10;

impl CounterMode {
    pub(super) fn new(keys: &SessionKeys) -> Self {
        Self {
            aes: Aes::new(keys.key()),
            salt: salt_block(&keys.salt),
            mac: hmac_sha1(&keys.mac),
        }
    }

    /// Encrypts or decrypts `data`, part of the packet with this source and index.
    pub(super) fn crypt(&self, ssrc: u32, index: u64, data: &mut [u8]) {
        let iv = self.salt ^ u128::from(ssrc) << 64 ^ u128::from(index) << 16;
        self.aes.apply_keystream(iv, data);
    }

    /// The tag of `data` followed by `suffix`; profiles use its first 4 or 10 bytes.
    pub(super) fn tag(&self, data: &[u8], suffix: &[u8]) -> [u8; TAG] {
        let mut mac = self.mac.clone();
        mac.update(data);
        mac.update(suffix);
        let full: [u8; 20] = mac.finalize().into_bytes().into();
        let mut tag = [0; TAG];
        for (to, from) in tag.iter_mut().zip(full) {
            *to = from;
        }
        tag
    }

    /// Whether `tag` is the beginning of the HMAC of `data` followed by `suffix`, in constant time.
    pub(super) fn verify(&self, data: &[u8], suffix: &[u8], tag: &[u8]) -> Result<(), SrtpError> {
        let mut mac = self.mac.clone();
        mac.update(data);
        mac.update(suffix);
        mac.verify_truncated_left(tag)
            .map_err(|_| SrtpError::Authentication)
    }
}
