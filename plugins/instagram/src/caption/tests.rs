//! What Instagram links and what it does not.

use proptest::prelude::*;

use super::*;

fn check(find: fn(&str) -> Vec<String>, cases: &[(&str, &[&str])]) {
    for (caption, expected) in cases {
        assert_eq!(find(caption), *expected, "{caption}");
    }
}

#[test]
fn hashtags_of_any_script_in_order_once() {
    let caption = "#sun ☀️#Été, #東京 #हिन्दी(#café)#sun ＃全角 #a_1";
    assert_eq!(
        hashtags(caption),
        ["sun", "Été", "東京", "हिन्दी", "café", "全角", "a_1"]
    );
    check(
        hashtags,
        &[
            ("今日は#東京 と ภาพ#ไทย", &["東京", "ไทย"]),
            ("#한국어 #עברית، #Привет!", &["한국어", "עברית", "Привет"]),
            (
                "#ශ්\u{200d}රී #می\u{200c}خواهم.",
                &["ශ්\u{200d}රී", "می\u{200c}خواهم"],
            ),
            ("#a\u{200d} #b\u{200c}.", &["a", "b"]),
            ("#2024 #80%", &["2024", "80"]),
            ("#tea·time #カフェ・巡り", &["tea", "カフェ"]),
        ],
    );
}

#[test]
fn emoji_belong_to_a_hashtag() {
    check(
        hashtags,
        &[
            ("花 #はな🌺 です", &["はな🌺"]),
            ("look #sunset🌅", &["sunset🌅"]),
            ("#❤\u{fe0f} only", &["❤\u{fe0f}"]),
            ("#love❤\u{fe0f} #dog", &["love❤\u{fe0f}", "dog"]),
            ("#❤", &["❤"]),
            ("#🌅sun🌅set🌅!", &["🌅sun🌅set🌅"]),
            (
                "#👩\u{200d}👩\u{200d}👧 #🏳\u{fe0f}\u{200d}🌈 x",
                &["👩\u{200d}👩\u{200d}👧", "🏳\u{fe0f}\u{200d}🌈"],
            ),
            ("#👍🏽ok", &["👍🏽ok"]),
            ("#🇫🇷paris", &["🇫🇷paris"]),
            (
                "#🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}.",
                &["🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}"],
            ),
            ("#1\u{fe0f}\u{20e3}st", &["1\u{fe0f}\u{20e3}st"]),
            ("#sun\u{fe0f} #1\u{fe0f}", &["sun", "1"]),
            ("☀\u{fe0f}#sun🌅#sea", &["sun🌅", "sea"]),
        ],
    );
}

#[test]
fn hashtags_may_follow_each_other_without_a_space() {
    check(
        hashtags,
        &[
            ("#lake#fog#boats", &["lake", "fog", "boats"]),
            ("Day out #lake#fog", &["lake", "fog"]),
            ("#旅行#海#夏", &["旅行", "海", "夏"]),
            ("#سفر#بحر", &["سفر", "بحر"]),
            ("#a_1#b_2 end", &["a_1", "b_2"]),
            ("##a#＃b#", &["a", "b"]),
            ("@ann#sun", &["sun"]),
            ("by @ann.#sun", &["sun"]),
        ],
    );
}

#[test]
fn www_is_the_start_of_a_url_only_where_one_can_start() {
    check(
        hashtags,
        &[
            ("Ewwww. #gross", &["gross"]),
            ("Ewww.#gross", &["gross"]),
            ("#Awww.#cute", &["Awww", "cute"]),
            ("www.#a", &["a"]),
            ("WWW.x.test/#top #a", &["a"]),
            ("(www.x.test/#top", &[]),
            ("HTTPS://x.test/#top #a", &["a"]),
        ],
    );
}

#[test]
fn what_only_looks_like_a_hashtag_is_none() {
    for caption in [
        "#️⃣ 1",
        "#️⃣sun",
        "#\u{20e3}",
        "# a",
        "a#b",
        "C#",
        "https://x.test/#top",
        "www.x.test/#top",
        "&#39;",
        "#",
        "#!",
        "#-a",
        "#\u{200d}",
    ] {
        assert_eq!(hashtags(caption), [""; 0], "{caption}");
    }
}

#[test]
fn mentions_in_order_once_in_lower_case() {
    let caption = "🖤@Ann.B_1 by.@two, (@three...) 感謝@four @ann.b_1";
    assert_eq!(mentions(caption), ["ann.b_1", "two", "three", "four"]);
    check(
        mentions,
        &[
            ("撮影：@annaさん、@bobと", &["anna", "bob"]),
            ("@anna❤️@bob's ＠eve", &["anna", "bob", "eve"]),
            ("@_ann_ @ann__b", &["_ann_", "ann__b"]),
            ("#sun @ann/@bob", &["ann", "bob"]),
            ("line\n@ann\n@bob", &["ann", "bob"]),
        ],
    );
}

#[test]
fn two_dots_end_a_mention() {
    check(
        mentions,
        &[
            ("thanks @anna..love it", &["anna"]),
            ("@anna_b...see you", &["anna_b"]),
            ("with @anna.b..2024", &["anna.b"]),
            ("@anna.", &["anna"]),
            ("@anna.b.", &["anna.b"]),
            ("@anna…@bob", &["anna", "bob"]),
            ("@..anna", &[]),
        ],
    );
}

#[test]
fn addresses_and_urls_mention_nobody() {
    let long = format!("@{}", "a".repeat(31));
    for caption in [
        "me@x.test",
        "a_@x.test",
        "me.too@x.test",
        "me+@x.test",
        "https://x.test/@ann",
        "www.x.test/@ann",
        "@",
        "@@",
        "@.ann",
        "@…",
        long.as_str(),
    ] {
        assert_eq!(mentions(caption), [""; 0], "{caption}");
    }
    let longest = "a".repeat(USERNAME_LENGTH);
    assert_eq!(mentions(&format!("@{longest}..b")), [longest]);
}

proptest! {
    #[test]
    fn hashtags_are_parts_of_the_caption(caption in "(.|#|＃|a|é|😀|❤\u{fe0f}|\u{200d}|\u{20e3}| ){0,60}") {
        for tag in hashtags(&caption) {
            prop_assert!(tag_length(&tag) == tag.len() && !tag.is_empty());
            let written = ["#", "＃"].map(|mark| format!("{mark}{tag}"));
            prop_assert!(written.iter().any(|written| caption.contains(written)));
        }
    }

    #[test]
    fn mentions_are_usernames(caption in "(.|@|A|b|\\.| ){0,60}") {
        for name in mentions(&caption) {
            prop_assert_eq!(username(&name), Some(name.as_str()));
            let written = format!("@{name}");
            prop_assert!(caption.replace('＠', "@").to_ascii_lowercase().contains(&written));
        }
    }

    #[test]
    fn tags_between_spaces_are_found_whole(tag in "([\\p{L}\\p{Nd}_]|😀|👍🏽|❤\u{fe0f}|🇫🇷|👩\u{200d}👧|5\u{fe0f}\u{20e3}){1,20}") {
        prop_assert_eq!(hashtags(&format!("see #{tag} now")), vec![tag]);
    }

    #[test]
    fn tags_are_found_with_and_without_spaces(tags in prop::collection::vec("([\\p{L}\\p{Nd}_]|😀|❤\u{fe0f}){1,8}", 1..6)) {
        let written: Vec<_> = tags.iter().map(|tag| format!("#{tag}")).collect();
        let expected = hashtags(&written.join(" "));
        prop_assert_eq!(hashtags(&written.concat()), expected);
    }
}
