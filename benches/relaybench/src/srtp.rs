//! SRTP, AES_CM_128_HMAC_SHA1_80/_32 (RFC 3711), one direction of one stream; enough for a load generator and for the floor.
use aes::Aes128;
use aes::cipher::{InnerIvInit, KeyInit, KeyIvInit, StreamCipher, StreamCipherCoreWrapper};
use ctr::{Ctr128BE, CtrCore, flavors::Ctr128BE as Flavor};
use hmac::{Hmac, Mac};
use sha1::Sha1;

#[derive(Clone)]
pub struct Srtp {
    aes: Aes128,
    mac: Hmac<Sha1>,
    salt: [u8; 14],
    pub tag: usize,
    roc: u32,
    last: Option<u16>,
}

impl Srtp {
    /// `master` is the 30-byte key and salt of SDES or of the DTLS exporter; `tag` is 10 or 4 bytes.
    pub fn new(master: &[u8], tag: usize) -> Self {
        let kdf = |label: u8, out: &mut [u8]| {
            let mut iv = [0u8; 16];
            iv[..14].copy_from_slice(&master[16..30]);
            iv[7] ^= label;
            out.fill(0);
            Ctr128BE::<Aes128>::new(master[..16].into(), &iv.into()).apply_keystream(out);
        };
        let (mut k, mut a, mut salt) = ([0; 16], [0; 20], [0; 14]);
        kdf(0, &mut k);
        kdf(1, &mut a);
        kdf(2, &mut salt);
        let mac = <Hmac<Sha1> as Mac>::new_from_slice(&a).unwrap();
        Srtp { aes: Aes128::new(&k.into()), mac, salt, tag, roc: 0, last: None }
    }
    fn crypt(&self, p: &mut [u8], hdr: usize, roc: u32) {
        let mut iv = [0u8; 16];
        iv[..14].copy_from_slice(&self.salt);
        for i in 0..4 {
            iv[4 + i] ^= p[8 + i]
        }
        for (i, b) in roc.to_be_bytes().iter().chain(&p[2..4]).enumerate() {
            iv[8 + i] ^= b
        }
        let core = CtrCore::<Aes128, Flavor>::inner_iv_init(self.aes.clone(), &iv.into());
        StreamCipherCoreWrapper::from_core(core).apply_keystream(&mut p[hdr..]);
    }
    fn sign(&self, p: &[u8], roc: u32) -> [u8; 20] {
        let mut m = self.mac.clone();
        m.update(p);
        m.update(&roc.to_be_bytes());
        m.finalize().into_bytes().into()
    }
    fn roc_of(&mut self, p: &[u8]) -> u32 {
        let seq = u16::from_be_bytes([p[2], p[3]]);
        let last = self.last.unwrap_or(seq);
        match seq.wrapping_sub(last) < 0x8000 {
            true if seq < last => self.roc.wrapping_add(1),
            false if seq > last => self.roc.wrapping_sub(1),
            _ => self.roc,
        }
    }
    fn commit(&mut self, p: &[u8], roc: u32) {
        self.roc = roc;
        self.last = Some(u16::from_be_bytes([p[2], p[3]]));
    }
    pub fn protect(&mut self, p: &mut Vec<u8>) {
        let roc = self.roc_of(p);
        let h = hdr_len(p);
        self.crypt(p, h, roc);
        let t = self.sign(p, roc);
        self.commit(p, roc);
        p.extend_from_slice(&t[..self.tag]);
    }
    /// Length of the packet without its tag, or None where it does not authenticate.
    pub fn unprotect(&mut self, p: &mut [u8]) -> Option<usize> {
        let n = p.len().checked_sub(self.tag).filter(|n| *n >= 12)?;
        let (roc, h) = (self.roc_of(p), hdr_len(p));
        if h > n || self.sign(&p[..n], roc)[..self.tag] != p[n..] {
            return None;
        }
        self.crypt(&mut p[..n], h, roc);
        self.commit(p, roc);
        Some(n)
    }
}

pub fn hdr_len(p: &[u8]) -> usize {
    let h = 12 + 4 * (p[0] & 15) as usize;
    if p[0] & 16 != 0 && p.len() >= h + 4 { h + 4 + 4 * u16::from_be_bytes([p[h + 2], p[h + 3]]) as usize } else { h }
}
