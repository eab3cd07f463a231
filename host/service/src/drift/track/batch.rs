//! What a process has counted of one field since it last stored it, kept so that it can be counted once more on top of what
//! other processes have stored meanwhile.

use super::{Rate, WINDOW, note};

/// The maximum number of batches of one field: as many windows as a track remembers. While the database is away for longer,
/// the last one grows.
const BATCHES_MAX: usize = 24;

/// Records that were counted one after the other, at most a window of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::drift) struct Batch {
    /// How often the field was stated.
    pub(in crate::drift) rate: Rate,
    /// When the first record was read, seconds since 1970.
    pub(in crate::drift) since: u64,
    /// The plugin version that produced them.
    pub(in crate::drift) version: String,
    /// Hashes of accounts whose records lack the field, up to the number that a warning needs.
    pub(in crate::drift) without: Vec<u64>,
}

/// Adds one record to the batches of a field.
pub(in crate::drift) fn collect(
    batches: &mut Vec<Batch>,
    rate: Rate,
    (version, account): (&str, u64),
    now_s: u64,
) {
    let is_full = |batch: &Batch| batch.rate.asked >= WINDOW || batch.version != version;
    if batches.len() < BATCHES_MAX && batches.last().is_none_or(is_full) {
        batches.push(Batch {
            since: now_s,
            version: version.to_owned(),
            ..Batch::default()
        });
    }
    let Some(batch) = batches.last_mut() else {
        return;
    };
    batch.rate.add(rate);
    if batch.version != version {
        version.clone_into(&mut batch.version);
    }
    if rate.stated < rate.asked {
        note(&mut batch.without, account);
    }
}
