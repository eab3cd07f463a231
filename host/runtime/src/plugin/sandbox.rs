//! One compiled component and its calls. Each call runs in a fresh store that is dropped after it, so that nothing
//! leaks from one call into another and a trap affects no other call.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use wasmtime::{
    Engine, Error, Result, Store, Trap,
    component::{Component, Instance, InstancePre, Linker},
};

use crate::{
    contract::{Context, Fault, Manifest, Outcome, PluginName, Query},
    driver::Arguments,
    plugin::{
        config::Config as Limits,
        contracts::{self, Functions},
        engine::store::{self, Pace, State, TooLong},
    },
};

/// A linked component with its functions.
pub(crate) struct Sandbox {
    component: InstancePre<State>,
    functions: Box<dyn Functions>,
    limits: Limits,
    meter: Option<Mutex<Usage>>,
    /// How many of its calls have had much memory.
    large_calls: AtomicUsize,
}

/// What a number of calls used in total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The number of calls.
    pub(crate) calls: u32,
    /// Wall-clock time of the longest call, from a fresh instance to its outcome. The deadline limits this time.
    pub(crate) longest: Duration,
    /// Instructions of all calls; 0 unless the engine counts them.
    pub(crate) instructions: u64,
}

/// The linear memory of a call that counts as much, bytes. Reading a small answer takes half of it.
const LARGE_CALL_BYTES_MIN: usize = 4 * 1024 * 1024;

/// Maximum number of instructions of one counted call. The most expensive case uses a hundredth of it.
const INSTRUCTIONS_MAX: u64 = 20_000_000_000;

impl Sandbox {
    /// Links a component as the plugin `name`.
    ///
    /// # Errors
    /// If it is built for no contract that is served, or an import or export has another type than the contract
    /// requires.
    pub(crate) fn new(
        name: PluginName,
        component: &Component,
        linker: &Linker<State>,
        limits: &Limits,
    ) -> Result<Self> {
        let kind = component.component_type();
        let exports = kind.exports(linker.engine()).map(|(export, _)| export);
        let built_for = contracts::pick(contracts::SERVED, exports).map_err(Error::msg)?;
        let component = linker.instantiate_pre(component)?;
        Ok(Self {
            functions: (built_for.contract.find)(name, &component)?,
            component,
            limits: limits.clone(),
            meter: None,
            large_calls: AtomicUsize::new(0),
        })
    }

    /// Adds a meter for its calls.
    pub(crate) fn metered(self) -> Self {
        let meter = Some(Mutex::default());
        Self { meter, ..self }
    }

    /// Returns what the calls since the last use of this function used. Zero without a meter.
    pub(crate) fn take_usage(&self) -> Usage {
        let meter = self.meter.as_ref().and_then(|meter| meter.lock().ok());
        meter.map_or_else(Usage::default, |mut taken| std::mem::take(&mut *taken))
    }

    /// How many of its calls have had much memory, of which the pool keeps a part.
    pub(crate) fn large_calls(&self) -> usize {
        self.large_calls.load(Ordering::Relaxed)
    }

    /// Returns the manifest, as the plugin states it. Blocks.
    ///
    /// # Errors
    /// Any [`Fault`] but `Busy`.
    pub(crate) fn describe(&self) -> Result<Manifest, Fault> {
        self.call(Pace::Patient, |store, instance| {
            self.functions.describe(store, instance)
        })
    }

    /// Runs one step of an extraction, given what the previous step wrote down and the answers to its requests.
    /// Blocks, at most until the deadline of its pace.
    ///
    /// # Errors
    /// Any [`Fault`] but `Busy`. `Deadline` also for a short call that would have to wait.
    pub(crate) fn extract(
        &self,
        pace: Pace,
        query: &Query,
        context: &Context,
        arguments: &Arguments,
    ) -> Result<Outcome, Fault> {
        let Arguments { memo, answers } = arguments;
        self.call(pace, |store, instance| {
            self.functions
                .extract(store, instance, query, context, memo, answers)
        })
    }

    fn call<T>(
        &self,
        pace: Pace,
        call: impl FnOnce(&mut Store<State>, &Instance) -> Result<T>,
    ) -> Result<T, Fault> {
        let mut store = store::fresh(self.engine(), &self.limits, pace);
        // Fails if the engine does not count; then there is nothing to limit.
        let _ = store.set_fuel(INSTRUCTIONS_MAX);
        let start = Instant::now();
        let ended = self
            .component
            .instantiate(&mut store)
            .and_then(|instance| call(&mut store, &instance))
            .map_err(|error| fault(&error, store.data()));
        if store.data().memory_bytes() > LARGE_CALL_BYTES_MIN {
            self.large_calls.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(mut taken) = self.meter.as_ref().and_then(|meter| meter.lock().ok()) {
            let left = store.get_fuel().unwrap_or(INSTRUCTIONS_MAX);
            taken.calls += 1;
            taken.longest = taken.longest.max(start.elapsed());
            taken.instructions += INSTRUCTIONS_MAX - left;
        }
        ended
    }

    fn engine(&self) -> &Engine {
        self.component.engine()
    }
}

/// Returns what ended a call. Memory is checked first: a guest that is denied memory ends in a trap like any other.
fn fault(error: &Error, state: &State) -> Fault {
    if state.memory_denied() {
        return Fault::Memory;
    }
    if error.is::<TooLong>() {
        return Fault::Deadline;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Fault::Deadline,
        // Rust keeps values that do not fit into registers on its own stack, at the start of linear memory. Nothing
        // else in safe code accesses memory out of bounds.
        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Fault::Stack,
        // wasmtime has no type for this error.
        None if error.to_string().contains("hostcalls has been exhausted") => Fault::Output,
        trap => {
            let words = state.words();
            let cause = trap.map_or_else(|| error.root_cause().to_string(), Trap::to_string);
            Fault::Trap(if words.is_empty() {
                cause
            } else {
                format!("{cause}: {words}")
            })
        }
    }
}
