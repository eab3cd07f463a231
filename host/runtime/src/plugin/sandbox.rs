//! One compiled component and its calls: each in a fresh store that is dropped after it, so that nothing leaks from
//! one call into another and a trap poisons nothing.

use std::{
    sync::Mutex,
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
        engine::store::{self, State},
    },
};

/// A component, linked, with its functions found.
pub(crate) struct Sandbox {
    component: InstancePre<State>,
    functions: Box<dyn Functions>,
    limits: Limits,
    meter: Option<Mutex<Usage>>,
}

/// What some calls took together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// How many there were.
    pub(crate) calls: u32,
    /// Wall clock of the longest, from a fresh instance to its outcome: what the deadline is about.
    pub(crate) longest: Duration,
    /// Instructions of all; 0 unless the engine counts them.
    pub(crate) instructions: u64,
}

/// Most instructions of one call that is counted; the most expensive case has a hundredth of it.
const INSTRUCTIONS_MAX: u64 = 20_000_000_000;

impl Sandbox {
    /// Links a component that is to be the plugin `name`.
    ///
    /// # Errors
    /// It is built for no contract that is served, or an import or export has another type than the contract says.
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
        })
    }

    /// The same, with a meter on its calls.
    pub(crate) fn metered(self) -> Self {
        let meter = Some(Mutex::default());
        Self { meter, ..self }
    }

    /// What the calls since the last question took; nothing without a meter.
    pub(crate) fn take_usage(&self) -> Usage {
        let meter = self.meter.as_ref().and_then(|meter| meter.lock().ok());
        meter.map_or_else(Usage::default, |mut taken| std::mem::take(&mut *taken))
    }

    /// What the plugin says of itself. Blocks.
    ///
    /// # Errors
    /// Any [`Fault`] but `Busy`.
    pub(crate) fn describe(&self) -> Result<Manifest, Fault> {
        self.call(|store, instance| self.functions.describe(store, instance))
    }

    /// One step of an extraction, given what the step before wrote down and the answers to its requests. Blocks, at
    /// most for the deadline of a call.
    ///
    /// # Errors
    /// Any [`Fault`] but `Busy`.
    pub(crate) fn extract(
        &self,
        query: &Query,
        context: &Context,
        arguments: &Arguments,
    ) -> Result<Outcome, Fault> {
        let Arguments { memo, answers } = arguments;
        self.call(|store, instance| {
            self.functions
                .extract(store, instance, query, context, memo, answers)
        })
    }

    fn call<T>(
        &self,
        call: impl FnOnce(&mut Store<State>, &Instance) -> Result<T>,
    ) -> Result<T, Fault> {
        let mut store = store::fresh(self.engine(), &self.limits);
        // Fails where the engine does not count, and then nothing is to be counted.
        let _ = store.set_fuel(INSTRUCTIONS_MAX);
        let start = Instant::now();
        let ended = self
            .component
            .instantiate(&mut store)
            .and_then(|instance| call(&mut store, &instance))
            .map_err(|error| fault(&error, store.data()));
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

/// What ended a call. Memory comes first: a guest that is denied memory ends in a trap like any other.
fn fault(error: &Error, state: &State) -> Fault {
    if state.memory_denied() {
        return Fault::Memory;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => Fault::Deadline,
        // Rust keeps what does not fit into registers in a stack of its own at the foot of linear memory; nothing
        // else in safe code leaves that memory.
        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Fault::Stack,
        // wasmtime has no type for it.
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
