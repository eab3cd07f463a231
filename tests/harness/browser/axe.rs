//! Checks a page with axe-core, which knows the rules of WCAG. npm fetches it once; where its registry cannot be reached,
//! nothing is checked, and the test says so.

use std::{fs, path::Path, process::Command, sync::LazyLock};

use serde_json::Value;

use super::Browser;

/// The version that is fetched.
const PACKAGE: &str = "axe-core@4.14.1";

/// The script, if it can be had.
static SCRIPT: LazyLock<Option<String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let script = folder.join("node_modules/axe-core/axe.min.js");
    if !script.exists() {
        fs::create_dir_all(&folder).unwrap();
        let options = [
            "--silent",
            "--prefer-offline",
            "--no-fund",
            "--no-audit",
            "--no-save",
        ];
        let fetched = Command::new("timeout")
            .args(["60", "npm", "install"])
            .args(options)
            .args(["--prefix", "."])
            .arg(PACKAGE)
            .current_dir(&folder)
            .output();
        if !fetched.is_ok_and(|output| output.status.success()) {
            eprintln!("{PACKAGE} cannot be fetched: the pages are not checked with it");
            return None;
        }
    }
    fs::read_to_string(script).ok()
});

impl Browser {
    /// Asserts that axe finds nothing wrong with what is shown, in no rule that it applies by itself.
    pub(crate) fn assert_accessible(&mut self, what: &str) {
        let Some(script) = &*SCRIPT else {
            return;
        };
        let run = "axe.run().then((found) => found.violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]))";
        let found = self.evaluate(&format!("{script};{run}"));
        assert_eq!(found, Value::Array(Vec::new()), "{what}");
    }
}
