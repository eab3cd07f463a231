//! The error of a job that failed, in the codes and words of the API.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::http::error::{Code, Subject, reason_text},
    download::{Download, Reason},
    job::{State, Status},
};

/// Why it failed.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct JobError {
    code: &'static str,
    message: &'static str,
    details: Cow<'static, str>,
}

impl JobError {
    /// A stored failure in the terms of the API.
    pub(super) fn of(status: &Status<Download>) -> Self {
        let Some(download) = &status.work else {
            return Self::of_items(&status.children);
        };
        let reason = status.failure.as_ref().map_or(Reason::Internal, Reason::of);
        let code = Subject::from(download.kind).reason(reason);
        Self::new(code, reason)
    }

    /// The error of a batch without a single result: the code of the first item that failed, and how many items failed
    /// with which code.
    fn of_items(items: &[Status<Download>]) -> Self {
        let failed = items.iter().filter(|item| item.state == State::Failed);
        let codes: Vec<_> = failed.map(|item| Self::of(item).code).collect();
        let Some(first) = codes.first() else {
            return Self::new(Code::ServerError, Reason::Internal);
        };
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for code in &codes {
            match counts.iter_mut().find(|(name, _)| name == code) {
                Some((_, count)) => *count += 1,
                None => counts.push((code, 1)),
            }
        }
        let counts: Vec<_> = counts
            .iter()
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        let (failed, all) = (codes.len(), items.len());
        Self {
            code: first,
            message: "No item of the batch could be downloaded",
            details: format!("{failed} of {all} items failed: {}", counts.join(", ")).into(),
        }
    }

    /// The error of one file of a download whose other files were delivered.
    pub(super) fn of_file(code: Code, reason: Reason) -> Self {
        Self {
            message: "This file could not be delivered",
            ..Self::new(code, reason)
        }
    }

    fn new(code: Code, reason: Reason) -> Self {
        Self {
            code: code.name(),
            message: code.message(),
            details: reason_text(reason).into(),
        }
    }
}
