//! Bodies that are not what they must be: each is refused in JSON, without much of the input, and makes no job.

use serde_json::{Value, json};

use super::{demo, jobs};
use crate::harness::server::Server;

/// More than any refusal needs, and less than any of the inputs that are long.
const REFUSAL_BYTES_MAX: usize = 1000;
const IMAGE: &str = r#"{"url":"DfDjNmTDemo"}"#;

/// The status and the code of the answer to a body.
async fn posted(server: &Server, kind: &str, types: &[&str], body: Vec<u8>) -> (u16, String) {
    let url = format!("http://{}/instagram/download/{kind}", server.address);
    let mut request = reqwest::Client::new().post(url).body(body);
    for stated in types {
        request = request.header("content-type", *stated);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert!(
        status == 202 || text.len() < REFUSAL_BYTES_MAX,
        "{} bytes",
        text.len()
    );
    let answer: Value = serde_json::from_str(&text).unwrap();
    let code = answer["error"]["code"].as_str().unwrap_or_default();
    (status, code.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_it_must_be_is_refused_and_makes_no_job() {
    let server = demo();
    let utf16 = IMAGE.encode_utf16().flat_map(u16::to_le_bytes);
    let long = |characters: usize| format!("{{\"url\":\"{}\"}}", "x".repeat(characters));
    let items = |count: usize| {
        let item = json!({ "url": "DfDjNmTDemo", "type": "post" });
        json!({ "items": vec![item; count] })
            .to_string()
            .into_bytes()
    };
    let (request, parameter) = ((400, "INVALID_REQUEST"), (400, "INVALID_PARAMETER"));
    let (url, large) = ((400, "INVALID_URL"), (413, "PAYLOAD_TOO_LARGE"));
    let post: [(Vec<u8>, (u16, &str)); 28] = [
        (b"".to_vec(), request),
        (b"{".to_vec(), request),
        ("[".repeat(30_000).into_bytes(), parameter),
        ("{\"url\":".repeat(9_000).into_bytes(), parameter),
        (
            format!("{{\"x\":{}", "[".repeat(30_000)).into_bytes(),
            parameter,
        ),
        (
            br#"{"url":"DfDjNmTDemo","qualty":"best"}"#.to_vec(),
            parameter,
        ),
        ([b"\xef\xbb\xbf", IMAGE.as_bytes()].concat(), request),
        (utf16.collect(), request),
        (format!("{IMAGE} x").into_bytes(), request),
        (format!("{IMAGE}{IMAGE}").into_bytes(), request),
        (b"{\"url\":\"\xff\xfe\"}".to_vec(), request),
        (br#"{"url":"\ud800"}"#.to_vec(), request),
        (br#"{"url":1e999}"#.to_vec(), request),
        (br#"{"url":"a","url":"b"}"#.to_vec(), parameter),
        (b"{}".to_vec(), url),
        (b"[]".to_vec(), parameter),
        (b"null".to_vec(), parameter),
        (b"\"DfDjNmTDemo\"".to_vec(), parameter),
        (b"5".to_vec(), parameter),
        (br#"{"url":5}"#.to_vec(), parameter),
        (br#"{"url":["DfDjNmTDemo"]}"#.to_vec(), parameter),
        (br#"{"url":null}"#.to_vec(), url),
        (br#"{"url":"\u0000"}"#.to_vec(), url),
        (long(60_000).into_bytes(), url),
        (long(1_000_000).into_bytes(), large),
        (br#"{"url":"DfDjNmTDemo","quality":5}"#.to_vec(), parameter),
        (
            br#"{"url":"DfDjNmTDemo","quality":""}"#.to_vec(),
            (400, "INVALID_QUALITY"),
        ),
        (
            br#"{"url":"DfDjNmTDemo","output_format":"../x"}"#.to_vec(),
            parameter,
        ),
    ];
    let batch: [(Vec<u8>, (u16, &str)); 13] = [
        (br#"{"items":null}"#.to_vec(), request),
        (br#"{"items":[]}"#.to_vec(), (400, "EMPTY_BATCH")),
        (br#"{"items":{}}"#.to_vec(), parameter),
        (br#"{"items":"x"}"#.to_vec(), parameter),
        (br#"{"items":[null]}"#.to_vec(), parameter),
        (br#"{"items":[{}]}"#.to_vec(), parameter),
        (br#"{"items":[[]]}"#.to_vec(), parameter),
        (
            br#"{"items":[{"url":"x","type":"post","quality":"best"}]}"#.to_vec(),
            parameter,
        ),
        (br#"{"items":[{"url":"x","type":5}]}"#.to_vec(), parameter),
        (
            br#"{"items":[{"url":"x","type":"carousel"}]}"#.to_vec(),
            request,
        ),
        (items(51), request),
        (items(1_000), request),
        (items(1_000_000), large),
    ];
    let all = post.into_iter().map(|case| ("post", case));
    let all = all.chain(batch.into_iter().map(|case| ("batch", case)));
    for (kind, (body, (status, code))) in all {
        let start = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = posted(&server, kind, &["application/json"], body).await;
        assert_eq!(answer, (status, code.to_owned()), "{kind} {start}");
    }
    assert_eq!(jobs(&server).await, 0);
}

/// A form of another website can send the other types without asking first.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_say_that_it_is_json_makes_no_job() {
    let server = demo();
    for types in [
        &[][..],
        &[""],
        &["text/plain"],
        &["text/plain; charset=application/json"],
        &["application/x-www-form-urlencoded"],
        &["multipart/form-data; boundary=x"],
        &["text/json"],
        &["application/jsonp"],
        &["application/json, text/plain"],
        &["text/plain", "application/json"],
    ] {
        for kind in ["post", "reel", "story", "carousel", "batch"] {
            let answer = posted(&server, kind, types, IMAGE.as_bytes().to_vec()).await;
            assert_eq!(answer, (415, "INVALID_REQUEST".to_owned()), "{types:?}");
        }
    }
    assert_eq!(jobs(&server).await, 0);
    for json in ["application/json", "Application/JSON ; charset=utf-8"] {
        let answer = posted(&server, "post", &[json], IMAGE.as_bytes().to_vec()).await;
        assert_eq!(answer, (202, String::new()), "{json}");
    }
    assert_eq!(jobs(&server).await, 2);
}
