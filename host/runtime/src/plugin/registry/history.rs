//! The history of the versions of each plugin, kept across restarts: who let a version serve, who removed it, and why.

use super::version::Plugin;
use crate::{
    clock::Clock,
    contract::PluginName,
    database::{Database, PluginEvent},
};

/// What happened to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// It began to serve.
    Serves,
    /// It was rolled back, and may not return automatically.
    RolledBack,
    /// It was rejected.
    Rejected,
    /// It is held for the operator's decision.
    Staged,
    /// It runs in shadow mode beside the serving version.
    Shadowed,
    /// It was a candidate and was dropped.
    Discarded,
}

impl Action {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Serves => "serves",
            Self::RolledBack => "rolled-back",
            Self::Rejected => "refused",
            Self::Staged => "staged",
            Self::Shadowed => "shadowed",
            Self::Discarded => "discarded",
        }
    }
}

/// Who caused an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// The host itself.
    Gramhost,
    /// Whoever wrote to the plugin folder.
    Folder,
    /// Whoever holds the admin token.
    Operator,
}

impl Actor {
    /// The actor of this name; whom this release does not know is the host itself.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "folder" => Self::Folder,
            "operator" => Self::Operator,
            _ => Self::Gramhost,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Gramhost => "gramhost",
            Self::Folder => "folder",
            Self::Operator => "operator",
        }
    }
}

/// What the history says about the versions of one plugin, by digest.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Those that have served, newest first, without those that were rolled back since.
    pub(super) served: Vec<String>,
    /// Those that were rolled back and have not served again, newest first.
    pub(super) rolled_back: Vec<String>,
}

/// What the history says about a loaded version.
pub(super) fn event_of(plugin: &Plugin, action: Action, who: Actor, why: &str) -> PluginEvent {
    PluginEvent {
        plugin: plugin.manifest().name.clone(),
        action: action.name().to_owned(),
        digest: Some(plugin.digest().to_owned()),
        version: Some(plugin.manifest().version.clone()),
        source: plugin.source().to_owned(),
        who: who.name().to_owned(),
        why: why.to_owned(),
        ..PluginEvent::default()
    }
}

/// The history. Without a database (a command that serves nothing), nothing is kept.
#[derive(Clone)]
pub(super) struct History {
    database: Option<Database>,
    clock: Clock,
}

impl History {
    /// The events get the time of `clock`.
    pub(super) fn new(database: Option<Database>, clock: Clock) -> Self {
        Self { database, clock }
    }

    /// What is known about the versions of a plugin. If the database fails, the error is logged and nothing is known.
    pub(super) async fn trust(&self, plugin: PluginName) -> Trust {
        let Some(database) = &self.database else {
            return Trust::default();
        };
        // The latest event of a version counts.
        let words = [Action::Serves, Action::RolledBack].map(Action::name);
        match database.latest_of_plugin(plugin.as_str(), words).await {
            Ok(versions) => {
                let (served, rolled_back): (Vec<_>, Vec<_>) =
                    versions.into_iter().partition(|(_, serves)| *serves);
                let digests = |versions: Vec<(String, bool)>| {
                    let digests = versions.into_iter();
                    digests.map(|(digest, _)| digest).collect()
                };
                Trust {
                    served: digests(served),
                    rolled_back: digests(rolled_back),
                }
            }
            Err(error) => {
                tracing::error!(%plugin, %error, "the history of plugins cannot be read");
                Trust::default()
            }
        }
    }

    /// Adds an event of a loaded version.
    pub(super) async fn add(&self, plugin: &Plugin, action: Action, who: Actor, why: &str) {
        self.write(event_of(plugin, action, who, why)).await;
    }

    /// Adds the rejection of a file.
    pub(super) async fn refused(
        &self,
        plugin: PluginName,
        (file, digest): (&str, Option<&str>),
        who: Actor,
        why: String,
    ) {
        self.write(PluginEvent {
            plugin: plugin.to_string(),
            action: Action::Rejected.name().to_owned(),
            digest: digest.map(str::to_owned),
            source: file.to_owned(),
            who: who.name().to_owned(),
            why,
            ..PluginEvent::default()
        })
        .await;
    }

    /// The present time, milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// A failure is only logged: serving matters more than the history.
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
    //! Which versions are trusted.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::data::Folder;

    fn event(plugin: &str, action: Action, digest: &str) -> PluginEvent {
        PluginEvent {
            plugin: plugin.to_owned(),
            action: action.name().to_owned(),
            digest: Some(digest.to_owned()),
            ..PluginEvent::default()
        }
    }

    #[tokio::test]
    async fn the_newest_word_on_a_version_counts() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Folder::own(folder.path()).unwrap())
            .await
            .unwrap();
        let history = History::new(Some(database), Clock::system());
        for (action, digest) in [
            (Action::Serves, "b"),
            (Action::RolledBack, "b"),
            (Action::Serves, "a"),
            (Action::Serves, "c"),
            (Action::RolledBack, "c"),
            (Action::Serves, "b"),
            (Action::Rejected, "d"),
            (Action::Staged, "e"),
        ] {
            history.write(event("post", action, digest)).await;
        }
        history.write(event("reel", Action::Serves, "z")).await;
        let trust = history.trust(PluginName::Post).await;
        assert_eq!(trust.served, ["b", "a"]);
        assert_eq!(trust.rolled_back, ["c"]);
    }

    #[tokio::test]
    async fn the_book_is_bounded_and_bad_files_push_out_no_verdict() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&Folder::own(folder.path()).unwrap())
            .await
            .unwrap();
        let history = History::new(Some(database.clone()), Clock::system());
        history.write(event("post", Action::Serves, "good")).await;
        history
            .write(event("post", Action::RolledBack, "bad"))
            .await;
        for number in 0..300 {
            let digest = number.to_string();
            history
                .write(event("post", Action::Rejected, &digest))
                .await;
        }
        let events = database
            .plugin_events(Some("post"), u32::MAX)
            .await
            .unwrap();
        assert_eq!(events.len(), 252);
        assert_eq!(events[0].digest.as_deref(), Some("299"));
        let trust = history.trust(PluginName::Post).await;
        assert_eq!(
            (trust.served, trust.rolled_back),
            (vec!["good".to_owned()], vec!["bad".to_owned()])
        );
    }
}
