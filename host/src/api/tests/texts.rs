//! The texts of the page: all of them in one file a language, the same ones in each, and none anywhere else.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch;
use crate::api::http::error::Code;

const LANGUAGES: [&str; 2] = ["en.js", "de.js"];

/// Literals that look like texts: headers, keys, names, selectors, classes.
const NO_TEXTS: [&str; 12] = [
    "Content-Type",
    "Retry-After",
    "RateLimit",
    "Enter",
    "Escape",
    "Esc",
    "Ctrl V",
    "Gramhost",
    "noopener noreferrer nofollow",
    "input:not([type=radio], [type=checkbox]), textarea, select",
    "#view .options button.main",
    "card fault calm",
];

/// The scripts that may not contain texts, by name.
async fn scripts() -> BTreeMap<String, String> {
    let mut scripts = BTreeMap::new();
    let mut next = BTreeSet::from(["main.js".to_owned()]);
    while let Some(file) = next.pop_first() {
        if LANGUAGES.contains(&&*file) || scripts.contains_key(&file) {
            continue;
        }
        let script = fetch(&format!("/page/{file}")).await.body;
        let named = script.split("from \"./").skip(1);
        next.extend(named.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
        scripts.insert(file, script);
    }
    scripts
}

/// The rest of each line of a file of texts, by its key.
async fn texts(file: &str) -> BTreeMap<String, String> {
    let script = fetch(&format!("/page/{file}")).await.body;
    let lines = script.lines().filter_map(|line| {
        let (key, text) = line.strip_prefix("  \"")?.split_once("\": ")?;
        Some((key.to_owned(), text.to_owned()))
    });
    let count = script.lines().filter(|line| line.starts_with("  ")).count();
    let texts: BTreeMap<_, _> = lines.collect();
    assert_eq!(
        texts.len(),
        count,
        "{file}: one line a key, and no key twice"
    );
    texts
}

/// The names in braces, and how many texts a line has.
fn shape(text: &str) -> (BTreeSet<&str>, usize) {
    let named = text.split('{').skip(1);
    let named = named.filter_map(|rest| rest.split('}').next());
    (named.collect(), text.matches('"').count() / 2)
}

#[tokio::test]
async fn both_languages_have_the_same_texts() {
    let english = texts("en.js").await;
    let german = texts("de.js").await;
    assert!(english.len() > 150, "{}", english.len());
    let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(keys(&english), keys(&german));
    for (key, text) in &english {
        assert_eq!(shape(text), shape(&german[key]), "{key}");
        assert!(
            !text.contains("\"\"") && !german[key].contains("\"\""),
            "{key}"
        );
    }
}

#[tokio::test]
async fn every_text_is_used_and_every_used_text_exists() {
    let english = texts("en.js").await;
    let page = fetch("/").await.body;
    let mut sources: Vec<_> = scripts().await.into_values().collect();
    sources.push(page);
    let sources = sources.join("\n");
    for key in english.keys() {
        let whole = sources.contains(&format!("\"{key}\""));
        // Keys such as `code.NOT_FOUND` are composed.
        let composed = key.rsplit_once('.').is_some_and(|(group, _)| {
            sources.contains(&format!("`{group}.${{")) || sources.contains(&format!("{group}.${{"))
        });
        assert!(whole || composed, "{key} is not used");
    }
    for call in ["t(\"", "n(\"", "around(\"", "data-text=\"", "data-label=\""] {
        for (place, _) in sources.match_indices(call) {
            let before = sources[..place].chars().next_back();
            if before.is_some_and(char::is_alphanumeric) {
                continue;
            }
            let key = sources[place + call.len()..].split('"').next().unwrap();
            let is_key = key
                .chars()
                .all(|c| c.is_ascii_lowercase() || c == '.' || c == '_');
            assert!(!is_key || english.contains_key(key), "{call}{key}");
        }
    }
}

/// The literals of a script that a person could read: words with a capital first, or several words.
fn readable(script: &str) -> Vec<String> {
    let lines = script.lines().map(|line| line.trim_start());
    let lines = lines.filter(|line| {
        !line.starts_with("//") && !line.starts_with('*') && !line.starts_with("/*")
    });
    let mut found = Vec::new();
    for line in lines {
        // Names of classes, headers and paths of icons are no texts.
        if line.contains("class: ") && !line.contains("t(") || line.contains(": \"M") {
            continue;
        }
        for literal in line.split('"').skip(1).step_by(2) {
            let mut letters = literal.chars();
            let capital = letters.next().is_some_and(char::is_uppercase)
                && letters.next().is_some_and(char::is_lowercase);
            let sentence = literal.split(' ').filter(|word| word.len() > 1).count() > 2;
            if (capital || sentence) && !NO_TEXTS.contains(&literal) && !literal.contains("://") {
                found.push(literal.to_owned());
            }
        }
    }
    found
}

#[tokio::test]
async fn no_text_stands_in_the_scripts_or_the_page() {
    assert_eq!(readable("h(\"p\", {}, \"Save all\")"), ["Save all"]);
    assert_eq!(readable("say(\"it is done\")"), ["it is done"]);
    for (file, script) in scripts().await {
        assert_eq!(readable(&script), Vec::<String>::new(), "{file}");
    }
    let page = fetch("/").await.body;
    let body = page.split("<body>").nth(1).unwrap();
    // Without scripts there is nobody to choose a language.
    let (before, after) = body.split_once("<noscript>").unwrap();
    let after = after.split_once("</noscript>").unwrap().1;
    let words: String = [before, after]
        .concat()
        .split('<')
        .filter_map(|rest| rest.split_once('>'))
        .map(|(_, text)| text.trim())
        .collect();
    assert_eq!(words, "Gramhost?");
}

#[tokio::test]
async fn the_page_has_words_for_every_refusal() {
    let english = texts("en.js").await;
    // The lines of the table itself, so that no code is forgotten here either.
    let table = include_str!("../http/error/code.rs").lines();
    let rows = table.filter(|line| line.contains(" => ("));
    let names: BTreeSet<_> = rows.filter_map(|row| row.split('"').nth(1)).collect();
    assert!(names.contains(Code::StorageFull.name()) && names.len() > 30);
    // Codes of the admin listener only.
    let operators = [Code::NoSuchVersion, Code::PluginRefused].map(Code::name);
    for name in names.into_iter().filter(|name| !operators.contains(name)) {
        assert!(english.contains_key(&format!("code.{name}")), "{name}");
    }
}
