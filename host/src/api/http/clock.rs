//! Wall-clock time, as the API writes it. Limits and ages never use it: it may jump.

use std::time::{SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds since 1970.
pub(in crate::api) fn now() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |duration| duration.as_secs())
}

/// Seconds since 1970 as RFC 3339, UTC; `None` after the year 9999.
pub(in crate::api) fn datetime(seconds: u64) -> Option<String> {
    let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    moment.format(&Rfc3339).ok()
}
