//! Reads why Instagram withholds something: the ruling of a gate, in each of its places.

use crate::json::Value;

use crate::contract::steps::Refusal;
use crate::read::field;
use crate::wording::{self, Meaning};

/// The keys of rulings: of a POLARIS post, of an account (mgp25/Instagram-API#3107), of a legacy or mobile post.
const RULINGS: [&str; 3] = ["gating_ruling", "gating", "gating_info"];

/// The numbers of `gating_type` that are known; others, and names such as `appealable`, say nothing.
const TYPES: [(u64, Refusal); 2] = [(2, Refusal::RegionBlocked), (3, Refusal::AgeRestricted)];

/// Why an account or a post is withheld; `None` if it has no gate.
pub(super) fn refusal(root: &Value<'_>) -> Option<Refusal> {
    let mut rulings = RULINGS.iter().map(|key| &root[*key]);
    let by_ruling = rulings.find(|ruling| ruling.is_object()).map(withheld);
    let is_blocked = field::flag(&root["country_block"]) == Some(true);
    by_ruling.or_else(|| is_blocked.then_some(Refusal::RegionBlocked))
}

/// Why a ruling withholds something, also if it does not say so.
pub(super) fn withheld(ruling: &Value<'_>) -> Refusal {
    stated(ruling).unwrap_or(Refusal::LoginRequired)
}

/// What a ruling states: in its words, else by its number.
pub(crate) fn stated(ruling: &Value<'_>) -> Option<Refusal> {
    let texts = ["title", "description"].map(|key| ruling[key].as_str().unwrap_or_default());
    match wording::of_gate(&texts.join("\n")) {
        Some(Meaning::Age) => return Some(Refusal::AgeRestricted),
        Some(Meaning::Region) => return Some(Refusal::RegionBlocked),
        _ => {}
    }
    let number = field::count(&ruling["gating_type"]);
    let row = TYPES.iter().find(|(known, _)| number == Some(*known));
    row.map(|(_, refusal)| refusal.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::json::trees::parsed;

    #[test]
    fn words_decide_before_numbers() {
        for (ruling, expected) in [
            (json!({"gating_type": 3}), Some(Refusal::AgeRestricted)),
            (json!({"gating_type": "3"}), Some(Refusal::AgeRestricted)),
            (json!({"gating_type": 2}), Some(Refusal::RegionBlocked)),
            (
                json!({"gating_type": 2, "title": "Age-restricted content"}),
                Some(Refusal::AgeRestricted),
            ),
            (
                json!({"gating_type": 3, "title": "Not available in your region"}),
                Some(Refusal::RegionBlocked),
            ),
            (
                json!({"gating_type": "appealable", "title": "Are You 20 or Over?"}),
                Some(Refusal::AgeRestricted),
            ),
            (
                json!({"gating_type": 7, "description": "Not available in your country"}),
                Some(Refusal::RegionBlocked),
            ),
            (json!({"gating_type": 7, "title": "Sorry"}), None),
            (json!({"gating_type": "appealable"}), None),
            (json!(null), None),
        ] {
            assert_eq!(stated(&parsed(ruling.clone())), expected, "{ruling}");
        }
    }

    #[test]
    fn a_gate_is_found_in_each_of_its_places() {
        let ruling = json!({"gating_type": 3});
        for key in RULINGS {
            assert_eq!(
                refusal(&parsed(json!({ key: ruling }))),
                Some(Refusal::AgeRestricted)
            );
            assert_eq!(refusal(&parsed(json!({ key: null }))), None);
            assert_eq!(
                refusal(&parsed(json!({ key: {} }))),
                Some(Refusal::LoginRequired)
            );
        }
        assert_eq!(
            refusal(&parsed(json!({"country_block": true}))),
            Some(Refusal::RegionBlocked)
        );
        assert_eq!(refusal(&parsed(json!({"country_block": false}))), None);
    }
}
