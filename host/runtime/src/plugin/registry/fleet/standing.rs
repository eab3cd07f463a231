//! What a fleet does with one plugin: which version serves, which served before, which waits, and what was rejected last.
//! Decisions are functions from one standing to the next, so that any replica makes the same ones.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plugin::registry::status::RejectedFile;

/// What the fleet does with one plugin. Fields are only added, because replicas of two releases read each other's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::plugin::registry) struct Standing {
    /// The version that serves.
    pub(in crate::plugin::registry) serving: Stint,
    /// Those that served before and can come back, newest first.
    pub(in crate::plugin::registry) earlier: Vec<Stint>,
    /// The version that may serve next.
    pub(in crate::plugin::registry) candidate: Option<Waiting>,
    /// The last version that was rejected, as it is shown. What another release writes may be shown by that one only.
    refused: Option<Value>,
}

/// A version while it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::plugin::registry) struct Stint {
    /// `None`: the version in the program of each replica.
    pub(in crate::plugin::registry) version: Option<Version>,
    /// The revision with which it began to serve. With it, its health is counted anew.
    pub(in crate::plugin::registry) term: u64,
}

/// A version whose component the fleet keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::plugin::registry) struct Version {
    /// SHA-256 of the component, 64 hex digits.
    pub(in crate::plugin::registry) digest: String,
    /// In its own words.
    pub(in crate::plugin::registry) version: String,
    /// The file that it would be in a plugin folder.
    pub(in crate::plugin::registry) source: String,
}

/// A version that may serve next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::plugin::registry) struct Waiting {
    /// The version.
    pub(in crate::plugin::registry) version: Version,
    /// The revision with which it became the candidate.
    pub(in crate::plugin::registry) term: u64,
    /// Why it is held for the operator; `None`: it runs in shadow mode.
    pub(in crate::plugin::registry) held: Option<String>,
    /// On how many live extractions of the fleet it is compared.
    pub(in crate::plugin::registry) wanted: u32,
}

impl Standing {
    /// Lets a version serve from revision `term` on. The one before is kept if it `may_return`, up to `versions_max` in all.
    pub(in crate::plugin::registry) fn serve(
        &self,
        stint: Stint,
        may_return: bool,
        versions_max: usize,
    ) -> Self {
        let mut next = self.clone();
        let before = std::mem::replace(&mut next.serving, stint);
        if may_return {
            next.earlier.insert(0, before);
        }
        let serving = next.serving.version.clone();
        next.earlier
            .retain(|it| !is_same(it.version.as_ref(), serving.as_ref()));
        next.earlier.truncate(versions_max.saturating_sub(1));
        next.candidate = None;
        next
    }

    /// The version to go back to: the one that served before, or else that of the program; none if that one serves.
    pub(in crate::plugin::registry) fn predecessor(&self) -> Option<Stint> {
        let before = self.earlier.first().cloned().unwrap_or_default();
        let is_other = !is_same(before.version.as_ref(), self.serving.version.as_ref());
        is_other.then_some(before)
    }

    /// Goes back. The version that served may not return by itself.
    pub(in crate::plugin::registry) fn rolled_back(&self, versions_max: usize) -> Option<Self> {
        let before = self.predecessor()?;
        Some(self.serve(before, false, versions_max))
    }

    /// Makes a version the candidate.
    pub(in crate::plugin::registry) fn waits(&self, candidate: Waiting) -> Self {
        Self {
            candidate: Some(candidate),
            ..self.clone()
        }
    }

    /// Shows a rejection, or none.
    pub(in crate::plugin::registry) fn shows(&self, refused: Option<&RejectedFile>) -> Self {
        Self {
            // It contains only texts, numbers and lists.
            refused: refused.and_then(|it| serde_json::to_value(it).ok()),
            ..self.clone()
        }
    }

    /// The rejection that is shown.
    pub(in crate::plugin::registry) fn refused(&self) -> Option<RejectedFile> {
        let refused = self.refused.clone()?;
        serde_json::from_value(refused).ok()
    }

