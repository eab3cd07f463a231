//! The capability check: a plugin may import only the few interfaces that Rust's std requires, and here they are
//! inert.

use wasmtime::{
    Engine, Error, Result, StoreContextMut,
    component::{HasData, Linker, Resource, ResourceTable},
};
use wasmtime_wasi::{
    WasiView,
    cli::{WasiCli, WasiCliView},
    p2::{
        DynPollable,
        bindings::{
            cli::{self, stderr::Host as _, stdin::Host as _, stdout::Host as _},
            random,
            sync::io,
        },
    },
    random::WasiRandom,
};

use super::store::State;

/// The interfaces that may be imported, without versions. Any other name is rejected before anything is compiled.
const ALLOWED: [&str; 15] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
];

/// Returns whether a plugin may import the interface of this name, such as `wasi:cli/stderr@0.2.6`.
pub(crate) fn allows(import: &str) -> bool {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    ALLOWED.contains(&name)
}

/// Returns a linker with every allowed interface, and nothing else.
///
/// # Errors
/// Never, unless two of them conflict.
pub(crate) fn inert(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)?;
    streams(l)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    stopped_clock(l)?;
    io::error::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    io::poll::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    io::streams::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    Ok(linker)
}

/// Adds the functions that return the standard streams. wasmtime waits for a stream as one waits on a thread of one's
/// own, so a short call gets none.
fn streams(linker: &mut Linker<State>) -> Result<()> {
    linker.instance("wasi:cli/stdin@0.2.12")?.func_wrap(
        "get-stdin",
        |mut store: StoreContextMut<'_, State>, ()| {
            Ok((store.data_mut().patient()?.get_stdin()?,))
        },
    )?;
    linker.instance("wasi:cli/stdout@0.2.12")?.func_wrap(
        "get-stdout",
        |mut store: StoreContextMut<'_, State>, ()| {
            Ok((store.data_mut().patient()?.get_stdout()?,))
        },
    )?;
    linker.instance("wasi:cli/stderr@0.2.12")?.func_wrap(
        "get-stderr",
        |mut store: StoreContextMut<'_, State>, ()| {
            Ok((store.data_mut().patient()?.get_stderr()?,))
        },
    )?;
    Ok(())
}

/// Adds a clock that stands still, so that a run repeats exactly. Rust's std imports one since 1.99, even if a plugin
/// does not use the time. A plugin cannot use it to wait, because the deadline of a call does not end a wait in the
/// host.
fn stopped_clock(linker: &mut Linker<State>) -> Result<()> {
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.12")?;
    clock.func_wrap("now", |_, ()| Ok((0_u64,)))?;
    clock.func_wrap("resolution", |_, ()| Ok((1_u64,)))?;
    for wait in ["subscribe-instant", "subscribe-duration"] {
        clock.func_wrap(wait, |_, (_,): (u64,)| {
            Err::<(Resource<DynPollable>,), _>(Error::msg("a plugin may not wait"))
        })?;
    }
    Ok(())
}

/// `wasi:io` only needs the table.
struct Streams;

impl HasData for Streams {
    type Data<'a> = &'a mut ResourceTable;
}
