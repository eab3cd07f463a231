//! What the closed doors of a walk come to, when none was open: the most telling answer is the refusal.
//!
//! | what a door said | refusal | why there |
//! |---|---|---|
//! | private, gated | that | a fact; ends the walk at once |
//! | no such thing | `not-found` | a fact; a second door is asked first, `doubtful` doors count only in pairs |
//! | rate limit | `rate-limited` | waiting will help |
//! | unreadable root, stale doc_id | `changed` | this door serves guests; the older ones behind it never do, so their walls must not hide it |
//! | login | `login-required` | a session would help |
//! | anything else unreadable, query failed | `changed`, `invalid-cursor` | may pass by itself, so a wall tells more |
//! | network, 5xx | `unavailable` | says nothing about Instagram |

use crate::contract::steps::{Change, Refusal};
use crate::failure::Closed;
use crate::settings::Named;

/// What the doors said so far.
#[derive(Default)]
pub(super) struct Verdict {
    /// The question was for a later page.
    with_cursor: bool,
    stated: Option<Refusal>,
    pub(super) missing: u32,
    missing_firmly: bool,
    throttled: Option<Option<u32>>,
    login: bool,
    /// Evidently for this plugin to follow.
    changed: Option<Change>,
    /// Perhaps for this plugin to follow.
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

    pub(super) fn hear(&mut self, named: Named<'_>, closed: Closed) {
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
        self.stated.is_some() || self.missing >= 2
    }

    pub(super) fn refusal(self) -> Refusal {
        let is_missing = self.missing_firmly || self.missing >= 2;
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

/// `change` with its door in front of the path, and the doc_id that may have gone stale.
fn placed(named: Named<'_>, change: Change) -> Change {
    let door = match &named.door.doc_id {
        Some(doc_id) => format!("{}/{doc_id}", named.name),
        None => named.name.to_owned(),
    };
    Change {
        path: format!("{door}:{}", change.path),
        ..change
    }
}
