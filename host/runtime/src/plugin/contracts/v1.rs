//! Contract 1.0: `wit/`.

pub(super) mod bindings;
mod convert;
pub mod exchanges;

use semver::Version;
use wasmtime::{
    Error, Result, Store,
    component::{Instance, InstancePre},
};

use self::bindings::exports::gramhost::extractor::{
    about, post, profile_info, profile_posts, profile_reels, reel, story,
};
use self::bindings::gramhost::extractor::queries::{AccountQuery, ListQuery, MediaQuery};
use super::{Contract, Functions, convert::Convert};
use crate::{
    contract::{Context, Exchange, Manifest, Outcome, PluginName, Query},
    plugin::engine::store::State,
};

/// The contract, as the plugins were given it.
pub(crate) const WIT: &[(&str, &str)] = &[
    (
        "exchange.wit",
        include_str!("../../../../../wit/exchange.wit"),
    ),
    ("kind.wit", include_str!("../../../../../wit/kind.wit")),
    ("query.wit", include_str!("../../../../../wit/query.wit")),
    ("record.wit", include_str!("../../../../../wit/record.wit")),
    ("step.wit", include_str!("../../../../../wit/step.wit")),
    ("world.wit", include_str!("../../../../../wit/world.wit")),
];

/// Contract 1.0.
pub(crate) static CONTRACT: Contract = Contract {
    version: Version::new(1, 0, 0),
    since: "0.1.0",
    packages: &[WIT],
    find: |name, component| Ok(Box::new(Extractor::find(name, component)?)),
};

/// The functions that a plugin exports.
struct Extractor {
    about: about::GuestIndices,
    extract: Extract,
}

/// One variant a world of `wit/world.wit`.
enum Extract {
    Profile {
        info: profile_info::GuestIndices,
        posts: profile_posts::GuestIndices,
        reels: profile_reels::GuestIndices,
    },
    Post(post::GuestIndices),
    Reel(reel::GuestIndices),
    Story(story::GuestIndices),
}

impl Extractor {
    fn find(name: PluginName, component: &InstancePre<State>) -> Result<Self> {
        Ok(Self {
            about: about::GuestIndices::new(component)?,
            extract: Extract::find(name, component)?,
        })
    }
}

impl Extract {
    fn find(name: PluginName, component: &InstancePre<State>) -> Result<Self> {
        Ok(match name {
            PluginName::Profile => Self::Profile {
                info: profile_info::GuestIndices::new(component)?,
                posts: profile_posts::GuestIndices::new(component)?,
                reels: profile_reels::GuestIndices::new(component)?,
            },
            PluginName::Post => Self::Post(post::GuestIndices::new(component)?),
            PluginName::Reel => Self::Reel(reel::GuestIndices::new(component)?),
            PluginName::Story => Self::Story(story::GuestIndices::new(component)?),
        })
    }
}

impl Functions for Extractor {
    fn describe(&self, store: &mut Store<State>, instance: &Instance) -> Result<Manifest> {
        let about = self.about.load(&mut *store, instance)?;
        about.call_describe(store).map(Convert::convert)
    }

    fn extract(
        &self,
        store: &mut Store<State>,
        instance: &Instance,
        query: &Query,
        context: &Context,
        memo: &[u8],
        answers: &[Exchange],
    ) -> Result<Outcome> {
        let context = context.clone().convert();
        // Bodies are not copied here: clones of them share their bytes.
        let answers: Vec<exchanges::Exchange> = answers.to_vec().convert();
        macro_rules! call {
            ($functions:expr, $query:expr) => {
                $functions
                    .load(&mut *store, instance)?
                    .call_extract(store, &$query, &context, memo, &answers)
                    .map(Convert::convert)
            };
        }
        match (&self.extract, query.clone()) {
            (Extract::Profile { info, .. }, Query::ProfileInfo { username }) => {
                call!(info, AccountQuery { username })
            }
            #[rustfmt::skip]
            (Extract::Profile { posts, .. }, Query::ProfilePosts { username, limit, cursor }) => {
                call!(posts, ListQuery { username, limit, cursor })
            }
            #[rustfmt::skip]
            (Extract::Profile { reels, .. }, Query::ProfileReels { username, limit, cursor }) => {
                call!(reels, ListQuery { username, limit, cursor })
            }
            (Extract::Post(post), Query::Post { target }) => {
                let target = target.convert();
                call!(post, MediaQuery { target })
            }
            (Extract::Reel(reel), Query::Reel { target }) => {
                let target = target.convert();
                call!(reel, MediaQuery { target })
            }
            (Extract::Story(story), Query::Story { username }) => {
                call!(story, AccountQuery { username })
            }
            _ => Err(Error::msg(
                "asked for a kind that this plugin does not have",
            )),
        }
    }
}
