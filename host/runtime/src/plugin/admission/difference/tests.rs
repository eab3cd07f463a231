//! Differences in the form that people read.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::between;

fn shown(expected: &Value, found: &Value) -> Option<String> {
    between(expected, found, 1).first().map(ToString::to_string)
}

#[test]
fn equal_values_have_none() {
    let value = json!({"a": [1, {"b": null}], "c": 1.5});
    assert_eq!(shown(&value, &value), None);
    assert_eq!(
        shown(&json!({"duration": 12}), &json!({"duration": 12.0})),
        None
    );
}

#[test]
fn the_first_field_is_named_with_both_values() {
    assert_eq!(
        shown(
            &json!({"children": [{"id": "1"}, {"id": "2"}]}),
            &json!({"children": [{"id": "1"}, {"id": "3"}]})
        ),
        Some(r#".children[1].id: expected "2", found "3""#.into())
    );
}

#[test]
fn a_missing_and_an_added_field_are_named() {
    assert_eq!(
        shown(&json!({"a": 1}), &json!({})),
        Some(".a: expected 1, found nothing".into())
    );
    assert_eq!(
        shown(&json!({}), &json!({"a": 1})),
        Some(".a: expected nothing, found 1".into())
    );
    assert_eq!(
        shown(&json!([1]), &json!([1, 2])),
        Some("[1]: expected nothing, found 2".into())
    );
}

#[test]
fn a_long_value_is_shortened_at_a_character() {
    let text = shown(&json!(1), &json!("ä".repeat(1000))).unwrap();
    assert!(text.ends_with('…') && text.chars().count() < 160, "{text}");
}

#[test]
fn every_difference_is_told_up_to_a_limit() {
    let (expected, found) = (
        json!({"a": 1, "b": [1, 2], "c": 3}),
        json!({"a": 2, "b": [1]}),
    );
    let fields = |most| {
        let found = between(&expected, &found, most).into_iter();
        found.map(|it| it.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(10), [".a", ".b[1]", ".c"]);
    assert_eq!(fields(2), [".a", ".b[1]"]);
}
