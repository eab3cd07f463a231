//! `caption_html`: the caption as HTML text, each emoji as an image with the emoji as its name.

use unicode_properties::{UnicodeEmoji, emoji::EmojiStatus};
use unicode_segmentation::UnicodeSegmentation;

/// Returns HTML that is safe to insert into a page.
pub(in crate::api) fn html(caption: &str) -> String {
    let mut html = String::with_capacity(caption.len());
    let mut rest = caption;
    loop {
        let (plain, others) = rest.split_at(plain(rest));
        escape(plain, &mut html);
        let Some(cluster) = others.graphemes(true).next() else {
            return html;
        };
        if is_emoji(cluster) {
            html.extend(["<img alt=\"", cluster, "\">"]);
        } else {
            escape(cluster, &mut html);
        }
        rest = &others[cluster.len()..];
    }
}

/// The length of the ASCII text that `text` begins with, without the character that a mark may follow: there is no
/// emoji in it, so that its clusters need not be found.
fn plain(text: &str) -> usize {
    match text.bytes().position(|byte| !byte.is_ascii()) {
        Some(first) => first.saturating_sub(1),
        None => text.len(),
    }
}

fn escape(text: &str, html: &mut String) {
    let mut rest = text;
    while let Some(special) = rest.find(['&', '<', '>', '"', '\'']) {
        html.push_str(&rest[..special]);
        html.push_str(match rest.as_bytes()[special] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &rest[special + 1..];
    }
    html.push_str(rest);
}

/// Whether a grapheme cluster is shown as a picture: it is one by default and no selector makes it text, or a selector
/// makes it one (as in a keycap).
fn is_emoji(cluster: &str) -> bool {
    const AS_TEXT: char = '\u{FE0E}';
    const AS_EMOJI: char = '\u{FE0F}';
    let Some(first) = cluster.chars().next() else {
        return false;
    };
    let by_default = matches!(
        first.emoji_status(),
        EmojiStatus::EmojiPresentation
            | EmojiStatus::EmojiPresentationAndModifierBase
            | EmojiStatus::EmojiPresentationAndEmojiComponent
            | EmojiStatus::EmojiPresentationAndModifierAndEmojiComponent
    );
    let selected = first.is_emoji_char() && cluster.contains(AS_EMOJI);
    (by_default && !cluster.contains(AS_TEXT)) || selected
}

#[cfg(test)]
mod tests {
    //! Emoji are found whole, and all other text is escaped.

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_emoji_is_an_image_and_the_rest_is_text() {
        for (caption, expected) in [
            (
                "Beautiful sunset 🌅 #nature",
                "Beautiful sunset <img alt=\"🌅\"> #nature",
            ),
            ("🎞️", "<img alt=\"🎞️\">"),
            ("👩🏽‍🚀🇵🇹", "<img alt=\"👩🏽‍🚀\"><img alt=\"🇵🇹\">"),
            (
                "1️⃣ of 10 © ™ ✈ ✈️",
                "<img alt=\"1️⃣\"> of 10 © ™ ✈ <img alt=\"✈️\">",
            ),
            ("<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;"),
            ("<\u{301}script>", "&lt;\u{301}script&gt;"),
            ("عربي\r\nनमस्ते", "عربي\r\nनमस्ते"),
        ] {
            assert_eq!(html(caption), expected);
        }
    }

    proptest! {
        #[test]
        fn plain_text_is_skipped_without_a_difference(caption in "([a-c<1# \r\n]|\u{301}|\u{FE0F}|\u{20E3}|\u{600}|🌅|🇵|🇹|\u{200D}){0,12}") {
            let each = caption.graphemes(true).map(|cluster| {
                let mut html = String::new();
                if is_emoji(cluster) {
                    html.extend(["<img alt=\"", cluster, "\">"]);
                } else {
                    escape(cluster, &mut html);
                }
                html
            });
            prop_assert_eq!(html(&caption), each.collect::<String>());
        }

        #[test]
        fn nothing_but_images_of_emoji_opens_a_tag(caption in "\\PC*") {
            let html = html(&caption);
            for tag in html.split('<').skip(1) {
                prop_assert!(tag.starts_with("img alt=\""));
                prop_assert!(tag[9..].find("\">").is_some_and(|end| !tag[9..][..end].contains(['&', '\'', '>'])));
            }
        }
    }
}
