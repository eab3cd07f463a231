//! How the latest extractions on a version ended, and when that is reason enough to go back to the one before.
//!
//! Only what a version does itself counts: upstream's failures never do. A failure that the predecessor shows on the
//! same answers is Instagram's doing, so going back would not help: it counts as no reason.

use std::collections::VecDeque;

/// When the host rolls back by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// The latest extractions that count.
    pub window: u32,
    /// Nothing is decided on fewer extractions than these.
    pub sample_min: u32,
    /// Nor on fewer failures than these.
    pub failures_min: u32,
    /// By how much the share of failures must exceed the predecessor's, percent of the window.
    pub margin_percent: u32,
}

impl Default for Rollback {
    fn default() -> Self {
        Self {
            window: 50,
            sample_min: 10,
            failures_min: 5,
            margin_percent: 20,
        }
    }
}

/// How one extraction ended, for the version that it ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With a record or a stated refusal.
    Good,
    /// By its own failure.
    Own,
    /// By a failure that its predecessor shows on the same answers.
    Shared,
}

/// The latest ends of one version.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<End>);

impl Window {
    pub(super) fn add(&mut self, end: End, rule: &Rollback) {
        self.0.push_back(end);
        while self.0.len() > rule.window as usize {
            self.0.pop_front();
        }
    }

    fn own(&self) -> usize {
        self.0.iter().filter(|end| **end == End::Own).count()
    }

    /// Percent of the window that failed, of whatever cause; none on too small a sample.
    pub(super) fn failed_percent(&self, rule: &Rollback) -> Option<usize> {
        let failed = self.0.iter().filter(|end| **end != End::Good).count();
        (self.0.len() >= rule.sample_min as usize).then(|| failed * 100 / self.0.len())
    }

    /// Why to go back to a predecessor of which so many percent failed while it served; none: no reason.
    pub(super) fn verdict(&self, predecessor: Option<usize>, rule: &Rollback) -> Option<String> {
        let (own, all) = (self.own(), self.0.len());
        if all < rule.sample_min as usize || own < rule.failures_min as usize {
            return None;
        }
        let before = predecessor.unwrap_or(0);
        let percent = own * 100 / all;
        (percent > before + rule.margin_percent as usize).then(|| {
            format!("{own} of its last {all} extractions failed by its own fault ({percent} %; before it {before} %)")
        })
    }
}

#[cfg(test)]
mod tests {
    //! Enough is enough, and little is nothing.

    use super::*;

    fn window(ends: &[(End, u32)]) -> Window {
        let mut window = Window::default();
        for (end, times) in ends {
            for _ in 0..*times {
                window.add(*end, &Rollback::default());
            }
        }
        window
    }

    fn goes_back(ends: &[(End, u32)], predecessor: Option<usize>) -> bool {
        let verdict = window(ends).verdict(predecessor, &Rollback::default());
        verdict.is_some()
    }

    #[test]
    fn a_small_sample_decides_nothing() {
        assert!(!goes_back(&[(End::Own, 9)], None));
        assert!(!goes_back(&[(End::Good, 20), (End::Own, 4)], None));
        assert!(goes_back(&[(End::Own, 10)], None));
    }

    #[test]
    fn what_the_predecessor_fails_at_too_is_no_reason() {
        assert!(!goes_back(&[(End::Shared, 50)], None));
        assert!(!goes_back(&[(End::Good, 40), (End::Shared, 10)], None));
    }

    #[test]
    fn the_share_must_exceed_the_predecessors() {
        let third = [(End::Good, 34), (End::Own, 16)];
        assert!(goes_back(&third, Some(0)) && goes_back(&third, Some(11)));
        assert!(!goes_back(&third, Some(12)) && !goes_back(&third, Some(40)));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        assert!(!goes_back(&[(End::Own, 9), (End::Good, 50)], None));
        let ends = window(&[(End::Shared, 10), (End::Good, 10)]);
        assert_eq!(ends.failed_percent(&Rollback::default()), Some(50));
        assert_eq!(Window::default().failed_percent(&Rollback::default()), None);
    }
}
