//! The operator's page in a real browser: what it shows when Instagram changes, and the effect of its buttons.

mod fleet;

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::json;

use crate::{
    harness::{
        browser::{Browser, Window},
        cdn::Cdn,
        server::Server,
        workshop::Workshop,
    },
    plugin::{
        MOVABLE,
        story::{Instagram, SHADOW, Stage, start},
    },
};

const WIDE: Window = Window {
    width: 1100,
    height: 900,
    dark: false,
};
const NARROW: Window = Window {
    width: 360,
    height: 740,
    dark: true,
};

/// Every section of the page, by its name in the address.
const PLACES: [&str; 7] = [
    "plugins", "history", "captures", "drift", "jobs", "fleet", "limits",
];

fn token(server: &Server) -> String {
    let file = server.folder.path().join("data/admin-token");
    fs::read_to_string(file).unwrap().trim().to_owned()
}

/// Opens the page, and waits until it asks for the token.
fn page(server: &Server, window: Window) -> Browser {
    let mut browser = Browser::start(window);
    browser.open(&format!("http://{}/", server.admin));
    browser.until("document.activeElement.id === 'token'");
    browser
}

fn log_in(browser: &mut Browser, token: &str) {
    browser.click("#token");
    browser.evaluate("document.getElementById('token').select()");
    browser.paste(token);
    browser.press("Enter");
}

/// Opens the page and enters the token; the first section is shown.
fn entered(server: &Server, window: Window) -> Browser {
    let mut browser = page(server, window);
    log_in(&mut browser, &token(server));
    browser.text("[data-plugin=post] .version");
    browser
}

/// Opens a section, and waits until it is shown.
fn go(browser: &mut Browser, place: &str) {
    browser.click(&format!("#places a[href='#{place}']"));
    browser.until(&format!(
        "document.querySelector(\"[data-place={place}]\")?.firstElementChild && document.querySelector('#fresh').dataset.state"
    ));
}

/// Uploads the author's component on the page.
fn put(browser: &mut Browser, author: &Workshop) {
    browser.choose("#component", &author.path("post.wasm"));
    browser.until("document.querySelector('.put select').value === 'post'");
    browser.click(".put button.main");
}

/// Drops a file that is not a component onto the form, and submits it.
fn drop_nonsense(browser: &mut Browser) {
    browser.evaluate(
        "{ const dataTransfer = new DataTransfer(); \
           dataTransfer.items.add(new File(['nonsense'], 'reel-2.wasm')); \
           document.querySelector('.put').dispatchEvent(new DragEvent('drop', { dataTransfer })); }",
    );
    browser.until("document.querySelector('.put select').value === 'reel'");
    browser.click(".put button.main");
}

/// Adds a case in which the likes are under a different key than the author knows.
fn keep_a_case(server: &Server, author: &Workshop) -> PathBuf {
    let folder = server.folder.path().join("data/fixtures/post/likes-moved");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir(author.path("cases/post/plain")).unwrap() {
        let file = file.unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        let text = text.replace("\\\"likes\\\"", "\\\"hearts\\\"");
        fs::write(folder.join(file.file_name()), text).unwrap();
    }
    folder
}

/// Confirms a dialog, with a reason.
fn confirm(browser: &mut Browser, why: &str) {
    browser.until("document.activeElement.id === 'why'");
    browser.paste(why);
    browser.press("Enter");
    browser.until("!document.querySelector('dialog')");
}

/// Unfolds everything for a screenshot.
fn unfold(browser: &mut Browser, selector: &str) {
    browser.evaluate(&format!(
        "document.querySelectorAll({selector:?}).forEach((it) => {{ it.open = true; }})"
    ));
}

