//! The table of kinds: what can be extracted, and which plugin answers it. Mirrors `wit/kind.wit` and `wit/world.wit`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A kind of extraction; one WIT interface each.
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

/// A plugin; one WIT world each.
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

/// Every kind: its name, and the plugin that answers it. In the order of the WIT file.
const KINDS: [(Kind, &str, PluginName); 6] = [
    (Kind::ProfileInfo, "profile-info", PluginName::Profile),
    (Kind::ProfilePosts, "profile-posts", PluginName::Profile),
    (Kind::ProfileReels, "profile-reels", PluginName::Profile),
    (Kind::Post, "post", PluginName::Post),
    (Kind::Reel, "reel", PluginName::Reel),
    (Kind::Story, "story", PluginName::Story),
];

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; KINDS.len()] = {
        let mut all = [Self::ProfileInfo; KINDS.len()];
        let mut at = 0;
        while at < KINDS.len() {
            assert!(
                KINDS[at].0 as usize == at,
                "the table has another order than the type"
            );
            all[at] = KINDS[at].0;
            at += 1;
        }
        all
    };

    /// The name of its WIT interface, of its fixture folder, and of `gramhost extract KIND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The plugin that answers it.
    #[must_use]
    pub const fn plugin(self) -> PluginName {
        KINDS[self as usize].2
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

    /// The name of its file without the ending, and of its place in the admin interface.
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

    /// Whether it answers the kind of this name.
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
    //! The table holds together.

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
