//! What one call gets: an inert, deterministic WASI, limits, and a pipe for the words of a panic.

use wasmtime::{Engine, ResourceLimiter, Result, Store};
use wasmtime_wasi::{
    ResourceTable, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe,
};

use super::{CORE_INSTANCES_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, TICK_MS};
use crate::plugin::config::Config as Limits;

/// What a plugin may write to stderr in one call, bytes; the rest is lost.
const STDERR_BYTES_MAX: usize = 4096;

/// What one call may hand back, bytes. The largest record, 50 posts of 20 renditions each, has about 1 MB.
const OUTPUT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Resources of one call: std opens a handful of streams.
const HANDLES_MAX: usize = 256;

/// The data of a call's store.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    stderr: MemoryOutputPipe,
    limiter: Limiter,
}

impl State {
    /// What the plugin said before it ended, on one line: it goes into logs.
    pub(crate) fn words(&self) -> String {
        let bytes = self.stderr.contents();
        String::from_utf8_lossy(&bytes)
            .trim()
            .replace(char::is_control, " ")
    }

    /// Whether the plugin was denied memory.
    pub(crate) fn memory_denied(&self) -> bool {
        self.limiter.memory_denied
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A fresh store; its deadline runs from now on.
pub(crate) fn fresh(engine: &Engine, limits: &Limits) -> Store<State> {
    let stderr = MemoryOutputPipe::new(STDERR_BYTES_MAX);
    let state = State {
        // No arguments, variables, files or clocks; stdin is closed; the seed of hash maps is always the same.
        wasi: WasiCtxBuilder::new()
            .stderr(stderr.clone())
            .insecure_random_seed(0)
            .build(),
        table: ResourceTable::new(),
        stderr,
        limiter: Limiter {
            memory_bytes_max: limits.memory_bytes_max,
            memory_denied: false,
        },
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(OUTPUT_BYTES_MAX);
    store.set_max_component_handles(HANDLES_MAX);
    // One more, because the tick under way is not a whole one.
    store.set_epoch_deadline(limits.call_ms_max.div_ceil(TICK_MS) + 1);
    store
}

/// Refuses growth as the machine would, and remembers that it did: the guest's own end after it looks like a panic.
struct Limiter {
    memory_bytes_max: usize,
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
