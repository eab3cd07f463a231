//! The one wasmtime engine: the machine code that it makes, the memory of calls, and the clock that ends them. Below it:
//! compiling a component, loading compiled code, the store of one call, and what a plugin may import.

pub(crate) mod artifact;
pub(crate) mod compiler;
pub(crate) mod linker;
pub(crate) mod store;

use std::{thread, time::Duration};

use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

use crate::plugin::config::Config as Limits;

/// One tick of the clock that ends calls, milliseconds. Finer costs wake-ups, coarser lets a loop run on.
pub(crate) const TICK_MS: u64 = 10;

/// Component instances beside `calls_max`: admission replays fixtures while calls run, so many at once for each of the
/// four plugins at start.
const ADMISSIONS_MAX: u32 = 4 * CASES_AT_ONCE as u32;

/// How many cases an admission runs at once: each needs an instance.
pub(crate) const CASES_AT_ONCE: usize = 2;

/// Of one component instance. Rust's output has 3: the module, WASI's shims and their fixups.
pub(crate) const CORE_INSTANCES_MAX: u32 = 8;

/// Of one component instance. Rust's output has 2.
pub(crate) const TABLES_MAX: u32 = 4;

/// Entries of one table: function pointers, of which the largest plugin has under a thousand.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;

/// What a freed slot keeps mapped, bytes, so that the next call meets no page faults: an answer of 1 MB is read in
/// about this much. Copying a body of 933 KB in took 1.0 ms without it and 0.17 ms with it.
const MEMORY_RESIDENT_BYTES: usize = 16 * 1024 * 1024;

/// As above for tables, bytes: all of what Rust's output has.
const TABLE_RESIDENT_BYTES: usize = 64 * 1024;

/// Wasm stack of one call, bytes. Plugin calls run on tokio's blocking threads of 2 MiB, which leaves the host 1.5.
const STACK_BYTES_MAX: usize = 512 * 1024;

/// The engine that runs plugins, with its clock.
///
/// # Errors
/// The machine cannot run it at all; where only the address space for the pool is missing, memory is taken on demand.
pub(crate) fn running(limits: &Limits) -> Result<Engine> {
    let mut config = machine_code()?;
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    let engine = Engine::new(&config).or_else(|error| {
        tracing::warn!("no room for a pool of plugin memories, taking them on demand: {error:#}");
        Engine::new(&machine_code()?)
    })?;
    let weak = engine.weak();
    thread::Builder::new()
        .name("plugin-clock".to_owned())
        .spawn(move || tick(&weak))?;
    Ok(engine)
}

/// The engine of the compiler's child process: the same machine code, no pool, no clock.
///
/// # Errors
/// The machine has no Cranelift target.
pub(crate) fn compiling() -> Result<Engine> {
    Engine::new(&machine_code()?)
}

/// An engine whose code counts its instructions (wasmtime calls them fuel), to say what a call costs. Such code is
/// slower and nothing is served by it; without a clock, only fuel ends its calls.
///
/// # Errors
/// As [`compiling`].
pub(crate) fn counting() -> Result<Engine> {
    let mut config = machine_code()?;
    config.consume_fuel(true);
    Engine::new(&config)
}

/// Ends with the engine: it holds none itself.
fn tick(engine: &EngineWeak) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        thread::sleep(Duration::from_millis(TICK_MS));
    }
}

/// Everything that decides which machine code comes out, equal in both processes.
///
/// Every proposal that Rust's `wasm32-wasip2` output does not use is off: each has had its security advisory.
/// What it uses (bulk memory, multi-value, reference types, sign extension) stays.
fn machine_code() -> Result<Config> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        // The same arguments give the same outcome on every machine.
        .cranelift_nan_canonicalization(true)
        // Registration is quadratic in the number of loaded plugins, and nothing unwinds through them.
        .native_unwind_info(false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20))
        .concurrency_support(false)
        .gc_support(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_tail_call(false)
        .wasm_threads(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_relaxed_simd(false)
        .wasm_simd(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_extended_const(false)
        .wasm_stack_switching(false)
        .wasm_component_model_gc(false)
        .wasm_component_model_map(false)
        .wasm_component_model_memory64(false)
        .wasm_component_model_fixed_length_lists(false)
        .wasm_component_model_implements(false);
    Ok(config)
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    let calls = u32::try_from(limits.calls_max).unwrap_or(u32::MAX);
    let instances = calls.saturating_add(ADMISSIONS_MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES_MAX)
        .max_memory_size(limits.memory_bytes_max)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(MEMORY_RESIDENT_BYTES)
        .table_keep_resident(TABLE_RESIDENT_BYTES);
    pool
}
