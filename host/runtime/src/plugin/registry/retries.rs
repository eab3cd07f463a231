//! Which files of the plugin folder are tried again, and when: those that were rejected for a cause that may pass.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// The pause after the first failure. It doubles with each further one.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The maximum pause: a component that takes all the time that the compiler has must not keep it busy.
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// The files to try again, by name.
#[derive(Default)]
pub(super) struct Retries(Mutex<BTreeMap<String, Retry>>);

struct Retry {
    pause: Duration,
    due: Instant,
}

impl Retries {
    /// Tries `file` again after a pause that is longer each time.
    pub(super) fn failed(&self, file: &str, now: Instant) {
        let mut retries = self.lock();
        let before = retries.get(file).map(|retry| retry.pause * 2);
        let pause = before.unwrap_or(PAUSE_MIN).min(PAUSE_MAX);
        let due = now + pause;
        retries.insert(file.to_owned(), Retry { pause, due });
    }

    /// Does not try `file` again: it was admitted, rejected for good, changed or deleted.
    pub(super) fn settled(&self, file: &str) {
        self.lock().remove(file);
    }

    /// When the next file is to be tried again.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().values().map(|retry| retry.due).min()
    }

    /// The files that are to be tried again now.
    pub(super) fn due(&self, now: Instant) -> Vec<String> {
        let retries = self.lock();
        let due = retries.iter().filter(|(_, retry)| retry.due <= now);
        due.map(|(file, _)| file.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Retry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    //! The pauses between two tries.

    use super::*;

    #[test]
    fn each_pause_is_longer_up_to_a_maximum() {
        let (retries, mut now) = (Retries::default(), Instant::now());
        let mut pauses = Vec::new();
        for _ in 0..12 {
            retries.failed("post.wasm", now);
            let due = retries.next().unwrap_or(now);
            assert!(retries.due(due - Duration::from_millis(1)).is_empty());
            assert_eq!(retries.due(due), ["post.wasm"]);
            pauses.push((due - now).as_secs());
            now = due;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    }

    #[test]
    fn what_is_settled_begins_anew() {
        let (retries, now) = (Retries::default(), Instant::now());
        retries.failed("post.wasm", now);
        retries.failed("post.wasm", now);
        retries.settled("post.wasm");
        assert_eq!(retries.next(), None);
        retries.failed("post.wasm", now);
        assert_eq!(retries.next(), Some(now + PAUSE_MIN));
    }
}
