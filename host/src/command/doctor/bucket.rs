//! Checks of the bucket of files: rights, clock, and the lifecycle rule for what a crash leaves.

use super::{Finding, machine::SET_CLOCK};
use crate::{
    config::Config,
    storage::{BucketAddress, Examined, Lifecycle, examine},
};

/// The maximum difference of the clocks, seconds: from a quarter of an hour on, stores refuse every request.
const SKEW_S_MAX: u64 = 300;
const DAY_S: u64 = 24 * 3600;

/// Nothing, if files are in the data folder.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let Some(address) = &config.storage.files else {
        return Vec::new();
    };
    let examined = examine(address, &config.storage.s3).await;
    let mut findings = vec![access(address, &examined)];
    findings.extend(examined.ahead_s.map(clock));
    findings.push(lifecycle(address, &examined.lifecycle, config));
    findings
}

fn access(address: &BucketAddress, examined: &Examined) -> Finding {
    const WHAT: &str = "bucket";
    let source = &examined.credentials;
    match &examined.access {
        Ok(()) => Finding::good(
            WHAT,
            format!("{address}: an object was written, read in part and deleted"),
        ),
        Err(why) => Finding::bad(
            WHAT,
            format!("{address}: {why}; the credentials are from {source}"),
        ),
    }
}

fn clock(ahead_s: i64) -> Finding {
    const WHAT: &str = "bucket clock";
    let (seconds, side) = (
        ahead_s.unsigned_abs(),
        if ahead_s < 0 { "behind" } else { "ahead" },
    );
    if seconds > SKEW_S_MAX {
        let said = format!(
            "the clock of the store is {seconds} s {side} of this machine's: from 900 s on it refuses every request"
        );
        return Finding::bad(WHAT, said).get(SET_CLOCK.0, SET_CLOCK.1);
    }
    Finding::good(
        WHAT,
        format!("that of the store is {seconds} s {side} of this machine's"),
    )
}

fn lifecycle(address: &BucketAddress, found: &Lifecycle, config: &Config) -> Finding {
    const WHAT: &str = "bucket lifecycle";
    const GUIDE: &str = "see \"Files in a bucket\" in docs/operators.md";
    let prefix = address.files_prefix();
    match *found {
        Lifecycle::Rule {
            files_days: Some(days),
            ..
        } if days * DAY_S < config.download.retention_s => Finding::bad(
            WHAT,
            format!("{prefix} expires after {days} days, sooner than limits.file_retention_s"),
        ),
        Lifecycle::Rule {
            files_days: Some(days),
            uploads_days: Some(_),
        } => Finding::good(WHAT, format!("{prefix} expires after {days} days")),
        Lifecycle::Rule {
            files_days: None, ..
        } => Finding::note(
            WHAT,
            format!("no rule expires {prefix}, so what a crash leaves stays: {GUIDE}"),
        ),
        Lifecycle::Rule { .. } => Finding::note(
            WHAT,
            format!("no rule gives up uploads below {prefix} that were not completed: {GUIDE}"),
        ),
        Lifecycle::Unknown(ref why) => Finding::note(
            WHAT,
            format!("it could not be read ({why}); check that a rule expires {prefix}: {GUIDE}"),
        ),
    }
}
