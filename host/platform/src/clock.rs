//! A clock that is not affected by jumps of the system clock: it reads that once, at the start, and then adds the time
//! since boot.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::time::{ClockId, clock_gettime};

/// A clock that also counts while the machine sleeps.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

/// A cheap handle to one clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    /// What the wall clock showed when the steady time was 0, milliseconds.
    Steady(Arc<AtomicU64>),
    Fixed(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that starts at the system clock's present time.
    #[must_use]
    pub fn system() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let wall = u64::try_from(wall.as_millis()).unwrap_or(u64::MAX);
        let at_zero = wall.saturating_sub(Self::steady_ms());
        Self(Source::Steady(Arc::new(AtomicU64::new(at_zero))))
    }

    /// A clock for tests: it stands still at `ms` until [`Clock::set`] is called.
    #[must_use]
    pub fn fixed(ms: u64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicU64::new(ms))))
    }

    /// Sets a fixed clock; has no effect on the system clock.
    pub fn set(&self, ms: u64) {
        if let Source::Fixed(now) = &self.0 {
            now.store(ms, Ordering::Relaxed);
        }
    }

    /// Sets the system clock of this handle and its clones right: it was `now_ms` when the steady time was `steady_ms`. Has
    /// no effect on a fixed clock.
    pub fn correct(&self, now_ms: u64, steady_ms: u64) {
        if let Source::Steady(at_zero) = &self.0 {
            at_zero.store(now_ms.saturating_sub(steady_ms), Ordering::Relaxed);
        }
    }

    /// The time since this machine was started, milliseconds.
    #[must_use]
    pub fn steady_ms() -> u64 {
        let now = clock_gettime(STEADY);
        let seconds = now.tv_sec.unsigned_abs();
        seconds * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000
    }

    /// The present time in milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::Steady(at_zero) => at_zero.load(Ordering::Relaxed) + Self::steady_ms(),
            Source::Fixed(now) => now.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    //! The system clock moves forwards; a fixed clock moves when it is set.

    use super::*;

    #[test]
    fn the_systems_clock_is_near_the_wall_and_goes_forwards() {
        let clock = Clock::system();
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        let first = clock.now_ms();
        assert!(u128::from(first).abs_diff(wall) < 5_000);
        assert!(clock.now_ms() >= first);
    }

    /// An arbitrary moment of 2026, which is more than any machine has been up.
    const NOW_MS: u64 = 1_780_000_000_000;

    #[test]
    fn a_corrected_clock_goes_on_from_what_it_was_told() {
        let clock = Clock::system();
        let before = Clock::steady_ms();
        clock.clone().correct(NOW_MS, before);
        let passed = clock.now_ms() - NOW_MS;
        assert!(passed <= Clock::steady_ms() - before);
    }

    #[test]
    fn a_fixed_clock_moves_when_it_is_moved() {
        let clock = Clock::fixed(5);
        clock.clone().set(7);
        assert_eq!(clock.now_ms(), 7);
    }
}