    /// The term of the version with this digest, if it serves or has served.
    pub(in crate::plugin::registry) fn term_of(&self, digest: &str, embedded: &str) -> Option<u64> {
        let mut stints = [&self.serving].into_iter().chain(&self.earlier);
        let its = stints.find(|it| it.digest(embedded) == digest)?;
        Some(its.term)
    }

    /// The versions whose components are needed.
    pub(in crate::plugin::registry) fn versions(&self) -> impl Iterator<Item = &Version> {
        let stints = [&self.serving].into_iter().chain(&self.earlier);
        let waiting = self.candidate.as_ref().map(|it| &it.version);
        stints.filter_map(|it| it.version.as_ref()).chain(waiting)
    }

    /// The terms whose counts are needed.
    pub(in crate::plugin::registry) fn terms(&self) -> Vec<u64> {
        let stints = [&self.serving].into_iter().chain(&self.earlier);
        let waiting = self.candidate.as_ref().map(|it| it.term);
        stints.map(|it| it.term).chain(waiting).collect()
    }
}

impl Stint {
    /// The digest of the version, where `embedded` is that of the program's own.
    pub(in crate::plugin::registry) fn digest<'a>(&'a self, embedded: &'a str) -> &'a str {
        self.version.as_ref().map_or(embedded, |it| &it.digest)
    }
}

fn is_same(left: Option<&Version>, right: Option<&Version>) -> bool {
    left.map(|it| &it.digest) == right.map(|it| &it.digest)
}

#[cfg(test)]
mod tests {
    //! Decisions as functions, and what another release may have written.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn stint(digest: &str, term: u64) -> Stint {
        let version = Version {
            digest: digest.to_owned(),
            ..Version::default()
        };
        Stint {
            version: Some(version),
            term,
        }
    }

    fn digests(standing: &Standing) -> Vec<&str> {
        let all = [&standing.serving].into_iter().chain(&standing.earlier);
        all.map(|it| it.digest("embedded")).collect()
    }

    #[test]
    fn a_version_serves_and_those_before_can_come_back() {
        let mut standing = Standing::default();
        for (term, digest) in ["a", "b", "a", "c", "d"].into_iter().enumerate() {
            standing = standing.serve(stint(digest, term as u64), true, 3);
        }
        assert_eq!(digests(&standing), ["d", "c", "a"]);
        assert_eq!(standing.terms(), [4, 3, 2]);
        assert_eq!(standing.term_of("c", "embedded"), Some(3));
        assert_eq!(standing.term_of("embedded", "embedded"), None);
    }

    #[test]
    fn a_rollback_goes_to_the_version_before_and_to_that_of_the_program_at_last() {
        let standing = Standing::default().serve(stint("a", 1), true, 3);
        let standing = standing.serve(stint("b", 2), true, 3);
        let back = standing.rolled_back(3).unwrap();
        assert_eq!(digests(&back), ["a", "embedded"]);
        assert_eq!(back.serving.term, 1);
        let back = back.rolled_back(3).unwrap();
        assert_eq!(digests(&back), ["embedded"]);
        assert_eq!(back.rolled_back(3), None);
        // With one version in all, nothing but the program's own is left to go back to.
        let only = Standing::default().serve(stint("a", 1), true, 1);
        assert_eq!(digests(&only.rolled_back(1).unwrap()), ["embedded"]);
    }

    #[test]
    fn a_candidate_waits_until_another_version_serves() {
        let waiting = Waiting {
            term: 7,
            ..Waiting::default()
        };
        let standing = Standing::default().waits(waiting);
        assert_eq!(standing.terms(), [0, 7]);
        assert_eq!(standing.serve(stint("a", 8), true, 3).candidate, None);
    }

    #[test]
    fn what_another_release_has_added_is_no_obstacle() {
        let text = r#"{"serving":{"version":{"digest":"a","version":"1.0.0","source":"post.wasm","more":1},"term":3},
            "refused":{"unknown":true},"new":[]}"#;
        let standing: Standing = serde_json::from_str(text).unwrap();
        assert_eq!(standing.serving.digest(""), "a");
        assert!(standing.refused().is_none());
        assert_eq!(
            serde_json::from_str::<Standing>("{}").unwrap(),
            Standing::default()
        );
    }
}
