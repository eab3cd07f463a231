//! Damaged components and settings, before anything of them is compiled.

use super::*;
use crate::plugin::package::settings::over;

#[test]
fn damaged_packages() {
    let built_in = [embedded_like(), COMPONENT.to_vec()];
    let packed = write(COMPONENT, ("post", "1.2.3"), &cases(), Some("a = 1")).unwrap();
    let seeds: Vec<_> = built_in.into_iter().chain([packed]).collect();
    ::fuzz::target("packages", &seeds, |input| {
        let Ok(package) = read(input) else { return };
        if let Some(label) = package.label {
            // Whoever packed it, what is inside is what the label says.
            assert_eq!(label.component, digest(&bare(input).unwrap()));
        }
        assert!(package.cases.len() <= CASES_MAX);
    });
}

/// A component with a module and nested sections, as real ones have.
fn embedded_like() -> Vec<u8> {
    let mut module = wasm_encoder::Module::new();
    module.section(&CustomSection {
        name: "gramhost:cases".into(),
        data: b"of a nested module".into(),
    });
    let mut component = wasm_encoder::Component::new();
    component.section(&wasm_encoder::ModuleSection(&module));
    component.section(&CustomSection {
        name: "name".into(),
        data: b"not ours".into(),
    });
    component.finish()
}

#[test]
fn damaged_settings() {
    let defaults = [
        "doors = [\"graphql\"]\n[graphql]\ndoc_id = \"1\"\nretry = true\n",
        "[a.b]\nc = 1.5\nd = 1979-05-27\n",
    ];
    let seeds = defaults.map(|text| text.as_bytes().to_vec());
    ::fuzz::target("settings of plugins", &seeds, |input| {
        let text = String::from_utf8_lossy(input);
        for defaults in defaults {
            if let Ok(settings) = over(defaults, [&*text]) {
                // No key comes in that the defaults lack.
                let known: toml::Table = defaults.parse().unwrap();
                let found: Value = serde_json::from_str(&settings).unwrap();
                assert!(
                    found.as_object().unwrap().keys().eq(known.keys()),
                    "{settings}"
                );
            }
        }
    });
}
