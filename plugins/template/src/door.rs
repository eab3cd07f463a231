//! The door: Instagram's GraphQL for guests. How to ask it, and what an answer means that holds no object.
//! Knows nothing of the record.

use serde_json::Value;

use crate::gramhost::extractor::{
    exchanges::{Answer, Exchange, Header, Method, Request, Response},
    steps::{Change, Fetch, Refusal},
};

/// What this door is called in outcomes, logs and reports.
pub const NAME: &str = "guest-graphql";

/// Guests may send any `lsd`, as long as form and header agree.
const LSD: &str = "AVrGwq7dXnk";

/// The question. `doc_id` names a query that Instagram keeps; it changes every few weeks.
pub fn question(operation: &str, doc_id: &str, variables: &Value) -> Request {
    let variables = percent_encoded(&variables.to_string());
    let form = format!(
        "lsd={LSD}&fb_api_caller_class=RelayModern&fb_api_req_friendly_name={operation}\
         &variables={variables}&server_timestamps=true&doc_id={doc_id}"
    );
    Request {
        method: Method::Post,
        url: "https://www.instagram.com/api/graphql".to_owned(),
        headers: headers(&[
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-fb-friendly-name", operation),
            ("x-fb-lsd", LSD),
            ("x-ig-app-id", "936619743392459"),
            ("sec-fetch-mode", "cors"),
            ("sec-fetch-site", "same-origin"),
        ]),
        body: Some(form.into_bytes()),
        session: false,
    }
}

/// A round of one request, and the memo that the step after it is given.
pub fn fetch(request: Request, memo: &[u8]) -> Fetch {
    Fetch {
        requests: vec![request],
        memo: memo.to_vec(),
    }
}

/// The page of the same thing: what it says decides what `null` meant.
pub fn page(path: &str) -> Request {
    Request {
        method: Method::Get,
        url: format!("https://www.instagram.com{path}"),
        headers: headers(&[
            ("accept", "text/html"),
            ("sec-fetch-dest", "document"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-site", "none"),
        ]),
        body: None,
        session: false,
    }
}

/// The object at `data.<root>`, or `None` where Instagram says that it has none for a guest.
pub fn object(exchange: &Exchange, root: &str) -> Result<Option<Value>, Refusal> {
    let response = answered(exchange)?;
    let Some(body) = parsed(&response.body) else {
        // A page where there should be JSON is what throttled guests are given.
        return Err(Refusal::RateLimited(None));
    };
    if let Some(object) = body["data"].get(root).filter(|it| it.is_object()) {
        // An error next to the object is normal: a gated post has one, too.
        return Ok(Some(object.clone()));
    }
    if let Some(error) = body["errors"][0]["message"].as_str() {
        // A stale doc_id ends here: a fault of this extractor, never "not found".
        return Err(changed("errors", "no errors", error));
    }
    match body["data"].get(root) {
        Some(Value::Null) => Ok(None),
        _ => Err(changed(
            &format!("data.{root}"),
            "an object or null",
            &body.to_string(),
        )),
    }
}

/// Parses JSON. Instagram cuts texts in the middle of a character, which leaves half of a pair such as `\ud83d`, and no
/// parser in Rust accepts that: U+FFFD takes its place.
fn parsed(body: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(body);
    let parsed = serde_json::from_str(&text);
    parsed.or_else(|_| serde_json::from_str(&whole(&text))).ok()
}

/// The JSON text without halves of surrogate pairs.
fn whole(text: &str) -> String {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut whole = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(plain) = text[at..].find('\\') {
        let start = at + plain;
        let (escape, length) = match (unit(start), unit(start + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (&text[start..start + 12], 12),
            (Some(0xd800..=0xdfff), _) => ("\\ufffd", 6),
            (Some(_), _) => (&text[start..start + 6], 6),
            (None, _) => {
                let escaped = text[start + 1..].chars().next().map_or(0, char::len_utf8);
                (&text[start..=start + escaped], 1 + escaped)
            }
        };
        whole.extend([&text[at..start], escape]);
        at = start + length;
    }
    whole + &text[at..]
}

/// Why there is no object, now that the page has answered as well.
pub fn absence(page: &Exchange) -> Refusal {
    let response = match answered(page) {
        Ok(response) => response,
        Err(refusal) => return refusal,
    };
    let text = String::from_utf8_lossy(&response.body);
    let says = |words: &str| text.replace('’', "'").contains(&format!(">{words}<"));
    if says("Age-restricted content") {
        Refusal::AgeRestricted
    } else if text.contains("PolarisErrorRoute") || says("Post isn't available") {
        Refusal::NotFound
    } else if text.contains("polaris.privatePostPage") {
        Refusal::Private
    } else if text.contains("loginForm") {
        Refusal::LoginRequired
    } else {
        changed("data", "the object that has this page", "null")
    }
}

/// The response, unless it is a failure that every answer of Instagram's may be.
fn answered(exchange: &Exchange) -> Result<&Response, Refusal> {
    let response = match &exchange.answer {
        Answer::Response(response) => response,
        Answer::Failed(error) => return Err(Refusal::Unavailable(format!("{NAME}: {error:?}"))),
    };
    let wall = br#""require_login":true"#;
    match response.status {
        429 => Err(Refusal::RateLimited(retry_after(response))),
        401 | 403 => Err(Refusal::LoginRequired),
        status @ 500.. => Err(Refusal::Unavailable(format!("{NAME}: status {status}"))),
        _ if response.body.windows(wall.len()).any(|it| it == wall) => Err(Refusal::LoginRequired),
        _ if response.url.contains("/accounts/login") => Err(Refusal::LoginRequired),
        _ => Ok(response),
    }
}

/// Blames this extractor: Instagram answered what it cannot read.
pub fn changed(path: &str, expected: &str, found: &str) -> Refusal {
    Refusal::Changed(Change {
        path: format!("{NAME}:{path}"),
        expected: expected.to_owned(),
        found: found.chars().take(200).collect(),
    })
}

fn retry_after(response: &Response) -> Option<u32> {
    let mut headers = response.headers.iter();
    let header = headers.find(|header| header.name == "retry-after")?;
    header.value.parse().ok()
}

fn headers(pairs: &[(&str, &str)]) -> Vec<Header> {
    let agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/150.0.0.0 Safari/537.36";
    let always = [("accept-language", "en-US,en;q=0.9"), ("user-agent", agent)];
    let pairs = pairs.iter().chain(&always);
    pairs
        .map(|(name, value)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        })
        .collect()
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_read() {
        for (json, expected) in [
            (r#""half \ud83d here""#, "half \u{fffd} here"),
            (r#""\ude00\ud83d\ude00\\ud83d""#, "\u{fffd}😀\\ud83d"),
        ] {
            assert_eq!(parsed(json.as_bytes()), Some(Value::from(expected)));
        }
        assert_eq!(parsed(b"<html>"), None);
    }
}
