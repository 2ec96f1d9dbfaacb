//! Success is a 2xx and nothing else; what a receiver does beyond its status is its own affair.

use std::convert::Infallible;
use std::time::Duration;

use ahoy_store::DeliveryState;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use futures_util::stream;
use tokio::net::TcpListener;

use crate::support::*;

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let world = World::new(handler(|got| async move {
        match got.path.as_str() {
            "/hook" => Redirect::temporary("/elsewhere").into_response(),
            _ => StatusCode::OK.into_response(),
        }
    }))
    .await;
    world.brief_call().await;
    world.advance(5).await;
    let got = world.first.got();
    assert!(got.iter().all(|g| g.path == "/hook"));
    for (delivery, attempts) in world.log(APP) {
        assert_eq!(delivery.state, DeliveryState::Retrying);
        assert!(
            attempts.len() >= 2 && attempts.iter().all(|a| a.status == Some(307)),
            "{attempts:?}"
        );
    }
}

#[tokio::test]
async fn no_answer_in_time_is_none_and_says_so() {
    let never = handler(|_| std::future::pending::<Response>());
    let world = World::with(never, Duration::from_millis(200)).await;
    let call = world.brief_call().await;
    world.advance(0).await;
    let log = world.log(APP);
    let (delivery, attempts) = &log[0];
    assert_eq!(
        (delivery.state, attempts[0].status),
        (DeliveryState::Retrying, None)
    );
    assert!(
        attempts[0].note.contains("no answer within 200 ms"),
        "{attempts:?}"
    );
    assert_eq!(log[1].0.state, DeliveryState::Waiting, "held behind it");
    world.first.does(ok());
    world.advance(3).await;
    assert!(world.all_delivered(APP));
    let events: Vec<_> = world
        .first
        .got()
        .iter()
        .filter(|g| g.call() == call)
        .map(Got::event)
        .collect();
    assert_eq!(events, ["connect", "connect", "terminate"]);
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_delay_the_next_event() {
    let endless = handler(|_| async {
        let more = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"and so on ")), ()))
        });
        Response::new(Body::from_stream(more))
    });
    // Were the body read to its end, the attempt would last as long as the test has patience for.
    let world = World::with(endless, Duration::from_secs(600)).await;
    world.brief_call().await;
    world
        .first
        .until("the terminate", |got| {
            got.iter().find(|g| g.event() == "terminate").map(drop)
        })
        .await;
    world.advance(0).await;
    assert!(world.all_delivered(APP));
}

#[tokio::test]
async fn a_long_body_is_cut_in_the_log() {
    let world = World::new(handler(|_| async {
        (StatusCode::BAD_REQUEST, "x".repeat(1 << 20)).into_response()
    }))
    .await;
    world.user_calls(ANA).await;
    world.advance(0).await;
    let log = world.log(APP);
    assert_eq!(log[0].1[0].status, Some(400));
    assert_eq!(log[0].1[0].note, "x".repeat(512));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_gets_everything_when_it_is() {
    let world = World::new(ok()).await;
    // A port that was free a moment ago; nobody listens until later.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let callback = ahoy_calling::account::Callback {
        url: format!("http://{address}/late"),
        verify_token: "v".into(),
    };
    world
        .platform
        .offer_callback(APP, callback, "v")
        .await
        .unwrap();
    let call = world.brief_call().await;
    world.advance(1).await;
    let log = world.log(APP);
    assert_eq!(
        (log[0].1[0].status, log[0].1[0].note.is_empty()),
        (None, false)
    );
    let receiver = Receiver::on(TcpListener::bind(address).await.unwrap(), ok());
    world.advance(30).await;
    assert!(world.all_delivered(APP));
    let events: Vec<_> = receiver
        .got()
        .iter()
        .map(|g| (g.event(), g.call()))
        .collect();
    assert_eq!(
        events,
        [("connect".into(), call.clone()), ("terminate".into(), call)]
    );
}
