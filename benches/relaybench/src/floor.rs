//! What this machine cannot beat: system calls, SRTP and Opus each alone.
use crate::media::{Encoder, Frames, opus_decode, opus_decoder_create, ulaw, voice};
use crate::peer::Codec;
use crate::srtp::Srtp;
use crate::{now_ns, pin};
use std::hint::black_box;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

fn thread_cpu_ns() -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}
/// CPU microseconds per call of `f`, best and median of five rounds (best is the floor; median shows the noise).
fn cost(name: &str, mut f: impl FnMut()) {
    let mut r: Vec<f64> = (0..7)
        .map(|_| {
            let (c0, w0, mut n) = (thread_cpu_ns(), now_ns(), 0u64);
            while now_ns() - w0 < 200_000_000 {
                for _ in 0..50 {
                    f()
                }
                n += 50
            }
            (thread_cpu_ns() - c0) as f64 / n as f64 / 1000.0
        })
        .collect();
    r.sort_by(f64::total_cmp);
    println!("{name} | {:.3} | {:.3}", r[0], r[3]);
}

const MAX: usize = 64;
/// A reusable vector of datagrams for recvmmsg and sendmmsg.
pub struct Batch {
    pub bufs: Vec<[u8; 256]>,
    iov: Vec<libc::iovec>,
    pub addr: Vec<libc::sockaddr_in>,
    pub hdr: Vec<libc::mmsghdr>,
}
impl Batch {
    pub fn new(n: usize) -> Box<Self> {
        let mut b = Box::new(unsafe {
            Batch {
                bufs: vec![[0; 256]; n],
                iov: vec![std::mem::zeroed(); n],
                addr: vec![std::mem::zeroed(); n],
                hdr: vec![std::mem::zeroed(); n],
            }
        });
        for i in 0..n {
            b.iov[i] = libc::iovec { iov_base: b.bufs[i].as_mut_ptr().cast(), iov_len: 256 };
            b.hdr[i].msg_hdr.msg_iov = &mut b.iov[i];
            b.hdr[i].msg_hdr.msg_iovlen = 1;
            b.hdr[i].msg_hdr.msg_name = (&raw mut b.addr[i]).cast();
        }
        b
    }
    pub fn recv(&mut self, fd: i32, flags: i32) -> usize {
        for i in 0..self.hdr.len() {
            self.iov[i].iov_len = 256;
            self.hdr[i].msg_hdr.msg_namelen = 16
        }
        unsafe { libc::recvmmsg(fd, self.hdr.as_mut_ptr(), self.hdr.len() as u32, flags, std::ptr::null_mut()).max(0) as usize }
    }
    pub fn send(&mut self, fd: i32, n: usize, to: &[libc::sockaddr_in], tag: usize) {
        for i in 0..n {
            self.addr[i] = to[i % to.len()];
            self.hdr[i].msg_hdr.msg_namelen = 16;
            self.iov[i].iov_len = self.hdr[i].msg_len as usize + tag
        }
        unsafe { libc::sendmmsg(fd, self.hdr.as_mut_ptr(), n as u32, 0) };
    }
}
fn sa(s: &UdpSocket) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: s.local_addr().unwrap().port().to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    }
}

