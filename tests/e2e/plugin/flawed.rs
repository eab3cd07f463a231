//! Components that no compiler makes, where components come in: what is refused is named, and the version before it serves
//! on.

use gramhost::{
    contract::{Kind, PluginName},
    plugin::{Error, Registry},
};
use guests::{Flaw, handmade};

use super::{POST, config, digest, serving_answers, variant};

/// The step of admission that refuses a flaw, and words of the reason.
const REFUSED: [(Flaw, &str); 10] = [
    (Flaw::SpinInStart, "describe: the plugin ran too long"),
    (Flaw::SpinInDescribe, "describe: the plugin ran too long"),
    (Flaw::HugeMemory, "compile: "),
    (Flaw::HugeTable, "compile: "),
    (Flaw::SpinInRealloc, "replay: "),
    (Flaw::SpinInPostReturn, "replay: "),
    (Flaw::GrowingMemory, "the plugin wanted too much memory"),
    (Flaw::BadStep, "the plugin trapped: "),
    (
        Flaw::Import("wasi:sockets/tcp@0.2.12"),
        "imports: asks for wasi:sockets/tcp@0.2.12",
    ),
    (
        Flaw::Import("other:thing/door@1.0.0"),
        "imports: asks for other:thing/door@1.0.0",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_flawed_component_is_refused_when_it_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.call_ms_max = 50;
    let registry = Registry::open(config, None).await.unwrap();
    for name in PluginName::ALL {
        for (flaw, words) in REFUSED {
            let component = handmade(name.as_str(), flaw);
            let put = registry.put(name, component.into()).await;
            let Err(Error::Rejected(rejection)) = put else {
                panic!("{name} {flaw:?}: {put:?}");
            };
            let rejection = rejection.to_string();
            assert!(rejection.contains(words), "{name} {flaw:?}: {rejection}");
        }
    }
    for status in registry.status() {
        assert_eq!(status.serving.unwrap().source, "embedded");
    }
    assert!(serving_answers(&registry).await);
}

/// One flipped bit may change a constant, and then it is another component, which must prove itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_component_with_a_flipped_bit_is_refused_or_sound() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(config(folder.path()), None).await.unwrap();
    let mut refused = 0;
    for part in 1..7 {
        let mut component = variant(POST, 7);
        let at = component.len() / 7 * part;
        component[at] ^= 1 << (part % 8);
        let before = digest(&registry);
        match registry.put(PluginName::Post, component.into()).await {
            Ok(_) => assert!(serving_answers(&registry).await, "at {at}"),
            Err(Error::Rejected(_)) => {
                refused += 1;
                assert_eq!(digest(&registry), before, "at {at}");
            }
            Err(error) => panic!("{error}"),
        }
        assert!(serving_answers(&registry).await);
    }
    println!("{refused} of 6 flipped bits are refused");
    assert_eq!(registry.serving(Kind::Reel).manifest().name, "reel");
}
