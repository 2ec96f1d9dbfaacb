//! The peers' side of DTLS-SRTP, by OpenSSL over a queue instead of a socket.
use openssl::ssl::*;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

/// The DTLS certificate every simulated party shares, and its fingerprint.
pub struct Tls {
    pub ctx: SslContext,
    pub fingerprint: String,
}
impl Tls {
    pub fn new() -> Self {
        use openssl::{asn1::Asn1Time, ec::*, hash::MessageDigest, nid::Nid, pkey::PKey, x509::*};
        let key = EcKey::generate(&EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap()).unwrap();
        let key = PKey::from_ec_key(key).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_text("CN", "relaybench").unwrap();
        let name = name.build();
        let mut c = X509::builder().unwrap();
        c.set_version(2).unwrap();
        c.set_subject_name(&name).unwrap();
        c.set_issuer_name(&name).unwrap();
        c.set_pubkey(&key).unwrap();
        c.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        c.set_not_after(&Asn1Time::days_from_now(30).unwrap()).unwrap();
        c.sign(&key, MessageDigest::sha256()).unwrap();
        let cert = c.build();
        let fp: Vec<String> = cert.digest(MessageDigest::sha256()).unwrap().iter().map(|b| format!("{b:02X}")).collect();
        let mut ctx = SslContext::builder(SslMethod::dtls()).unwrap();
        ctx.set_certificate(&cert).unwrap();
        ctx.set_private_key(&key).unwrap();
        ctx.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
        ctx.set_options(SslOptions::NO_QUERY_MTU);
        ctx.set_tlsext_use_srtp("SRTP_AES128_CM_SHA1_80").unwrap();
        Tls { ctx: ctx.build(), fingerprint: fp.join(":") }
    }
}

#[derive(Default)]
pub struct Pipe {
    pub rx: VecDeque<Vec<u8>>,
    pub tx: Vec<Vec<u8>>,
}
impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let p = self.rx.pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        let n = p.len().min(buf.len());
        buf[..n].copy_from_slice(&p[..n]);
        Ok(n)
    }
}
impl Write for Pipe {
    fn write(&mut self, b: &[u8]) -> io::Result<usize> {
        self.tx.push(b.to_vec());
        Ok(b.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub trait Roles {
    fn ssl_mut_connect(&mut self);
    fn ssl_mut_accept(&mut self);
}
impl Roles for SslStream<Pipe> {
    // Neither call completes here (the pipe is empty): they set the role; `do_handshake` carries on.
    fn ssl_mut_connect(&mut self) {
        let _ = self.connect();
    }
    fn ssl_mut_accept(&mut self) {
        let _ = self.accept();
    }
}
