//! Pages: scripts that a browser needs, and in one of them the data, as text.

use serde_json::{Value, json};

/// Size of a page of today's web app, bytes.
const PAGE_BYTES: usize = 1_000_000;

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"/><title>Demo on Instagram</title>\
    <meta property=\"og:image\" content=\"https://scontent.cdninstagram.com/v/t51.2885-19/1_n.jpg?a=1&amp;b=2\"/>\
    <meta property=\"og:description\" content=\"1,000 Followers, 10 Following, 30 Posts\"/></head><body>";

/// A script of about 8 KB, as a page has a hundred of them.
fn filler(number: usize) -> String {
    let module = |place: usize| {
        json!([format!("CometModule_{number}_{place}"), [], { "gkx": place.is_multiple_of(2), "__rc": [null, "AbCdEf-0123"],
            "hash": "\u{fc}x".repeat(20), "uri": format!("https://static.cdninstagram.com/rsrc.php/v4/y{place}/r/a.js") }, 1])
    };
    let modules: Vec<Value> = (0..40).map(module).collect();
    let require =
        json!({ "require": [["HasteSupportData", "handle", null, [{ "clpData": modules }]]] });
    script(&require)
}

fn script(json: &Value) -> String {
    let json = json.to_string().replace('<', "\\u003C").replace('/', "\\/");
    format!(
        "<script type=\"application/json\" data-content-len=\"{}\" data-sjs>{json}</script>\n",
        json.len()
    )
}

fn relay_script(data: &Value) -> String {
    let result = json!({ "__bbox": { "complete": true, "result": { "data": data } } });
    script(
        &json!({ "require": [["ScheduledServerJS", "handle", null, [{ "__bbox": { "require": [
        ["RelayPrefetchedStreamCache", "next", [], ["adp_Query_0", result]]] } }]]] }),
    )
}

/// A page of 1 MB with the data in one of its scripts.
pub(crate) fn relay(data: &Value) -> String {
    let mut page = HEAD.to_owned();
    let mut number = 0;
    while page.len() < PAGE_BYTES {
        if number == 60 {
            page += &relay_script(data);
        }
        page += &filler(number);
        number += 1;
    }
    page + "</body></html>"
}

/// A page that is nearly nothing but its data.
pub(crate) fn one_script(data: &Value) -> String {
    format!("{HEAD}{}{}</body></html>", filler(0), relay_script(data))
}

/// A page of 1 MB without data, as a throttled guest gets it.
pub(crate) fn shell() -> String {
    relay(&json!({}))
}

/// The embed page of a post: its context is JSON inside JSON.
pub(crate) fn embed(media: &Value) -> String {
    let context = json!({ "gql_data": { "shortcode_media": media } }).to_string();
    let call =
        json!({ "require": [["PolarisEmbedSimple", "init", [], [{ "contextJSON": context }]]] });
    format!(
        "{HEAD}<div class=\"Embed\"></div>{}<script>s.handle({call})</script></body></html>",
        filler(0)
    )
}
