//! Handshakes with OpenSSL's command line in both roles, with every kind of certificate: both ends export the same SRTP keys.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use ahoy_packet::dtls::{Alert, Endpoint, Failure, Identity, Outcome};
use ahoy_packet::srtp::{DtlsRole, Keys, Profile};

/// How long a handshake on loopback may take.
const PATIENCE: Duration = Duration::from_secs(20);
const LABEL: &str = "EXTRACTOR-dtls_srtp";

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ahoy-openssl-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn openssl(at: &Path, arguments: &[&str]) {
    let done = Command::new("openssl")
        .current_dir(at)
        .args(arguments)
        .output();
    let done = done.expect("the command openssl is needed (Debian package openssl)");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "openssl {arguments:?}: {said}");
}

/// Makes `key.pem` and `cert.pem`.
fn certificate(at: &Path, key: &[&str]) {
    let mut make = vec!["genpkey", "-out", "key.pem"];
    make.extend(key);
    openssl(at, &make);
    openssl(
        at,
        &[
            "req", "-x509", "-new", "-key", "key.pem", "-out", "cert.pem", "-days", "2", "-subj",
            "/CN=peer",
        ],
    );
    openssl(
        at,
        &[
            "x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der",
        ],
    );
}

const RSA_2048: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
const RSA_PSS: &[&str] = &["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"];
const RSA_1024: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"];
const RSA_4096: &[&str] = &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"];
const P_256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P_384: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
const P_521: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"];
const ED25519: &[&str] = &["-algorithm", "ED25519"];

/// OpenSSL as the peer.
struct Peer {
    child: Child,
    lines: Receiver<String>,
    _input: ChildStdin,
}

