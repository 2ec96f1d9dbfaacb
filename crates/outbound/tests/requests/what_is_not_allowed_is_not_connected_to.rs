//! The policy of addresses on real connections.

use ahoy_outbound::Failure;

use crate::support::*;

#[tokio::test]
async fn loopback_in_every_spelling_gets_no_connection() {
    let server = Server::answering("127.0.0.1:0", OK).await;
    let public = public_and(&[]);
    let port = server.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "[::]",
        "user:password@127.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/");
        let failure = get(&public, &url).await.unwrap_err();
        assert!(
            matches!(failure, Failure::NotAllowed(_)),
            "{url}: {failure}"
        );
    }
    for host in ["localhost", "LOCALHOST", "localhost."] {
        let url = format!("http://{host}:{port}/");
        let failure = get(&public, &url).await.unwrap_err();
        assert!(
            matches!(failure, Failure::NoPublicAddress(_)),
            "{url}: {failure}"
        );
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn what_is_allowed_is_reached_and_its_neighbour_is_not() {
    let server = Server::answering("127.0.0.1:0", OK).await;
    let neighbour = Server::answering("127.0.0.2:0", OK).await;
    let client = public_and(&["127.0.0.1"]);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", server.port());
        let response = get(&client, &url).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "secret", "{url}");
    }
    let url = format!("http://127.0.0.2:{}/", neighbour.port());
    assert_eq!(
        get(&client, &url).await.unwrap_err(),
        Failure::NotAllowed("127.0.0.2".into())
    );
    assert_eq!((server.connections(), neighbour.connections()), (3, 0));
}

#[tokio::test]
async fn a_port_of_another_protocol_gets_no_connection() {
    let client = public_and(&["127.0.0.0/8"]);
    for port in [22, 25, 587] {
        let failure = get(&client, &format!("http://127.0.0.1:{port}/")).await;
        assert_eq!(failure.unwrap_err(), Failure::PortNotAllowed(port));
    }
    let failure = get(&client, "http://localhost:25/").await.unwrap_err();
    assert_eq!(failure, Failure::PortNotAllowed(25));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let inside = Server::answering("127.0.0.2:0", OK).await;
    let answer = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:{}/\r\ncontent-length: 0\r\n\r\n",
        inside.port()
    );
    let server = Server::answering("127.0.0.1:0", answer.leak()).await;
    for client in [public_and(&["127.0.0.1"]), anywhere()] {
        let response = get(&client, &format!("http://{}/", server.address)).await;
        assert_eq!(response.unwrap().status(), 302);
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn a_refusal_is_the_same_whether_the_name_exists_or_not() {
    let public = public_and(&[]);
    let words = |failure: Failure, name: &str| failure.to_string().replace(name, "NAME");
    let inside = get(&public, "http://localhost/").await.unwrap_err();
    let nowhere = get(&public, "http://nowhere.invalid/").await.unwrap_err();
    assert_eq!(
        words(inside, "localhost"),
        words(nowhere, "nowhere.invalid")
    );
    let nowhere = get(&anywhere(), "http://nowhere.invalid/")
        .await
        .unwrap_err();
    assert_eq!(nowhere, Failure::NoAddress("nowhere.invalid".into()));
}
