//! What every built-in case costs, in WebAssembly instructions. They are the same on every machine, so a reader that
//! became more expensive fails by the names of its cases.

use std::{collections::BTreeMap, env, fs};

use gramhost::{
    config::EMBEDDED,
    contract::PluginName,
    plugin::{self, Cost},
};

use super::config;

/// How many more instructions a case may need than in the baseline, percent.
const MORE_PERCENT_MAX: u64 = 10;
const BASELINE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/e2e/plugin/instructions.json"
);
/// If this variable is `accept`, the counts become the baseline (`make guard ARGS=accept`).
const VARIABLE: &str = "GRAMHOST_INSTRUCTIONS";

/// The instructions of each case, by `<kind>/<case>`.
type Counts = BTreeMap<String, u64>;

async fn counted() -> Counts {
    let folder = tempfile::tempdir().unwrap();
    let mut counts = Counts::new();
    for name in PluginName::ALL {
        let file = folder.path().join(format!("{name}.wasm"));
        fs::write(&file, (EMBEDDED.component)(name)).unwrap();
        let config = config(folder.path());
        let checked = plugin::check(&config, &file, None, Box::new(|_, _| ())).await;
        let cases = checked.unwrap().cases.into_iter();
        counts.extend(cases.map(
            |Cost {
                 case, instructions, ..
             }| (case, instructions),
        ));
    }
    counts
}

/// What is wrong with a count, if anything.
fn objection(count: u64, before: Option<u64>) -> Option<String> {
    let Some(before) = before else {
        return Some("is not in the baseline".to_owned());
    };
    let percent = count * 100 / before.max(1);
    (percent > 100 + MORE_PERCENT_MAX)
        .then(|| format!("costs {count} instructions, {percent} % of the baseline"))
}

#[tokio::test]
async fn no_case_costs_a_tenth_more_than_it_did() {
    let counts = counted().await;
    assert!(counts.len() > 100, "{}", counts.len());
    if env::var(VARIABLE).is_ok_and(|value| value == "accept") {
        let text = serde_json::to_string_pretty(&counts).unwrap();
        fs::write(BASELINE, text + "\n").unwrap();
    }
    let baseline = fs::read(BASELINE).unwrap();
    let baseline: Counts = serde_json::from_slice(&baseline).unwrap();
    let new = counts.iter().filter_map(|(case, count)| {
        let objection = objection(*count, baseline.get(case).copied())?;
        Some(format!("{case} {objection}"))
    });
    let gone = baseline.keys().filter(|case| !counts.contains_key(*case));
    let gone = gone.map(|case| format!("{case} is in the baseline only"));
    let objections: Vec<_> = new.chain(gone).collect();
    assert!(
        objections.is_empty(),
        "{}\nIf this is the price of something worth it: make guard ARGS=accept",
        objections.join("\n")
    );
}

#[test]
fn a_tenth_more_is_an_objection() {
    assert_eq!(objection(110, Some(100)), None);
    assert_eq!(objection(50, Some(100)), None);
    for (count, before) in [(111, Some(100)), (1, None), (5, Some(0))] {
        assert!(objection(count, before).is_some(), "{count} {before:?}");
    }
}
