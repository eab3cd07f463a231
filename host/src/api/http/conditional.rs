//! Conditional requests: whether a client already has this version, or asks for another one (RFC 9110, section 13).
//!
//! Nothing here has a modification date, so `If-Modified-Since` and `If-Unmodified-Since` are ignored, as the sections
//! 13.1.3 and 13.1.4 demand.

use axum::http::{HeaderMap, HeaderName, header};

/// How the conditions of a request for something that exists ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Condition {
    /// Respond as if there were none.
    Met,
    /// The client already has it: `304`.
    Unchanged,
    /// The client asks for another version: `412`.
    Failed,
}

/// Evaluates the conditions of a `GET` or `HEAD`, in the order of section 13.2.2. `tag` is the strong entity tag, with
/// its quotes.
pub(in crate::api) fn condition(headers: &HeaderMap, tag: &str) -> Condition {
    let opaque = tag.trim_matches('"');
    let lists = |name: &HeaderName, is_weak_enough: bool| {
        let mut lines = headers.get_all(name).iter().peekable();
        lines.peek()?;
        Some(lines.any(|line| names(line.to_str().unwrap_or_default(), opaque, is_weak_enough)))
    };
    if lists(&header::IF_MATCH, false) == Some(false) {
        Condition::Failed
    } else if lists(&header::IF_NONE_MATCH, true) == Some(true) {
        Condition::Unchanged
    } else {
        Condition::Met
    }
}

/// Whether a list of entity tags is `*` or names this one; a weak tag counts only in a weak comparison.
fn names(list: &str, opaque: &str, is_weak_enough: bool) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let mut rest = list;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let (is_weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        // A comma may be part of a tag, so a list cannot simply be split.
        let tag = quoted.strip_prefix('"').and_then(|tag| tag.split_once('"'));
        let Some((found, after)) = tag else {
            return false;
        };
        if found == opaque && (is_weak_enough || !is_weak) {
            return true;
        }
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    //! The conditions alone and together.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn found(fields: &[(HeaderName, &str)]) -> Condition {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name.clone(), value.parse().unwrap());
        }
        condition(&headers, "\"a,b\"")
    }

    #[test]
    fn a_known_version_is_not_sent_again() {
        for known in [
            "\"a,b\"",
            "W/\"a,b\"",
            "*",
            " * ",
            "\"x\", \"a,b\"",
            "W/\"x\",W/\"a,b\" , \"y\"",
            ", ,\"a,b\"",
        ] {
            let fields = [(header::IF_NONE_MATCH, known)];
            assert_eq!(found(&fields), Condition::Unchanged, "{known}");
        }
        for other in [
            "\"a\"",
            "\"a\",\"b\"",
            "a,b",
            "\"a,b",
            "",
            "w/\"a,b\"",
            "\"A,B\"",
        ] {
            let fields = [(header::IF_NONE_MATCH, other)];
            assert_eq!(found(&fields), Condition::Met, "{other}");
        }
        let lines = [
            (header::IF_NONE_MATCH, "\"x\""),
            (header::IF_NONE_MATCH, "\"a,b\""),
        ];
        assert_eq!(found(&lines), Condition::Unchanged);
    }

    #[test]
    fn another_version_than_the_wanted_one_is_not_sent() {
        for same in ["\"a,b\"", "*", "\"x\", \"a,b\""] {
            assert_eq!(found(&[(header::IF_MATCH, same)]), Condition::Met, "{same}");
        }
        for other in ["\"x\"", "W/\"a,b\"", "", "a,b"] {
            assert_eq!(
                found(&[(header::IF_MATCH, other)]),
                Condition::Failed,
                "{other}"
            );
        }
    }

    #[test]
    fn if_match_comes_first_and_dates_do_not_count() {
        let none_match = (header::IF_NONE_MATCH, "*");
        assert_eq!(
            found(&[(header::IF_MATCH, "\"x\""), none_match.clone()]),
            Condition::Failed
        );
        assert_eq!(
            found(&[(header::IF_MATCH, "*"), none_match]),
            Condition::Unchanged
        );
        for name in [header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE] {
            assert_eq!(
                found(&[(name, "Sun, 06 Nov 1994 08:49:37 GMT")]),
                Condition::Met
            );
        }
    }
}
