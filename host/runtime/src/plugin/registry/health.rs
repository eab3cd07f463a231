//! The results of the latest extractions on a version, and when they are reason enough to go back to the one before.
//!
//! Only failures of the version itself count, never failures of upstream. If the predecessor fails on the same
//! responses as well, Instagram is the cause and going back would not help, so such a failure does not count.

use std::collections::VecDeque;

use crate::{database::Ends, plugin::config::Rollback};

/// The result of one extraction, for the version that it ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It ended with a record or a stated refusal.
    Good,
    /// It failed by its own fault.
    Own,
    /// It failed, and its predecessor fails on the same responses.
    Shared,
}

/// The latest results of one version.
#[derive(Debug, Default)]
pub(super) struct Window(VecDeque<Judgement>);

impl Window {
    pub(super) fn add(&mut self, end: Judgement, rule: &Rollback) {
        self.0.push_back(end);
        while self.0.len() > rule.window as usize {
            self.0.pop_front();
        }
    }

    fn tally(&self) -> Tally {
        let count = |of: Judgement| self.0.iter().filter(|end| **end == of).count();
        Tally {
            own: count(Judgement::Own),
            shared: count(Judgement::Shared),
            all: self.0.len(),
        }
    }

    /// The percentage of the window that failed, for whatever cause. None if the sample is too small.
    pub(super) fn failed_percent(&self, rule: &Rollback) -> Option<usize> {
        self.tally().failed_percent(rule)
    }

    /// Returns the reason to go back to a predecessor of which this percentage failed while it served, if there is
    /// one.
    pub(super) fn verdict(&self, predecessor: Option<usize>, rule: &Rollback) -> Option<String> {
        self.tally().verdict(predecessor, rule)
    }
}

/// How many of the latest extractions on a version ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    own: usize,
    shared: usize,
    all: usize,
}

impl Tally {
    /// Counts extractions, newest first, until there are enough for the window.
    pub(super) fn of(latest: &[Ends], rule: &Rollback) -> Self {
        let mut tally = Self::default();
        for ends in latest {
            if tally.all >= rule.window as usize {
                break;
            }
            let of = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
            tally.own += of(ends.own);
            tally.shared += of(ends.common);
            tally.all += of(ends.good) + of(ends.own) + of(ends.common);
        }
        tally
    }

    /// As [`Window::failed_percent`].
    pub(super) fn failed_percent(&self, rule: &Rollback) -> Option<usize> {
        let failed = self.own + self.shared;
        (self.all >= rule.sample_min as usize && self.all > 0).then(|| failed * 100 / self.all)
    }

    /// As [`Window::verdict`].
    pub(super) fn verdict(&self, predecessor: Option<usize>, rule: &Rollback) -> Option<String> {
        let Self { own, all, .. } = *self;
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
    //! When the host rolls back, and when a sample is too small.

    use super::*;

    fn window(ends: &[(Judgement, u32)]) -> Window {
        let mut window = Window::default();
        for (end, times) in ends {
            for _ in 0..*times {
                window.add(*end, &Rollback::default());
            }
        }
        window
    }

    fn goes_back(ends: &[(Judgement, u32)], predecessor: Option<usize>) -> bool {
        let verdict = window(ends).verdict(predecessor, &Rollback::default());
        verdict.is_some()
    }

    #[test]
    fn a_small_sample_decides_nothing() {
        assert!(!goes_back(&[(Judgement::Own, 9)], None));
        assert!(!goes_back(
            &[(Judgement::Good, 20), (Judgement::Own, 4)],
            None
        ));
        assert!(goes_back(&[(Judgement::Own, 10)], None));
    }

    #[test]
    fn what_the_predecessor_fails_at_too_is_no_reason() {
        assert!(!goes_back(&[(Judgement::Shared, 50)], None));
        assert!(!goes_back(
            &[(Judgement::Good, 40), (Judgement::Shared, 10)],
            None
        ));
    }

    #[test]
    fn the_share_must_exceed_the_predecessors() {
        let third = [(Judgement::Good, 34), (Judgement::Own, 16)];
        assert!(goes_back(&third, Some(0)) && goes_back(&third, Some(11)));
        assert!(!goes_back(&third, Some(12)) && !goes_back(&third, Some(40)));
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        assert!(!goes_back(
            &[(Judgement::Own, 9), (Judgement::Good, 50)],
            None
        ));
        let ends = window(&[(Judgement::Shared, 10), (Judgement::Good, 10)]);
        assert_eq!(ends.failed_percent(&Rollback::default()), Some(50));
        assert_eq!(Window::default().failed_percent(&Rollback::default()), None);
    }

    #[test]
    fn a_fleet_counts_whole_seconds_until_it_has_a_window() {
        let ends = |good, own| Ends {
            good,
            own,
            common: 0,
        };
        let rule = Rollback::default();
        // The oldest second is not needed any more.
        let latest = [ends(0, 30), ends(10, 20), ends(1_000, 0)];
        let tally = Tally::of(&latest, &rule);
        assert_eq!((tally.own, tally.all), (50, 60));
        assert!(tally.verdict(Some(0), &rule).is_some());
        assert!(
            Tally::of(&latest[2..], &rule)
                .verdict(Some(0), &rule)
                .is_none()
        );
        assert_eq!(Tally::of(&[], &rule).failed_percent(&rule), None);
    }
}
