//! Ranges against a plain reading of RFC 9110, section 14.
#![expect(clippy::unwrap_used, reason = "tests")]

use axum::http::{HeaderMap, header};
use proptest::prelude::*;

use super::{RequestedPart, wanted};

fn asked(range: &[u8], whole: u64) -> RequestedPart {
    let mut headers = HeaderMap::new();
    headers.insert(header::RANGE, range.try_into().unwrap());
    wanted(&headers, "\"tag\"", whole)
}

/// What RFC 9110 says of one range: the bytes, or `Err(true)` for the whole file, `Err(false)` for a refusal.
fn model(first: Option<u64>, last: Option<u64>, whole: u64) -> Result<(u64, u64), bool> {
    match (first, last) {
        (None, None) => Err(true),
        (Some(first), Some(last)) if last < first => Err(true),
        (Some(first), _) if first >= whole => Err(false),
        (Some(first), last) => Ok((first, last.map_or(whole, |last| whole.min(last + 1)))),
        (None, Some(0)) => Err(false),
        // There is nothing to give a part of, and the range is no less valid.
        (None, Some(_)) if whole == 0 => Err(true),
        (None, Some(last)) => Ok((whole.saturating_sub(last), whole)),
    }
}

proptest! {
    #[test]
    fn one_range_is_what_the_standard_says(
        first in proptest::option::of(0..40_u64),
        last in proptest::option::of(0..40_u64),
        whole in 0..40_u64,
    ) {
        let text = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
        let range = format!("bytes={}-{}", text(first), text(last));
        let found = match asked(range.as_bytes(), whole) {
            RequestedPart::Part(part) => Ok((part.start, part.end)),
            RequestedPart::Whole => Err(true),
            RequestedPart::Nothing => Err(false),
        };
        prop_assert_eq!(found, model(first, last, whole), "{} of {}", range, whole);
    }
}

mod fuzz {
    //! Damaged ranges.

    use super::*;

    #[test]
    fn damaged_ranges() {
        let seeds = [
            "bytes=0-499",
            "bytes=500-",
            "bytes=-500",
            "bytes=0-0,-1",
            "bytes= 1-2 , 3-4",
            "items=1-2",
            "bytes=18446744073709551615-",
            "bytes=-18446744073709551616",
        ];
        let seeds = seeds.map(|seed| seed.as_bytes().to_vec());
        ::fuzz::target("ranges", &seeds, |input| {
            if header::HeaderValue::from_bytes(input).is_err() {
                return;
            }
            for whole in [0, 1, 500, 1 << 40, u64::MAX] {
                if let RequestedPart::Part(part) = asked(input, whole) {
                    assert!(
                        part.start < part.end && part.end <= whole,
                        "{part:?} of {whole}"
                    );
                }
            }
        });
    }
}
