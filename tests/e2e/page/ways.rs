//! The ways to a card (paste, drop, share menu, address, keyboard), and what the page remembers and says.

use rustix::process::Signal;
use serde_json::json;

use super::{
    ARRIVED, CAROUSEL, DOWNLOAD, IMAGE, REEL, Reply, Server, WIDE, ask, folder, honest, page, start,
};
use crate::harness::browser::Browser;

const TITLE: &str = "document.querySelector('#view h2')?.innerText";

fn shows(browser: &mut Browser, title: &str) {
    browser.until(&format!("{TITLE} === {title:?}"));
}

fn open(browser: &mut Browser, server: &Server, path: &str) {
    browser.open(&format!("http://{}{path}", server.address));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paste_or_a_drop_anywhere_shows_the_card() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    browser.until("document.activeElement.id === 'what'");
    browser.evaluate("document.activeElement.blur()");
    browser.paste_from_clipboard(&format!("Look at this: {CAROUSEL} 🙂"));
    shows(&mut browser, "Carousel by @gramhost.demo");
    // Into the field, over the text that was there.
    browser.evaluate("document.getElementById('what').select()");
    browser.paste_from_clipboard(IMAGE);
    shows(&mut browser, "Picture by @gramhost.demo");
    browser.evaluate(&format!(
        "{{ const dataTransfer = new DataTransfer(); dataTransfer.setData('text/uri-list', {REEL:?}); \
           document.body.dispatchEvent(new DragEvent('drop', {{ dataTransfer, bubbles: true, cancelable: true }})); }}"
    ));
    shows(&mut browser, "Reel by @gramhost.demo");
    browser.click("#clear");
    browser
        .until("document.getElementById('view').hidden && !document.getElementById('what').value");
    browser.until("document.activeElement.id === 'what' && location.search === ''");
    // The button reads the same clipboard.
    browser.click("#paste");
    shows(&mut browser, "Picture by @gramhost.demo");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_and_the_title_follow_and_a_share_menu_can_use_them() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, IMAGE);
    shows(&mut browser, "Picture by @gramhost.demo");
    browser.until("document.title === 'Picture by @gramhost.demo · Gramhost'");
    ask(&mut browser, REEL);
    shows(&mut browser, "Reel by @gramhost.demo");
    browser.evaluate("history.back()");
    shows(&mut browser, "Picture by @gramhost.demo");
    assert_eq!(
        browser.evaluate("document.getElementById('what').value"),
        IMAGE
    );
    browser.evaluate("location.reload()");
    shows(&mut browser, "Picture by @gramhost.demo");
    browser.evaluate("history.back()");
    browser.until("location.search === '' && document.getElementById('view').hidden");

    // As Android shares: the link in the text.
    let shared =
        "/?title=A+reel&text=Look+https%3A%2F%2Fwww.instagram.com%2Freel%2FDfF-eHzReel%2F&url=";
    open(&mut browser, &server, shared);
    shows(&mut browser, "Reel by @gramhost.demo");
    let manifest = server.get("/page/page.webmanifest").await;
    assert_eq!(
        manifest.headers["content-type"],
        "application/manifest+json"
    );
    let target = &manifest.json["share_target"];
    assert_eq!(
        (&target["action"], &target["method"]),
        (&json!("/"), &json!("GET"))
    );
    for icon in manifest.json["icons"].as_array().unwrap() {
        let icon = server.get(icon["src"].as_str().unwrap()).await;
        assert_eq!(icon.status, 200);
    }
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_of_a_text_is_found_and_a_name_is_explained() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    browser.paste_from_clipboard(&format!(
        "three of them:\n1) {IMAGE} and {CAROUSEL}\nand/or the account\n@gramhost.demo\nhttps://www.tiktok.com/@a/video/1"
    ));
    shows(&mut browser, "4 links found");
    assert_eq!(browser.text(DOWNLOAD), "Download 3 links");
    let why = browser.text(".lines .bad .why");
    assert_eq!(
        why,
        "www.tiktok.com is not Instagram. This server reads only links of Instagram."
    );
    let explained = browser.text(".lines .explained .kind");
    assert!(
        explained.starts_with("Only the current stories of @gramhost.demo"),
        "{explained}"
    );
    browser.click(".lines .explained button");
    shows(&mut browser, "Gramhost Demo");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_follows_the_record() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    // A video of which only a post is known, by its shortcode.
    ask(&mut browser, "DesfsATMob1");
    browser.text(DOWNLOAD);
    let types = "[...document.querySelectorAll('.pill')].map((pill) => pill.innerText)";
    let offered = browser.evaluate(types);
    assert_eq!(
        offered,
        json!([
            "Video",
            "Sound only",
            "Video without sound",
            "Cover picture"
        ])
    );
    ask(&mut browser, "De2Music0a1");
    browser.text(DOWNLOAD);
    assert!(browser.text("#view .facts").contains('♪'));
    browser.screenshot("music");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn choices_are_remembered_and_texts_of_others_have_links() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, IMAGE);
    browser.until(ARRIVED);
    let format = "document.querySelector('[name=output_format]')";
    browser.evaluate(&format!(
        "{{ {format}.value = 'webp'; {format}.dispatchEvent(new Event('change')); }}"
    ));
    open(&mut browser, &server, "/");
    ask(&mut browser, IMAGE);
    browser.until(&format!("{format}?.value === 'webp'"));
    let original = browser.evaluate("document.querySelector('#view .links a').href");
    assert_eq!(original, IMAGE);
    browser.click("#view .links button");
    browser.until("document.querySelector('#view .links button').innerText === 'Caption copied'");
    ask(&mut browser, "@gramhost.demo");
    browser.until("document.querySelectorAll('.grid li').length === 12");
    let away = browser.evaluate("[...document.querySelectorAll('#view .caption a, #view .links a')].map(({ href, rel, target }) => `${href} ${rel} ${target}`)");
    let away = away.to_string();
    assert!(
        away.contains(
            "https://www.instagram.com/explore/tags/demo/ noopener noreferrer nofollow _blank"
        ),
        "{away}"
    );
    assert!(
        away.contains("https://www.instagram.com/gramhost.demo/"),
        "{away}"
    );
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_has_shortcuts() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, IMAGE);
    browser.until(ARRIVED);
    browser.evaluate("document.activeElement.blur()");
    browser.press("?");
    assert_eq!(browser.text("dialog h2"), "Keyboard shortcuts");
    browser.press("Escape");
    browser.until("!document.querySelector('dialog')");
    browser.press("d");
    browser.saved("DfDjNmTDemo_image.jpg");
    browser.press("/");
    browser.until("document.activeElement.id === 'what'");
    browser.press("Escape");
    browser.until("document.getElementById('view').hidden");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_the_browsers() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = Browser::start_in(WIDE, "de-DE");
    open(&mut browser, &server, "/");
    assert_eq!(browser.text("h1"), "Link, Kurzcode oder @Name einfügen");
    assert_eq!(browser.evaluate("document.documentElement.lang"), "de");
    ask(&mut browser, REEL);
    browser.until(ARRIVED);
    assert_eq!(browser.text("#view h2"), "Reel von @gramhost.demo");
    browser.click(DOWNLOAD);
    browser.saved("DfF-eHzReel_video.mp4");
    assert!(browser.text(".own .state").starts_with("Gespeichert"));
    browser.assert_accessible("German");
    browser.screenshot("german");
    // The operator's page has English texts only, also the parts that it shares.
    let mut other = Browser::start_in(WIDE, "fr-FR");
    open(&mut other, &server, "/");
    assert_eq!(other.text("h1"), "Paste a link, shortcode or @name");
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_says_that_the_server_is_away_without_old_numbers() {
    let (cdn, server) = start(folder(), &[]).await;
    cdn.misbehave(|seen, _, body| {
        let stalls = seen.path.contains("demo_reel_a64_n.mp4");
        stalls.then(|| match honest(seen, body) {
            Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Long(bytes, _) => {
                Reply::Stall(bytes[..bytes.len() - body.len() / 2].to_vec())
            }
        })
    });
    let mut browser = page(&server, WIDE);
    ask(&mut browser, REEL);
    browser.click(DOWNLOAD);
    browser.until("document.querySelector('.own .state')?.innerText.includes('%')");
    server.signal(Signal::KILL);
    browser.until(
        "document.querySelector('.own .state').innerText.startsWith('The server does not answer.')",
    );
    browser.until("!document.querySelector('.own progress').hasAttribute('value')");
    browser.screenshot("away");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_link_says_that_it_is_the_demo() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let server = Server::start(&["--replay", fixtures]);
    let mut browser = page(&server, WIDE);
    browser.text("#start .demo h2");
    browser.screenshot("demo");
    ask(&mut browser, "https://www.instagram.com/p/CxUnknown01/");
    assert_eq!(browser.text(".fault h2"), "This is the demo");
    browser.screenshot("demo-unknown");
    assert_eq!(browser.faults(), Vec::<String>::new());
}
