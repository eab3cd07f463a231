//! Tests of the formulas, with the counts of the specification's examples.

use super::*;

const POST: Counts = Counts {
    likes: Some(123_456),
    comments: Some(5_678),
    saves: Some(23_456),
    shares: Some(12_345),
    views: Some(234_567),
};
const REEL: Counts = Counts {
    likes: Some(234_567),
    comments: Some(45_678),
    saves: Some(23_456),
    shares: Some(12_345),
    views: Some(1_234_567),
};
const HOUR: u64 = 3600;

fn likes(counts: &Counts) -> Vec<Option<u64>> {
    vec![counts.likes]
}

fn sample(at: u64, likes: u64) -> Sample {
    let counts = Counts {
        likes: Some(likes),
        ..Counts::default()
    };
    Sample { at, counts }
}

#[test]
fn totals_are_the_examples_with_their_slips_corrected() {
    assert_eq!(total(&POST.interactions_and_views()), Some(399_502));
    assert_eq!(total(&REEL.interactions()), Some(316_046));
    assert_eq!(total(&[None, None]), None);
}

#[test]
fn percentages_are_of_the_stated_parts() {
    let percent = percentages(POST.interactions_and_views());
    assert_eq!(
        percent,
        [Some(30.9), Some(1.4), Some(5.9), Some(3.1), Some(58.7)]
    );
    let percent = percentages(REEL.interactions_and_views());
    assert_eq!(
        percent,
        [Some(15.1), Some(2.9), Some(1.5), Some(0.8), Some(79.6)]
    );
    assert_eq!(
        percentages([Some(3), None, Some(1)]),
        [Some(75.0), None, Some(25.0)]
    );
    assert_eq!(percentages([Some(0), None]), [None, None]);
}

#[test]
fn the_rate_names_its_base() {
    assert_eq!(
        engagement_rate(&POST, Some(9)),
        Some((0.7031, Basis::Views))
    );
    let unseen = Counts {
        views: None,
        ..POST
    };
    assert_eq!(
        engagement_rate(&unseen, Some(1_649_350)),
        Some((0.1, Basis::Followers))
    );
    assert_eq!(engagement_rate(&unseen, None), None);
    let views_alone = Counts {
        views: Some(5),
        ..Counts::default()
    };
    assert_eq!(engagement_rate(&views_alone, None), None);
    let unwatched = Counts {
        views: Some(0),
        ..POST
    };
    assert_eq!(engagement_rate(&unwatched, None), None);
}

#[test]
fn velocity_comes_from_observations_and_else_from_the_lifetime() {
    let taken_at = Some(1_000_000);
    let current = sample(1_000_000 + 100 * HOUR, 1_000);
    let velocity = |earlier: &[Sample]| velocity_per_hour(&current, earlier, taken_at, likes);
    assert_eq!(velocity(&[]), Some(10.0));
    let (long_ago, lately) = (
        sample(current.at - 30 * HOUR, 1),
        sample(current.at - 2 * HOUR, 900),
    );
    assert_eq!(velocity(&[long_ago, lately]), Some(50.0));
    assert_eq!(velocity(&[sample(current.at - HOUR, 1_010)]), Some(-10.0));
    let just_now = sample(current.at - 59, 1_000);
    assert_eq!(velocity(&[just_now]), Some(10.0));
    assert_eq!(velocity_per_hour(&current, &[], None, likes), None);
}

#[test]
fn a_count_that_was_not_stated_before_has_not_grown() {
    let before = Sample {
        at: 10 * HOUR,
        counts: Counts {
            likes: Some(5),
            ..Counts::default()
        },
    };
    let now = Sample {
        at: 11 * HOUR,
        counts: POST,
    };
    let all = |counts: &Counts| counts.interactions().to_vec();
    assert_eq!(
        velocity_per_hour(&now, &[before], None, all),
        Some(123_451.0)
    );
}

#[test]
fn a_day_is_known_only_after_a_day() {
    let current = sample(1_000_000, 1_000);
    let day = |earlier: &[Sample], age| {
        gained_in_24_hours(&current, earlier, Some(current.at - age), likes)
    };
    assert_eq!(day(&[], 23 * HOUR), Some(1_000.0));
    assert_eq!(day(&[], 25 * HOUR), None);
    assert_eq!(day(&[sample(current.at - 23 * HOUR, 1)], 90 * HOUR), None);
    assert_eq!(
        day(&[sample(current.at - 36 * HOUR, 400)], 90 * HOUR),
        Some(400.0)
    );
    assert_eq!(day(&[sample(current.at - 49 * HOUR, 400)], 90 * HOUR), None);
}

#[test]
fn scores_run_from_0_to_10() {
    assert_eq!(
        [trend_score(-5.0), trend_score(999.0), trend_score(1e9)],
        [0.0, 7.5, 10.0]
    );
    assert_eq!(
        [
            viral_score(0.0),
            viral_score(9_999.0),
            viral_score(45_678.0)
        ],
        [0.0, 8.0, 9.3]
    );
    assert!(is_trending(trend_score(999.0)) && !is_trending(trend_score(100.0)));
    assert!(is_viral(viral_score(45_678.0)) && !is_viral(viral_score(5_000.0)));
}
