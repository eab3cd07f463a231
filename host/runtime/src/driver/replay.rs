//! An extraction on a recording: every request is answered from it, and nothing is sent.

use std::ops::ControlFlow;

use cases::Har;

use super::{Arguments, Cause, Drive, Ending, Rules};
use crate::{
    contract::{Answer, Fault, Manifest, Outcome, Query, Request, recorded},
    upstream::PermittedRequest,
};

/// Runs `call` on a recording, under the rules of a live extraction. It has no side effects and blocks only as far as
/// `call` does.
pub fn replay(
    rules: &Rules,
    manifest: &Manifest,
    query: &Query,
    har: &Har,
    call: impl Fn(Arguments) -> Result<Outcome, Fault>,
) -> Ending {
    let mut drive = Drive::new(rules, manifest, query);
    loop {
        let requests = match drive.step(call(drive.arguments())) {
            ControlFlow::Break(result) => return drive.end(result),
            ControlFlow::Continue(requests) => requests,
        };
        match answers(har, &requests) {
            Ok(answers) => drive.answered(requests, answers),
            Err(cause) => return drive.end(Err(cause)),
        }
    }
}

/// Returns the recorded answers to these requests.
///
/// # Errors
/// [`Cause::Unrecorded`] if one of them is not recorded.
pub fn answers(har: &Har, requests: &[PermittedRequest]) -> Result<Vec<Answer>, Cause> {
    let answer = |request: &Request| {
        recorded::answer(har, request)
            .ok_or_else(|| Cause::Unrecorded(format!("{} {}", request.method.name(), request.url)))
    };
    requests.iter().map(|it| answer(it.stated())).collect()
}
