//! The walk of the guide for authors, from a new extractor through a failure to a fix that serves: every command of
//! `docs/authors.md` up to that point is run, and says what the guide shows.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::process::Signal;

use super::author::{desk, said, with_cargo};
use crate::harness::server::{Server, gramhost};

/// The sections of the guide that are the walk.
const BEGIN: &str = "## Create an extractor";
const END: &str = "### On a server that requires signatures";

/// The words with which cargo begins a line about its progress.
const PROGRESS: [&str; 7] = [
    "Adding",
    "Blocking",
    "Compiling",
    "Downloaded",
    "Finished",
    "Locking",
    "Updating",
];

/// Something that the guide lets the reader do.
#[derive(Debug)]
enum Act {
    /// A command, and the lines that it must print.
    Run(String, Vec<String>),
    /// A line of Rust that takes the place of the one it begins like.
    Edit(String),
}

/// The acts of the walk, in order.
fn acts() -> Vec<Act> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = fs::read_to_string(root.join("docs/authors.md")).unwrap();
    let walk = &guide[guide.find(BEGIN).unwrap()..guide.find(END).unwrap()];
    let mut acts = Vec::new();
    for block in walk.split("```").skip(1).step_by(2) {
        let mut lines = block.lines();
        let sort = lines.next().unwrap_or_default();
        match sort {
            "" => {}
            "rust" | "toml" => {
                let code = lines.filter(|line| !line.trim_start().starts_with("//"));
                acts.extend(code.map(|line| Act::Edit(line.to_owned())));
                continue;
            }
            // Only shows something.
            _ => continue,
        }
        for line in lines {
            match (line.strip_prefix("$ "), acts.last_mut()) {
                (Some(command), _) => acts.push(Act::Run(command.to_owned(), Vec::new())),
                (None, Some(Act::Run(_, output))) => output.push(line.to_owned()),
                (None, _) => panic!("{line} is not the output of a command"),
            }
        }
    }
    acts
}

