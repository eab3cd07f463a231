//! The `gramhost` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    gramhost::command::run()
}
