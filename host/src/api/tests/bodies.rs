//! Bodies of requests: their limits of size and time, and the places that clients take.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::ConnectInfo,
    http::{HeaderValue, Request, header},
};
use futures_util::{StreamExt as _, future::join_all, stream};
use tokio::time::{Instant, sleep};

use super::{Config, StatusCode, ask, hanging, request, router};

/// A body that arrives piece by piece, with a pause before each.
fn dripping(pieces: usize, pause: Duration) -> Body {
    let pieces = stream::iter(0..pieces).then(move |_| async move {
        sleep(pause).await;
        Ok::<_, Infallible>(Bytes::from_static(b" "))
    });
    Body::from_stream(pieces)
}

fn posted(path: &str, body: Body) -> Request<Body> {
    let mut request = request("POST", path).map(|_| body);
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::CONTENT_TYPE, json);
    request
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_takes_no_place_and_has_an_end() {
    let config = Config {
        in_flight_max: 1,
        ..Config::default()
    };
    let router = router(&config, 0);
    let slow = |pieces, pause_ms| {
        let body = dripping(pieces, Duration::from_millis(pause_ms));
        ask(&router, posted("/instagram/formats", body))
    };
    let began = Instant::now();
    // The only place is free while a hundred others are still sending.
    let (refused, honest) = tokio::join!(
        join_all((0..100).map(|_| slow(usize::MAX, 1000))),
        join_all((0..100).map(|_| ask(&router, request("GET", "/instagram/formats")))),
    );
    assert!(
        honest
            .iter()
            .all(|answered| answered.status == StatusCode::OK)
    );
    for answered in refused {
        let status = answered.status.as_u16();
        assert_eq!((status, &*answered.code()), (408, "REQUEST_TIMEOUT"));
    }
    // A body of hardly any bytes ends by its pace.
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    // One that keeps the pace ends by its deadline, whatever is still to come.
    let config = Config {
        body_bytes_per_s_min: 0,
        ..config
    };
    let router = super::router(&config, 0);
    let began = Instant::now();
    let body = dripping(usize::MAX, Duration::from_millis(500));
    let answered = ask(&router, posted("/instagram/formats", body)).await;
    assert_eq!(answered.code(), "REQUEST_TIMEOUT");
    assert_eq!(began.elapsed().as_secs(), 10);
    let whole = dripping(4, Duration::from_millis(500));
    let answered = ask(&router, posted("/instagram/formats", whole)).await;
    assert_eq!(answered.code(), "METHOD_NOT_ALLOWED");
    // Where no place is taken, a body has the same limits.
    let answered = ask(
        &router,
        posted("/targets", dripping(usize::MAX, Duration::from_secs(1))),
    )
    .await;
    assert_eq!(answered.code(), "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn a_client_has_a_share_of_the_places() {
    let config = Config {
        in_flight_max: 4,
        in_flight_per_client_max: 2,
        ..Config::default()
    };
    let router = hanging(&config);
    let from = |address: &str| {
        let mut request = request("GET", "/");
        let peer = SocketAddr::new(address.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(peer));
        ask(&router, request)
    };
    let mut held = [from("192.0.2.1"), from("192.0.2.1")].map(Box::pin);
    for held in &mut held {
        assert!(futures_util::poll!(held).is_pending());
    }
    // The client is refused, with its own error; others are not.
    let refused = from("192.0.2.1").await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.code()),
        (429, "RATE_LIMIT")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    let mut others = [from("192.0.2.2"), from("192.0.2.2")].map(Box::pin);
    for other in &mut others {
        assert!(futures_util::poll!(other).is_pending());
    }
    assert_eq!(from("192.0.2.3").await.code(), "SERVER_BUSY");
    drop(held);
    let mut again = Box::pin(from("192.0.2.1"));
    assert!(futures_util::poll!(&mut again).is_pending());
}

/// axum's own limit is 2 MiB.
#[tokio::test]
async fn the_limit_of_a_body_is_the_one_that_is_set() {
    let config = Config {
        body_bytes_max: 3 << 20,
        ..Config::default()
    };
    let router = router(&config, 0);
    let texts = |bytes: usize| Body::from(format!("{{\"texts\": [\"{}\"]}}", "x".repeat(bytes)));
    let taken = ask(&router, posted("/targets", texts((3 << 20) - 100))).await;
    assert_eq!(taken.status, StatusCode::OK);
    let refused = ask(&router, posted("/targets", texts(3 << 20))).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.code()),
        (413, "PAYLOAD_TOO_LARGE")
    );
    // Nor is it read further if it does not state its length.
    let pieces = stream::repeat(Ok::<_, Infallible>(Bytes::from_static(&[b' '; 1 << 16])));
    let endless = posted("/targets", Body::from_stream(pieces));
    assert_eq!(ask(&router, endless).await.code(), "PAYLOAD_TOO_LARGE");
}

#[tokio::test]
async fn a_field_that_does_not_fit_and_a_text_that_is_no_json_are_named() {
    let router = router(&Config::default(), 0);
    for (body, code, details) in [
        (
            r#"{"text": ["a"]}"#,
            "INVALID_PARAMETER",
            "unknown field `text`, expected `texts` at line 1 column 7",
        ),
        (
            r#"{"texts": ["a", 5]}"#,
            "INVALID_PARAMETER",
            "`texts[1]`: invalid type: integer `5`, expected a string at line 1 column 17",
        ),
        (
            "[5]",
            "INVALID_PARAMETER",
            "`[0]`: invalid type: integer `5`, expected a sequence at line 1 column 2",
        ),
        (
            "5",
            "INVALID_PARAMETER",
            "invalid type: integer `5`, expected an object at line 1 column 1",
        ),
        (
            "{}",
            "INVALID_PARAMETER",
            "missing field `texts` at line 1 column 2",
        ),
        (
            "{\"texts\":\n  [\"a\",]}",
            "INVALID_REQUEST",
            "The body is not JSON: trailing comma at line 2 column 8",
        ),
        (
            r#"{"texts": ["a"]} x"#,
            "INVALID_REQUEST",
            "The body is not JSON: trailing characters at line 1 column 18",
        ),
    ] {
        let answered = ask(&router, posted("/targets", Body::from(body))).await;
        assert_eq!(
            (answered.status.as_u16(), &*answered.code()),
            (400, code),
            "{body}"
        );
        assert_eq!(answered.json()["error"]["details"], details, "{body}");
    }
    // Not all of what a client wrote comes back.
    let long = format!("{{\"{}\": 1}}", "x".repeat(60_000));
    let answered = ask(&router, posted("/targets", Body::from(long))).await;
    assert!(answered.body.len() < 1_000, "{}", answered.body.len());
}