/// The words of a line, with one and the same word in the place of each that differs from run to run: digests, times,
/// ids, versions, sizes.
fn words(line: &str) -> Vec<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-.:".contains(letter);
    let mut words = vec![String::new()];
    for letter in line.chars() {
        match words.last_mut() {
            Some(word) if is_part(letter) && word.chars().all(is_part) => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    words.retain(|word| !word.trim().is_empty());
    for word in &mut words {
        if word.contains(|letter: char| letter.is_ascii_digit()) {
            "#".clone_into(word);
        }
    }
    words.dedup();
    words
}

/// Whether the output has the lines of the guide, where `…` stands for any number of them, or of words at the end of a
/// line.
fn shows(expected: &[String], found: &str) -> Result<(), String> {
    let mut found = found.lines().map(words).filter(|line| !line.is_empty());
    let mut skips = false;
    for line in expected.iter().filter(|line| !line.is_empty()) {
        if line.trim() == "…" {
            skips = true;
            continue;
        }
        let start = line.split('…').next().unwrap_or(line);
        let wanted = words(start);
        let is_it = |found: &Vec<String>| match start.len() < line.len() {
            true => found.starts_with(&wanted),
            false => *found == wanted,
        };
        let next = match skips {
            true => found.find(is_it),
            false => found.next().filter(is_it),
        };
        next.ok_or_else(|| line.clone())?;
        skips = false;
    }
    Ok(())
}

/// The reader: a folder, a server in it, and the id of the latest capture.
struct Reader {
    server: Option<Server>,
    folder: PathBuf,
    capture: String,
}

impl Reader {
    async fn run(&mut self, command: &str) -> String {
        let arguments: Vec<_> = command.split_whitespace().collect();
        match arguments.as_slice() {
            ["gramhost", "serve", flags @ .., "&"] => {
                self.serve(flags);
                String::new()
            }
            ["kill", "%1"] => String::new(),
            ["curl", url] => {
                let path = url.trim_matches('"').trim_start_matches("localhost:5000");
                self.server.as_ref().unwrap().get(path).await.text
            }
            ["gramhost", arguments @ ..] => {
                let mut command = with_cargo(gramhost(&self.folder));
                command.args(arguments.iter().map(|it| it.replace("$ID", &self.capture)));
                if let Some(server) = &self.server {
                    command.env("GRAMHOST_ADMIN_LISTEN", server.admin.to_string());
                }
                self.done(&mut command)
            }
            ["ID=$(gramhost", ..] => {
                let listed = gramhost(&self.folder)
                    .args(["plugin", "captures", "--json"])
                    .output();
                let listed: serde_json::Value =
                    serde_json::from_slice(&listed.unwrap().stdout).unwrap();
                listed[0]["id"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut self.capture);
                String::new()
            }
            other => panic!("the walk has {other:?}"),
        }
    }

    fn done(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        // Nothing is downloaded here, so the versions are those of this repository.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
        let own = self.folder.join("post/Cargo.lock");
        if self.folder.join("post").is_dir() && !own.exists() {
            fs::copy(lock, own).unwrap();
        }
        let text = said(&output);
        // What cargo says of its progress is not in the guide.
        let is_cargos = |line: &&str| {
            let word = line.split_whitespace().next();
            line.starts_with(' ') && word.is_some_and(|word| PROGRESS.contains(&word))
        };
        let lines: Vec<_> = text.lines().filter(|line| !is_cargos(line)).collect();
        lines.join("\n")
    }

    /// Starts a server on the same data, once the one before it has ended.
    fn serve(&mut self, flags: &[&str]) {
        let before = self.server.take();
        self.server = Some(match before {
            Some(mut server) => {
                server.signal(Signal::TERM);
                server.wait();
                server.restart(flags)
            }
            None => {
                let folder = desk();
                // The extractor was made before the server was started.
                fs::rename(self.folder.join("post"), folder.path().join("post")).unwrap();
                Server::start_in(folder, flags)
            }
        });
        self.folder = self.server.as_ref().unwrap().folder.path().to_owned();
    }

    /// Puts a line in the place of the one that begins like it, in the extractor or in its manifest.
    fn edit(&self, line: &str) {
        let key = line
            .trim_start()
            .split_inclusive([':', '='])
            .next()
            .unwrap();
        for file in ["post/src/lib.rs", "post/Cargo.toml"] {
            let path = self.folder.join(file);
            let text = fs::read_to_string(&path).unwrap();
            let Some(old) = text.lines().find(|old| old.trim_start().starts_with(key)) else {
                continue;
            };
            fs::write(&path, text.replacen(old, line, 1)).unwrap();
            return;
        }
        panic!("no line begins like {line:?}");
    }
}

#[tokio::test]
async fn the_walk_of_the_guide_leads_from_a_failure_to_a_fix() {
    let first = desk();
    let mut reader = Reader {
        server: None,
        folder: first.path().to_owned(),
        capture: String::new(),
    };
    let acts = acts();
    let commands = acts
        .iter()
        .filter(|act| matches!(act, Act::Run(..)))
        .count();
    assert!(commands >= 20, "only {commands} commands");
    for act in acts {
        match act {
            Act::Edit(line) => reader.edit(&line),
            Act::Run(command, expected) => {
                let found = reader.run(&command).await;
                println!("$ {command}\n{found}");
                if let Err(line) = shows(&expected, &found) {
                    panic!("{command} does not say {line:?}, but:\n{found}");
                }
            }
        }
    }
}

#[test]
fn lines_are_compared_by_what_stays_the_same() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let found =
        "post serves 0.1.0 628e0190\nok    post/found\nok    post/missing\n2 of 2 cases passed";
    assert_eq!(
        shows(
            &lines("post serves 0.1.1 d7611c9c\n…\n2 of 2 cases passed"),
            found
        ),
        Ok(())
    );
    assert_eq!(shows(&lines("post …"), found), Ok(()));
    for wrong in [
        "story serves 0.1.0 628e0190",
        "post serves 0.1.0 628e0190\nFAIL  post/found",
    ] {
        assert!(shows(&lines(wrong), found).is_err(), "{wrong}");
    }
}
