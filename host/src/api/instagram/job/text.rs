//! The sentences that clients read about a job. The layers below only report facts: a stage, an item, counts.

use crate::{
    download::Download,
    job::{Progress, Stage, State, Status},
};

/// The message of a cancelled job.
pub(super) const CANCELLED: &str = "Download cancelled.";

/// The message of a completed job without this many of its files.
pub(super) fn completed(missing: usize) -> String {
    match missing {
        0 => "Download completed successfully.".to_owned(),
        1 => "Download completed, but 1 file is missing.".to_owned(),
        _ => format!("Download completed, but {missing} files are missing."),
    }
}

/// The name of the stage of a job in progress.
pub(super) fn stage(status: &Status<Download>) -> &'static str {
    match (status.state, status.progress.stage) {
        (State::Pending, _) => "pending",
        (_, Stage::Starting | Stage::Resolving) => "resolving",
        (_, Stage::Downloading) => "downloading",
        (_, Stage::Processing) => "processing",
        (_, Stage::Publishing) => "publishing",
    }
}

/// The message of a job in progress.
pub(super) fn under_way(status: &Status<Download>) -> String {
    match (status.state, &status.work) {
        (State::Pending, _) => "Waiting for its turn...".to_owned(),
        (_, None) => {
            let children = status.children.iter();
            let done = children.filter(|child| child.state.is_final()).count();
            format!("{done} of {} items are done.", status.children.len())
        }
        (_, Some(_)) => progress_text(&status.progress),
    }
}

/// What a running download is doing, as a sentence.
#[must_use]
pub fn progress_text(progress: &Progress) -> String {
    match (progress.stage, progress.item) {
        (Stage::Starting, _) => "Starting...".to_owned(),
        (Stage::Resolving, _) => "Asking Instagram...".to_owned(),
        (Stage::Downloading, Some(item)) if item.count > 1 => {
            format!(
                "Downloading media files ({} of {})...",
                item.number, item.count
            )
        }
        (Stage::Downloading, _) => "Downloading media files...".to_owned(),
        (Stage::Processing, _) => "Converting media files...".to_owned(),
        (Stage::Publishing, _) => "Storing files...".to_owned(),
    }
}
