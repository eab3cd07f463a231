//! Several files are saved one after another at the pace of the server's limit; what was not saved is marked, and can be
//! saved again.

use serde_json::json;

use super::{ARRIVED, CAROUSEL, DOWNLOAD, WIDE, ask, folder, page, start};

/// Answers of the server in place of its own: the first file leaves one request, the second file is over the limit at first,
/// the third one fails. The page tells in `asked` when it asked, in milliseconds.
const LIMITED: &str = r#"{
    const real = window.fetch;
    window.asked = [];
    window.fetch = async (url, options) => {
        if (!String(url).includes("/download/file/")) return real(url, options);
        asked.push(performance.now());
        const told = (status, headers, body) => new Response(body, { status, headers });
        if (asked.length === 2) return told(429, { "Retry-After": "2" }, "{}");
        if (asked.length === 4) return told(503, {}, JSON.stringify({ error: { code: "SERVER_BUSY" } }));
        const file = await (await real(url, options)).blob();
        return told(200, { RateLimit: `"default";r=${asked.length === 1 ? 1 : 20};t=1` }, file);
    };
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn separate_files_are_saved_at_the_pace_of_the_limit_and_failures_can_be_repeated() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    browser.click(".pill:nth-of-type(2) input");
    assert_eq!(browser.text(DOWNLOAD), "Download 3 files");
    browser.click(DOWNLOAD);
    let save = ".own .job[data-state=completed] .job-head button";
    assert_eq!(browser.text(save), "Save all 3 files");
    // Several files are never saved without being asked for.
    assert_eq!(browser.saved_count(), 0);
    browser.evaluate(LIMITED);
    browser.click(save);
    browser.until("document.querySelector('.own .state').innerText.includes('pause')");
    browser.until("document.querySelectorAll('.own [data-saved]').length === 3");
    let marks =
        "[...document.querySelectorAll('.own [data-saved]')].map((file) => file.dataset.saved)";
    assert_eq!(browser.evaluate(marks), json!(["true", "true", "false"]));
    browser.screenshot("saved-in-part");
    // The pause that the first answer asked for, then the one of the 429.
    let pauses =
        browser.evaluate("asked.slice(1).map((at, place) => Math.round(at - asked[place]))");
    let pause = |place: usize| pauses[place].as_u64().unwrap();
    assert!(pause(0) >= 1000 && pause(1) >= 2000, "{pauses}");

    assert_eq!(browser.text(save), "Save the missing file");
    browser.click(save);
    browser.until("document.querySelectorAll('.own [data-saved=true]').length === 3");
    assert_eq!(browser.evaluate("asked.length"), 5);
    for name in [
        "De0N5pLMixd_image_1.jpg",
        "De0N5pLMixd_video_2.mp4",
        "De0N5pLMixd_image_3.jpg",
    ] {
        assert!(!browser.saved(name).is_empty());
    }
    assert!(browser.text(".own .state").starts_with("Saved"));
    assert_eq!(browser.faults(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_parts_come_as_one_zip_or_one_file() {
    let (_cdn, server) = start(folder(), &[]).await;
    let mut browser = page(&server, WIDE);
    ask(&mut browser, CAROUSEL);
    browser.until(ARRIVED);
    browser.click("[data-part='2']");
    assert_eq!(browser.text("#view .chosen span"), "2 of 3 parts chosen");
    assert_eq!(browser.text(DOWNLOAD), "Download 2 files as ZIP");
    browser.click(DOWNLOAD);
    let zip = browser.saved("De0N5pLMixd_carousel.zip");
    let holds = |name: &str| zip.windows(name.len()).any(|part| part == name.as_bytes());
    assert!(holds("De0N5pLMixd_image_1") && holds("De0N5pLMixd_image_3"));
    assert!(!holds("De0N5pLMixd_video_2"));
    // The buttons choose a kind, and one part alone is no ZIP.
    browser.click("#view .chosen button:nth-of-type(3)");
    assert_eq!(browser.text("#view .chosen span"), "1 of 3 parts chosen");
    assert_eq!(browser.text(DOWNLOAD), "Download video");
    browser.click(DOWNLOAD);
    browser.saved("De0N5pLMixd_video_2.mp4");
    // Nothing chosen is nothing to press.
    browser.click("[data-part='2']");
    browser.until("document.querySelector('#view .options button.main').disabled");
    assert_eq!(browser.faults(), Vec::<String>::new());
}
