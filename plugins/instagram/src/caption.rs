//! Finds hashtags and mentions in a caption, in any script. Knows nothing of JSON.

/// Maximum length of a username, in characters.
const USERNAME_LENGTH: usize = 30;

/// Returns the hashtags of a caption in order, without `#` and without duplicates.
///
/// A tag consists of letters, marks, digits and underscores of any script. A `#` after a word character or inside a URL
/// does not start a tag.
pub(crate) fn hashtags(caption: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for token in caption.split_whitespace().map(without_url) {
        let mut before = None;
        for (position, mark) in token.char_indices() {
            let starts =
                matches!(mark, '#' | '＃') && !before.is_some_and(|c| is_word(c) || c == '&');
            before = Some(mark);
            if !starts {
                continue;
            }
            let rest = &token[position + mark.len_utf8()..];
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            keep_once(&mut tags, &rest[..end]);
        }
    }
    tags
}

/// Returns the usernames that a caption mentions in order, without `@`, in lower case and without duplicates.
///
/// The `@` of an e-mail address or a URL is not a mention.
pub(crate) fn mentions(caption: &str) -> Vec<String> {
    let mut names = Vec::new();
    for token in caption.split_whitespace().map(without_url) {
        for (position, _) in token.match_indices('@') {
            let in_address = token[..position]
                .ends_with(|c: char| c.is_ascii_alphanumeric() || "_+%".contains(c));
            let rest = &token[position + 1..];
            let end = rest.find(|c| !is_username(c)).unwrap_or(rest.len());
            let name = rest[..end].trim_end_matches('.');
            if !in_address && !name.starts_with('.') && name.len() <= USERNAME_LENGTH {
                keep_once(&mut names, &name.to_ascii_lowercase());
            }
        }
    }
    names
}

/// Returns the part of a token before a URL in it, if there is one.
fn without_url(token: &str) -> &str {
    let end = token.find("://").or_else(|| token.find("www."));
    end.map_or(token, |end| &token[..end])
}

/// Whether a character is a letter, mark, digit or connector. Unicode's "identifier continue" is that set, minus some
/// ligatures, plus middle dots, which separate tags; variation selectors are marks that make `#` a keycap emoji.
fn is_word(c: char) -> bool {
    (c.is_alphabetic() || unicode_ident::is_xid_continue(c))
        && !matches!(
            c,
            '\u{b7}' | '\u{387}' | '\u{30fb}' | '\u{ff65}' | '\u{fe00}'..='\u{fe0f}'
        )
}

fn is_username(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_')
}

fn keep_once(found: &mut Vec<String>, word: &str) {
    if !word.is_empty() && !found.iter().any(|known| known == word) {
        found.push(word.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hashtags_of_any_script_in_order_once() {
        let caption = "#sun ☀️#Été, #東京 #हिन्दी(#café)#sun ＃全角 #a_1";
        assert_eq!(
            hashtags(caption),
            ["sun", "Été", "東京", "हिन्दी", "café", "全角", "a_1"]
        );
    }

    #[test]
    fn what_only_looks_like_a_hashtag_is_none() {
        for caption in [
            "#️⃣ 1",
            "# a",
            "a#b",
            "https://x.test/#top",
            "www.x.test/#top",
            "&#39;",
            "#",
            "#!",
        ] {
            assert_eq!(hashtags(caption), [""; 0], "{caption}");
        }
    }

    #[test]
    fn mentions_in_order_once_in_lower_case() {
        let caption = "🖤@Ann.B_1 by.@two, (@three...) 感謝@four @ann.b_1";
        assert_eq!(mentions(caption), ["ann.b_1", "two", "three", "four"]);
    }

    #[test]
    fn addresses_and_urls_mention_nobody() {
        let long = format!("@{}", "a".repeat(31));
        for caption in [
            "me@x.test",
            "a_@x.test",
            "https://x.test/@ann",
            "@",
            "@.ann",
            "@…",
            long.as_str(),
        ] {
            assert_eq!(mentions(caption), [""; 0], "{caption}");
        }
    }

    proptest! {
        #[test]
        fn hashtags_are_words_of_the_caption(caption in "(.|#|＃|a|é| ){0,60}") {
            for tag in hashtags(&caption) {
                prop_assert!(!tag.is_empty() && tag.chars().all(is_word));
                let written = ["#", "＃"].map(|mark| format!("{mark}{tag}"));
                prop_assert!(written.iter().any(|written| caption.contains(written)));
            }
        }

        #[test]
        fn mentions_are_usernames(caption in "(.|@|A|b|\\.| ){0,60}") {
            for name in mentions(&caption) {
                prop_assert!((1..=USERNAME_LENGTH).contains(&name.len()) && !name.ends_with('.'));
                let written = format!("@{name}");
                prop_assert!(caption.to_ascii_lowercase().contains(&written));
            }
        }

        #[test]
        fn a_tag_between_spaces_is_found(tag in "[\\p{L}\\p{Nd}_]{1,20}") {
            prop_assert_eq!(hashtags(&format!("see #{tag} now")), vec![tag]);
        }
    }
}
