//! The exported functions of a plugin, found and type-checked once; one of them is picked for each query.

use wasmtime::{
    Error, Result, Store,
    component::{Instance, InstancePre},
};

use super::{
    bindings::{
        exchanges::Exchange,
        exports::gramhost::extractor::{
            post, profile_info, profile_posts, profile_reels, reel, story,
        },
    },
    convert::Convert,
    store::State,
};
use crate::contract::{Context, Outcome, Query};

/// One variant a world of `wit/world.wit`.
pub(super) enum Functions {
    Profile {
        info: profile_info::GuestIndices,
        posts: profile_posts::GuestIndices,
        reels: profile_reels::GuestIndices,
    },
    Post(post::GuestIndices),
    Reel(reel::GuestIndices),
    Story(story::GuestIndices),
}

impl Functions {
    /// Those that the plugin `name` must export.
    ///
    /// # Errors
    /// One is missing or has another type, or no plugin has this name.
    pub(super) fn find(name: &str, component: &InstancePre<State>) -> Result<Self> {
        Ok(match name {
            "profile" => Self::Profile {
                info: profile_info::GuestIndices::new(component)?,
                posts: profile_posts::GuestIndices::new(component)?,
                reels: profile_reels::GuestIndices::new(component)?,
            },
            "post" => Self::Post(post::GuestIndices::new(component)?),
            "reel" => Self::Reel(reel::GuestIndices::new(component)?),
            "story" => Self::Story(story::GuestIndices::new(component)?),
            _ => return Err(Error::msg(format!("no plugin is called {name}"))),
        })
    }

    /// Calls the one that answers `query`.
    ///
    /// # Errors
    /// A trap, or a query that this plugin does not answer.
    pub(super) fn extract(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        query: &Query,
        context: &Context,
        exchanges: &[Exchange],
    ) -> Result<Outcome> {
        let context = context.clone().convert();
        macro_rules! call {
            ($functions:expr, $query:expr) => {
                $functions
                    .load(&mut *store, instance)?
                    .call_extract(store, &$query, &context, exchanges)
                    .map(Convert::convert)
            };
        }
        match (self, query.clone()) {
            (Self::Profile { info, .. }, Query::ProfileInfo { username }) => {
                call!(info, profile_info::Query { username })
            }
            #[rustfmt::skip]
            (Self::Profile { posts, .. }, Query::ProfilePosts { username, limit, cursor }) => {
                call!(posts, profile_posts::Query { username, limit, cursor })
            }
            #[rustfmt::skip]
            (Self::Profile { reels, .. }, Query::ProfileReels { username, limit, cursor }) => {
                call!(reels, profile_reels::Query { username, limit, cursor })
            }
            (Self::Post(post), Query::Post { target }) => {
                let target = target.convert();
                call!(post, post::Query { target })
            }
            (Self::Reel(reel), Query::Reel { target }) => {
                let target = target.convert();
                call!(reel, reel::Query { target })
            }
            (Self::Story(story), Query::Story { username }) => {
                call!(story, story::Query { username })
            }
            _ => Err(Error::msg(
                "asked for a kind that this plugin does not have",
            )),
        }
    }
}
