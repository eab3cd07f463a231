//! The web page in a real browser, against a real server. Screenshots are kept in `tmp/screenshots` of the target
//! folder.

mod look;
mod picture;
mod saving;
mod video;
mod ways;

use std::fs;

use tempfile::TempDir;

use crate::harness::{
    browser::{Browser, Window},
    cdn::{Cdn, honest, media},
    server::Server,
    upstream::Reply,
};

const WIDE: Window = Window {
    width: 900,
    height: 1000,
    dark: false,
};
/// The narrowest phone still in use, in dark mode.
const NARROW: Window = Window {
    width: 360,
    height: 740,
    dark: true,
};

const IMAGE: &str = "https://www.instagram.com/p/DfDjNmTDemo/";
const CAROUSEL: &str = "https://www.instagram.com/p/De0N5pLMixd/";
const REEL: &str = "https://www.instagram.com/reel/DfF-eHzReel/";
/// The button that starts a download.
const DOWNLOAD: &str = "#view .options button.main";

/// A server that sends its requests to a stand-in for Instagram.
async fn start(folder: TempDir, more: &[&str]) -> (Cdn, Server) {
    let cdn = Cdn::start().await;
    let flags = cdn.flags();
    let flags = flags.iter().map(String::as_str).chain(more.iter().copied());
    let server = Server::start_in(folder, &flags.collect::<Vec<_>>());
    (cdn, server)
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The page, in a browser of this size.
fn page(server: &Server, window: Window) -> Browser {
    let mut browser = Browser::start(window);
    browser.open(&format!("http://{}/", server.address));
    browser
}

/// Writes a text into the empty field, submits it with the keyboard, and waits for its card.
fn ask(browser: &mut Browser, text: &str) {
    submit(browser, text);
    browser.until("document.querySelector('#view:not([aria-busy]) .card:not(.skeleton)')");
}

fn submit(browser: &mut Browser, text: &str) {
    browser
        .evaluate("{ const what = document.getElementById('what'); what.focus(); what.select(); }");
    browser.paste(text);
    if text.contains('\n') {
        browser.click("#ask button.main");
    } else {
        browser.press("Enter");
    }
}

/// Whether the pictures of the preview have loaded.
const ARRIVED: &str = "{ const images = [...document.querySelectorAll('#view img')]; \
    return images.length > 0 && images.every((image) => image.naturalWidth > 0 || image.loading === 'lazy'); }";

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_looked_at_and_downloaded() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    browser.screenshot("start");
    ask(&mut browser, IMAGE);
    browser.until(ARRIVED);
    assert_eq!(browser.text("#view h2"), "Picture by @gramhost.demo");
    assert!(browser.text("#view .facts").contains("1.5K likes"));
    assert!(
        browser
            .text("#view .caption")
            .contains("Fog over the harbour")
    );
    // The sizes of this picture, not all sizes that pictures may have.
    let best = browser.text("[name=quality] option");
    assert_eq!(best, "Best · 1080\u{202f}×\u{202f}1350");
    browser.screenshot("picture");

    browser.evaluate("document.querySelector('[name=output_format]').value = 'png'");
    // A picture that loads late must not reset a choice.
    browser.evaluate("document.querySelector('#view .stage img').dispatchEvent(new Event('load'))");
    browser.click(DOWNLOAD);
    let name = browser.text(".job[data-state=completed] .files .name");
    assert_eq!(name, "DfDjNmTDemo_image.png");
    browser.until("document.getElementById('say').textContent.startsWith('Saved')");
    browser.screenshot("done");
    // Nobody presses anything for it.
    assert!(browser.saved(&name).starts_with(b"\x89PNG"));

    // A reload keeps the jobs, and does not poll those that have ended.
    browser.open(&format!("http://{}/", server.address));
    assert_eq!(browser.text(".job .files .name"), name);
    assert!(browser.text(".job .state").ends_with("minutes left"));
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn carousels_and_reels_offer_what_they_have() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    let types = "[...document.querySelectorAll('.pill')].map((pill) => pill.innerText)";
    assert_eq!(
        browser.evaluate(types),
        serde_json::json!(["One ZIP", "Separate files", "Sound only"])
    );
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.strip li').length"),
        3
    );
    browser.screenshot("carousel");
    assert_eq!(browser.text(DOWNLOAD), "Download 3 files as ZIP");
    browser.click(DOWNLOAD);
    let name = browser.text(".job[data-state=completed] .files .name");
    assert_eq!(name, "De0N5pLMixd_carousel.zip");

    ask(&mut browser, REEL);
    browser.until(ARRIVED);
    assert_eq!(
        browser.evaluate(types),
        serde_json::json!([
            "Video",
            "Sound only",
            "Video without sound",
            "Cover picture"
        ])
    );
    browser.screenshot("reel");
    browser.click(".pill:nth-of-type(2) input");
    // Audio has no size to choose.
    browser.until("!document.querySelector('#view [name=quality]')");
    browser.click(DOWNLOAD);
    browser.until("[...document.querySelectorAll('.files .name')].some((name) => name.innerText.endsWith('.m4a'))");
    browser.click(".pill:nth-of-type(4) input");
    browser.click(DOWNLOAD);
    browser.until("[...document.querySelectorAll('.files .name')].some((name) => name.innerText.endsWith('.jpg'))");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_read_as_people_copy_them() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(
        &mut browser,
        "https://www.instagram.com/accounts/login/?next=%2Fp%2FDfDjNmTDemo%2F",
    );
    assert_eq!(browser.text("#view h2"), "Picture by @gramhost.demo");
    ask(
        &mut browser,
        &format!("(https://dd{}?img_index=2).", &CAROUSEL[12..]),
    );
    browser.until(ARRIVED);
    assert_eq!(browser.text("#view .chosen span"), "1 of 3 parts chosen");
    assert_eq!(browser.text(DOWNLOAD), "Download video");
    browser.click(DOWNLOAD);
    let name = browser.text(".job[data-state=completed] .files .name");
    assert_eq!(name, "De0N5pLMixd_video_2.mp4");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_live_and_a_download_can_be_cancelled() {
    let (cdn, server) = start(folder(), &[]).await;
    cdn.misbehave(|seen, _, body| {
        let half = body.len() / 2;
        let stalls = seen.path.contains("_a64_n.mp4");
        stalls.then(|| match honest(seen, body) {
            Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Long(bytes, _) => {
                Reply::Stall(bytes[..bytes.len() - half].to_vec())
            }
        })
    });
    let mut browser = page(&server, WIDE);
    ask(&mut browser, REEL);
    browser.until(ARRIVED);
    browser.click(DOWNLOAD);
    browser.until("document.querySelector('.job progress')?.value > 0");
    browser.until("document.querySelector('.job .state').innerText.includes('%')");
    browser.screenshot("progress");
    browser.click(".job[data-state=under-way] button");
    assert_eq!(
        browser.text(".job[data-state=cancelled] .state"),
        "Cancelled."
    );
    browser.until("document.activeElement.closest('.job')");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_what_happened_and_what_helps() {
    let (cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    for (asked, title, name) in [
        ("De2yxZrMiss", "Post not found", "not-found"),
        ("De2y3gTPriv", "This post is private", "private"),
        (
            "DeiMggTWall",
            "Instagram shows this only to logged-in users",
            "login-required",
        ),
        (
            "DefntoTThr1",
            "Instagram is slowing this server down",
            "rate-limiting",
        ),
    ] {
        ask(&mut browser, asked);
        assert_eq!(browser.text(".fault h2"), title);
        browser.screenshot(name);
    }
    browser.click(".fault summary");
    assert!(browser.text(".fault dl").contains("UPSTREAM_RATE_LIMITED"));
    browser.screenshot("for-the-operator");
    // The button is enabled again after a while.
    assert!(
        browser
            .text(".fault button.main")
            .starts_with("Try again in")
    );
    browser.until("document.querySelector('.fault button.main').disabled");

    submit(&mut browser, "https://example.com/p/DfDjNmTDemo/");
    browser.until("document.querySelector('#hint.wrong')");
    let hint = browser.text("#hint");
    assert!(hint.starts_with("example.com is not Instagram."), "{hint}");
    browser.until("document.getElementById('what').getAttribute('aria-invalid') === 'true'");
    // Nothing of the card before can be pressed any more.
    browser
        .until("document.getElementById('view').hidden && !document.querySelector('#view button')");

    cdn.misbehave(|seen, _, _| {
        let gone = seen.path.contains(".jpg");
        gone.then(|| crate::harness::upstream::reply(404, &[], ""))
    });
    ask(&mut browser, CAROUSEL);
    assert_eq!(
        browser.text("#view .missing .word"),
        "Picture not available"
    );
    browser.click(".pill:nth-of-type(2) input");
    browser.click(DOWNLOAD);
    let state = browser.text(".job[data-state=completed] .state");
    assert!(state.contains("1 file, 2 missing"), "{state}");
    let missing = browser.text(".job .parts .bad .line");
    assert_eq!(missing, "De0N5pLMixd_image_1");
    browser.screenshot("incomplete");
    ask(&mut browser, IMAGE);
    browser.click(DOWNLOAD);
    assert!(!browser.text(".job[data-state=failed] .state").is_empty());
    browser.screenshot("failed");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_limit_the_page_says_when_to_come_back() {
    let cdn = Cdn::start().await;
    let flags = [&cdn.flags()[..2], &["--rate-limit".into(), "2".into()]].concat();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = Server::start(&flags);
    let mut browser = page(&server, WIDE);
    // The two counted requests are the post and the formats; the page itself and its pictures are not counted.
    ask(&mut browser, IMAGE);
    browser.until(ARRIVED);
    ask(&mut browser, CAROUSEL);
    assert_eq!(browser.text(".fault h2"), "Too many requests");
    browser.until("document.querySelector('.fault button.main').disabled");
    browser.screenshot("rate-limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_lines_are_one_download() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    let lines = [IMAGE, CAROUSEL, REEL, "De2yxZrMiss", "https://example.com/"];
    ask(&mut browser, &lines.join("\n"));
    assert_eq!(browser.text("#view h2"), "5 links found");
    let why = browser.text(".lines .bad .why");
    assert!(why.starts_with("example.com is not Instagram."), "{why}");
    browser.screenshot("batch");
    browser.click(DOWNLOAD);
    let state = browser.text(".job[data-state=completed] .state");
    assert!(state.starts_with("5 files, 1 failed"), "{state}");
    assert_eq!(browser.text(".job .parts .bad .why"), "Post not found");
    browser.screenshot("batch-done");
    // Only what failed is tried again; the row of the others stays.
    browser.click(".job .actions button");
    let state = browser.text(".job[data-state=failed] .state");
    assert_eq!(state, "None of them could be downloaded.");
    assert_eq!(
        browser.evaluate("document.querySelectorAll('.job[data-state=failed] .parts > li').length"),
        1
    );
    browser.text("#list .job[data-state=completed] .state");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_lead_to_their_posts_and_stories() {
    let home = folder();
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(home.path().join("cookies.txt"), cookies).unwrap();
    let (_cdn, server) = start(home, &["--cookies", "cookies.txt"]).await;
    let mut browser = page(&server, WIDE);
    ask(
        &mut browser,
        "https://www.instagram.com/stories/story.legacy/",
    );
    browser.until(ARRIVED);
    assert_eq!(browser.text("#view h2"), "Stories of @story.legacy");
    browser.screenshot("stories");
    browser.click(DOWNLOAD);
    browser.text(".job[data-state=completed] .files .name");

    // Without a session, the fixtures contain the demo account.
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, "@gramhost.demo");
    browser.until("document.querySelectorAll('.grid li').length === 12");
    browser.until(ARRIVED);
    browser.screenshot("profile");
    browser.click(".grid li:nth-child(2) button");
    browser.until("document.querySelector('#view h2')?.innerText === 'Carousel by @gramhost.demo'");
    ask(&mut browser, "@private.person");
    assert_eq!(browser.text(".fault h2"), "This account is private");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_narrow_screen_shows_everything_and_the_keyboard_reaches_it() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, NARROW);
    let fits = |browser: &mut Browser| {
        let beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        let beyond = browser.evaluate(beyond).as_i64().unwrap();
        assert!(beyond <= 0, "{beyond} px");
    };
    fits(&mut browser);
    browser.screenshot("narrow-start");
    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    fits(&mut browser);
    // By keyboard from the field to the button, then Enter.
    let reached = "document.activeElement.matches('#view .options button.main')";
    for _ in 0..20 {
        if browser.evaluate(reached) == true {
            break;
        }
        browser.press("Tab");
    }
    assert_eq!(browser.evaluate(reached), true);
    browser.press("Enter");
    browser.text(".job[data-state=completed] .files .name");
    fits(&mut browser);
    browser.screenshot("narrow-carousel");
    ask(&mut browser, &[IMAGE, REEL, "@gramhost.demo"].join("\n"));
    fits(&mut browser);
    browser.screenshot("narrow-batch");
    ask(&mut browser, "@gramhost.demo");
    browser.until("document.querySelectorAll('.grid li').length === 12");
    fits(&mut browser);
    browser.screenshot("narrow-profile");
    ask(&mut browser, "De2y3gTPriv");
    fits(&mut browser);
    browser.screenshot("narrow-private");
    assert_eq!(browser.faults(), Vec::<String>::new());
}