/// One thread moving 142-byte datagrams (12 + 120 + 10) to 32 destinations, never idle: CPU us per packet.
fn relay(name: &str, server: usize, generator: usize, batch: usize, secs: u64, crypto: bool) {
    let r = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sinks: Vec<UdpSocket> = (0..32).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let (to, ra, fd, stop) = (sinks.iter().map(sa).collect::<Vec<_>>(), sa(&r), r.as_raw_fd(), AtomicBool::new(false));
    std::thread::scope(|s| {
        s.spawn(|| {
            pin(generator);
            let mut tx = Srtp::new(&[7; 30], 10);
            let (mut b, mut d, mut out, mut seq) = (Batch::new(MAX), Batch::new(MAX), 0i64, 0u16);
            let mut idle = now_ns();
            while !stop.load(Relaxed) {
                if out < 192 {
                    for i in 0..MAX {
                        let mut p = vec![0u8; 132];
                        p[0] = 0x80;
                        p[2..4].copy_from_slice(&seq.to_be_bytes());
                        if crypto {
                            tx.protect(&mut p)
                        } else {
                            p.resize(142, 0)
                        }
                        b.bufs[i][..142].copy_from_slice(&p);
                        b.hdr[i].msg_len = 142;
                        seq = seq.wrapping_add(1);
                    }
                    b.send(sinks[0].as_raw_fd(), MAX, &[ra], 0);
                    out += MAX as i64;
                    idle = now_ns();
                }
                for s in &sinks {
                    out -= d.recv(s.as_raw_fd(), libc::MSG_DONTWAIT) as i64
                }
                if now_ns() - idle > 20_000_000 {
                    out = 0
                } // something was lost: start again
            }
        });
        let h = s.spawn(|| {
            pin(server);
            let (mut rx, mut tx) = (Srtp::new(&[7; 30], 10), Srtp::new(&[9; 30], 10));
            let mut b = Batch::new(batch);
            let (mut n, mut bad, t0, mut c0) = (0u64, 0u64, now_ns(), None);
            let mut pkt = Vec::with_capacity(256);
            while now_ns() - t0 < (secs * 1000 + 300) * 1_000_000 {
                if now_ns() - t0 > 300_000_000 && c0.is_none() {
                    (c0, n) = (Some(thread_cpu_ns()), 0)
                }
                let k = b.recv(fd, libc::MSG_WAITFORONE);
                for i in 0..k {
                    if !crypto {
                        continue;
                    }
                    let len = b.hdr[i].msg_len as usize;
                    match rx.unprotect(&mut b.bufs[i][..len]) {
                        Some(l) => {
                            pkt.clear();
                            pkt.extend_from_slice(&b.bufs[i][..l]);
                            tx.protect(&mut pkt);
                            b.bufs[i][..pkt.len()].copy_from_slice(&pkt)
                        }
                        None => bad += 1,
                    }
                }
                b.send(fd, k, &to, 0);
                n += k as u64;
            }
            (n, thread_cpu_ns() - c0.unwrap(), bad)
        });
        let (n, ns, bad) = h.join().unwrap();
        stop.store(true, Relaxed);
        let us = ns as f64 / n as f64 / 1000.0;
        println!(
            "{name} | {us:.3} | {:.0} calls/core | {} kpkt/s{}",
            1e4 / us,
            n / secs / 1000,
            if bad > 0 { format!(" | {bad} bad") } else { String::new() }
        );
    });
}

