//! Conditional requests: whether a client already has this version, or asks for another one (RFC 9110, section 13).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
/// its quotes. Conditions by date are ignored if there is no date of modification, and if they state none that can be
/// read, as the sections 13.1.3 and 13.1.4 demand.
pub(in crate::api) fn condition(
    headers: &HeaderMap,
    tag: &str,
    modified: Option<SystemTime>,
) -> Condition {
    let opaque = tag.trim_matches('"');
    let lists = |name: &HeaderName, is_weak_enough: bool| {
        let mut lines = headers.get_all(name).iter().peekable();
        lines.peek()?;
        Some(lines.any(|line| names(line.to_str().unwrap_or_default(), opaque, is_weak_enough)))
    };
    let is_newer_than = |name: HeaderName| {
        let date = headers.get(name)?.to_str().ok()?;
        let date = httpdate::parse_http_date(date).ok()?;
        Some(whole_seconds(modified?) > date)
    };
    let is_other = match lists(&header::IF_MATCH, false) {
        Some(lists) => !lists,
        None => is_newer_than(header::IF_UNMODIFIED_SINCE) == Some(true),
    };
    let is_known = match lists(&header::IF_NONE_MATCH, true) {
        Some(lists) => lists,
        None => is_newer_than(header::IF_MODIFIED_SINCE) == Some(false),
    };
    match (is_other, is_known) {
        (true, _) => Condition::Failed,
        (false, true) => Condition::Unchanged,
        (false, false) => Condition::Met,
    }
}

/// The value of `Last-Modified`.
pub(in crate::api) fn last_modified(modified: SystemTime) -> String {
    httpdate::fmt_http_date(modified)
}

/// Dates of HTTP have no parts of a second.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
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
        condition(&headers, "\"a,b\"", Some(modified()))
    }

    /// Sun, 06 Nov 1994 08:49:37 GMT, and a half.
    fn modified() -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(784_111_777_500)
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
    fn if_match_comes_first() {
        let none_match = (header::IF_NONE_MATCH, "*");
        assert_eq!(
            found(&[(header::IF_MATCH, "\"x\""), none_match.clone()]),
            Condition::Failed
        );
        assert_eq!(
            found(&[(header::IF_MATCH, "*"), none_match]),
            Condition::Unchanged
        );
    }

    #[test]
    fn dates_count_where_no_tags_are_given() {
        assert_eq!(last_modified(modified()), "Sun, 06 Nov 1994 08:49:37 GMT");
        let dates = [
            "Sun, 06 Nov 1994 08:49:36 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:38 1994",
            "yesterday",
        ];
        let all = |name: &HeaderName| dates.map(|date| found(&[(name.clone(), date)]));
        let (met, unchanged, failed) = (Condition::Met, Condition::Unchanged, Condition::Failed);
        assert_eq!(
            all(&header::IF_MODIFIED_SINCE),
            [met, unchanged, unchanged, unchanged, met]
        );
        assert_eq!(
            all(&header::IF_UNMODIFIED_SINCE),
            [failed, met, met, met, met]
        );
        let since = (header::IF_MODIFIED_SINCE, dates[1]);
        let other = (header::IF_NONE_MATCH, "\"x\"");
        assert_eq!(found(&[since, other]), met, "tags are more exact");
        let until = (header::IF_UNMODIFIED_SINCE, dates[0]);
        let same = (header::IF_MATCH, "*");
        assert_eq!(found(&[until, same]), met, "tags are more exact");
    }

    #[test]
    fn dates_do_not_count_for_what_has_none() {
        let mut headers = HeaderMap::new();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap();
        headers.insert(header::IF_MODIFIED_SINCE, date);
        assert_eq!(condition(&headers, "\"a\"", None), Condition::Met);
    }
}
