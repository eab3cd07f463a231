//! The capability check: the only interfaces that a plugin may import are the few that Rust's std pulls in,
//! and here they are inert.

use wasmtime::{
    Engine, Result,
    component::{HasData, Linker, ResourceTable},
};
use wasmtime_wasi::{
    WasiView,
    cli::{WasiCli, WasiCliView},
    p2::bindings::{cli, random, sync::io},
    random::WasiRandom,
};

use super::store::State;

/// What may be imported, without versions. Every other name is refused before anything is compiled.
const ALLOWED: [&str; 14] = [
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
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure-seed",
];

/// Whether a plugin may import the interface of this name, such as `wasi:cli/stderr@0.2.6`.
pub(super) fn allows(import: &str) -> bool {
    let name = import.split_once('@').map_or(import, |(name, _)| name);
    ALLOWED.contains(&name)
}

/// Every allowed interface, and nothing else.
///
/// # Errors
/// Never, unless two of them clash.
pub(super) fn inert(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    io::error::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    io::poll::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    io::streams::add_to_linker::<_, Streams>(l, |state| state.ctx().table)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, |state| state.ctx().ctx.random())?;
    Ok(linker)
}

/// `wasi:io` needs the table alone.
struct Streams;

impl HasData for Streams {
    type Data<'a> = &'a mut ResourceTable;
}
