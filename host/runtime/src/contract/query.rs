//! What is asked of a plugin. Mirrors `wit/kind.wit`.

use serde::{Deserialize, Serialize};

use super::Kind;

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

    /// Most items of a list that it asks for.
    #[must_use]
    pub fn limit(&self) -> usize {
        match self {
            Self::ProfilePosts { limit, .. } | Self::ProfileReels { limit, .. } => {
                usize::try_from(*limit).unwrap_or(usize::MAX)
            }
            Self::ProfileInfo { .. }
            | Self::Post { .. }
            | Self::Reel { .. }
            | Self::Story { .. } => 1,
        }
    }
}
