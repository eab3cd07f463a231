//! Values from trees of `serde_json`, which tests write and compare.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::Value as Tree;

use super::{Arena, Value, first};

/// An arena that lives as long as the tests.
pub(crate) fn in_tests() -> &'static Arena {
    Box::leak(Box::default())
}

/// The same value as a view of its text.
pub(crate) fn parsed(tree: Tree) -> Value<'static> {
    let arena = in_tests();
    first(arena, arena.keep(&tree.to_string())).unwrap()
}

/// The same value as a tree.
pub(crate) fn tree(value: &Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(is) => Tree::Bool(*is),
        Value::Number(number) => number
            .as_u64()
            .map(Tree::from)
            .unwrap_or_else(|| serde_json::from_str(number.0).unwrap_or_default()),
        Value::String(text) => Tree::String(text.decoded().into_owned()),
        Value::Array(list) => list.iter().map(tree).collect(),
        Value::Object(object) => {
            let members = object.members().iter();
            members
                .map(|member| (member.key.to_owned(), tree(&value[member.key])))
                .collect()
        }
    }
}
