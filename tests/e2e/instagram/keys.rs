//! Checks that every key that the specification documents for an endpoint is in its response.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use super::demo;

/// Each endpoint, and the specification's examples of its response.
const ENDPOINTS: [(&str, &[&str]); 10] = [
    ("profile/info?username=gramhost.demo", &["profile_info"]),
    ("profile/posts?username=gramhost.demo", &["profile_posts"]),
    ("profile/reels?username=gramhost.demo", &["profile_reels"]),
    (
        "post/info?url_or_code=DfDjNmTDemo",
        &["post_info_image", "post_info_carousel"],
    ),
    (
        "post/info?url_or_code=https://www.instagram.com/p/De0N5pLMixd/?img_index=2",
        &["post_info_image", "post_info_carousel"],
    ),
    (
        "reel/info?url_or_id=https://www.instagram.com/reel/DfF-eHzReel/",
        &["reel_info"],
    ),
    ("story/info?username=gramhost.demo", &["story_info_none"]),
    ("post/stats?url_or_code=DfDjNmTDemo", &["post_stats"]),
    ("post/stats?url_or_code=De0N5pLMixd", &["post_stats"]),
    ("reel/stats?url_or_id=DfF-eHzReel", &["reel_stats"]),
];

#[tokio::test]
async fn every_documented_key_is_in_the_answer() {
    let server = demo();
    let mut looked_at = BTreeSet::new();
    for (path, examples) in ENDPOINTS {
        let answer = server.get(&format!("/instagram/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert_eq!(answer.headers["content-type"], "application/json");
        for example in examples {
            for key in keys(&documented(example)) {
                assert!(
                    has(&answer.json, &key),
                    "{path} lacks {key:?}: {}",
                    answer.text
                );
                looked_at.insert((*example, key));
            }
        }
    }
    for fixed in ["formats", "info"] {
        let answer = server.get(&format!("/instagram/{fixed}")).await;
        let all = keys(&documented(fixed));
        assert_eq!(keys(&answer.json), all, "{fixed}");
        looked_at.extend(all.into_iter().map(|key| (fixed, key)));
    }
    assert!(looked_at.len() >= 200, "only {} keys", looked_at.len());
}

/// The specification's example, as the OpenAPI document contains it.
fn documented(name: &str) -> Value {
    let file = match name {
        "formats" | "info" => format!("about/{name}"),
        "story_info_none" => "story/none".to_owned(),
        name => name.replacen('_', "/", 1).replace("/stats", "/statistics"),
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/instagram");
    let text = fs::read_to_string(folder.join(file).with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every path of keys, also through lists.
fn keys(value: &Value) -> BTreeSet<Vec<String>> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let below = keys(value).into_iter();
                let below = below.map(|path| [vec![name.clone()], path].concat());
                below.chain([vec![name.clone()]])
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(keys).collect(),
        _ => BTreeSet::new(),
    }
}

/// Whether the path exists; below null and in an empty list nothing can exist.
fn has(value: &Value, path: &[String]) -> bool {
    match (value, path) {
        (_, []) | (Value::Null, _) => true,
        (Value::Array(items), path) => items.iter().all(|item| has(item, path)),
        (value, [name, rest @ ..]) => value.get(name).is_some_and(|value| has(value, rest)),
    }
}
