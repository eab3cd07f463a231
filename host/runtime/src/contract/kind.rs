//! The table of kinds: what can be extracted, and which plugin answers it. Mirrors `wit/kind.wit` and `wit/world.wit`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A kind of extraction. Each has one WIT interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An account as its profile page shows it.
    ProfileInfo,
    /// A page of an account's posts.
    ProfilePosts,
    /// A page of an account's reels.
    ProfileReels,
    /// One post.
    Post,
    /// One reel.
    Reel,
    /// The active stories of an account.
    Story,
}

/// A plugin. Each has one WIT world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PluginName {
    /// Answers [`Kind::ProfileInfo`], [`Kind::ProfilePosts`] and [`Kind::ProfileReels`].
    Profile,
    /// Answers [`Kind::Post`].
    Post,
    /// Answers [`Kind::Reel`].
    Reel,
    /// Answers [`Kind::Story`].
    Story,
}

/// The shape of the queries of a kind. Each is one record of `wit/query.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One account.
    Account,
    /// A page of a list of an account.
    List,
    /// One post or reel.
    Media,
}

impl Shape {
    /// The names of its fields in JSON, for messages.
    #[must_use]
    pub const fn fields(self) -> &'static str {
        match self {
            Self::Account => "username",
            Self::List => "username, limit and cursor",
            Self::Media => "target",
        }
    }
}

/// A row of the table of kinds.
struct Row {
    kind: Kind,
    name: &'static str,
    plugin: PluginName,
    shape: Shape,
    /// Whether the specification of the API documents it. Such a kind has its own views.
    documented: bool,
}

/// Every kind, in the order of the WIT file. Slots, worlds, fixture folders, routes of undocumented kinds, and the
/// command line are derived from it.
const KINDS: [Row; 6] = {
    use {PluginName as P, Shape as S};
    [
        row(Kind::ProfileInfo, "profile-info", P::Profile, S::Account),
        row(Kind::ProfilePosts, "profile-posts", P::Profile, S::List),
        row(Kind::ProfileReels, "profile-reels", P::Profile, S::List),
        row(Kind::Post, "post", P::Post, S::Media),
        row(Kind::Reel, "reel", P::Reel, S::Media),
        row(Kind::Story, "story", P::Story, S::Account),
    ]
};

/// A kind that the specification documents.
const fn row(kind: Kind, name: &'static str, plugin: PluginName, shape: Shape) -> Row {
    Row {
        kind,
        name,
        plugin,
        shape,
        documented: true,
    }
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; KINDS.len()] = {
        let mut all = [Self::ProfileInfo; KINDS.len()];
        let mut at = 0;
        while at < KINDS.len() {
            assert!(
                KINDS[at].kind as usize == at,
                "the table has another order than the type"
            );
            all[at] = KINDS[at].kind;
            at += 1;
        }
        all
    };

    /// The name of its WIT interface, of its fixture folder, and of `gramhost extract KIND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        KINDS[self as usize].name
    }

    /// The plugin that answers it.
    #[must_use]
    pub const fn plugin(self) -> PluginName {
        KINDS[self as usize].plugin
    }

    /// The shape of its queries.
    #[must_use]
    pub const fn shape(self) -> Shape {
        KINDS[self as usize].shape
    }

    /// Whether the specification of the API documents it. Any other kind is served as its plain record.
    #[must_use]
    pub const fn is_documented(self) -> bool {
        KINDS[self as usize].documented
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PluginName {
    /// Every plugin.
    pub const ALL: [Self; 4] = [Self::Profile, Self::Post, Self::Reel, Self::Story];

    /// The name of its file without the extension, and of its path in the admin interface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Post => "post",
            Self::Reel => "reel",
            Self::Story => "story",
        }
    }

    /// The kinds that it answers, in the order of the table.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .into_iter()
            .filter(move |kind| kind.plugin() == self)
    }

    /// Returns whether it answers the kind of this name.
    #[must_use]
    pub fn answers(self, kind: &str) -> bool {
        self.kinds().any(|it| it.name() == kind)
    }
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// There is no plugin of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no plugin {0:.64?}: the plugins are {names}", names = PluginName::ALL.map(PluginName::as_str).join(", "))]
pub struct UnknownPlugin(pub String);

impl FromStr for PluginName {
    type Err = UnknownPlugin;

    fn from_str(name: &str) -> Result<Self, UnknownPlugin> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == name);
        found.ok_or_else(|| UnknownPlugin(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    //! The table is consistent.

    use super::*;

    #[test]
    fn every_plugin_answers_something_and_is_found_by_its_name() {
        for plugin in PluginName::ALL {
            assert!(plugin.kinds().next().is_some(), "{plugin}");
            assert_eq!(plugin.as_str().parse(), Ok(plugin));
        }
        let unknown = "stories".parse::<PluginName>();
        assert_eq!(unknown, Err(UnknownPlugin("stories".to_owned())));
    }
}
