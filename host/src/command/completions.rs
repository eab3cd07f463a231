//! `gramhost completions SHELL`: prints a completion script.

use clap::{Args, Command};
use clap_complete::Shell;

use super::{Exit, write};

const EXAMPLES: &str = "\
Examples:
  source <(gramhost completions bash)
  gramhost completions bash > /etc/bash_completion.d/gramhost
  gramhost completions zsh > /usr/local/share/zsh/site-functions/_gramhost
  gramhost completions fish > ~/.config/fish/completions/gramhost.fish
  gramhost completions powershell >> $PROFILE
  gramhost completions elvish >> ~/.config/elvish/rc.elv";

/// Arguments of `gramhost completions`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Completions {
    /// The shell to print the script for
    shell: Shell,
}

impl Completions {
    /// Prints the script for `line`, the whole command line.
    pub(super) fn run(self, mut line: Command) -> Exit {
        let mut script = Vec::new();
        let name = line.get_name().to_owned();
        clap_complete::generate(self.shell, &mut line, name, &mut script);
        write(&script)
    }
}
