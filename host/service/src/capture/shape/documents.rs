//! Finds the JSON in the body of a response, whoever wrote it: one text, a sequence of texts, or the JSON scripts of a page.

use serde_json::Value;

/// What guards JSON from being run as a script.
const GUARD: &str = "for (;;);";

/// The JSON documents of a body; empty if there is none.
pub(in crate::capture) fn documents(body: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let text = text.strip_prefix(GUARD).unwrap_or(text);
    if text.starts_with('<') {
        return scripts(text).filter_map(parsed).collect();
    }
    match parsed(text) {
        Some(whole) => vec![whole],
        // As in streamed GraphQL responses: each text is on a line of its own.
        None => {
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            let parsed: Option<Vec<_>> = lines.map(parsed).collect();
            parsed.unwrap_or_default()
        }
    }
}

/// A JSON text with something inside.
fn parsed(text: &str) -> Option<Value> {
    let value: Value = cases::json::parse(text.as_bytes()).ok()?;
    (value.is_object() || value.is_array()).then_some(value)
}

/// The contents of the scripts of a page that are JSON.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|script| {
        let (attributes, rest) = script.split_once('>')?;
        let content = rest.split("</script").next()?;
        attributes.contains("application/json").then_some(content)
    })
}

#[cfg(test)]
mod tests {
    //! Every form that holds JSON.

    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_found_in_every_form() {
        let page = "<!DOCTYPE html><script>var a = {};</script>\
            <script type=\"application/json\" data-sjs>{\"a\":1}</script>";
        for (body, expected) in [
            ("{\"a\":1}", vec![json!({"a": 1})]),
            ("\u{feff}for (;;);{\"a\":1}", vec![json!({"a": 1})]),
            (
                "{\"a\":1}\n{\"b\":2}\n",
                vec![json!({"a": 1}), json!({"b": 2})],
            ),
            (page, vec![json!({"a": 1})]),
            ("Please wait a few minutes", vec![]),
            ("{\"a\":", vec![]),
            ("7", vec![]),
        ] {
            assert_eq!(documents(body.as_bytes()), expected, "{body}");
        }
    }
}
