//! Reads a guide: each `$ curl …` in it, the stated status, and the response that it shows.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

/// One curl line.
pub(super) struct Call {
    pub(super) line: String,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Value>,
    /// From the line `Answers …` that follows.
    pub(super) status: u16,
    pub(super) shown: Shown,
}

/// The response shown below it.
pub(super) enum Shown {
    Json(Value),
    Text(String),
    Nothing,
}

/// The flags with which a guide starts its server.
pub(super) fn flags(guide: &str) -> &str {
    let after = guide.split("\nmake run ARGS=\"").nth(1);
    let flags = after.and_then(|after| after.split("\"\n").next());
    flags.expect("how to start the server")
}

/// All curl lines of a guide, in order.
pub(super) fn calls(guide: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for part in guide.split("```console\n$ curl ").skip(1) {
        let (line, rest) = part.split_once("\n```\n").expect("the end of a curl line");
        let line = line.replace("\\\n", " ");
        let mut call = parse(&line);
        let rest = rest.trim_start();
        let answers = rest.strip_prefix("Answers `").expect(&line);
        call.status = answers[..3].parse().expect("a status");
        let shown = answers[3..].strip_prefix("`:\n\n```");
        call.shown = match shown.map(|shown| shown.split_once("\n```").expect("its end").0) {
            None => Shown::Nothing,
            Some(block) => match block.strip_prefix("json\n") {
                Some(json) => Shown::Json(serde_json::from_str(json).expect(&line)),
                None => Shown::Text(block.split_once('\n').expect("a block").1.to_owned()),
            },
        };
        calls.push(call);
    }
    calls
}

fn parse(line: &str) -> Call {
    let mut call = Call {
        line: line.to_owned(),
        method: Method::GET,
        path: String::new(),
        headers: Vec::new(),
        body: None,
        status: 0,
        shown: Shown::Nothing,
    };
    let mut words = words(line).into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().expect(line);
        match &*word {
            "-X" => call.method = value().parse().unwrap(),
            "-I" => call.method = Method::HEAD,
            "-H" => {
                let header = value();
                let (name, value) = header.split_once(": ").expect(line);
                call.headers.push((name.to_owned(), value.to_owned()));
            }
            "-d" => call.body = Some(serde_json::from_str(&value()).expect(line)),
            "-o" => drop(value()),
            "-N" => {}
            url => {
                let path = url.strip_prefix("localhost:5000").expect(line);
                path.clone_into(&mut call.path);
            }
        }
    }
    call
}

/// Splits a line like a shell; only quotes are special in these lines.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// Compares the keys of a response at any depth with those that a guide shows; of a list, only the first element.
pub(super) fn differences(shown: &Value, answer: &Value) -> BTreeSet<String> {
    let (mut shown_keys, mut real_keys) = (BTreeSet::new(), BTreeSet::new());
    keys(shown, "", &mut shown_keys);
    keys(answer, "", &mut real_keys);
    let shown_alone = shown_keys.difference(&real_keys);
    let real_alone = real_keys.difference(&shown_keys);
    let gone = shown_alone.map(|key| format!("{key} is shown, but not answered"));
    let new = real_alone.map(|key| format!("{key} is answered, but not shown"));
    gone.chain(new).collect()
}

fn keys(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                keys(value, &place, found);
                found.insert(place);
            }
        }
        Value::Array(items) => {
            if let Some(first) = items.first() {
                keys(first, &format!("{place}[]"), found);
            }
        }
        _ => {}
    }
}

/// The header names in a response head that the guide shows.
pub(super) fn header_names(head: &str) -> Vec<String> {
    let fields = head.lines().skip(1);
    fields
        .filter_map(|line| Some(line.split_once(": ")?.0.to_owned()))
        .collect()
}

/// Parses `1,024`, `16 KiB`, `8 MiB decoded`.
pub(super) fn number(text: &str) -> Option<u64> {
    let mut words = text.split(' ');
    let number: u64 = words.next()?.replace(',', "").parse().ok()?;
    let unit = match words.next() {
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some("GiB") => 1 << 30,
        _ => 1,
    };
    Some(number * unit)
}
