//! Connections of a real server: how many, how long without a word, whose.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Folder, Running};

/// How long a bound of one second may take to hold on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

fn start(name: &str, listen: &str) -> (Folder, Running) {
    let folder = Folder::new(name);
    let file = folder.path("ahoy.toml");
    std::fs::write(&file, format!("[listen]\n{listen}\n")).unwrap();
    let server = Running::start(&[
        "dev",
        "--json",
        "--no-agent",
        "--config",
        &file,
        "--listen",
        "127.0.0.1:0",
    ]);
    (folder, server)
}

fn connect(server: &Running) -> TcpStream {
    let address = server.url.trim_start_matches("http://");
    let stream = TcpStream::connect(address.trim_end_matches('/')).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Everything until the server closes.
fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).expect("the connection ends");
    String::from_utf8_lossy(&text).into_owned()
}

fn ask(stream: &mut TcpStream, head: &str) -> String {
    write!(stream, "{head}\r\nconnection: close\r\n\r\n").unwrap();
    rest(stream)
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost";

#[test]
fn who_says_nothing_or_never_ends_is_let_go() {
    let (_folder, server) = start("slow", "head_seconds = 1\nidle_seconds = 3");
    let begin = Instant::now();
    let mut silent = connect(&server);
    let mut slow = connect(&server);
    slow.write_all(b"GET /healthz HTTP/1.1\r\nho").unwrap();
    let mut asked = connect(&server);
    write!(asked, "{HEALTH}\r\n\r\n").unwrap();
    assert_eq!(rest(&mut slow), "");
    let slow_went = begin.elapsed();
    assert_eq!(rest(&mut silent), "");
    let silent_went = begin.elapsed();
    assert!(slow_went >= Duration::from_secs(1) && silent_went >= Duration::from_secs(3));
    assert!(slow_went < silent_went, "{slow_went:?} {silent_went:?}");
    let answer = rest(&mut asked);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Somebody who sends a byte now and then is no quicker than the whole head may be.
    let mut drip = connect(&server);
    let begin = Instant::now();
    let gone = HEALTH.bytes().cycle().find(|byte| {
        let sent = drip.write_all(&[*byte]);
        drip.set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let mut one = [0];
        let ended = matches!(drip.read(&mut one), Ok(0)) || sent.is_err();
        ended || begin.elapsed() > PATIENCE
    });
    assert!(gone.is_some() && begin.elapsed() < PATIENCE);
}

#[test]
fn who_comes_when_all_places_are_taken_is_told_and_comes_again() {
    let (_folder, server) = start("full", "connections = 20");
    let mut held: Vec<TcpStream> = Vec::new();
    let mut refused = None;
    // The server's own connections may hold some.
    while refused.is_none() && held.len() < 30 {
        let mut next = connect(&server);
        write!(next, "{HEALTH}\r\n\r\n").unwrap();
        let mut head = [0; 17];
        next.read_exact(&mut head).unwrap();
        if head.starts_with(b"HTTP/1.1 503 ") {
            refused = Some(next);
        } else {
            assert!(head.starts_with(b"HTTP/1.1 200 "));
            held.push(next);
        }
    }
    assert!((10..=20).contains(&held.len()), "{}", held.len());
    let answer = rest(&mut refused.unwrap());
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    let body: serde_json::Value =
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body["error"]["code"], 2);
    drop(held);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = ask(&mut connect(&server), HEALTH);
        if answer.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(Instant::now() < deadline, "still full: {answer}");
    }
}

#[test]
fn pages_of_other_sites_drive_nothing() {
    let (_folder, server) = start("hosts", "hosts = [\"ahoy.test\"]");
    let clock = "PATCH /sandbox/v1/clock HTTP/1.1\r\ncontent-type: text/plain\r\ncontent-length: 15\r\nhost: ";
    let body = "\r\nconnection: close\r\n\r\n{\"frozen\":true}";
    for (mark, status) in [
        ("localhost", 200),
        ("ahoy.test", 200),
        ("evil.example", 421),
        ("localhost\r\norigin: https://evil.example", 403),
        ("localhost\r\nsec-fetch-site: cross-site", 403),
    ] {
        let mut stream = connect(&server);
        write!(stream, "{clock}{mark}{body}").unwrap();
        let answer = rest(&mut stream);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{mark}: {answer}"
        );
        if status != 200 {
            assert!(answer.contains("\"error\":{"), "{answer}");
        }
    }
    // Sockets of phones and of the inspector, and the pages themselves.
    for path in [
        "/phone/socket",
        "/sandbox/v1/timeline/follow",
        "/phone",
        "/inspector",
        "/v25.0/me",
        "/nowhere",
    ] {
        let socket = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\norigin: https://evil.example\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
        );
        let answer = ask(&mut connect(&server), &socket);
        assert!(answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        let named = format!("GET {path} HTTP/1.1\r\nhost: evil.example");
        let answer = ask(&mut connect(&server), &named);
        assert!(answer.starts_with("HTTP/1.1 421 "), "{path}: {answer}");
    }
}
