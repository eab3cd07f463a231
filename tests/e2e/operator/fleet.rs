//! The fleet on the operator's page.

use ::engines::Postgres;
use rustix::process::Signal;

use super::{Browser, NARROW, Server, WIDE, Window, entered, fits, go};
use crate::operating::{fleet, replica};

/// Usual sizes of a laptop and of a phone.
const LAPTOP: Window = Window {
    width: 1280,
    height: 720,
    dark: false,
};
const PHONE: Window = Window {
    width: 390,
    height: 844,
    dark: true,
};

fn shown(server: &Server, window: Window, name: &str) -> Browser {
    let mut browser = entered(server, window);
    go(&mut browser, "fleet");
    fits(&mut browser, name);
    browser.screenshot(name);
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn one_machine_says_so_in_one_line() {
    let server = Server::start_on_fixtures(tempfile::tempdir().unwrap());
    let mut browser = shown(&server, WIDE, "operator-fleet-of-one");
    let text = browser.text("[data-place=fleet]");
    assert!(text.contains("there are no other replicas"), "{text}");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('table').length"),
        0
    );
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_their_releases_and_what_is_wrong_are_shown() {
    let engine = Postgres::start(false);
    let database = engine.database();
    let [one, two, three] =
        ["amsterdam-1", "berlin-1", "cologne-1"].map(|name| replica(name, &database, &[]));
    fleet(&one, "three replicas", |fleet| {
        let replicas = fleet["replicas"].as_array().unwrap();
        replicas.len() == 3
            && replicas
                .iter()
                .all(|it| it["report"]["plugins"]["post"].is_string())
    })
    .await;
    let mut browser = shown(&one, LAPTOP, "operator-fleet");
    let text = browser.text("[data-place=fleet]");
    for part in [
        "3\nreplicas are alive",
        "1\nrelease",
        "this one",
        "serves",
        "as everywhere",
        "cologne-1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.warning').length"),
        0
    );
    // An older release, which has other plugins and is about to stop; and one that died.
    let older = r#"{"draining":true,"jobs":2,"plugins":{"post":"0123456789abcdef"}}"#;
    engine.run(
        &database,
        &format!("INSERT INTO replicas SELECT 'x', 'dresden-1', '0.0.9', egress, started_at - 90000000, seen_at + 600000, '{older}' FROM replicas LIMIT 1"),
    );
    three.signal(Signal::KILL);
    drop(two);
    browser.until("document.querySelectorAll('.mark-bad').length >= 1");
    let text = browser.text("[data-place=fleet]");
    for part in [
        "has been silent",
        "different releases",
        "0.0.9",
        "draining",
        "post 01234567",
        "2 versions of the plugin post",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    browser.screenshot("operator-fleet-wrong");
    assert_eq!(browser.faults(), Vec::<String>::new());
    for (window, name) in [
        (PHONE, "operator-fleet-phone"),
        (NARROW, "operator-fleet-narrow"),
    ] {
        assert_eq!(shown(&one, window, name).faults(), Vec::<String>::new());
    }
    engine.crash();
    browser.until(
        "document.querySelector('[data-place=fleet]').innerText.includes('has not answered')",
    );
    let text = browser.text("[data-place=fleet]");
    assert!(
        text.contains("has not answered for") && text.contains("is not known"),
        "{text}"
    );
    browser.screenshot("operator-fleet-away");
}
