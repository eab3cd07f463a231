//! Which manifests are accepted and which are rejected.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::check;
use crate::contract::{Manifest, PluginName};

fn honest() -> Manifest {
    Manifest {
        name: "post".into(),
        version: "1.0.0".into(),
        hosts: vec!["www.instagram.com".into(), "*.fbcdn.net".into()],
        rounds: 8,
        requests: 12,
        uses_session: false,
        settings: "[graphql]\ndoc_id = \"1\"\n".into(),
    }
}

fn refused(change: impl FnOnce(&mut Manifest)) -> String {
    let mut manifest = honest();
    change(&mut manifest);
    check(PluginName::Post, &manifest).unwrap_err()
}

#[test]
fn an_honest_manifest_passes() {
    assert_eq!(check(PluginName::Post, &honest()), Ok(()));
    for version in ["0.0.0", "10.200.3000", "1.0.0-rc.1"] {
        let version = version.into();
        assert_eq!(
            check(
                PluginName::Post,
                &Manifest {
                    version,
                    ..honest()
                }
            ),
            Ok(())
        );
    }
}

#[test]
fn the_name_is_that_of_the_file() {
    assert!(refused(|it| it.name = "reel".into()).contains("calls itself \"reel\""));
    assert!(refused(|it| it.name = "../../etc".into()).contains("not post"));
}

#[test]
fn the_version_is_semantic() {
    for version in [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "1.0.x",
        "999999999999999999.0.0",
        "1.0.0-",
        "1.0.0\n",
    ] {
        let reason = refused(|it| it.version = version.into());
        assert!(
            reason.contains("is not like 1.2.3"),
            "{version:?}: {reason}"
        );
    }
}

#[test]
fn hosts_are_names_and_no_addresses() {
    for host in [
        "",
        "localhost",
        "127.0.0.1",
        "*",
        "*.",
        "a..b",
        "-a.com",
        "A.com",
        "a.com:80",
        "a.com/b",
        "[::1]",
        "x.*.com",
    ] {
        let reason = refused(|it| it.hosts = vec![host.into()]);
        assert!(reason.contains("is not a host name"), "{host:?}: {reason}");
    }
    assert!(refused(|it| it.hosts = vec!["a.com".into(); 33]).contains("more than 32"));
}

#[test]
fn limits_are_the_hosts() {
    assert!(refused(|it| it.rounds = 9).contains("9 rounds"));
    assert!(refused(|it| it.rounds = 0).contains("0 rounds"));
    assert!(refused(|it| it.requests = 13).contains("13 requests"));
}

#[test]
fn its_settings_are_toml() {
    assert!(refused(|it| it.settings = "{}".into()).contains("its own settings"));
    assert!(refused(|it| it.settings = " ".repeat(65 * 1024)).contains("more than 65536 bytes"));
}
