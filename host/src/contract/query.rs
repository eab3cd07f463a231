//! What is asked of a plugin. Mirrors `wit/kind.wit`.

use serde::{Deserialize, Serialize};

/// The six kinds of extraction; one WIT interface each.
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

impl Kind {
    /// Every kind, in the order of the WIT file.
    pub const ALL: [Self; 6] = [
        Self::ProfileInfo,
        Self::ProfilePosts,
        Self::ProfileReels,
        Self::Post,
        Self::Reel,
        Self::Story,
    ];

    /// The name of its WIT interface, of its fixture folder, and of `gramhost extract KIND`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ProfileInfo => "profile-info",
            Self::ProfilePosts => "profile-posts",
            Self::ProfileReels => "profile-reels",
            Self::Post => "post",
            Self::Reel => "reel",
            Self::Story => "story",
        }
    }

    /// The plugin that answers it: the file name without its ending.
    #[must_use]
    pub fn plugin(self) -> &'static str {
        match self {
            Self::ProfileInfo | Self::ProfilePosts | Self::ProfileReels => "profile",
            Self::Post => "post",
            Self::Reel => "reel",
            Self::Story => "story",
        }
    }
}

/// Which post or reel is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// 11 characters or fewer, or 39 for a link bound to its owner.
    Shortcode(String),
    /// An `https://www.instagram.com/share/…` link, to be followed.
    Share(String),
}

/// One question to a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Query {
    /// See [`Kind::ProfileInfo`].
    ProfileInfo {
        /// Without `@`, lower case.
        username: String,
    },
    /// See [`Kind::ProfilePosts`].
    ProfilePosts {
        /// Without `@`, lower case.
        username: String,
        /// 1 to 50.
        limit: u32,
        /// From an earlier page.
        cursor: Option<String>,
    },
    /// See [`Kind::ProfileReels`].
    ProfileReels {
        /// Without `@`, lower case.
        username: String,
        /// 1 to 50.
        limit: u32,
        /// From an earlier page.
        cursor: Option<String>,
    },
    /// See [`Kind::Post`].
    Post {
        /// Which post.
        target: Target,
    },
    /// See [`Kind::Reel`].
    Reel {
        /// Which reel.
        target: Target,
    },
    /// See [`Kind::Story`].
    Story {
        /// Without `@`, lower case.
        username: String,
    },
}

impl Query {
    /// Which kind of record it asks for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::ProfileInfo { .. } => Kind::ProfileInfo,
            Self::ProfilePosts { .. } => Kind::ProfilePosts,
            Self::ProfileReels { .. } => Kind::ProfileReels,
            Self::Post { .. } => Kind::Post,
            Self::Reel { .. } => Kind::Reel,
            Self::Story { .. } => Kind::Story,
        }
    }
}
