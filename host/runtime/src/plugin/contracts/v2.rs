//! Contract 2.0, which exists only for tests: `tests/contract-2`. This file shows what it takes to support a later
//! version.

mod bindings;

use bindings::exports::gramhost::extractor2_0_0::{about, post};
use semver::Version;
use wasmtime::{
    Error, Result, Store,
    component::{Instance, InstancePre},
};

use super::{Contract, Functions, convert::Convert, v1};
use crate::{
    contract::{
        Context, Exchange, Kind, Manifest, Outcome, PluginName, Query, Record, Step, Subject,
    },
    plugin::engine::store::State,
};

/// Contract 2.0.
pub(crate) static CONTRACT: Contract = Contract {
    version: Version::new(2, 0, 0),
    since: "2.0.0",
    packages: &[
        v1::WIT,
        &[(
            "extractor.wit",
            include_str!("../../../../../tests/contract-2/extractor.wit"),
        )],
    ],
    find: |name, component| Ok(Box::new(Extractor::find(name, component)?)),
};

/// The functions that a plugin exports. This version only has posts.
struct Extractor {
    about: about::GuestIndices,
    post: post::GuestIndices,
}

impl Extractor {
    fn find(name: PluginName, component: &InstancePre<State>) -> Result<Self> {
        if name != PluginName::Post {
            return Err(Error::msg(format!("contract 2.0 has no plugin {name}")));
        }
        Ok(Self {
            about: about::GuestIndices::new(component)?,
            post: post::GuestIndices::new(component)?,
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
        let (Kind::Post, Subject::Media { target }) = (query.kind(), query.subject().clone())
        else {
            return Err(Error::msg("contract 2.0 has only posts"));
        };
        let context = context.clone().convert();
        let answers: Vec<v1::exchanges::Exchange> = answers.to_vec().convert();
        let post = self.post.load(&mut *store, instance)?;
        post.call_extract(store, &target.convert(), &context, &answers, memo)
            .map(Convert::convert)
    }
}

impl Convert<Manifest> for about::Manifest {
    fn convert(self) -> Manifest {
        Manifest {
            name: self.name,
            version: self.version,
            hosts: self.hosts,
            rounds: self.limits.rounds,
            requests: self.limits.requests,
            uses_session: self.uses_session,
            settings: self.settings,
        }
    }
}

impl Convert<Outcome> for post::Outcome {
    fn convert(self) -> Outcome {
        Outcome {
            step: match self.step {
                Ok(post::Step::Fetch(fetch)) => Step::Fetch(fetch.convert()),
                Ok(post::Step::Done(media)) => Step::Done(Box::new(Record::Media(media.convert()))),
                Err(refusal) => Step::Refuse(refusal.convert()),
            },
            door: self.doors.into_iter().next_back(),
            diagnostics: self.diagnostics.convert(),
        }
    }
}
