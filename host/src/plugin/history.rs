//! What happened to the versions of each plugin, kept over restarts: who let it serve, who took it away, and why.

use std::collections::BTreeSet;

use super::Plugin;
use crate::{
    clock::Clock,
    database::{Database, PluginEvent},
};

/// Most events that decide which versions are trusted: all that are kept.
const EVENTS_MAX: u32 = 1000;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It began to serve.
    Serves,
    /// It was taken back, and may not return by itself.
    RolledBack,
    /// It was not let in.
    Refused,
    /// It waits for the operator's word.
    Staged,
    /// It runs beside the one that serves.
    Shadowed,
    /// A candidate was dropped.
    Discarded,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::RolledBack => "rolled-back",
            Self::Refused => "refused",
            Self::Staged => "staged",
            Self::Shadowed => "shadowed",
            Self::Discarded => "discarded",
        }
    }
}

/// Whose hand it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// The host itself.
    Gramhost,
    /// Whoever wrote to the plugin folder.
    Folder,
    /// Whoever holds the admin token.
    Operator,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Gramhost => "gramhost",
            Self::Folder => "folder",
            Self::Operator => "operator",
        }
    }
}

/// What the history says of the versions of one plugin, by digest.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Those that have served, newest first; without those that were rolled back since.
    pub(super) served: Vec<String>,
    /// Those that were rolled back and have not served again, newest first.
    pub(super) rolled_back: Vec<String>,
}

impl Trust {
    fn of(newest_first: &[PluginEvent]) -> Self {
        let mut trust = Self::default();
        let mut judged = BTreeSet::new();
        for event in newest_first {
            let Some(digest) = &event.digest else {
                continue;
            };
            let serves = event.action == Action::Serves.name();
            let rolled_back = event.action == Action::RolledBack.name();
            if !(serves || rolled_back) || !judged.insert(digest) {
                continue;
            }
            if serves {
                trust.served.push(digest.clone());
            } else {
                trust.rolled_back.push(digest.clone());
            }
        }
        trust
    }
}

/// The book. Without a database (a command line that serves nothing) nothing is kept.
#[derive(Clone)]
pub(super) struct History {
    database: Option<Database>,
    clock: Clock,
}

impl History {
    pub(super) fn new(database: Option<Database>) -> Self {
        Self {
            database,
            clock: Clock::system(),
        }
    }

    /// What is known of the versions of a plugin. A database that fails says nothing, and is logged.
    pub(super) async fn trust(&self, plugin: &str) -> Trust {
        let Some(database) = &self.database else {
            return Trust::default();
        };
        match database.plugin_events(Some(plugin), EVENTS_MAX).await {
            Ok(events) => Trust::of(&events),
            Err(error) => {
                tracing::error!(plugin, %error, "the history of plugins cannot be read");
                Trust::default()
            }
        }
    }

    /// Of a version that was loaded.
    pub(super) async fn add(&self, plugin: &Plugin, action: Action, who: Who, why: &str) {
        self.write(PluginEvent {
            plugin: plugin.manifest().name.clone(),
            action: action.name().to_owned(),
            digest: Some(plugin.digest().to_owned()),
            version: Some(plugin.manifest().version.clone()),
            source: plugin.source().to_owned(),
            who: who.name().to_owned(),
            why: why.to_owned(),
            ..PluginEvent::default()
        })
        .await;
    }

    /// Of a file that was not let in.
    pub(super) async fn refused(
        &self,
        plugin: &str,
        (file, digest): (&str, Option<&str>),
        who: Who,
        why: String,
    ) {
        self.write(PluginEvent {
            plugin: plugin.to_owned(),
            action: Action::Refused.name().to_owned(),
            digest: digest.map(str::to_owned),
            source: file.to_owned(),
            who: who.name().to_owned(),
            why,
            ..PluginEvent::default()
        })
        .await;
    }

    /// Serving matters more than the book: a failure is logged.
    async fn write(&self, event: PluginEvent) {
        let Some(database) = &self.database else {
            return;
        };
        let kept = database.add_plugin_event(self.clock.now_ms(), &event).await;
        if let Err(error) = kept {
            tracing::error!(%error, ?event, "the history of plugins cannot be kept");
        }
    }
}

#[cfg(test)]
mod tests {
    //! Who is trusted.

    use super::{Action, PluginEvent, Trust};

    fn event(action: Action, digest: &str) -> PluginEvent {
        PluginEvent {
            action: action.name().to_owned(),
            digest: Some(digest.to_owned()),
            ..PluginEvent::default()
        }
    }

    #[test]
    fn the_newest_word_on_a_version_counts() {
        let newest_first = [
            event(Action::Refused, "d"),
            event(Action::Serves, "b"),
            event(Action::RolledBack, "c"),
            event(Action::Serves, "c"),
            event(Action::Serves, "a"),
            event(Action::RolledBack, "b"),
            event(Action::Serves, "b"),
        ];
        let trust = Trust::of(&newest_first);
        assert_eq!(trust.served, ["b", "a"]);
        assert_eq!(trust.rolled_back, ["c"]);
    }
}
