//! `gramhost man [COMMAND]`: manual pages, generated from the same texts as `--help`.

use clap::{Args, Command};
use clap_mangen::Man;

use super::{Exit, fail, write};
use crate::config::nearest;

const EXAMPLES: &str = "\
Examples:
  gramhost man | man -l -
  gramhost man plugin check | man -l -
  gramhost man > /usr/local/share/man/man1/gramhost.1
  gramhost man plugin check > /usr/local/share/man/man1/gramhost-plugin-check.1";

/// The library writes quotes as a string that this preamble defines, because groff and other readers need different
/// characters.
const QUOTE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Arguments of `gramhost man`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Manual {
    /// The command, such as `plugin check` [default: gramhost itself]
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
}

impl Manual {
    /// Prints the page of a command of `line`, the whole command line.
    pub(super) fn run(self, line: Command) -> Exit {
        let mut line = line.disable_help_subcommand(true);
        // Gives every command its full name and the global flags.
        line.build();
        let mut command = &line;
        for word in &self.words {
            let known: Vec<_> = command
                .get_subcommands()
                .filter(|it| !it.is_hide_set())
                .collect();
            let Some(found) = known.iter().find(|it| it.get_name() == word) else {
                let known = known.iter().map(|it| it.get_name());
                return fail(Exit::Misused, &unknown(command, word, known));
            };
            command = found;
        }
        match page(command) {
            Ok(page) => write(&page),
            Err(error) => fail(Exit::Failed, &error),
        }
    }
}

/// The page of `clap_mangen`, but with examples whose lines are not filled.
fn page(command: &Command) -> std::io::Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let man = Man::new(command.clone());
    // The library would leave out an empty date, and the version would take its place.
    let version = env!("CARGO_PKG_VERSION");
    let title = format!(
        "{QUOTE}.TH \"{}\" \"1\" \"\" \"gramhost {version}\" \"Gramhost\"\n",
        name.to_uppercase()
    );
    let mut page = title.into_bytes();
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut page)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_help().map(ToString::to_string);
    page.extend_from_slice(verbatim(&after.unwrap_or_default()).as_bytes());
    Ok(page)
}

/// Converts a text line by line. A line that ends with a colon and is not indented becomes a heading.
fn verbatim(text: &str) -> String {
    let mut page = String::new();
    for line in text.lines() {
        match line.strip_suffix(':') {
            Some(heading) if !line.starts_with(' ') => {
                page += &format!(".fi\n.SH {}\n.nf\n", heading.to_uppercase());
            }
            // `\&` prevents a dot or a quote at the start of a line from being read as a request.
            _ => page += &format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-")),
        }
    }
    // The first heading has no unfilled lines before it to end.
    match page.strip_prefix(".fi\n") {
        Some(page) => format!("{page}.fi\n"),
        None => page,
    }
}

fn unknown<'a>(
    command: &Command,
    word: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let hint = match nearest(word, known.clone()) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => match known.collect::<Vec<_>>() {
            known if known.is_empty() => "it has no commands".to_owned(),
            known => format!("its commands are {}", known.join(", ")),
        },
    };
    format!("{word} is not a command of {name}; {hint}")
}
