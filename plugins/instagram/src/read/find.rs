//! Finds the objects that contain our roots, whatever wraps them: bare, in `data`, in the envelope of a proxy, or deep
//! inside a page's Relay script.

use crate::json::{Member, Value};

/// Names that only Instagram uses: roots at any depth.
const ROOTS: [&str; 17] = [
    "xig_polaris_media",
    "xig_user_by_username",
    "xig_user_by_igid_v2",
    "xdt_shortcode_media",
    "shortcode_media",
    "xdt_api__v1__media__shortcode__web_info",
    "xdt_api__v1__feed__user_timeline_graphql_connection",
    "xdt_api__v1__profile_timeline",
    "xdt_api__v1__clips__user__connection_v2",
    "xdt_api__v1__feed__reels_media",
    "xdt_api__v1__feed__reels_media__connection",
    "fetch__XDTUserDict",
    "polaris_timeline_connection",
    "polaris_ordered_timeline_connection",
    "polaris_clips_connection",
    "edge_owner_to_timeline_media",
    "reels_media",
];

/// Common words: roots only at the top of a response or directly in an envelope. `posts` is the key under which
/// collectors keep a timeline's nodes.
const COMMON_ROOTS: [&str; 7] = ["user", "items", "posts", "node", "reel", "reels", "tray"];

const ENVELOPES: [&str; 4] = ["data", "graphql", "response", "result"];

/// About the requesting user, not about the requested content.
const NOT_ASKED: [&str; 2] = ["viewer", "xdt_viewer"];

/// Maximum depth of the search. A page's script wraps its roots in about 15 levels.
const DEEPEST: usize = 40;

/// Returns all objects of the documents that contain a root. Their content is left to the readers.
pub(super) fn answers<'a>(documents: &'a [Value<'a>]) -> Vec<&'a Value<'a>> {
    let mut found = Vec::new();
    for document in documents {
        search(document, true, DEEPEST, &mut found);
    }
    found
}

fn search<'a>(
    value: &'a Value<'a>,
    is_enveloped: bool,
    levels: usize,
    found: &mut Vec<&'a Value<'a>>,
) {
    if levels == 0 {
        return;
    }
    match value {
        Value::Array(list) => {
            for element in *list {
                search(element, is_enveloped, levels - 1, found);
            }
        }
        Value::Object(map) => {
            let members = map.members();
            let is_root = |member: &Member<'_>| {
                let is_common = is_enveloped && COMMON_ROOTS.contains(&member.key);
                is_common || ROOTS.contains(&member.key)
            };
            if members.iter().any(is_root) {
                found.push(value);
                return;
            }
            for Member { key, value } in members {
                if !NOT_ASKED.contains(key) {
                    search(value, ENVELOPES.contains(key), levels - 1, found);
                }
            }
        }
        _ => {}
    }
}
