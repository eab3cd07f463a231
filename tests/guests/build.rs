//! Builds the components that are only used in tests.

use std::process::ExitCode;

use components::Guest;

fn main() -> ExitCode {
    let guest = |package, library| Guest { package, library };
    components::build(
        &[
            guest("misbehaving", "misbehaving"),
            guest("movable", "movable"),
            guest("second-contract", "second_contract"),
        ],
        &[
            "plugins/instagram",
            "tests/contract-2",
            "tests/guests/media.rs",
            "tests/guests/misbehaving",
            "tests/guests/tricks.rs",
            "tests/guests/movable",
            "tests/guests/second-contract",
            "wit",
        ],
    )
}
