//! Help, completions and manual pages of the command line, with and without a terminal.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use super::{run, stderr, stdout};
use crate::harness::server::gramhost;

/// Every listed command, and some of those below `plugin`.
const COMMANDS: [&str; 11] = [
    "serve",
    "extract",
    "download",
    "plugin",
    "plugin check",
    "plugin put",
    "drain",
    "doctor",
    "openapi",
    "completions",
    "man",
];

/// The output of a program for this text; `None` if the program is not installed.
fn judged(program: &str, arguments: &[&str], text: &[u8]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    Some(stdout(&output).to_owned() + stderr(&output))
}

/// The output of this command on a terminal, which `script` provides.
pub(super) fn on_a_terminal(arguments: &str, colour: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let gramhost = gramhost(folder.path());
    let line = format!("{} {arguments}", gramhost.get_program().to_str().unwrap());
    let mut script = Command::new("script");
    if cfg!(target_os = "macos") {
        script.args(["-q", "/dev/null", "sh", "-c", &line]);
    } else {
        script.args(["-qec", &line, "/dev/null"]);
    }
    script
        .current_dir(folder.path())
        .env("TERM", "xterm-256color")
        .env_remove("NO_COLOR")
        .stdin(Stdio::null());
    if !colour {
        script.env("NO_COLOR", "1");
    }
    String::from_utf8(script.output().unwrap().stdout).unwrap()
}

#[test]
fn every_command_gives_examples() {
    for command in COMMANDS {
        let mut arguments: Vec<_> = command.split(' ').collect();
        arguments.push("--help");
        let output = run(&arguments);
        assert!(
            stdout(&output).contains(&format!("Examples:\n  gramhost {command}"))
                || command == "completions",
            "{command}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn a_slip_in_a_command_is_answered_with_the_right_one() {
    for (arguments, meant) in [
        (&["plugn", "list"][..], "plugin"),
        (&["plugin", "chek"], "check"),
        (&["man", "plugin", "chek"], "did you mean check?"),
        (&["--lisen", "127.0.0.1:0"], "--listen"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(meant), "{}", stderr(&output));
    }
}

#[test]
fn completions_are_read_by_their_shells() {
    for (shell, check) in [
        ("bash", &["-n"][..]),
        ("fish", &["--no-execute"]),
        ("zsh", &["-n"]),
    ] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        if let Some(said) = judged(shell, check, &output.stdout) {
            assert_eq!(said, "", "{shell}");
        }
    }
    for shell in ["powershell", "elvish"] {
        assert!(stdout(&run(&["completions", shell])).contains("rollback"));
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn bash_completes_commands_and_flags() {
    let mut script = run(&["completions", "bash"]).stdout;
    script.extend_from_slice(
        b"\nCOMP_WORDS=(gramhost plugin ro); COMP_CWORD=2; _gramhost gramhost ro plugin; echo \"${COMPREPLY[@]}\"\n\
          COMP_WORDS=(gramhost serve --li); COMP_CWORD=2; _gramhost gramhost --li serve; echo \"${COMPREPLY[@]}\"\n",
    );
    if let Some(said) = judged("bash", &[], &script) {
        assert_eq!(said, "rollback\n--listen\n");
    }
}

#[test]
fn manual_pages_are_read_without_a_complaint() {
    for command in COMMANDS.into_iter().chain([""]) {
        let mut arguments = vec!["man"];
        arguments.extend(command.split(' ').filter(|word| !word.is_empty()));
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let page = stdout(&output);
        assert!(page.contains(".SH EXAMPLES\n.nf\n"), "{page}");
        assert!(!page.contains("compile\\-component"), "{page}");
        if let Some(said) = judged("mandoc", &["-Tlint", "-Wwarning"], &output.stdout) {
            // A page has no date, so that it is reproducible; the library separates paragraphs twice.
            let complaints: Vec<_> = said
                .lines()
                .filter(|it| !it.contains(" date") && !it.contains("paragraph macro"))
                .collect();
            assert!(complaints.is_empty(), "{command}: {complaints:?}");
        }
        if let Some(said) = judged("groff", &["-man", "-Tascii", "-ww"], &output.stdout) {
            assert!(!said.contains("warning"), "{command}: {said}");
        }
    }
    let whole = run(&["man"]);
    assert!(stdout(&whole).contains(".SH EXIT CODES\n.nf\n"));
}

#[test]
fn help_has_colours_on_a_terminal_alone_and_never_with_no_color() {
    assert!(on_a_terminal("--help", true).contains("\u{1b}["));
    assert!(!on_a_terminal("--help", false).contains('\u{1b}'));
    assert!(!stdout(&run(&["--help"])).contains('\u{1b}'));
}
