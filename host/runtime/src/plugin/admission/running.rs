//! What components run on: the engine with its pool of memories, the linker, and the compiled code. It is renewed when
//! the pool keeps much memory that no call uses, because wasmtime gives none of it back.

use std::sync::Arc;

use wasmtime::{Engine, component::Linker};

use super::error::Error;
use crate::{
    contract::PluginName,
    data::Owner,
    plugin::{
        config::Config,
        engine::{self, artifact::Artifacts, linker, store::State},
        sandbox::Sandbox,
    },
};

/// An engine and what belongs to it.
pub(crate) struct Running {
    engine: Engine,
    pub(crate) linker: Linker<State>,
    pub(crate) artifacts: Artifacts,
}

impl Running {
    /// # Errors
    /// [`Error::Start`].
    pub(crate) fn open(config: &Config, owner: Option<&Owner>) -> Result<Arc<Self>, Error> {
        let engine = engine::running(config).map_err(|error| Error::Start(format!("{error:#}")))?;
        let artifacts = Artifacts::open(&config.cache, &engine, owner.cloned())
            .map_err(|error| Error::Start(format!("{}: {error}", config.cache.display())))?;
        Ok(Arc::new(Self {
            linker: linker::inert(&engine).map_err(|error| Error::Start(error.to_string()))?,
            artifacts,
            engine,
        }))
    }

    /// About how much memory the pool keeps although no call uses it, bytes, after so many calls that have had much.
    ///
    /// wasmtime counts what the last call of each slot has written, and not what earlier ones have left there.
    pub(crate) fn kept_bytes(&self, large_calls: usize) -> usize {
        let metrics = self.engine.pooling_allocator_metrics();
        metrics.map_or(0, |metrics| {
            let slots = large_calls.min(metrics.unused_warm_memories() as usize);
            let left = slots * engine::MEMORY_RESIDENT_BYTES;
            left.max(metrics.unused_memory_bytes_resident())
        })
    }

    /// Links the component with this digest again. None if its compiled code is not kept.
    pub(crate) fn link(&self, name: PluginName, digest: &str, config: &Config) -> Option<Sandbox> {
        let compiled = self.artifacts.load(digest)?;
        Sandbox::new(name, &compiled, &self.linker, config).ok()
    }
}
