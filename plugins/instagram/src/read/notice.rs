//! Reads what a page without content says to its visitor: its title and its visible text.

use memchr::memmem;

use crate::read::markup::{Tag, decode};
use crate::wording::{self, Meaning};

/// Elements whose text is not shown, or not as text of the page.
const UNSEEN: [&str; 5] = ["noscript", "script", "style", "template", "title"];

/// The marks of an embed page that shows a post: its visible text is the post's.
const POST_SIGNS: [&str; 2] = ["data-media-id", "CaptionUsername"];

/// Maximum length of the visible text of a notice, bytes. A page with more of it shows something else.
const VISIBLE_BYTES_MAX: usize = 4_000;

/// What a page states instead of content.
pub(super) fn notice(html: &str, title: Option<&str>) -> Option<Meaning> {
    let has_post = POST_SIGNS
        .iter()
        .any(|sign| memmem::find(html.as_bytes(), sign.as_bytes()).is_some());
    let in_text = || wording::of_text(&visible_text(html)?);
    title
        .and_then(wording::of_title)
        .or_else(|| (!has_post).then(in_text).flatten())
}

/// The visible text of a page, each element on its own line; `None` if it is too long.
fn visible_text(html: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = html;
    loop {
        let end = rest.find('<').unwrap_or(rest.len());
        for word in decode(&rest[..end]).split_whitespace() {
            text.extend([word, " "]);
        }
        rest = &rest[end..];
        if text.len() > VISIBLE_BYTES_MAX {
            return None;
        }
        if let Some(comment) = rest.strip_prefix("<!--") {
            // Frameworks write comments between the words of a sentence.
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let Some(tag) = Tag::first(rest) else {
            return Some(text);
        };
        text.push('\n');
        rest = match UNSEEN.iter().find(|name| **name == tag.name) {
            Some(name) => after(tag.rest, name),
            None => tag.rest,
        };
    }
}

/// What follows the content of an element that is not shown.
fn after<'a>(content: &'a str, name: &str) -> &'a str {
    let end = memmem::find(content.as_bytes(), format!("</{name}").as_bytes());
    end.map_or("", |end| &content[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Option<Meaning> {
        notice(
            &format!("<html><head><title>Instagram</title></head><body>{body}</body></html>"),
            Some("Instagram"),
        )
    }

    #[test]
    fn a_visible_sentence_decides() {
        for (body, meaning) in [
            ("<h2>Age-restricted content</h2>", Meaning::Age),
            (
                "<div><span>Post isn&#39;t available</span><span>The link may be broken.</span></div>",
                Meaning::Missing,
            ),
            ("Post isn’t available", Meaning::Missing),
            (
                "<h2>Restricted profile</h2><p>\n You must be 18\n years old or over to see this profile</p>",
                Meaning::Age,
            ),
            (
                "<p>You must be 16 years old or over to view this post.</p>",
                Meaning::Age,
            ),
            (
                "<p>It's unavailable for certain audiences. Log in to continue.</p>",
                Meaning::Age,
            ),
            ("<p>Not available in your country</p>", Meaning::Region),
            (
                "<h2>Sorry, this page isn't available.</h2>",
                Meaning::Missing,
            ),
            ("<h2>This Account is Private</h2>", Meaning::Private),
            ("<p>Post <!-- -->isn't available</p>", Meaning::Missing),
            (
                "<script>var a = '<b>';</script><p>Post isn't available</p>",
                Meaning::Missing,
            ),
        ] {
            assert_eq!(of(body), Some(meaning), "{body}");
        }
    }

    #[test]
    fn scripts_attributes_and_captions_do_not_decide() {
        let long = format!(
            "<p>{}</p><p>Post isn't available</p>",
            "word ".repeat(1_000)
        );
        for body in [
            "",
            "<script>\"Age-restricted content\"</script>",
            "<style>Age-restricted content</style>",
            "<noscript>Post isn't available</noscript>",
            "<!-- Post isn't available -->",
            "<img alt=\"Post isn't available\">",
            "<meta property=\"og:description\" content=\"Post isn't available\"/>",
            "<p>Post isn't available in blue</p>",
            "<p>Ann: my post has not been deleted</p>",
            "<div data-media-id=\"1\"><p>Post isn't available</p></div>",
            long.as_str(),
        ] {
            assert_eq!(of(body), None, "{body}");
        }
        let title = "Ann on Instagram: “Page not found”";
        assert_eq!(notice("<p>Ann</p>", Some(title)), None);
        assert_eq!(
            notice("", Some("Page not found • Instagram")),
            Some(Meaning::Missing)
        );
    }
}
