//! A slot against a model of it: a list of digests, newest first. For any order of decisions, what serves, what can come
//! back and what a rollback goes to is what the model says.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{path::PathBuf, sync::LazyLock};

use proptest::{collection::vec, prelude::*};
use wasmtime::{Engine, component::Component};

use super::*;
use crate::{
    contract::Manifest,
    driver::Rules,
    plugin::{
        admission::AdmittedComponent,
        config::{Config, Embedded},
        engine::{self, linker},
        registry::version::Permits,
        sandbox::Sandbox,
    },
};

/// Different versions that the decisions are about; the first is the embedded one.
const VERSIONS: usize = 5;

const EMBEDDED: Embedded = Embedded {
    component: |_| embedded::POST,
    cases: |_| Ok(Vec::new()),
};

/// One decision on a slot.
#[derive(Clone, Debug)]
enum Decision {
    /// This version serves; the one before may return.
    Serve(usize),
    /// The serving version is rolled back, if there is one to go back to.
    RollBack,
    /// This version waits.
    Hold(usize),
    /// The operator writes this number into `<name>.toml`, or a text that is no setting.
    Configure(Option<u8>),
    /// The operator deletes `<name>.toml`.
    Forget,
}

fn decision() -> impl Strategy<Value = Decision> {
    prop_oneof![
        4 => (0..VERSIONS).prop_map(Decision::Serve),
        2 => Just(Decision::RollBack),
        1 => (0..VERSIONS).prop_map(Decision::Hold),
        1 => proptest::option::of(any::<u8>()).prop_map(Decision::Configure),
        1 => Just(Decision::Forget),
    ]
}

/// What the slot must be.
#[derive(Debug, Default)]
struct Model {
    serving: usize,
    earlier: Vec<usize>,
    waits: Option<usize>,
    /// Whether `<name>.toml` is invalid.
    is_misconfigured: bool,
}

impl Model {
    fn before(&self) -> Option<usize> {
        let before = self.earlier.first().copied().unwrap_or(0);
        (before != self.serving).then_some(before)
    }

    fn serve(&mut self, next: usize, may_return: bool, most: usize) {
        if may_return {
            self.earlier.insert(0, self.serving);
        }
        self.serving = next;
        self.earlier.retain(|it| *it != next);
        self.earlier.truncate(most - 1);
        self.waits = None;
    }
}

/// A version that differs from others only in its digest. They are never called, so that one compiled component does.
fn version(number: usize) -> Plugin {
    static COMPILED: LazyLock<(Engine, Component)> = LazyLock::new(|| {
        let nowhere = || PathBuf::from("/nonexistent");
        let config = Config::new(nowhere(), nowhere(), EMBEDDED);
        let engine = engine::running(&config).unwrap();
        let component = Component::new(&engine, embedded::POST).unwrap();
        (engine, component)
    });
    let (engine, component) = &*COMPILED;
    let nowhere = || PathBuf::from("/nonexistent");
    let config = Config::new(nowhere(), nowhere(), EMBEDDED);
    let linker = linker::inert(engine).unwrap();
    let admitted = AdmittedComponent {
        name: PluginName::Post,
        digest: format!("{number:064}"),
        manifest: Manifest {
            name: "post".to_owned(),
            version: format!("1.0.{number}"),
            hosts: Vec::new(),
            rounds: 1,
            requests: 1,
            uses_session: false,
            settings: "number = 0".to_owned(),
        },
        sandbox: Sandbox::new(PluginName::Post, component, &linker, &config).unwrap(),
        settings: None,
        cases: Vec::new(),
        rules: Rules::default(),
    };
    Plugin::new(admitted, "post.wasm", Permits::new(&config))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_decisions_lead_where_the_model_leads(decisions in vec(decision(), 1..40), most in 1..5_usize) {
        let versions: Vec<Plugin> = (0..VERSIONS).map(version).collect();
        let digest = |number: usize| versions[number].digest();
        let slot = Slot::new(PluginName::Post, version(0));
        let mut model = Model::default();
        for decision in decisions {
            match decision {
                Decision::Serve(next) => {
                    slot.serve(&versions[next], true, most);
                    model.serve(next, true, most);
                }
                Decision::RollBack => {
                    let (before, wanted) = (slot.predecessor(), model.before());
                    prop_assert_eq!(before.as_ref().map(|it| it.digest()), wanted.map(digest));
                    if let (Some(before), Some(wanted)) = (before, wanted) {
                        let rolled_back = slot.now().plugin.digest().to_owned();
                        slot.serve(&before, false, most);
                        model.serve(wanted, false, most);
                        // It comes back by no other rollback.
                        prop_assert!(slot.now().earlier.iter().all(|it| it.digest() != rolled_back));
                    }
                }
                Decision::Hold(number) => {
                    let candidate = Candidate::held(version(number), "a test".to_owned());
                    slot.change(|state| state.candidate = Some(Arc::new(candidate)));
                    model.waits = Some(number);
                }
                Decision::Configure(number) => {
                    let file = number.map_or("number = 'many'".to_owned(), |number| format!("number = {number}"));
                    slot.configure(Some(file));
                    model.is_misconfigured = number.is_none();
                }
                Decision::Forget => {
                    slot.configure(None);
                    model.is_misconfigured = false;
                }
            }
            let now = slot.now();
            prop_assert_eq!(now.plugin.digest(), digest(model.serving));
            let earlier: Vec<_> = now.earlier.iter().map(|it| it.digest()).collect();
            let wanted: Vec<_> = model.earlier.iter().map(|it| digest(*it)).collect();
            prop_assert_eq!(&earlier, &wanted);
            prop_assert!(earlier.len() < most && !earlier.contains(&now.plugin.digest()));
            let waits = now.candidate.as_ref().map(|it| it.plugin().digest());
            prop_assert_eq!(waits, model.waits.map(digest));
            prop_assert_eq!(now.settings_error.is_some(), model.is_misconfigured);
            prop_assert!(slot.holds("post.wasm", now.plugin.digest()));
        }
    }
}
