//! Just enough STUN for a peer (RFC 8489): one message with integrity and fingerprint.
use hmac::{Hmac, Mac};
use sha1::Sha1;

pub fn stun(kind: u16, txid: &[u8; 12], attrs: &[(u16, Vec<u8>)], pwd: &str) -> Vec<u8> {
    let mut b = [&kind.to_be_bytes()[..], &[0, 0], &0x2112A442u32.to_be_bytes(), txid].concat();
    let put = |b: &mut Vec<u8>, t: u16, v: &[u8]| {
        b.extend(t.to_be_bytes());
        b.extend((v.len() as u16).to_be_bytes());
        b.extend(v);
        b.resize(b.len().next_multiple_of(4), 0);
    };
    let len = |b: &mut Vec<u8>, more: usize| {
        let n = (b.len() - 20 + more) as u16;
        b[2..4].copy_from_slice(&n.to_be_bytes())
    };
    for (t, v) in attrs {
        put(&mut b, *t, v)
    }
    len(&mut b, 24);
    let mac = <Hmac<Sha1> as Mac>::new_from_slice(pwd.as_bytes()).unwrap().chain_update(&b).finalize().into_bytes();
    put(&mut b, 0x0008, &mac);
    len(&mut b, 8);
    let crc = crc32fast::hash(&b) ^ 0x5354554e;
    put(&mut b, 0x8028, &crc.to_be_bytes());
    b
}
