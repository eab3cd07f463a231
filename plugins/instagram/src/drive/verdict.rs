//! Decides the refusal of a walk if no door returned the content: the most informative response counts.
//!
//! | result of a door | refusal | reason for its rank |
//! |---|---|---|
//! | private, gated | the same | a fact; ends the walk at once |
//! | does not exist | `not-found` | a fact, unless a door shows it; a second one is asked first, `doubtful` ones count in pairs |
//! | rate limit | `rate-limited` | waiting will help |
//! | unreadable root, stale doc_id | `changed` | this door serves guests; walls of older doors must not hide it |
//! | login | `login-required` | a session would help |
//! | anything else unreadable, query failed | `changed`, `invalid-cursor` | may be temporary; a wall says more |
//! | network, 5xx | `unavailable` | says nothing about Instagram |

use crate::contract::steps::{Change, Refusal};
use crate::failure::Closed;
use crate::settings::NamedDoor;

/// The results of the doors so far.
#[derive(Default)]
pub(super) struct Verdict {
    /// The query was for a later page.
    with_cursor: bool,
    /// A door has shown the account, or a part of the content.
    pub(super) exists: bool,
    stated: Option<Refusal>,
    pub(super) missing: u32,
    missing_firmly: bool,
    throttled: Option<Option<u32>>,
    login: bool,
    /// A change that this plugin certainly has to follow.
    changed: Option<Change>,
    /// A change that this plugin may have to follow.
    unreadable: Option<Change>,
    invalid_cursor: bool,
    down: Vec<String>,
}

impl Verdict {
    pub(super) fn new(with_cursor: bool) -> Self {
        Self {
            with_cursor,
            ..Self::default()
        }
    }

    pub(super) fn hear(&mut self, named: NamedDoor<'_>, closed: Closed) {
        match closed {
            Closed::Stated(refusal) => self.stated = Some(refusal),
            Closed::Missing => {
                self.missing += 1;
                self.missing_firmly |= !named.door.doubtful;
            }
            Closed::Throttled(seconds) => self.throttled = self.throttled.max(Some(seconds)),
            Closed::Login => self.login = true,
            Closed::Changed(change) if !named.door.doubtful => {
                self.changed.get_or_insert(placed(named, change));
            }
            Closed::Execution(_) if self.with_cursor => self.invalid_cursor = true,
            Closed::Changed(change) | Closed::Unreadable(change) | Closed::Execution(change) => {
                self.unreadable.get_or_insert(placed(named, change));
            }
            Closed::Down(text) => self.down.push(format!("{}: {text}", named.name)),
            Closed::Nothing => {}
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.stated.is_some() || (self.missing >= 2 && !self.exists)
    }

    pub(super) fn is_private(&self) -> bool {
        self.stated == Some(Refusal::Private)
    }

    pub(super) fn refusal(self) -> Refusal {
        let is_missing = !self.exists && (self.missing_firmly || self.missing >= 2);
        self.stated
            .or(is_missing.then_some(Refusal::NotFound))
            .or(self.throttled.map(Refusal::RateLimited))
            .or(self.changed.map(Refusal::Changed))
            .or(self.login.then_some(Refusal::LoginRequired))
            .or(self.invalid_cursor.then_some(Refusal::InvalidCursor))
            .or(self.unreadable.map(Refusal::Changed))
            .unwrap_or_else(|| match self.down.as_slice() {
                [] => Refusal::Unavailable("no door could tell".to_owned()),
                down => Refusal::Unavailable(down.join("; ")),
            })
    }
}

/// Adds to `change` its door in front of the path, and the doc_id that may be stale.
fn placed(named: NamedDoor<'_>, change: Change) -> Change {
    let door = match named.door.doc_id {
        Some(doc_id) => format!("{}/{}", named.name, doc_id.decoded()),
        None => named.name.to_owned(),
    };
    Change {
        path: format!("{door}:{}", change.path),
        ..change
    }
}
