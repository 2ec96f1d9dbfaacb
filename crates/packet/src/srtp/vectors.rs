//! Vectors of the RFCs for the parts that have no public face: key derivation, key stream, and packets under given
//! session keys.

#![allow(clippy::unwrap_used)]

use super::SrtpError;
use super::counter::{Aes, salt_block};
use super::keys::{Keys, Profile, SessionKeys};
use super::session::Session;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|p| (p[0] << 4 | p[1]) as u8).collect()
}

fn fixed<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = unhex(text);
    bytes.resize(N, 0);
    bytes.try_into().unwrap()
}

/// RFC 3711 §B.3 and RFC 6188 §7.4.
#[test]
fn session_keys_derive_as_the_rfcs_say() {
    for (profile, master, salt, cipher_key, cipher_salt, auth_key) in [
        (
            Profile::Aes128CmSha1_80,
            "E1F97A0D3E018BE0D64FA32C06DE4139",
            "0EC675AD498AFEEBB6960B3AABE6",
            "C61E7A93744F39EE10734AFE3FF7A087",
            "30CBBC08863D8C85D49DB34A9AE1",
            "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4",
        ),
        (
            Profile::Aes256CmSha1_80,
            "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
            "3b04803de51ee7c96423ab5b78d2",
            "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
            "fa31791685ca444a9e07c6c64e93",
            "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05",
        ),
    ] {
        let keys = Keys::new(profile, &unhex(master), &unhex(salt)).unwrap();
        let (rtp, rtcp) = keys.derive();
        assert_eq!(rtp.key(), unhex(cipher_key), "{profile:?}");
        assert_eq!(rtp.salt, fixed(cipher_salt), "{profile:?}");
        assert_eq!(rtp.mac, fixed(auth_key), "{profile:?}");
        assert_ne!(rtcp.key(), rtp.key());
        assert_ne!(rtcp.salt, rtp.salt);
        assert_ne!(rtcp.mac, rtp.mac);
    }
}

/// RFC 3711 §B.2: the first three blocks and three around the carry into the counter's upper byte.
#[test]
fn the_key_stream_is_the_one_of_the_rfc() {
    let aes = Aes::new(&unhex("2B7E151628AED2A6ABF7158809CF4F3C"));
    let mut stream = vec![0; 16 * 0xff02];
    let salt = fixed("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    aes.apply_keystream(salt_block(&salt), &mut stream);
    for (block, expected) in [
        (0, "E03EAD0935C95E80E166B16DD92B4EB4"),
        (1, "D23513162B02D0F72A43A2FE4A5F97AB"),
        (2, "41E95B3BB0A2E8DD477901E4FCA894C0"),
        (0xfeff, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
        (0xff00, "362B7C3C6773516318A077D7FC5073AE"),
        (0xff01, "6A2CC3787889374FBEB4C81B17BA6C44"),
    ] {
        assert_eq!(stream[16 * block..][..16], unhex(expected), "{block:#x}");
    }
}

fn galois(profile: Profile) -> Session {
    let keys = SessionKeys {
        profile,
        key: std::array::from_fn(|i| i as u8),
        mac: [0; 20],
        salt: *b"Quid pro quo\0\0",
    };
    Session::new(&keys).unwrap()
}

const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120 \
    696e2070 61727465 73207472 6573";

/// RFC 7714 §16.1.1 and §16.2.1.
#[test]
fn galois_mode_protects_rtp_as_the_rfc_says() {
    for (profile, expected) in [
        (
            Profile::Aes128Gcm,
            "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f \
             42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
        ),
        (
            Profile::Aes256Gcm,
            "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 \
             b50b2a02 76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
        ),
    ] {
        let session = galois(profile);
        let plain = unhex(RTP);
        let mut buf = plain.clone();
        buf.resize(plain.len() + 16, 0);
        let (ssrc, index) = (0x5501_a0b2, 0xf17b);
        let len = session
            .seal_rtp(profile, &mut buf, 12, plain.len(), ssrc, index)
            .unwrap();
        assert_eq!(buf[..len], unhex(expected), "{profile:?}");
        let len = session
            .open_rtp(profile, &mut buf, 12, ssrc, index)
            .unwrap();
        assert_eq!(buf[..len], plain, "{profile:?}");
    }
}

const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61 \
    deadbeef deadbeef deadbeef deadbeef deadbeef";

/// RFC 7714 §17.1 and §17.2.
#[test]
fn galois_mode_protects_rtcp_as_the_rfc_says() {
    for (profile, expected) in [
        (
            Profile::Aes128Gcm,
            "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 \
             730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
        ),
        (
            Profile::Aes256Gcm,
            "81c8000d 4d617273 d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 \
             110555be 8415f658 c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
        ),
    ] {
        let session = galois(profile);
        let plain = unhex(RTCP);
        let mut buf = plain.clone();
        buf.resize(plain.len() + 20, 0);
        let len = session
            .seal_rtcp(profile, &mut buf, plain.len(), 0x4d61_7273, 0x5d4)
            .unwrap();
        assert_eq!(buf[..len], unhex(expected), "{profile:?}");
        assert_eq!(open_rtcp(&session, &mut buf), Ok(plain), "{profile:?}");
    }
}

/// RFC 7714 §17.3 and §17.4: authenticated, not encrypted.
#[test]
fn rtcp_that_is_only_tagged_opens_too() {
    for (profile, tag) in [
        (
            Profile::Aes128Gcm,
            "841dd968 3dd78ec9 2ae58790 125f62b3 000005d4",
        ),
        (
            Profile::Aes256Gcm,
            "91db4afb feee5a97 8fab4393 ed2615fe 000005d4",
        ),
    ] {
        let session = galois(profile);
        let packet = [unhex(RTCP), unhex(tag)].concat();
        let opened = open_rtcp(&session, &mut packet.clone());
        assert_eq!(opened, Ok(unhex(RTCP)), "{profile:?}");
        for at in 0..packet.len() {
            let mut forged = packet.clone();
            forged[at] ^= 1;
            assert_eq!(
                open_rtcp(&session, &mut forged),
                Err(SrtpError::Authentication),
                "{profile:?} {at}"
            );
        }
    }
}

fn open_rtcp(session: &Session, packet: &mut [u8]) -> Result<Vec<u8>, SrtpError> {
    let (at, word) = session.index_word(packet)?;
    let len = session.open_rtcp(packet, at, word, 0x4d61_7273)?;
    Ok(packet[..len].to_vec())
}
