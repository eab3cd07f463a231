//! Reports the progress of a download: its stage, its percentage, and the measured transfer.

use std::time::Instant;

use crate::job::{Progress, Reporter, Stage, StageItem};

/// The range of the percentage that covers fetching and converting; resolving comes before it, publishing after it.
const FETCHED: (f64, f64) = (5.0, 95.0);

/// The reports of one attempt.
pub(super) struct Reports<'a> {
    to: &'a Reporter,
    began: Instant,
}

/// The measured transfer of the file that is being fetched.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Transfer {
    pub(super) bytes: Option<u64>,
    pub(super) bytes_total: Option<u64>,
    pub(super) bytes_per_second: Option<f64>,
}

impl<'a> Reports<'a> {
    pub(super) fn new(to: &'a Reporter) -> Self {
        let began = Instant::now();
        Self { to, began }
    }

    /// Reports that what is to be done is found out.
    pub(super) fn resolving(&self) {
        self.report(Stage::Resolving, None, 0.0, Transfer::default());
    }

    /// Reports that the files are published.
    pub(super) fn publishing(&self) {
        self.report(Stage::Publishing, None, FETCHED.1, Transfer::default());
    }

    /// Reports the progress of one item: how much of it is done, and the measured transfer.
    pub(super) fn item(
        &self,
        stage: Stage,
        (place, count): (usize, usize),
        share: f64,
        transfer: Transfer,
    ) {
        let done = (place as f64 + share) / count.max(1) as f64;
        let percent = FETCHED.0 + (FETCHED.1 - FETCHED.0) * done;
        let item = StageItem {
            number: place + 1,
            count,
        };
        self.report(stage, Some(item), percent, transfer);
    }

    fn report(&self, stage: Stage, item: Option<StageItem>, percent: f64, transfer: Transfer) {
        // Estimates that the remaining percentage takes as long, in proportion, as the part already done.
        let seconds = self.began.elapsed().as_secs_f64();
        let eta = (percent > FETCHED.0).then(|| seconds * (100.0 - percent) / percent);
        self.to.set(Progress {
            stage,
            item,
            percent: percent.clamp(0.0, 99.0) as u8,
            bytes: transfer.bytes,
            bytes_total: transfer.bytes_total,
            bytes_per_second: transfer.bytes_per_second,
            eta_s: eta.map(|eta| eta.ceil() as u64),
        });
    }
}
