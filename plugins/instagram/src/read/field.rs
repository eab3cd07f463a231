//! Lenient access to JSON: Instagram states the same fact as a number, as text, as null or not at all.
//!
//! Indexing a `Value` with a missing key returns null, so `text(&node["caption"]["text"])` never fails.

use std::borrow::Cow;

use crate::json::Value;

/// Text as stated, including `""`.
pub(super) fn text(value: &Value<'_>) -> Option<String> {
    value.as_str().map(Cow::into_owned)
}

/// Text that is not empty.
pub(super) fn filled(value: &Value<'_>) -> Option<String> {
    let text = value.as_str()?;
    let filled = text.trim();
    match filled.len() {
        0 => None,
        whole if whole == text.len() => Some(text.into_owned()),
        _ => Some(filled.to_owned()),
    }
}

/// An absolute web address.
pub(super) fn url(value: &Value<'_>) -> Option<String> {
    value
        .as_str()
        .filter(|text| text.starts_with("https://") || text.starts_with("http://"))
        .map(Cow::into_owned)
}

/// A whole number that is not negative (-1 is how Instagram hides a count), also if it is a text or a float.
pub(super) fn count(value: &Value<'_>) -> Option<u64> {
    /// 2^53: floats are exact up to here.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let whole = |float: &f64| (0.0..=EXACT).contains(float) && float.fract() == 0.0;
            number.as_f64().filter(whole).map(|float| float as u64)
        }),
        Value::String(text) => text.decoded().parse().ok(),
        _ => None,
    }
}

/// Returns the first count above 0, else 0 if one is stated: responses contain several counters of the same thing, and
/// those that are not filled are 0.
pub(super) fn first_positive<'a>(values: impl IntoIterator<Item = &'a Value<'a>>) -> Option<u64> {
    let stated = values.into_iter().filter_map(count);
    stated.fold(None, |best, count| {
        best.filter(|best| *best > 0).or(Some(count))
    })
}

/// A time in seconds since 1970. Some answers state milliseconds or microseconds, or a fraction; 0 and negative times mean
/// that none is stated.
pub(super) fn time(value: &Value<'_>) -> Option<u64> {
    /// Seconds reach this number in the year 5138, milliseconds reached it in 1973.
    const SECONDS_MAX: u64 = 100_000_000_000;
    /// Nanoseconds reach this number in the year 2286; a number above is no time.
    const NANOSECONDS_MAX: f64 = 1e19;
    let whole = || {
        number(value)
            .map(f64::floor)
            .filter(|time| (1.0..NANOSECONDS_MAX).contains(time))
    };
    let mut time = count(value).or_else(|| whole().map(|time| time as u64))?;
    while time >= SECONDS_MAX {
        time /= 1000;
    }
    (time > 0).then_some(time)
}

/// A width, height or the like; 0 means that it is not stated.
pub(super) fn pixels(value: &Value<'_>) -> Option<u32> {
    count(value)
        .and_then(|count| u32::try_from(count).ok())
        .filter(|pixels| *pixels > 0)
}

/// A finite number.
pub(super) fn number(value: &Value<'_>) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.decoded().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// A boolean; also 1 and 0.
pub(super) fn flag(value: &Value<'_>) -> Option<bool> {
    match count(value) {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => value.as_bool(),
    }
}

/// A numeric id as decimal text: from an integer, a text, `<media id>_<user id>` or `POLARIS_<media id>`.
pub(super) fn id(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().map(|id| id.to_string()),
        // The contract's ids have the digits of 64 bits.
        Value::String(text) => {
            let text = text.decoded();
            let text = text.strip_prefix("POLARIS_").unwrap_or(&text);
            let digits = text.split('_').next().unwrap_or_default();
            let is_id = (1..=20).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_id.then(|| digits.to_owned())
        }
        _ => None,
    }
}

/// The elements of an array; empty if there is no array.
pub(super) fn list<'a>(value: &Value<'a>) -> &'a [Value<'a>] {
    value.as_array().unwrap_or_default()
}

/// The nodes of a legacy or Relay connection (`{edges: [{node}]}`).
pub(super) fn nodes<'a>(connection: &'a Value<'a>) -> impl Iterator<Item = &'a Value<'a>> + Clone {
    list(&connection["edges"]).iter().map(|edge| &edge["node"])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::json::trees::parsed;

    #[test]
    fn counts_in_any_form_but_negative() {
        let counts = [
            json!(7),
            json!(7.0),
            json!("7"),
            json!(-1),
            json!(7.5),
            json!(null),
            json!("x"),
        ]
        .map(|v| count(&parsed(v)));
        assert_eq!(counts, [Some(7), Some(7), Some(7), None, None, None, None]);
    }

    #[test]
    fn ids_stay_exact_in_any_form() {
        for value in [
            json!(3_982_487_950_286_638_198_u64),
            json!("POLARIS_3982487950286638198"),
            json!("3982487950286638198_25"),
        ] {
            assert_eq!(id(&parsed(value)).as_deref(), Some("3982487950286638198"));
        }
        assert_eq!(id(&parsed(json!("highlight:1"))), None);
        assert_eq!(id(&parsed(json!("123456789012345678901"))), None);
        assert_eq!(id(&parsed(json!(""))), None);
    }

    #[test]
    fn times_are_seconds_whatever_their_unit() {
        for value in [
            json!(1_780_000_000),
            json!("1780000000"),
            json!(1_780_000_000.75),
            json!("1780000000.5"),
            json!(1_780_000_000_123_u64),
            json!("1780000000123"),
            json!(1_780_000_000_123_456_u64),
            json!(1_780_000_000_123_456_789_u64),
        ] {
            assert_eq!(time(&parsed(value.clone())), Some(1_780_000_000), "{value}");
        }
        for value in [
            json!(0),
            json!(-1),
            json!(null),
            json!("now"),
            json!(""),
            json!(0.5),
            json!(1e30),
            json!(1e19),
        ] {
            assert_eq!(time(&parsed(value.clone())), None, "{value}");
        }
    }

    #[test]
    fn zero_gives_way_to_a_later_count_but_is_a_statement() {
        let first = |counts: serde_json::Value| first_positive(parsed(counts).as_array().unwrap());
        assert_eq!(first(json!([null, 0, 5])), Some(5));
        assert_eq!(first(json!([0, null])), Some(0));
        assert_eq!(first(json!([null])), None);
        assert_eq!(first(json!([3, 9])), Some(3));
    }
}