pub fn all(server: usize, generator: usize, secs: u64) {
    println!("UDP relay, one thread | CPU us/packet");
    for _ in 0..3 {
        relay("recvmmsg+sendmmsg batch 1", server, generator, 1, secs, false);
        relay("recvmmsg+sendmmsg batch 8", server, generator, 8, secs, false);
        relay("recvmmsg+sendmmsg batch 32", server, generator, 32, secs, false);
        relay("batch 32 + SRTP unprotect + protect", server, generator, 32, secs, true);
    }
    pin(server);
    println!("operation | CPU us best | CPU us median");
    let (mut tx, mut rx) = (Srtp::new(&[7; 30], 10), Srtp::new(&[7; 30], 10));
    let mut seq = 0u16;
    cost("SRTP AES-CM-128 + HMAC-SHA1-80, protect + unprotect, 120 B (RustCrypto aes, ctr, sha1)", || {
        let mut p = Vec::with_capacity(160);
        p.resize(132, 0);
        p[0] = 0x80;
        p[2..4].copy_from_slice(&seq.to_be_bytes());
        tx.protect(&mut p);
        assert!(rx.unprotect(&mut p).is_some());
        seq = seq.wrapping_add(1);
    });
    openssl_srtp();
    #[cfg(feature = "awslc")]
    aws();
    for (rate, c) in [(16000, 5), (16000, 9), (48000, 5), (48000, 9)] {
        let pcm = voice(rate as usize);
        let (mut e, mut i, n) = (Encoder::new(rate, c, 24000), 0, rate as usize / 50);
        cost(&format!("Opus encode 20 ms, {} kHz mono, 24 kbit/s, complexity {c}", rate / 1000), || {
            black_box(e.encode(&pcm[i * n..]));
            i = (i + 1) % 250;
        });
    }
    let f = Frames::new();
    for rate in [16000, 8000, 48000] {
        let (mut err, mut i, mut pcm) = (0, 0, [0i16; 960]);
        let d = unsafe { opus_decoder_create(rate, 1, &mut err) };
        cost(&format!("Opus decode 20 ms to {} kHz mono (16 kHz 24 kbit/s stream)", rate / 1000), || {
            let p = f.get(Codec::Opus, i);
            unsafe { opus_decode(d, p.as_ptr(), p.len() as i32, pcm.as_mut_ptr(), rate / 50, 0) };
            i += 1;
        });
    }
    let pcm = voice(8000);
    let mut out = [0u8; 160];
    cost("G.711 u-law encode 160 samples", || {
        for i in 0..160 {
            out[i] = ulaw(black_box(pcm[8000 + i]))
        }
        black_box(&out);
    });
}

fn openssl_srtp() {
    use openssl::{cipher::Cipher, cipher_ctx::CipherCtx, md::Md, md_ctx::MdCtx, pkey::PKey};
    let key = PKey::hmac(&[9; 20]).unwrap();
    let mut aes = CipherCtx::new().unwrap();
    aes.encrypt_init(Some(Cipher::aes_128_ctr()), Some(&[7; 16]), Some(&[0; 16])).unwrap();
    let (mut out, buf, mut tag) = ([0u8; 160], [5u8; 132], [0u8; 20]);
    cost("the same work twice, OpenSSL EVP (HMAC key set up per packet: the safe crate has no reset)", || {
        for _ in 0..2 {
            aes.encrypt_init(None, None, Some(&[3; 16])).unwrap();
            aes.cipher_update(&buf[12..], Some(&mut out)).unwrap();
            let mut h = MdCtx::new().unwrap();
            h.digest_sign_init(Some(Md::sha1()), &key).unwrap();
            h.digest_sign_update(&out[..136]).unwrap();
            h.digest_sign_final(Some(&mut tag)).unwrap();
            black_box(&tag);
        }
    });
    let mut g = CipherCtx::new().unwrap();
    g.encrypt_init(Some(Cipher::aes_128_gcm()), Some(&[7; 16]), Some(&[0; 12])).unwrap();
    cost("AEAD_AES_128_GCM seal twice, OpenSSL EVP (RFC 7714, for comparison)", || {
        for _ in 0..2 {
            g.encrypt_init(None, None, Some(&[3; 12])).unwrap();
            g.cipher_update(&buf[..12], None).unwrap();
            g.cipher_update(&buf[12..], Some(&mut out)).unwrap();
            g.cipher_final(&mut out[120..]).unwrap();
            g.tag(&mut tag[..16]).unwrap();
            black_box(&tag);
        }
    });
}

#[cfg(feature = "awslc")]
fn aws() {
    use aws_lc_rs::{cipher::*, hmac};
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[9; 20]);
    let aes = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &[7; 16]).unwrap()).unwrap();
    let mut buf = [5u8; 136];
    cost("the same work twice, aws-lc-rs", || {
        for _ in 0..2 {
            aes.less_safe_encrypt(&mut buf[12..132], EncryptionContext::Iv128([3u8; 16].into())).unwrap();
            black_box(hmac::sign(&key, &buf));
        }
    });
}
