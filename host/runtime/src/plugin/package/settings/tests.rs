//! How layers of settings override each other, and which are rejected.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::over;

const DEFAULTS: &str = "doors = [\"graphql\", \"page\"]\n[graphql]\ndoc_id = \"1\"\nretry = true\n";

#[test]
fn defaults_stand_alone() {
    assert_eq!(
        over(DEFAULTS, []),
        Ok(r#"{"doors":["graphql","page"],"graphql":{"doc_id":"1","retry":true}}"#.into())
    );
}

#[test]
fn one_key_is_replaced_and_its_neighbours_stay() {
    let settings = over(DEFAULTS, ["graphql.doc_id = \"2\""]).unwrap();
    assert_eq!(
        settings,
        r#"{"doors":["graphql","page"],"graphql":{"doc_id":"2","retry":true}}"#
    );
}

#[test]
fn a_list_is_replaced_whole() {
    let settings = over(DEFAULTS, ["doors = [\"page\"]"]).unwrap();
    assert!(settings.starts_with(r#"{"doors":["page"],"#));
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = over(DEFAULTS, ["[graphql]\ndocid = \"2\""]).unwrap_err();
    assert_eq!(error, "unknown key \"graphql.docid\"");
}

#[test]
fn another_type_is_refused_by_name() {
    let error = over(DEFAULTS, ["graphql.doc_id = 2"]).unwrap_err();
    assert_eq!(error, "\"graphql.doc_id\" is of type string, not integer");
    let error = over(DEFAULTS, ["graphql = 2"]).unwrap_err();
    assert_eq!(error, "\"graphql\" is of type table, not integer");
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    let error = over(DEFAULTS, ["doors = []\n]"]).unwrap_err();
    assert!(error.starts_with("line 2: "), "{error}");
}

#[test]
fn a_table_that_is_empty_by_default_takes_keys_of_any_name() {
    let layers = [
        "[rename]\n\"a.b\" = \"a.c\"",
        "rename.x = \"y\"\nrename.\"a.b\" = \"a.d\"",
    ];
    let settings = over("doc_id = \"1\"\n[rename]\n", layers).unwrap();
    assert_eq!(settings, r#"{"doc_id":"1","rename":{"a.b":"a.d","x":"y"}}"#);
    let error = over("[rename]\n", ["rename = 2"]).unwrap_err();
    assert_eq!(error, "\"rename\" is of type table, not integer");
}
