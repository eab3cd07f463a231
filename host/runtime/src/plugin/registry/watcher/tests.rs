//! When a change has settled, on a simulated clock.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{Change, Files, GONE, LOOK_EVERY, SETTLED, Stamp};

/// Simulates looks at given milliseconds.
struct Play {
    start: Instant,
    files: Files,
}

impl Play {
    fn new() -> Self {
        let start = Instant::now();
        let files = Files::default();
        Self { start, files }
    }

    fn at(&mut self, ms: u64, files: &[(&str, u64)]) -> (Vec<Change>, Duration) {
        let stamps: BTreeMap<_, _> = files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), stamp(*bytes)))
            .collect();
        self.files
            .look(self.start + Duration::from_millis(ms), stamps)
    }
}

fn stamp(bytes: u64) -> Stamp {
    Stamp {
        device: 1,
        inode: 1,
        bytes,
        changed: (0, 0),
    }
}

fn written(name: &str) -> Vec<Change> {
    vec![Change::Written(name.to_owned())]
}

#[test]
fn a_new_file_is_told_once_after_it_settled() {
    let mut play = Play::new();
    assert_eq!(play.at(0, &[("post.wasm", 1)]), (vec![], SETTLED));
    assert_eq!(
        play.at(50, &[("post.wasm", 1)]),
        (written("post.wasm"), LOOK_EVERY)
    );
    assert_eq!(play.at(100, &[("post.wasm", 1)]), (vec![], LOOK_EVERY));
}

#[test]
fn a_file_that_is_still_written_is_not_told() {
    let mut play = Play::new();
    for step in 0..10 {
        assert_eq!(play.at(step * 40, &[("post.wasm", step)]).0, []);
    }
    assert_eq!(play.at(410, &[("post.wasm", 9)]).0, written("post.wasm"));
}

#[test]
fn replacing_in_two_steps_is_no_deletion() {
    let mut play = Play::new();
    play.files
        .first(play.start, BTreeMap::from([("post.wasm".into(), stamp(1))]));
    assert_eq!(play.at(0, &[]), (vec![], GONE));
    assert_eq!(play.at(1900, &[("post.wasm", 2)]).0, []);
    assert_eq!(play.at(2100, &[("post.wasm", 2)]).0, written("post.wasm"));
}

#[test]
fn a_deletion_is_told_once_after_its_grace() {
    let mut play = Play::new();
    let first = play
        .files
        .first(play.start, BTreeMap::from([("post.wasm".into(), stamp(1))]));
    assert_eq!(first, written("post.wasm"));
    assert_eq!(play.at(0, &[]).0, []);
    assert_eq!(play.at(1999, &[]).0, []);
    assert_eq!(play.at(2000, &[]).0, [Change::Gone("post.wasm".into())]);
    assert_eq!(play.at(4000, &[]), (vec![], LOOK_EVERY));
}

#[test]
fn a_file_that_came_and_went_unseen_by_a_look_is_told_as_it_is() {
    let mut play = Play::new();
    play.at(0, &[("post.wasm", 1)]);
    assert_eq!(play.at(60, &[("post.wasm", 2)]).0, []);
    assert_eq!(play.at(70, &[("post.wasm", 1)]).0, []);
    assert_eq!(play.at(120, &[("post.wasm", 1)]).0, written("post.wasm"));
}

#[test]
fn one_restless_file_does_not_hold_up_another() {
    let mut play = Play::new();
    play.at(0, &[("post.wasm", 1), ("reel.wasm", 1)]);
    let (changes, wait) = play.at(50, &[("post.wasm", 2), ("reel.wasm", 1)]);
    assert_eq!((changes, wait), (written("reel.wasm"), SETTLED));
}
