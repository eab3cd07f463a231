//! What counts as JSON and what it says, beside `serde_json`; every place of half a character.
#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::{Value as Tree, json};

use super::trees::{parsed, tree};
use super::*;

fn first_tree(text: &str) -> Option<Tree> {
    first(&Arena::default(), text).as_ref().map(tree)
}

fn all_trees(text: &str) -> Vec<Tree> {
    all(&Arena::default(), text).iter().map(tree).collect()
}

#[test]
fn half_a_character_is_a_replacement_character() {
    for (text, expected) in [
        (r#""half \ud83d here""#, json!("half \u{fffd} here")),
        (r#""\ud83d""#, json!("\u{fffd}")),
        (r#""\uD83D""#, json!("\u{fffd}")),
        (r#""\ude00""#, json!("\u{fffd}")),
        (r#""\ude00\ud83d""#, json!("\u{fffd}\u{fffd}")),
        (r#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
        (r#""\ud83d\ude00\ude00""#, json!("😀\u{fffd}")),
        (r#""\ud83dx""#, json!("\u{fffd}x")),
        (r#""\ud83d\n""#, json!("\u{fffd}\n")),
        (r#""\ud83d\u0041""#, json!("\u{fffd}A")),
        (r#""\ud83d\\""#, json!("\u{fffd}\\")),
        (r#"["\ud83d", "\\ud83d"]"#, json!(["\u{fffd}", "\\ud83d"])),
        (r#"{"\ud83d": 1}"#, json!({"\u{fffd}": 1})),
    ] {
        assert_eq!(first_tree(text), Some(expected.clone()), "{text}");
        assert_eq!(all_trees(text), [expected], "{text}");
    }
}

#[test]
fn half_a_character_in_one_text_costs_no_other() {
    let texts = "{\"a\":1}\n{\"b\":\"\\ud83d\"}";
    assert_eq!(
        all_trees(texts),
        [json!({"a": 1}), json!({"b": "\u{fffd}"})]
    );
    assert_eq!(
        first_tree(r#"{"a":"\ud83d"}; var b = "\ud83d"#),
        Some(json!({"a": "\u{fffd}"}))
    );
}

#[test]
fn what_is_no_json_stays_unread() {
    for text in [
        "",
        "\\",
        "\"\\ud83d",
        "{\"a\":\\ud83d}",
        r#""\ud8zz""#,
        r#""\u+041""#,
        "\"\n\"",
        "é",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "01",
        "-",
        "1.",
        "1e",
        "nul",
        "truefalse",
    ] {
        assert_eq!(first_tree(text), None, "{text}");
        assert!(all_trees(text).is_empty(), "{text}");
    }
}

#[test]
fn no_depth_exhausts_the_stack() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for depth in [1, 127, 128, 1_000_000] {
        let expected: Option<Tree> = serde_json::from_str(&nested(depth)).ok();
        assert_eq!(first_tree(&nested(depth)), expected, "{depth}");
    }
}

#[test]
fn the_last_of_several_values_of_a_key_counts() {
    let value = parsed(json!({}));
    assert!(value["a"].is_null() && value["a"]["b"][7].is_null());
    let arena = Arena::default();
    let twice = first(&arena, r#"{"a":1,"b":2,"a":{"b":[3]}}"#).unwrap();
    assert_eq!(twice["a"]["b"][0].as_u64(), Some(3));
}

#[test]
fn numbers_keep_their_digits() {
    let arena = Arena::default();
    let numbers = r#"[18446744073709551615, 18446744073709551616, -1, 1.0, 1e400]"#;
    let numbers = first(&arena, numbers).unwrap();
    let whole: Vec<_> = numbers
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_u64)
        .collect();
    assert_eq!(whole, [Some(u64::MAX), None, None, None, None]);
    assert_eq!(numbers[1].to_string(), "18446744073709551616");
}

/// Any value.
fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<u64>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        any::<f64>().prop_map(Tree::from),
        "(\\PC|[\\x00-\\x1f]|\\\\|\"|é|😀){0,24}".prop_map(Tree::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::from),
            prop::collection::vec(("(\\PC|\\\\){0,6}", inner), 0..8)
                .prop_map(|members| Tree::Object(members.into_iter().collect())),
        ]
    })
}

/// What a text that resembles JSON may consist of.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "\\ud83d", "\\ude00", "\\uDBFF", "\\u0041", "\\\\", "\\n", "\\\"", "\\x", "ud83d", "a",
        "é", "😀", "\"", "{", "}", "[", "]", ":", ",", " ", "\n", "1", "0", "-", ".", "e", "+",
        "true", "null", "\"a\":",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..16)
        .prop_map(|pieces| pieces.concat())
}

fn serde_all(text: &str) -> Option<Vec<Tree>> {
    let values = serde_json::Deserializer::from_str(text).into_iter();
    values.collect::<Result<_, _>>().ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_value_is_read_as_by_serde_json(tree in trees(), is_pretty in any::<bool>()) {
        let text = if is_pretty { serde_json::to_string_pretty(&tree).unwrap() } else { tree.to_string() };
        prop_assert_eq!(first_tree(&text), serde_json::from_str(&text).ok());
    }

    #[test]
    fn what_serde_json_reads_is_read_alike(text in pieces()) {
        if let Some(expected) = serde_all(&text) {
            prop_assert_eq!(all_trees(&text), expected);
        }
    }

    #[test]
    fn what_serde_json_rejects_is_rejected(text in pieces()) {
        // But for half of a pair, and for numbers that no float can hold.
        let is_known = text.contains("\\ud83d") || text.contains("\\u") || text.contains('e');
        if serde_all(&text).is_none() && !is_known {
            prop_assert!(all_trees(&text).is_empty(), "{text}");
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = (all_trees(&text), first_tree(&text));
    }
}
