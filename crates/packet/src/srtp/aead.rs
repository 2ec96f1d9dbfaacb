//! AES in Galois counter mode as RFC 7714 uses it.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::SrtpError;
use super::keys::SessionKeys;

/// Bytes of a tag.
pub(super) const TAG: usize = 16;

/// Galois counter mode of RTP or RTCP in one direction.
pub(super) struct Galois {
    key: LessSafeKey,
    salt: [u8; 12],
}

impl Galois {
    pub(super) fn new(keys: &SessionKeys) -> Result<Self, SrtpError> {
        let algorithm = match keys.key().len() {
            16 => &AES_128_GCM,
            _ => &AES_256_GCM,
        };
        let key = UnboundKey::new(algorithm, keys.key()).map_err(|_| SrtpError::KeyLength)?;
        let [salt @ .., _, _] = keys.salt;
        Ok(Self {
            key: LessSafeKey::new(key),
            salt,
        })
    }

    /// Two zero bytes, the source, and the 48-bit index (RTP) or 31-bit index (RTCP), all under the salt (§8.1, §9.1).
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let [.., i0, i1, i2, i3, i4, i5] = index.to_be_bytes();
        let [s0, s1, s2, s3] = ssrc.to_be_bytes();
        let mut nonce = [0, 0, s0, s1, s2, s3, i0, i1, i2, i3, i4, i5];
        for (byte, salt) in nonce.iter_mut().zip(self.salt) {
            *byte ^= salt;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Encrypts `data` in place and returns its tag.
    pub(super) fn seal(
        &self,
        ssrc: u32,
        index: u64,
        associated: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; TAG], SrtpError> {
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(ssrc, index), Aad::from(associated), data)
            .map_err(|_| SrtpError::KeyExhausted)?;
        tag.as_ref().try_into().map_err(|_| SrtpError::KeyExhausted)
    }

    /// Decrypts `data`, which ends with its tag, in place; without success its bytes are unspecified.
    pub(super) fn open(
        &self,
        ssrc: u32,
        index: u64,
        associated: &[u8],
        data: &mut [u8],
    ) -> Result<(), SrtpError> {
        self.key
            .open_in_place(self.nonce(ssrc, index), Aad::from(associated), data)
            .map(|_| ())
            .map_err(|_| SrtpError::Authentication)
    }
}
