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
use self::bindings::gramhost::extractor::{
    queries::{AccountQuery, ListQuery, MediaQuery},
    steps,
};
use super::{Contract, Functions, convert::Convert};
use crate::{
    contract::{
        Context, Exchange, Kind, Manifest, Outcome, PluginName, Query, Record, Step, Subject,
    },
    plugin::engine::store::State,
};

/// The WIT files of the contract, as they are published to plugins.
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
    /// One for each kind of the plugin.
    extract: Vec<(Kind, Extract)>,
}

/// Defines each kind of this contract: its interface, the record of its query, and the record that it returns.
macro_rules! kinds {
    ($($kind:ident: $interface:ident($query:ident) -> $record:ident,)+) => {
        /// The function `extract` of one kind.
        enum Extract {
            $($kind($interface::GuestIndices),)+
        }

        impl Extract {
            fn find(kind: Kind, component: &InstancePre<State>) -> Result<Self> {
                match kind {
                    $(Kind::$kind => $interface::GuestIndices::new(component).map(Self::$kind),)+
                }
            }

            fn call(
                &self,
                store: &mut Store<State>,
                instance: &Instance,
                subject: Subject,
                (context, memo, answers): (&steps::Context, &[u8], &[exchanges::Exchange]),
            ) -> Result<Outcome> {
                match self {
                    $(Self::$kind(functions) => functions
                        .load(&mut *store, instance)?
                        .call_extract(store, &$query::try_from(subject)?, context, memo, answers)
                        .map(Convert::convert),)+
                }
            }
        }

        $(impl Convert<Outcome> for $interface::Outcome {
            fn convert(self) -> Outcome {
                Outcome {
                    step: match self.step {
                        $interface::Step::Fetch(fetch) => Step::Fetch(fetch.convert()),
                        $interface::Step::Done(record) => {
                            Step::Done(Box::new(Record::$record(record.convert())))
                        }
                        $interface::Step::Refuse(refusal) => Step::Refuse(refusal.convert()),
                    },
                    door: self.report.door,
                    diagnostics: self.report.diagnostics.convert(),
                }
            }
        })+
    };
}
kinds! {
    ProfileInfo: profile_info(AccountQuery) -> Profile,
    ProfilePosts: profile_posts(ListQuery) -> Page,
    ProfileReels: profile_reels(ListQuery) -> Page,
    Post: post(MediaQuery) -> Media,
    Reel: reel(MediaQuery) -> Media,
    Story: story(AccountQuery) -> Stories,
}

impl Extractor {
    fn find(name: PluginName, component: &InstancePre<State>) -> Result<Self> {
        let find = |kind| Ok((kind, Extract::find(kind, component)?));
        Ok(Self {
            about: about::GuestIndices::new(component)?,
            extract: name.kinds().map(find).collect::<Result<_>>()?,
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
        let mut kinds = self.extract.iter();
        let Some((_, extract)) = kinds.find(|(kind, _)| *kind == query.kind()) else {
            let kind = query.kind();
            return Err(Error::msg(format!("this plugin does not answer {kind}")));
        };
        let context = context.clone().convert();
        // Bodies are not copied here: their clones share the bytes.
        let answers: Vec<exchanges::Exchange> = answers.to_vec().convert();
        let arguments = (&context, memo, answers.as_slice());
        extract.call(store, instance, query.subject().clone(), arguments)
    }
}

impl TryFrom<Subject> for AccountQuery {
    type Error = Error;

    fn try_from(subject: Subject) -> Result<Self> {
        match subject {
            Subject::Account { username } => Ok(Self { username }),
            Subject::List { .. } | Subject::Media { .. } => Err(wrong_subject()),
        }
    }
}

impl TryFrom<Subject> for ListQuery {
    type Error = Error;

    fn try_from(subject: Subject) -> Result<Self> {
        match subject {
            Subject::List {
                username,
                limit,
                cursor,
            } => Ok(Self {
                username,
                limit,
                cursor,
            }),
            Subject::Account { .. } | Subject::Media { .. } => Err(wrong_subject()),
        }
    }
}

impl TryFrom<Subject> for MediaQuery {
    type Error = Error;

    fn try_from(subject: Subject) -> Result<Self> {
        match subject {
            Subject::Media { target } => Ok(Self {
                target: target.convert(),
            }),
            Subject::Account { .. } | Subject::List { .. } => Err(wrong_subject()),
        }
    }
}

/// The error if the contract and the table of kinds do not agree.
fn wrong_subject() -> Error {
    Error::msg("the contract has another query for this kind")
}
