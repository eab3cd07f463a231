//! `gramhost demo`: one command, the recordings in the binary, and nothing left behind.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{
    browser::{Browser, Window},
    server::{client, gramhost},
};

const WINDOW: Window = Window {
    width: 1280,
    height: 720,
    dark: false,
};

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

async fn json(url: String) -> Value {
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_opens_the_page_on_recorded_answers_with_examples() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = tempfile::tempdir().unwrap();
    // What belongs to the user's own server has no effect.
    fs::write(folder.path().join("gramhost.toml"), "nonsense = 1\n").unwrap();
    let mut child = gramhost(folder.path())
        .args(["demo", "--no-open", "--listen", "127.0.0.1:0"])
        .env("TMPDIR", temporary.path())
        .env("GRAMHOST_RATE_LIMIT", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = lines
        .map_while(Result::ok)
        .find(|line| line.starts_with("Open "));
    let told = told.expect("the address of the page");
    let page = told.split(' ').nth(1).unwrap();
    assert!(told.contains("nothing is sent to Instagram"), "{told}");
    let about = json(format!("{page}page/about.json")).await;
    assert_eq!(about["recorded"], true);
    let examples = about["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 4);

    let mut browser = Browser::start(WINDOW);
    browser.open(page);
    for (number, example) in examples.iter().enumerate() {
        browser.until("!document.getElementById('start').hidden");
        browser.assert_accessible("demo");
        if number == 0 {
            browser.screenshot("demo-start");
        }
        browser.click(&format!(
            "#start .examples li:nth-child({}) button",
            number + 1
        ));
        browser.until("document.querySelector('#view .owner h2')");
        let is_profile = example.as_str().unwrap().starts_with('@');
        if !is_profile {
            browser.click("#view .options button.main");
            browser.until(
                "document.querySelector('.own .job[data-state=completed] [data-saved=true]')",
            );
        }
        browser.click("#clear");
    }
    assert_eq!(browser.saved_count(), 3);
    assert_eq!(browser.faults(), Vec::<String>::new());

    assert_eq!(entries(temporary.path()).len(), 1);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(entries(temporary.path()), Vec::<String>::new());
    assert_eq!(entries(folder.path()), ["gramhost.toml"]);
}
