//! What a DTLS handshake costs our end, with OpenSSL's command line as the peer: `cargo bench -p ahoy-packet --profile release --bench dtls_peers`
//!
//! Only the time inside our state machine counts, not the peer's and not the network's. Beside ours stands dimpl, which this server
//! used before and `ahoy load` still does; it asks for ECDSA certificates alone.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ahoy_packet::dtls::{Endpoint, Identity};
use ahoy_packet::srtp::DtlsRole;
use dimpl::{Config, Dtls, DtlsCertificate, Output};

/// Handshakes a row; the two machines take turns.
const TIMES: usize = 100;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A machine that takes datagrams and gives some.
trait End {
    /// Whether it has keys and the peer's certificate.
    fn step(&mut self, packet: Option<&[u8]>, now: Instant, send: &mut dyn FnMut(&[u8])) -> bool;
}

impl End for Endpoint {
    fn step(&mut self, packet: Option<&[u8]>, now: Instant, send: &mut dyn FnMut(&[u8])) -> bool {
        let done = self.advance(packet, now, &mut |d: &[u8]| send(d));
        done.expect("a handshake").is_some()
    }
}

struct Dimpl {
    dtls: Dtls,
    certificate: bool,
    keys: bool,
}

impl Dimpl {
    fn new(config: &Arc<Config>, certificate: &DtlsCertificate, role: DtlsRole) -> Self {
        let mut dtls = Dtls::new_12(Arc::clone(config), certificate.clone(), Instant::now());
        dtls.set_active(role == DtlsRole::Client);
        Self {
            dtls,
            certificate: false,
            keys: false,
        }
    }

    fn drain(&mut self, send: &mut dyn FnMut(&[u8])) {
        let mut scratch = [0; 2_048];
        loop {
            match self.dtls.poll_output(&mut scratch) {
                Output::Packet(packet) => send(packet),
                Output::Timeout(_) => return,
                Output::PeerCert(_) => self.certificate = true,
                Output::KeyingMaterial(..) => self.keys = true,
                _ => {}
            }
        }
    }
}

impl End for Dimpl {
    fn step(&mut self, packet: Option<&[u8]>, now: Instant, send: &mut dyn FnMut(&[u8])) -> bool {
        self.dtls.handle_timeout(now).unwrap();
        if let Some(packet) = packet {
            self.drain(send);
            self.dtls.handle_packet(packet).unwrap();
        }
        self.drain(send);
        self.certificate && self.keys
    }
}

struct Peer(Child);

impl Peer {
    fn start(at: &Path, key: &str, role: DtlsRole, address: SocketAddr) -> Self {
        let address = address.to_string();
        let mut command = Command::new("openssl");
        match role {
            DtlsRole::Server => command.args(["s_client", "-connect", &address]),
            DtlsRole::Client => command.args(["s_server", "-verify", "1", "-accept", &address]),
        };
        command
            .current_dir(at)
            .args(["-dtls1_2", "-use_srtp", "SRTP_AES128_CM_SHA1_80"])
            .args([
                "-cert",
                &format!("{key}.crt"),
                "-key",
                &format!("{key}.key"),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self(command.spawn().expect("the command openssl"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn certificate(at: &Path, name: &str, key: &[&str]) {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        let done = command.current_dir(at).args(arguments).output();
        assert!(done.expect("the command openssl").status.success());
    };
    let (key_file, certificate) = (format!("{name}.key"), format!("{name}.crt"));
    let mut make = vec!["genpkey", "-out", &key_file];
    make.extend(key);
    run(&make);
    run(&[
        "req",
        "-x509",
        "-new",
        "-key",
        &key_file,
        "-out",
        &certificate,
        "-days",
        "2",
        "-subj",
        "/CN=peer",
    ]);
}

/// One handshake: the time our machine took.
fn handshake(at: &Path, key: &str, role: DtlsRole, end: &mut dyn End) -> Duration {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(5)))
        .unwrap();
    let (address, mut to) = match role {
        DtlsRole::Server => (socket.local_addr().unwrap(), None),
        DtlsRole::Client => {
            // Free a moment ago; OpenSSL takes no socket that is open already.
            let free = UdpSocket::bind("127.0.0.1:0").unwrap();
            let address = free.local_addr().unwrap();
            (address, Some(address))
        }
    };
    let _peer = Peer::start(at, key, role, address);
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 2_048];
    let (mut spent, mut datagram) = (Duration::ZERO, None::<usize>);
    let mut out: Vec<Vec<u8>> = Vec::new();
    while Instant::now() < deadline {
        let packet = datagram.take().and_then(|length| buffer.get(..length));
        let begin = Instant::now();
        let done = end.step(packet, begin, &mut |d| out.push(d.to_vec()));
        if packet.is_some() || spent.is_zero() {
            spent += begin.elapsed();
        }
        for datagram in out.drain(..) {
            if let Some(to) = to {
                // Nobody may be listening yet.
                let _ = socket.send_to(&datagram, to);
            }
        }
        if done {
            return spent;
        }
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            to = Some(from);
            datagram = Some(length);
        }
    }
    panic!("no handshake with {key} within {PATIENCE:?}")
}

fn median(mut of: Vec<Duration>) -> f64 {
    of.sort();
    of.get(of.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1e6)
}

fn main() {
    let folder: PathBuf = std::env::temp_dir().join(format!("ahoy-dtls-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let p_256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    certificate(&folder, "P-256", &p_256);
    certificate(&folder, "RSA-2048", &rsa);
    let identity = Identity::generate().unwrap();
    let theirs = dimpl::certificate::generate_self_signed_certificate().unwrap();
    let config = Config::builder().use_server_cookie(false).build().unwrap();
    let config = Arc::new(config);
    println!("our end of a handshake with OpenSSL, median of {TIMES}");
    println!("peer      our role   ours µs   ours/s   dimpl µs   dimpl/s");
    for (key, word) in [("P-256", true), ("RSA-2048", false)] {
        for role in [DtlsRole::Server, DtlsRole::Client] {
            let (mut ours, mut other) = (Vec::new(), Vec::new());
            for _ in 0..TIMES {
                let mut end = Endpoint::new(&identity, role, Instant::now());
                ours.push(handshake(&folder, key, role, &mut end));
                if word {
                    let mut end = Dimpl::new(&config, &theirs, role);
                    other.push(handshake(&folder, key, role, &mut end));
                }
            }
            let (ours, other) = (median(ours), median(other));
            let name = format!("{role:?}").to_lowercase();
            let rest = match word {
                true => format!("{other:>10.0} {:>9.0}", 1e6 / other),
                false => "refuses the certificate".to_owned(),
            };
            println!("{key:<9} {name:<8} {ours:>9.0} {:>8.0} {rest}", 1e6 / ours);
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
