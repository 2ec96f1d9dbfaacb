//! Failures without TLS.

use std::future::pending;
use std::time::Duration;

use ahoy_outbound::Failure;
use tokio::net::TcpListener;

use crate::support::*;

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = get(&anywhere(), &format!("http://{address}/hook")).await;
    assert_eq!(failure.unwrap_err(), Failure::Refused(address.to_string()));
}

#[tokio::test]
async fn no_answer_comes() {
    let silent = Server::new("127.0.0.1:0", |stream| async move {
        let _stream = stream;
        pending().await
    })
    .await;
    let short = Duration::from_millis(50);
    let failure = get_within(&anywhere(), &format!("http://{}/", silent.address), short).await;
    assert_eq!(failure.unwrap_err(), Failure::TimedOut(short));
}

#[tokio::test]
async fn the_connection_is_closed() {
    let rude = Server::answering("127.0.0.1:0", "").await;
    let failure = get(&anywhere(), &format!("http://{}/", rude.address)).await;
    assert_eq!(failure.unwrap_err(), Failure::ClosedInPlain);
}

#[tokio::test]
async fn another_protocol_is_told_without_a_byte_of_it() {
    for banner in [
        "SSH-2.0-secret\r\n",
        "220 secret ESMTP\r\n",
        "-ERR secret\r\n",
        "\x15\x03\x01\0\x02\x02\x46",
    ] {
        let other = Server::answering("127.0.0.1:0", banner).await;
        let failure = get(&anywhere(), &format!("http://{}/", other.address)).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure, Failure::NotHttp, "{banner:?}");
        assert!(!failure.to_string().contains("secret"));
    }
}
