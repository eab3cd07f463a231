//! Reads one response of one door once: the result is what was looked for, or the reason why there is none.

use std::slice;

use crate::json::{Arena, Renames, Value};

use super::memo::DoorResult;
use crate::contract::exchanges::{Answer, Exchange, Response};
use crate::failure::{self, Closed};
use crate::read::{self, Body, Page, Reading};
use crate::request::Values;
use crate::settings::{NamedDoor, Silence};

/// The response of a door, for readers.
pub(crate) struct Answered<'b> {
    /// The URL of the response, after redirects.
    pub(crate) url: &'b str,
    /// Every JSON text in the response that can contain a root.
    pub(crate) documents: &'b [Value<'b>],
    /// The page, if the response is one.
    pub(crate) page: Option<&'b Page<'b>>,
}

/// Reads the response of a door. A record counts whatever else the response says: partial errors next to it are normal.
pub(super) fn open<T>(
    named: NamedDoor<'_>,
    exchange: &Exchange,
    values: &Values,
    renames: Renames<'_>,
    read: impl Fn(&Answered<'_>) -> Reading<T>,
) -> DoorResult<T> {
    let mut user_id = None;
    let result = match &exchange.answer {
        Answer::Response(response) => opened(named, response, values, renames, read, &mut user_id),
        Answer::Failed(error) => Err(failure::failed(error)),
    };
    DoorResult { result, user_id }
}

fn opened<T>(
    named: NamedDoor<'_>,
    response: &Response,
    values: &Values,
    renames: Renames<'_>,
    read: impl Fn(&Answered<'_>) -> Reading<T>,
    user_id: &mut Option<String>,
) -> Result<T, Closed> {
    let arena = Arena::default();
    let body = read::body(&arena, &response.body, renames);
    let (documents, page) = match &body {
        Body::Json(value) => (slice::from_ref(value), None),
        Body::Html(page) => (page.documents.as_slice(), Some(page)),
        Body::Other => (&[][..], None),
    };
    let reading = match read(&Answered {
        url: &response.url,
        documents,
        page,
    }) {
        Reading::Found(record) => return Ok(record),
        Reading::Refused(refusal) => return Err(Closed::Stated(refusal)),
        reading => reading,
    };
    *user_id = learnt(documents, values);
    if named.door.missing_on_404 && response.status == 404 {
        return Err(Closed::Missing);
    }
    if let Some(closed) = failure::stated(response, &body) {
        return Err(closed);
    }
    Err(match reading {
        Reading::Missing => Closed::Missing,
        Reading::Changed(change) => Closed::Changed(change),
        _ if user_id.is_some() => Closed::Nothing,
        _ => match (named.door.silence, &body) {
            (Silence::Nothing, _) => Closed::Nothing,
            (Silence::Throttled, Body::Html(_)) => Closed::Throttled(None),
            (Silence::Throttled | Silence::Changed, _) => {
                Closed::Unreadable(failure::unreadable(response, &body))
            }
        },
    })
}

/// The user id in a response that shows the account, but not what was looked for.
fn learnt(documents: &[Value<'_>], values: &Values) -> Option<String> {
    read::account_id(documents, values.username.as_deref()?)
}
