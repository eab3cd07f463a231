//! The wasmtime engine: its machine code, the memory of calls, and the clock that ends them. Submodules compile a
//! component, load compiled code, provide the store of a call, and define what a plugin may import.

pub(crate) mod artifact;
pub(crate) mod compiler;
pub(crate) mod linker;
pub(crate) mod store;

use std::{thread, time::Duration};

use wasmtime::{
    Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig,
    Result,
};

use crate::plugin::config::Config as Limits;

/// One tick of the clock that ends calls, milliseconds. Shorter ticks cost wake-ups; longer ones let an endless loop
/// run on.
pub(crate) const TICK_MS: u64 = 10;

/// Component instances in addition to `calls_max`: admission replays cases while calls run, and at start for all four
/// plugins at once.
const ADMISSIONS_MAX: u32 = 4 * CASES_AT_ONCE as u32;

/// How many cases one admission runs at once. Each needs an instance.
pub(crate) const CASES_AT_ONCE: usize = 2;

/// Maximum number of core instances of one component instance. Rust's output has 3: the module, WASI's shims and their
/// fixups.
pub(crate) const CORE_INSTANCES_MAX: u32 = 8;

/// Maximum number of tables of one component instance. Rust's output has 2.
pub(crate) const TABLES_MAX: u32 = 4;

/// Maximum number of entries of one table. They are function pointers; the largest plugin has under a thousand.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 20_000;

/// Slots that wait for the next call of their version, although another version needs one: one for each plugin.
const WARM_SLOTS_MAX: u32 = 4;

/// Memory that a freed slot keeps mapped, bytes, so that the next call has no page faults. Reading a response of 1 MB
/// takes about this much. Copying in a body of 933 KB took 1.0 ms without it and 0.17 ms with it.
pub(crate) const MEMORY_RESIDENT_BYTES: usize = 16 * 1024 * 1024;

/// The same for tables, bytes. It covers all that Rust's output has.
const TABLE_RESIDENT_BYTES: usize = 64 * 1024;

/// Size of the Wasm stack of one call, bytes. Plugin calls run on tokio's blocking threads with 2 MiB, which leaves
/// 1.5 MiB for the host.
const STACK_BYTES_MAX: usize = 512 * 1024;

/// Creates the engine that runs plugins, with its clock.
///
/// # Errors
/// If the machine cannot run it at all. If only the address space for the pool is missing, memory is allocated on
/// demand instead.
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

/// Creates the engine of the compiler's child process: the same machine code, but no pool and no clock.
///
/// # Errors
/// If Cranelift does not support the machine.
pub(crate) fn compiling() -> Result<Engine> {
    Engine::new(&machine_code()?)
}

/// Creates an engine whose code counts its instructions (wasmtime calls them fuel), to measure what a call costs. Such
/// code is slower and never serves. There is no clock, so only fuel ends its calls.
///
/// # Errors
/// As [`compiling`].
pub(crate) fn counting() -> Result<Engine> {
    let mut config = machine_code()?;
    config.consume_fuel(true);
    Engine::new(&config)
}

/// Advances the clock. Ends with the engine, to which it holds only a weak reference.
fn tick(engine: &EngineWeak) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        thread::sleep(Duration::from_millis(TICK_MS));
    }
}

/// All settings that determine the machine code. They are the same in both processes.
///
/// Every proposal that Rust's `wasm32-wasip2` output does not use is disabled, because each has had a security
/// advisory. The ones that it uses (bulk memory, multi-value, reference types, sign extension) stay enabled, and vectors
/// (SIMD), with which large pages are read in half the time.
fn machine_code() -> Result<Config> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        // With this, the same arguments give the same outcome on every machine.
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
        .wasm_simd(true)
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
        // No call is asynchronous. By default there would be a thousand.
        .total_stacks(0)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_MAX))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(TABLES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .max_memories_per_component(1)
        .max_tables_per_component(TABLES_MAX)
        .max_memory_size(limits.memory_bytes_max)
        .table_elements(TABLE_ELEMENTS_MAX)
        // Where the kernel tells which pages a call has written (Linux 6.7), only those are reset.
        .pagemap_scan(Enabled::Auto)
        // By default each version would take a slot of its own, and the pool would keep the memory of all slots.
        .max_unused_warm_slots(WARM_SLOTS_MAX)
        .linear_memory_keep_resident(MEMORY_RESIDENT_BYTES)
        .table_keep_resident(TABLE_RESIDENT_BYTES);
    pool
}
