//! The environment of one call: an inert, deterministic WASI, limits, and a pipe for the message of a panic.

use wasmtime::{Engine, ResourceLimiter, Result, Store};
use wasmtime_wasi::{
    ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
    cli::{WasiCliCtxView, WasiCliView as _},
    p2::pipe::MemoryOutputPipe,
};

use super::{CORE_INSTANCES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, TICK_MS};
use crate::plugin::config::Config as Limits;

/// Maximum output of a plugin to stderr in one call, bytes. The rest is lost.
const STDERR_BYTES_MAX: usize = 4096;

/// Maximum output of one call, bytes. The largest record, 50 posts with 20 renditions each, has about 1 MB.
const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Maximum number of resources of one call. Rust's std opens a handful of streams.
const HANDLES_MAX: usize = 256;

/// The maximum duration of a short call, milliseconds, up to two ticks of the clock more.
const SHORT_CALL_MS_MAX: u64 = 1;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// A moment, on the thread of its caller. It may not write to its standard streams.
    Short,
    /// Until the deadline of a call, on a thread where nobody else waits.
    Patient,
}

/// A short call asked for something that may take long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a short call may not wait")]
pub(crate) struct TooLong;

/// The data of a call's store.
pub(crate) struct State {
    /// Empty until the plugin calls WASI, which most calls never do.
    wasi: Option<WasiCtx>,
    table: ResourceTable,
    stderr: MemoryOutputPipe,
    limiter: Limiter,
    pace: Pace,
}

impl State {
    /// What the plugin wrote to stderr before it ended, on one line, because it goes into logs.
    pub(crate) fn words(&self) -> String {
        let bytes = self.stderr.contents();
        String::from_utf8_lossy(&bytes)
            .trim()
            .replace(char::is_control, " ")
    }

    /// Returns whether the plugin was denied memory.
    pub(crate) fn memory_denied(&self) -> bool {
        self.limiter.memory_denied
    }

    /// The linear memory that the plugin has had, bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.limiter.memory_bytes
    }

    /// Returns the standard streams, for which a call may have to wait.
    ///
    /// # Errors
    /// [`TooLong`] in a short call.
    pub(crate) fn patient(&mut self) -> Result<WasiCliCtxView<'_>, TooLong> {
        match self.pace {
            Pace::Short => Err(TooLong),
            Pace::Patient => Ok(self.cli()),
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Self {
            wasi,
            table,
            stderr,
            ..
        } = self;
        let ctx = wasi.get_or_insert_with(|| inert(stderr));
        WasiCtxView { ctx, table }
    }
}

/// A WASI without arguments, variables, files or clocks. Stdin is closed, and the seed of hash maps is always the same.
fn inert(stderr: &MemoryOutputPipe) -> WasiCtx {
    WasiCtxBuilder::new()
        .stderr(stderr.clone())
        .insecure_random_seed(0)
        .build()
}

/// Creates a fresh store. Its deadline starts now.
pub(crate) fn fresh(engine: &Engine, limits: &Limits, pace: Pace) -> Store<State> {
    let state = State {
        wasi: None,
        table: ResourceTable::new(),
        stderr: MemoryOutputPipe::new(STDERR_BYTES_MAX),
        pace,
        limiter: Limiter {
            memory_bytes_max: limits.memory_bytes_max,
            memory_bytes: 0,
            memory_denied: false,
        },
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(OUTPUT_BYTES_MAX);
    store.set_max_component_handles(HANDLES_MAX);
    let call_ms_max = match pace {
        Pace::Short => limits.call_ms_max.min(SHORT_CALL_MS_MAX),
        Pace::Patient => limits.call_ms_max,
    };
    // One more tick, because the current one has already begun.
    store.set_epoch_deadline(call_ms_max.div_ceil(TICK_MS) + 1);
    store
}

/// Denies growth as the system would, and records that it did: the error of the guest that follows looks like a panic.
struct Limiter {
    memory_bytes_max: usize,
    memory_bytes: usize,
    memory_denied: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        let granted = desired <= self.memory_bytes_max.min(maximum.unwrap_or(usize::MAX));
        self.memory_denied |= !granted;
        if granted {
            self.memory_bytes = self.memory_bytes.max(desired);
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        1
    }
}
