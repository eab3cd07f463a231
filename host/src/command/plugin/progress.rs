//! How many recorded cases have run: a bar on a terminal, a line now and then elsewhere.

use std::{
    io::{IsTerminal as _, stderr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::plugin::Told;

/// Between two lines where there is no terminal.
const SAID_EVERY: Duration = Duration::from_secs(5);

/// To hand to what runs cases; on standard error, and gone from a terminal when it is dropped.
pub(super) fn of_cases() -> Told {
    if stderr().is_terminal() {
        return on_a_terminal();
    }
    let said = Mutex::new(Instant::now());
    Box::new(move |done, all| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= SAID_EVERY {
            eprintln!("{done} of {all} cases have run");
            *said = Instant::now();
        }
    })
}

fn on_a_terminal() -> Told {
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
