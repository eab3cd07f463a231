//! What a request asks for, without what it asks about: so the requests of one door are the same for every post.

use cases::har::Entry;
use serde_json::Value;

/// The form field with the name of a persisted query.
const QUERY_NAME: &str = "fb_api_req_friendly_name";

/// Describes a request, such as `GET www.instagram.com/p/{target}/`. Texts of the query that led to it are `{target}`.
pub(in crate::capture) fn described(entry: &Entry, query: &Value) -> String {
    let targets = targets(query);
    let url = entry.url.split(['?', '#']).next().unwrap_or_default();
    let place = url.split_once("://").map_or(url, |(_, place)| place);
    let parts = place.split('/').map(|part| match part {
        part if targets.contains(&part) => "{target}",
        part if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => "{number}",
        part => part,
    });
    let place = parts.collect::<Vec<_>>().join("/");
    let name = field(entry, QUERY_NAME).map(|name| format!(" {name}"));
    format!("{} {place}{}", entry.method, name.unwrap_or_default())
}

/// A field of the form that was sent.
pub(in crate::capture) fn field<'a>(entry: &'a Entry, name: &str) -> Option<&'a str> {
    let form = str::from_utf8(entry.request_body.as_deref()?).ok()?;
    let mut fields = form.split('&').filter_map(|field| field.split_once('='));
    fields.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Every text in a query, but the name of its kind.
pub(in crate::capture) fn targets(query: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    texts(query, &mut found);
    found
}

fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(object) => {
            let members = object.iter().filter(|(key, _)| *key != "kind");
            members.for_each(|(_, value)| texts(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    //! Requests of one door are the same, and those of others differ.

    use cases::har::Answer;
    use serde_json::json;

    use super::*;

    fn request(method: &str, url: &str, body: Option<&str>) -> Entry {
        Entry {
            method: method.to_owned(),
            url: url.to_owned(),
            request_headers: Vec::new(),
            request_body: body.map(|body| body.as_bytes().to_vec()),
            answer: Answer::Failed("dns-error".to_owned()),
        }
    }

    #[test]
    fn a_request_is_described_without_its_target() {
        let query = json!({"kind": "post", "target": {"shortcode": "DfDjNmTDemo"}});
        for (entry, expected) in [
            (
                request("GET", "https://www.instagram.com/p/DfDjNmTDemo/?a=1", None),
                "GET www.instagram.com/p/{target}/",
            ),
            (
                request(
                    "GET",
                    "https://i.instagram.com/api/v1/media/398/info/",
                    None,
                ),
                "GET i.instagram.com/api/v1/media/{number}/info/",
            ),
            (
                request(
                    "POST",
                    "https://www.instagram.com/api/graphql",
                    Some("av=0&fb_api_req_friendly_name=PostQuery&doc_id=7"),
                ),
                "POST www.instagram.com/api/graphql PostQuery",
            ),
        ] {
            assert_eq!(described(&entry, &query), expected);
        }
        let form = request("POST", "https://a/", Some("doc_id=7"));
        assert_eq!(field(&form, "doc_id"), Some("7"));
    }
}
