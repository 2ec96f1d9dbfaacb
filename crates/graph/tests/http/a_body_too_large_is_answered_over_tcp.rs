//! A client that sends more than is read must get the envelope, not a reset connection.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Api, PHONE, TOKEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_megabytes_get_their_sentence() {
    let api = Api::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = api.router();
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = 5 * 1024 * 1024;
        let head = format!(
            "POST /v25.0/{PHONE}/calls HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&vec![b'x'; length]).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    server.abort();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(
        answer.contains("The request body is too large: at most 1048576 bytes are allowed."),
        "{answer}"
    );
}
