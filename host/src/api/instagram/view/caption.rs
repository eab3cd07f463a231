//! `caption_html`: the caption as HTML text, each emoji as an image with the emoji as its name.

use unicode_properties::{UnicodeEmoji, emoji::EmojiStatus};
use unicode_segmentation::UnicodeSegmentation;

/// Returns HTML that is safe to insert into a page.
pub(in crate::api) fn html(caption: &str) -> String {
    let mut html = String::with_capacity(caption.len());
    for cluster in caption.graphemes(true) {
        if is_emoji(cluster) {
            html.extend(["<img alt=\"", cluster, "\">"]);
        } else {
            cluster.chars().for_each(|char| escape(char, &mut html));
        }
    }
    html
}

fn escape(character: char, html: &mut String) {
    match character {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        other => html.push(other),
    }
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

    use super::html;

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
        fn nothing_but_images_of_emoji_opens_a_tag(caption in "\\PC*") {
            let html = html(&caption);
            for tag in html.split('<').skip(1) {
                prop_assert!(tag.starts_with("img alt=\""));
                prop_assert!(tag[9..].find("\">").is_some_and(|end| !tag[9..][..end].contains(['&', '\'', '>'])));
            }
        }
    }
}
