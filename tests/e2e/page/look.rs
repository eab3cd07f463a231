//! Every state of the page at the sizes of a laptop and of a phone, light and dark: the one press and the finished row are in
//! sight, nothing is wider than the window, and axe finds nothing. The screenshots are called `look-…`.

use std::time::Instant;

use serde_json::json;

use super::{
    ARRIVED, CAROUSEL, DOWNLOAD, IMAGE, REEL, Reply, Server, ask, folder, honest, page, start,
};
use crate::harness::{
    browser::{Browser, Window},
    cdn::Cdn,
};

const fn window(width: u32, height: u32, dark: bool) -> Window {
    Window {
        width,
        height,
        dark,
    }
}

const LAPTOP: (u32, u32) = (1280, 720);
const PHONE: (u32, u32) = (390, 844);

/// Shows a state: it fits, axe has nothing to say, and there is a screenshot of it.
fn look(browser: &mut Browser, name: &str) {
    let beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assert_eq!(browser.evaluate(beyond), 0, "{name}: too wide");
    browser.assert_accessible(name);
    browser.screenshot(&format!("look-{name}"));
}

/// Asserts that an element is in the window, which is not scrolled.
fn assert_in_sight(browser: &mut Browser, selector: &str, window: Window) {
    let (top, bottom) = browser.place(selector);
    let scrolled = browser.evaluate("scrollY");
    eprintln!("{selector}: {top} to {bottom} of {}", window.height);
    assert_eq!(scrolled, 0);
    assert!(
        top >= 0.0 && bottom <= f64::from(window.height),
        "{selector}: {top} to {bottom}"
    );
}

/// Presses a button where it is, without scrolling to it.
fn press(browser: &mut Browser, selector: &str) {
    browser.until(&format!("document.querySelector({selector:?})"));
    browser.evaluate(&format!("document.querySelector({selector:?}).click()"));
}

/// The sound of the reel stalls, so that its download runs for as long as somebody looks.
fn stall(cdn: &Cdn) {
    cdn.misbehave(|seen, _, body| {
        let half = body.len() / 2;
        let stalls = seen.path.contains("demo_reel_a64_n.mp4");
        stalls.then(|| match honest(seen, body) {
            Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Long(bytes, _) => {
                Reply::Stall(bytes[..bytes.len() - half].to_vec())
            }
        })
    });
}

fn states(server: &Server, name: &str, window: Window) {
    let mut browser = page(server, window);
    browser.text("#start h2");
    let named = |state: &str| format!("{name}-{state}");
    look(&mut browser, &named("start"));

    ask(&mut browser, REEL);
    browser.until(ARRIVED);
    assert_in_sight(&mut browser, DOWNLOAD, window);
    look(&mut browser, &named("card"));
    press(&mut browser, DOWNLOAD);
    browser.until("document.querySelector('.own .job .state')?.innerText.includes('%')");
    assert_in_sight(&mut browser, ".own .job[data-state=under-way]", window);
    look(&mut browser, &named("running"));
    press(&mut browser, ".own .job button");
    browser.text(".own .job[data-state=cancelled] .state");

    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    assert_in_sight(&mut browser, DOWNLOAD, window);
    press(&mut browser, DOWNLOAD);
    browser.text(".own .job[data-state=completed] [data-saved=true]");
    assert_in_sight(&mut browser, ".own .job[data-state=completed]", window);
    look(&mut browser, &named("finished"));

    ask(&mut browser, "De2yxZrMiss");
    browser.text(".fault h2");
    look(&mut browser, &named("failed"));

    ask(
        &mut browser,
        &[
            IMAGE,
            CAROUSEL,
            "@gramhost.demo",
            "https://example.com/p/a/",
        ]
        .join("\n"),
    );
    assert_in_sight(&mut browser, DOWNLOAD, window);
    look(&mut browser, &named("batch"));
    press(&mut browser, DOWNLOAD);
    browser.text(".own .job[data-state=completed] .state");
    assert_in_sight(
        &mut browser,
        ".own .job[data-state=completed] .job-head",
        window,
    );
    look(&mut browser, &named("batch-finished"));

    ask(&mut browser, "@gramhost.demo");
    browser.until("document.querySelectorAll('.grid li').length === 12");
    browser.until(ARRIVED);
    look(&mut browser, &named("profile"));
    press(&mut browser, "#help");
    browser.text("dialog h2");
    look(&mut browser, &named("shortcuts"));
    assert_eq!(browser.faults(), Vec::<String>::new());
}

async fn all(name: &str, (width, height): (u32, u32), dark: bool) {
    let (cdn, server) = start(folder(), &[]).await;
    stall(&cdn);
    states(&server, name, window(width, height, dark));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_laptop_shows_press_and_row_without_scrolling() {
    all("laptop-light", LAPTOP, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_laptop_shows_press_and_row_without_scrolling() {
    all("laptop-dark", LAPTOP, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_press_and_row_without_scrolling() {
    all("phone-light", PHONE, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_phone_shows_press_and_row_without_scrolling() {
    all("phone-dark", PHONE, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_link_to_a_saved_file_in_one_paste_and_one_press() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, window(LAPTOP.0, LAPTOP.1, false));
    browser.text("#start h2");
    browser.evaluate(
        "{ window.acts = []; for (const act of ['paste', 'click', 'submit']) \
            addEventListener(act, ({ type, isTrusted, pointerId }) => isTrusted && (type !== 'submit' || acts.at(-1) !== 'click') && acts.push(type), true); }",
    );
    let started = Instant::now();
    browser.paste_from_clipboard(REEL);
    browser.until("document.querySelector('#view .options button.main')");
    let shown = started.elapsed();
    browser.click(DOWNLOAD);
    let file = browser.saved("DfF-eHzReel_video.mp4");
    let saved = started.elapsed();
    assert_eq!(&file[4..8], b"ftyp");
    let acts = browser.evaluate("acts");
    eprintln!("{acts}: shown after {shown:?}, saved after {saved:?}");
    assert_eq!(acts, json!(["paste", "click"]));
}