fn fits(browser: &mut Browser, place: &str) {
    let beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let beyond = browser.evaluate(beyond).as_i64().unwrap();
    assert!(beyond <= 0, "{place}: {beyond} px");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_asks_for_the_token_and_keeps_it_in_this_tab_alone() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let server = Server::start(&["--replay", fixtures, "--rate-limit", "0"]);
    let mut browser = page(&server, WIDE);
    browser.screenshot("operator-login");
    log_in(&mut browser, "a-token-of-somebody-else-altogether");
    assert_eq!(
        browser.text("#wrong.wrong"),
        "That is not the token of this server."
    );
    browser.screenshot("operator-wrong-token");
    log_in(&mut browser, &token(&server));
    assert!(browser.text("[data-plugin=post]").contains("embedded"));
    browser.screenshot("operator-plugins");
    for path in ["/plugins", "/jobs", "/limits", "/captures", "/drift/rates"] {
        let status = browser.evaluate(&format!("fetch('{path}').then((it) => it.status)"));
        assert_eq!(status, 401, "{path}");
    }
    drop_nonsense(&mut browser);
    let refused = browser.text(".put .refused");
    assert!(refused.contains("is not WebAssembly"), "{refused}");
    browser.screenshot("operator-nonsense");
    assert_eq!(browser.evaluate("localStorage.length"), 0);
    assert_eq!(browser.evaluate("document.cookie"), "");

    go(&mut browser, "limits");
    let set = browser.text("[data-place=limits] section");
    assert!(
        set.contains("rate_limit") && set.contains("replay"),
        "{set}"
    );
    browser.screenshot("operator-limits");
    // A reload keeps the token and the section; logging out removes everything.
    browser.open(&format!("http://{}/?again#limits", server.admin));
    browser.text("[data-place=limits] h1");
    browser.click("#leave");
    browser.until("document.activeElement.id === 'token'");
    assert_eq!(browser.evaluate("sessionStorage.length"), 0);
    assert_eq!(
        browser.evaluate("document.getElementById('view').innerText"),
        ""
    );
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_night_when_instagram_changes_as_the_operator_sees_it() {
    let instagram = Arc::new(Instagram::default());
    let upstream = instagram.start().await;
    let stage = Stage {
        server: start(&upstream.origin()),
        next: AtomicU32::new(100),
    };
    let author = Workshop::new(&stage.server, MOVABLE);
    let embedded = stage.post_plugin().await["digest"].clone();
    let mut browser = entered(&stage.server, WIDE);

    author.pack("");
    let kept = keep_a_case(&stage.server, &author);
    put(&mut browser, &author);
    let refused = browser.text(".put .refused");
    for word in [
        "the recorded cases",
        "post/likes-moved",
        "like_count",
        "3",
        "null",
    ] {
        assert!(refused.contains(word), "{word}: {refused}");
    }
    browser.until("document.querySelector('[data-plugin=post] .fold .refused')");
    unfold(&mut browser, "[data-plugin=post] .fold");
    browser.screenshot("operator-refused");

    fs::remove_dir_all(kept).unwrap();
    put(&mut browser, &author);
    browser.until("document.querySelector('.put .good-news')");
    stage.ask("A").await;
    browser.until("document.querySelector('.candidate progress')?.value === 1");
    browser.screenshot("operator-shadow");
    for _ in 1..SHADOW {
        stage.ask("A").await;
    }
    browser.until("document.querySelector('.candidate.held')");
    unfold(&mut browser, ".candidate .fold");
    browser.screenshot("operator-held");
    browser.click("[data-key='promote:post']");
    browser.until("document.querySelector('dialog[open]')");
    browser.screenshot("operator-promote");
    confirm(&mut browser, "our own door");
    browser.until("!document.querySelector('.candidate')");
    let ours = stage.post_plugin().await["digest"].clone();
    assert_ne!(ours, embedded);

    for _ in 0..80 {
        assert_eq!(stage.ask("A").await.0, 200);
    }
    instagram.likes_moved.store(true, Ordering::Relaxed);
    for _ in 0..25 {
        assert_eq!(stage.ask("A").await.0, 200);
    }
    instagram.caption_moved.store(true, Ordering::Relaxed);
    assert_eq!(stage.ask("A").await.0, 502);
    assert!(
        browser
            .text("[data-plugin=post] .warning")
            .contains("like_count")
    );
    go(&mut browser, "drift");
    assert!(
        browser
            .text("[data-place=drift] .warning")
            .contains("usually in 100 %")
    );
    browser.until("document.querySelectorAll('.bars li').length > 5");
    browser.screenshot("operator-drift");

    go(&mut browser, "captures");
    assert!(browser.text(".capture .reason").contains("page:.caption"));
    browser.screenshot("operator-captures");
    browser.click(".capture button");
    let body = browser.text(".capture .body");
    assert!(body.contains("\n  \"edge_caption\": \"Hello\""), "{body}");
    assert!(!body.contains("a-real-secret"), "{body}");
    browser.screenshot("operator-har");
    let id = browser.evaluate("document.querySelector('.capture').dataset.capture");
    browser.click(".capture .actions button");
    let har = browser.saved(&format!("{}.har", id.as_str().unwrap()));
    assert!(String::from_utf8(har).unwrap().contains("edge_caption"));

    go(&mut browser, "plugins");
    author.pack("caption = [\"edge_caption\", \"caption\"]\n");
    put(&mut browser, &author);
    browser.click("[data-key='discard:post']");
    confirm(&mut browser, "a better one comes");
    browser.until("!document.querySelector('.candidate')");
    assert!(stage.post_plugin().await["candidate"].is_null());
    author.pack("caption = [\"edge_caption\", \"caption\"]\nlikes = [\"edge_likes\", \"likes\"]\n");
    put(&mut browser, &author);
    browser.click("[data-key='promote:post']");
    confirm(&mut browser, "reads both");
    browser.until("document.querySelectorAll('[data-plugin=post] .versions li').length === 2");
    for _ in 0..3 {
        assert_eq!(stage.ask("A").await.0, 200);
    }
    go(&mut browser, "drift");
    browser.until("document.querySelector('.bars li')?.querySelectorAll('.rate').length === 2");
    browser.screenshot("operator-drift-versions");
    go(&mut browser, "plugins");
    browser.until("document.querySelector('[data-plugin=post] .bars')");
    unfold(&mut browser, "[data-plugin=post] .fold:not(.fold .fold)");
    browser.screenshot("operator-overview");

    go(&mut browser, "history");
    browser.click("[data-key='back:post']");
    browser.until("document.querySelector('dialog[open]')");
    browser.screenshot("operator-rollback");
    // If another person rolls back first, their version must not be rolled back as well.
    let newest = stage.post_plugin().await["digest"].clone();
    author.done(&["rollback", "post"]);
    browser.press("Enter");
    let told = browser.text("dialog .fault h3");
    assert!(told.starts_with("The version has changed"), "{told}");
    assert_eq!(stage.post_plugin().await["digest"], ours);
    browser.screenshot("operator-meanwhile");
    browser.click("dialog .told + .actions button:last-child");
    author.done(&["promote", "post", "--digest", newest.as_str().unwrap()]);
    browser.until(&format!(
        "document.querySelector('[data-place=history] .versions .digest').title === {newest}"
    ));
    browser.click("[data-key='back:post']");
    confirm(&mut browser, "it fails too often");
    let post = stage.post_plugin().await;
    assert_eq!(post["digest"], ours, "{post:#}");
    let told = browser.text("[data-place=history] table");
    for word in [
        "it fails too often",
        "reads both",
        "a better one comes",
        "our own door",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    browser.screenshot("operator-history");
    assert_eq!(browser.faults(), Vec::<String>::new());

    narrow(&stage.server, &author);
}

/// The same on the narrowest phone, in dark mode.
fn narrow(server: &Server, author: &Workshop) {
    let mut browser = page(server, NARROW);
    fits(&mut browser, "login");
    browser.screenshot("operator-narrow-login");
    log_in(&mut browser, &token(server));
    browser.click("[data-key='rollback:post']");
    browser.until("document.querySelector('dialog[open]')");
    fits(&mut browser, "dialog");
    browser.screenshot("operator-narrow-rollback");
    browser.click("dialog .actions button:last-child");
    keep_a_case(server, author);
    put(&mut browser, author);
    browser.text(".put .refused table");
    fits(&mut browser, "refusal");
    browser.screenshot("operator-narrow-refused");
    for place in PLACES {
        go(&mut browser, place);
        if place == "captures" {
            browser.click(".capture button");
            browser.text(".capture .body");
        }
        unfold(&mut browser, "[data-place] .fold");
        fits(&mut browser, place);
        browser.screenshot(&format!("operator-narrow-{place}"));
    }
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_counted_and_listed() {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let server = Server::start(&flags.iter().map(String::as_str).collect::<Vec<_>>());
    let mut browser = entered(&server, WIDE);
    go(&mut browser, "jobs");
    assert!(browser.text("[data-place=jobs]").contains("No jobs."));
    let post = |code: &str| json!({ "url": code });
    server
        .post("/instagram/download/post", &post("DfDjNmTDemo"))
        .await;
    let items = ["DfDjNmTDemo", "De2yxZrMiss"].map(
        |code| json!({ "url": format!("https://www.instagram.com/p/{code}/"), "type": "post" }),
    );
    let batch = server
        .post("/instagram/download/batch", &json!({ "items": items }))
        .await;
    assert_eq!(batch.status, 202, "{}", batch.text);
    browser.until("document.querySelectorAll('.jobs > li[data-status=completed]').length === 2");
    unfold(&mut browser, ".jobs .fold");
    let told = browser.text(".jobs");
    assert!(
        told.contains("Batch of 2") && told.contains("POST_NOT_FOUND"),
        "{told}"
    );
    browser.screenshot("operator-jobs");
    let counts = server.admin("/jobs").await.json["counts"].clone();
    assert_eq!(
        (&counts["completed"], &counts["failed"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(browser.faults(), Vec::<String>::new());
}
