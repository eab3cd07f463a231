//! Builds the four plugins as components, so that a single binary works out of the box.

use std::process::ExitCode;

use components::Guest;

const fn plugin(package: &'static str, library: &'static str) -> Guest {
    Guest { package, library }
}

fn main() -> ExitCode {
    components::build(
        &[
            plugin("plugin-profile", "profile"),
            plugin("plugin-post", "post"),
            plugin("plugin-reel", "reel"),
            plugin("plugin-story", "story"),
        ],
        // `include_dir!` does not tell the compiler which files it read, so the data is listed here too.
        &["fixtures/instagram", "fixtures/media", "plugins", "wit"],
    )
}
