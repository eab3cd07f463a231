//! A breakage: what Instagram might do to an answer, and how it is done to a case.

use cases::{Case, har::Answer};
use serde_json::Value;

use super::case;

/// One change of an answer.
pub(super) struct Breakage {
    /// In words.
    pub(super) what: &'static str,
    pub(super) from: &'static From,
    pub(super) change: fn(&mut Vec<Value>),
    /// Where the fact is now.
    pub(super) now: &'static str,
}

/// A good case, in whose place an answer is broken.
pub(super) struct From {
    /// The case with the good answer, and which exchange it is.
    good: &'static str,
    entry: usize,
    /// The case whose query is asked, and which has an answer for every other request. The answer is put into its first
    /// exchange, with these texts replaced.
    asked: &'static str,
    replaced: &'static [(&'static str, &'static str)],
}

pub(super) const POST: From = From {
    good: "post/image-polaris",
    entry: 0,
    asked: "post/changed",
    replaced: &[
        ("DfDjNmTDemo", "DeDS-ATChan"),
        ("4018210158647568808", "4000124319799318183"),
    ],
};
pub(super) const REEL: From = From {
    good: "reel/music-polaris",
    entry: 0,
    asked: "reel/login-wall",
    replaced: &[
        ("DfF-eHzReel", "DdpjBQTRwal"),
        ("4018892991342438309", "3992876562491311781"),
    ],
};
pub(super) const POSTS: From = From {
    good: "profile-posts/demo-second-page",
    entry: 0,
    asked: "profile-posts/login-wall",
    replaced: &[("gramhost.demo", "behind.the.wall")],
};
/// The other requests of this one are answered too.
pub(super) const PROFILE: From = From {
    good: "profile-info/demo",
    entry: 0,
    asked: "profile-info/demo",
    replaced: &[],
};

pub(super) const GATE: &str = "/data/xig_polaris_media/if_not_gated_logged_out";

/// Takes a value out of an object.
pub(super) fn take(answer: &mut Value, at: &str, key: &str) -> Value {
    let object = answer.pointer_mut(at).and_then(Value::as_object_mut);
    object.unwrap().remove(key).unwrap()
}

pub(super) fn put(answer: &mut Value, at: &str, key: &str, value: Value) {
    answer.pointer_mut(at).unwrap()[key] = value;
}

pub(super) fn rename(answer: &mut Value, at: &str, old: &str, new: &str) {
    let value = take(answer, at, old);
    put(answer, at, new, value);
}

pub(super) fn caption() -> String {
    format!("{GATE}/caption")
}

/// Renames the key in every node of a list of posts.
pub(super) fn in_nodes(answer: &mut Value, change: impl Fn(&mut Value)) {
    let edges = "/data/xdt_api__v1__feed__user_timeline_graphql_connection/edges";
    let edges = answer.pointer_mut(edges).and_then(Value::as_array_mut);
    edges.unwrap().iter_mut().for_each(change);
}

impl Breakage {
    /// The case with the good answer.
    pub(super) fn good(&self) -> Case {
        self.with(|_| {})
    }

    /// The case with the broken answer.
    pub(super) fn broken(&self) -> Case {
        self.with(self.change)
    }

    fn with(&self, change: fn(&mut Vec<Value>)) -> Case {
        let From {
            good,
            entry,
            asked,
            replaced,
        } = self.from;
        let good = case(good);
        let mut case = case(asked);
        let Answer::Response { body, headers, .. } = &good.har.entries[*entry].answer else {
            panic!("{} has no answer", good.name);
        };
        let mut text = String::from_utf8(body.clone()).unwrap();
        for (old, new) in *replaced {
            text = text.replace(old, new);
        }
        let mut documents = vec![serde_json::from_str(&text).unwrap()];
        change(&mut documents);
        let lines: Vec<_> = documents.iter().map(Value::to_string).collect();
        // The other doors say nothing.
        let others = case
            .har
            .entries
            .iter_mut()
            .filter(|_| good.name != case.name);
        for entry in others.skip(1) {
            entry.answer = Answer::Failed("connection-refused".to_owned());
        }
        let url = case.har.entries[0].url.clone();
        case.har.entries[0].answer = Answer::Response {
            status: 200,
            url,
            headers: headers.clone(),
            body: lines.join("\n").into_bytes(),
        };
        case
    }
}
