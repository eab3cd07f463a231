//! Shows how many recorded cases have run: a bar on a terminal, else a line every few seconds.

use std::{
    io::{IsTerminal as _, stderr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::plugin::ProgressListener;

/// Pause between two lines if there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// A callback for the runner of cases. It writes to standard error; a bar disappears when all cases have run.
pub(super) fn of_cases() -> ProgressListener {
    if stderr().is_terminal() {
        return on_a_terminal();
    }
    let last_line = Mutex::new(Instant::now());
    Box::new(move |done, all| {
        let mut last_line = last_line.lock().unwrap_or_else(PoisonError::into_inner);
        if last_line.elapsed() >= LINE_EVERY {
            eprintln!("{done} of {all} cases have run");
            *last_line = Instant::now();
        }
    })
}

fn on_a_terminal() -> ProgressListener {
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} cases");
    let bar =
        ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Box::new(move |done, all| {
        if bar.length() != Some(all as u64) {
            bar.set_length(all as u64);
        }
        bar.set_position(done as u64);
        if done == all {
            bar.finish_and_clear();
        }
    })
}
