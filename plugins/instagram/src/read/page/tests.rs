//! The JSON in pages, and the signs of pages that contain none.

use serde_json::json;

use super::*;
use crate::json::trees::{in_tests, tree};

fn read(html: &str) -> Page<'static> {
    super::read(in_tests(), in_tests().keep(html), Renames::default())
}

fn documents(page: &Page<'_>) -> Vec<serde_json::Value> {
    page.documents.iter().map(tree).collect()
}

#[test]
fn only_marked_scripts_are_parsed() {
    let page = read(
        r#"<html><head><title>
          Ann &#064;ann </title></head><script type="application/json" data-sjs>{"require":[["config"]]}</script>
        <script type="application/json" data-content-len="9" data-sjs>{"a":{"xig_polaris_media":null}}</script>
        <script>console.log("xig_")</script></html>"#,
    );
    assert_eq!(
        documents(&page),
        [json!({"a": {"xig_polaris_media": null}})]
    );
    assert_eq!(page.title.as_deref(), Some("Ann @ann"));
}

#[test]
fn globals_of_the_old_web_app_are_found() {
    let page = read(
        r#"<script>window._sharedData = {"graphql":{"shortcode_media":null}};</script>
        <script>window.__additionalDataLoaded('/p/x/',{"shortcode_media":{}});</script>
        <script>var a = window._sharedData && 1; shortcode_media; function __additionalDataLoaded(a, b) {}</script>"#,
    );
    let shared = json!({"graphql": {"shortcode_media": null}});
    assert_eq!(documents(&page), [shared, json!({"shortcode_media": {}})]);
}

#[test]
fn context_of_an_embed_page_is_json_inside_json() {
    let page = read(
        r#"<script>s.handle({"require":[["PolarisEmbedSimple","init",[],[{"isSidecar":false,
        "contextJSON":"{\"gql_data\":{\"shortcode_media\":{\"id\":\"1\"}}}"}]]]})</script>"#,
    );
    assert_eq!(
        documents(&page),
        [json!({"gql_data": {"shortcode_media": {"id": "1"}}})]
    );
}

const EMBED: &str = r#"<div class="Embed" data-media-type="GraphImage" data-media-id="77" data-owner-id="5"
    data-permalink="https://www.instagram.com/p/BN/?utm=1"><div class="Header"><span class="UsernameText">ann</span></div>
    <img class="EmbeddedMediaImage" alt="by &#064;ann" src="https://a.fbcdn.net/1.jpg?a=1&amp;b=2"
    srcset="https://a.fbcdn.net/s.jpg 640w,https://a.fbcdn.net/l,x.jpg 1080w,https://a.fbcdn.net/c.jpg?stp=c0.135.1080.1080a_e35 1080w"/>
    <div class="Caption"><a class="CaptionUsername" href="/ann/">ann</a><br/><br/>Hello <a href="/t/">#sun</a><br/>bye
    <div class="CaptionComments">all</div></div></div>"#;

#[test]
fn markup_of_an_embed_page_is_a_legacy_document() {
    let page = read(EMBED);
    let post = &page.documents[0]["shortcode_media"];
    assert_eq!(post["shortcode"], "BN");
    assert_eq!(tree(&post["owner"]), json!({"id": "5", "username": "ann"}));
    assert_eq!(post["display_url"], "https://a.fbcdn.net/1.jpg?a=1&b=2");
    let resources = json!([
        {"src": "https://a.fbcdn.net/l,x.jpg", "config_width": 1080},
        {"src": "https://a.fbcdn.net/c.jpg?stp=c0.135.1080.1080a_e35", "config_width": 1080},
        {"src": "https://a.fbcdn.net/s.jpg", "config_width": 640},
    ]);
    assert_eq!(tree(&post["display_resources"]), resources);
    assert_eq!(
        post["edge_media_to_caption"]["edges"][0]["node"]["text"],
        "Hello #sun\nbye"
    );
}

#[test]
fn forbidden_embed_holds_no_document() {
    let page = read(&format!(
        "{EMBED}<a class=\"WatchOnInstagram\">Watch on Instagram</a>"
    ));
    assert!(page.documents.is_empty());
}

#[test]
fn walls_and_errors_show_on_pages_without_data() {
    let login = read(
        r#"<script>{"canonicalRouteName":"comet.igweb.PolarisCAAIGLoginHomepageRoute"}</script>"#,
    );
    assert!(login.login_wall && !login.error_route);
    let error = read("<html>\"comet.igweb.PolarisErrorRoute\"</html>");
    assert!(error.error_route && !error.login_wall);
    let missing = read("<title>Page Not Found &bull; Instagram</title>");
    assert_eq!(missing.notice, Some(Meaning::Missing));
    let shell =
        read("<title>Ann (@ann)</title>\"comet.igweb.PolarisLoggedOutDesktopWWWPostRoute\"");
    assert!(!shell.error_route && !shell.login_wall && shell.documents.is_empty());
    assert_eq!(shell.notice, None);
}

#[test]
fn a_wall_shows_beside_data_about_nothing() {
    let config = r#"<script type="application/json">{"xdt_viewer":{"user":null}}</script>"#;
    let login = read(&format!("{config}<form id=\"loginForm\"></form>"));
    assert!(login.login_wall && login.documents.len() == 1);
    let gated = read(&format!("{config}<h2>Age-restricted content</h2>"));
    assert_eq!(gated.notice, Some(Meaning::Age));
}

#[test]
fn content_is_not_judged_by_its_words() {
    let post = r#"<script type="application/json">{"xig_polaris_media":{"caption":"x"}}</script>"#;
    let page = read(&format!("{post}<h1>Post isn't available</h1>"));
    assert_eq!((page.notice, page.login_wall), (None, false));
}

#[test]
fn half_a_character_costs_no_document() {
    let page = read(
        r#"<script type="application/json" data-sjs>{"xig_polaris_media":"\ud83d"}</script>
        <script>window._sharedData = {"shortcode_media":"\ud83d"};</script>
        <script>s.handle({"contextJSON":"{\"gql_data\":\"\\ud83d\",\"a\":\"\ud83d\"}"})</script>"#,
    );
    assert_eq!(
        documents(&page),
        [
            json!({"xig_polaris_media": "\u{fffd}"}),
            json!({"shortcode_media": "\u{fffd}"}),
            json!({"gql_data": "\u{fffd}", "a": "\u{fffd}"}),
        ]
    );
}

#[test]
fn only_exact_counts_are_counts() {
    let page = read(
        "<meta\n property=\"og:description\"\n content='46.3m Followers, 1,136 Following, 453 Posts - See &quot;Posts&quot;' />",
    );
    assert_eq!(page.described_count("Followers"), None);
    assert_eq!(page.described_count("Following"), Some(1136));
    assert_eq!(page.described_count("Posts"), Some(453));
    assert_eq!(Page::default().described_count("Posts"), None);
}

#[test]
fn no_cut_of_a_page_panics() {
    for end in (0..EMBED.len()).filter(|end| EMBED.is_char_boundary(*end)) {
        let _ = (read(&EMBED[..end]), read(&EMBED[end..]));
    }
}
