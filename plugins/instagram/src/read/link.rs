//! Unwraps links from Instagram's redirector, which tracks who clicked.

use crate::json::Value;

use crate::read::field;

const REDIRECTOR: &str = "://l.instagram.com/";

/// The link as its owner wrote it: the `u` of `https://l.instagram.com/?u=…`, else as stated.
pub(super) fn link(value: &Value<'_>) -> Option<String> {
    let address = field::filled(value)?;
    if !address.contains(REDIRECTOR) {
        return Some(address);
    }
    let query = address.split_once('?')?.1;
    let target = query
        .split(['&', '#'])
        .find_map(|pair| pair.strip_prefix("u="))?;
    percent_decoded(target)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hexadecimal(rest.next()?)? * 16 + hexadecimal(rest.next()?)?,
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::trees::parsed;

    #[test]
    fn redirector_is_taken_off() {
        let wrapped =
            json!("https://l.instagram.com/?u=https%3A%2F%2Fx.test%2Fa%3Fb%3D%C3%A9&e=AT1");
        assert_eq!(
            link(&parsed(wrapped)).as_deref(),
            Some("https://x.test/a?b=é")
        );
        assert_eq!(
            link(&parsed(json!("http://x.test/%C3"))).as_deref(),
            Some("http://x.test/%C3")
        );
        for broken in [
            "https://l.instagram.com/?u=%C3",
            "https://l.instagram.com/?u=%4",
            "https://l.instagram.com/",
            "",
        ] {
            assert_eq!(link(&parsed(json!(broken))), None, "{broken}");
        }
    }
}