impl Peer {
    fn start(at: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new("openssl")
            .current_dir(at)
            .env("OPENSSL_CONF", at.join("openssl.cnf"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if to.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            _input: input,
        }
    }

    /// The rest of the line that begins like this.
    fn line(&self, begin: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|_| panic!("OpenSSL did not say `{begin}`"));
            if let Some(rest) = line.trim().strip_prefix(begin) {
                return rest.trim().to_owned();
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs our end on a socket until it is over.
fn run(
    socket: &UdpSocket,
    mut end: Endpoint,
    to: Option<std::net::SocketAddr>,
) -> Result<Box<Outcome>, Failure> {
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let mut to = to;
    let deadline = Instant::now() + PATIENCE;
    let mut buffer = [0; 2_048];
    let mut datagram: Option<usize> = None;
    while Instant::now() < deadline {
        let packet = datagram
            .take()
            .and_then(|length| buffer.get(..length))
            .map(<[u8]>::to_vec);
        let done = end.advance(packet.as_deref(), Instant::now(), &mut |d| {
            if let Some(to) = to {
                // Nobody may be listening yet.
                let _ = socket.send_to(d, to);
            }
        })?;
        if let Some(outcome) = done {
            return Ok(outcome);
        }
        if let Ok((length, from)) = socket.recv_from(&mut buffer) {
            to = Some(from);
            datagram = Some(length);
        }
    }
    panic!("no handshake within {PATIENCE:?}: {end:?}")
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

/// What is special about a run.
#[derive(Debug, Clone, Copy, Default)]
struct Case<'a> {
    key: &'a [&'a str],
    without_ems: bool,
    mtu: Option<&'a str>,
    more: &'a [&'a str],
}

fn handshake(name: &str, case: Case<'_>, role: DtlsRole) -> Result<(), Failure> {
    let folder = Folder::new(name);
    let at = folder.0.as_path();
    let options = if case.without_ems {
        "-ExtendedMasterSecret"
    } else {
        ""
    };
    fs::write(
        at.join("openssl.cnf"),
        format!(
            "openssl_conf = default\n[default]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\nOptions = {options}\n\
             CipherString = DEFAULT:@SECLEVEL=0\n"
        ),
    )
    .unwrap();
    certificate(at, case.key);
    let identity = Identity::generate().unwrap();
    let now = Instant::now();
    let ours = UdpSocket::bind("127.0.0.1:0").unwrap();
    let end = Endpoint::new(&identity, role, now);
    let mut arguments: Vec<String> = Vec::new();
    let theirs = match role {
        DtlsRole::Server => {
            let address = ours.local_addr().unwrap().to_string();
            arguments.extend(["s_client".into(), "-connect".into(), address]);
            None
        }
        DtlsRole::Client => {
            // Free a moment ago; OpenSSL takes no socket that is open already.
            let free = UdpSocket::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap();
            arguments.extend(["s_server".into(), "-accept".into(), free.to_string()]);
            arguments.extend(["-verify".into(), "1".into()]);
            Some(free)
        }
    };
    for word in [
        "-dtls1_2",
        "-cert",
        "cert.pem",
        "-key",
        "key.pem",
        "-use_srtp",
        "SRTP_AES128_CM_SHA1_80",
        "-keymatexport",
        LABEL,
        "-keymatexportlen",
        "60",
    ] {
        arguments.push(word.into());
    }
    if let Some(mtu) = case.mtu {
        arguments.extend(["-mtu".into(), mtu.into()]);
    }
    arguments.extend(case.more.iter().map(|word| (*word).to_owned()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let peer = Peer::start(at, &arguments);
    let mut outcome = run(&ours, end, theirs)?;
    assert_eq!(outcome.profile, Profile::Aes128CmSha1_80);
    let digest = aws_lc_rs::digest::digest(
        &aws_lc_rs::digest::SHA256,
        &fs::read(at.join("cert.der")).unwrap(),
    );
    assert_eq!(outcome.peer, digest.as_ref(), "the peer's certificate");
    let material = bytes(&peer.line("Keying material:"));
    let keys = Keys::from_dtls(outcome.profile, &material, role).unwrap();
    assert_eq!(keys.inbound, outcome.keys.inbound, "{name}");
    assert_eq!(keys.outbound, outcome.keys.outbound, "{name}");
    assert!(outcome.established.alert(Alert::CLOSE_NOTIFY).is_some());
    Ok(())
}

fn both_roles(name: &str, case: Case<'_>) {
    for (role, word) in [(DtlsRole::Server, "server"), (DtlsRole::Client, "client")] {
        let done = handshake(&format!("{name}-{word}"), case, role);
        assert_eq!(done, Ok(()), "{name}, we as {word}");
    }
}

#[test]
fn with_every_kind_of_certificate() {
    for (name, key) in [
        ("rsa", RSA_2048),
        ("rsa-4096", RSA_4096),
        ("p256", P_256),
        ("p384", P_384),
        ("p521", P_521),
    ] {
        both_roles(
            name,
            Case {
                key,
                ..Case::default()
            },
        );
    }
}

/// As a DTLS server OpenSSL chooses no suite for such keys, though it does as a TLS server.
#[test]
fn with_keys_for_pss_alone_and_ed25519() {
    for (name, key) in [("rsa-pss", RSA_PSS), ("ed25519", ED25519)] {
        let case = Case {
            key,
            ..Case::default()
        };
        assert_eq!(handshake(name, case, DtlsRole::Server), Ok(()), "{name}");
    }
}

#[test]
fn with_flights_in_small_pieces() {
    both_roles(
        "mtu",
        Case {
            key: RSA_4096,
            mtu: Some("320"),
            ..Case::default()
        },
    );
}

#[test]
fn without_the_extended_master_secret() {
    both_roles(
        "ems",
        Case {
            key: RSA_2048,
            without_ems: true,
            ..Case::default()
        },
    );
}

#[test]
fn by_signatures_of_either_rsa_scheme() {
    for scheme in [
        "RSA+SHA256",
        "RSA+SHA512",
        "rsa_pss_rsae_sha256",
        "rsa_pss_rsae_sha384",
    ] {
        let more = ["-sigalgs", scheme, "-client_sigalgs", "ECDSA+SHA256"];
        let name = format!("sig-{}", scheme.replace('+', "-"));
        let case = Case {
            key: RSA_2048,
            more: &more,
            ..Case::default()
        };
        let done = handshake(&format!("{name}-client"), case, DtlsRole::Client);
        assert_eq!(done, Ok(()), "{scheme}");
    }
}

#[test]
fn not_with_a_short_key_and_not_by_suites_for_rsa_servers_alone() {
    let weak = Case {
        key: RSA_1024,
        more: &["-cipher", "DEFAULT:@SECLEVEL=0"],
        ..Case::default()
    };
    let done = handshake("weak", weak, DtlsRole::Server);
    assert_eq!(done, Err(Failure::WeakKey(1024)));
    let suites = ["-cipher", "ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256"];
    let case = Case {
        key: RSA_2048,
        more: &suites,
        ..Case::default()
    };
    let done = handshake("rsa-suites", case, DtlsRole::Server);
    assert_eq!(done, Err(Failure::RsaSuitesOnly));
}
