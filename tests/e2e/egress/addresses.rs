//! Names lead where their owner says; only public addresses are dialled.

use std::net::IpAddr;

use super::{LONG_MS, PUBLIC, World, names::Record, namespace::entered};

const PUBLIC_6: &str = "2a03:2880:f211::1";
/// The address is not public, in the words of the log.
const PROHIBITED: &str = "the address is not public";

fn address(text: &str) -> Record {
    Record::Address(text.parse::<IpAddr>().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_public_addresses_are_dialled_whatever_a_name_leads_to() {
    if !entered("egress::addresses::only_public_addresses_are_dialled_whatever_a_name_leads_to") {
        return;
    }
    let world = World::start(LONG_MS, &[]).await;
    world.serves("the start").await;
    for private in [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "240.0.0.1",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a01:203",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd12::1",
    ] {
        world.names.lead_to(&[private]);
        world.is_refused(private, PROHIBITED).await;
        assert!(world.origin.dialled().is_empty(), "{private}");
    }
    // Private ones among public ones are left out, in whatever order they come.
    for mixed in [
        [PUBLIC, "127.0.0.1"],
        ["10.1.2.3", PUBLIC],
        ["::1", PUBLIC],
        ["64:ff9b::7f00:1", PUBLIC],
    ] {
        world.names.lead_to(&mixed);
        assert_eq!(world.ask().await.status, 200, "{mixed:?}");
        assert_eq!(world.origin.dialled(), [PUBLIC], "{mixed:?}");
    }
    // Public ones in IPv6 spellings.
    for public in [PUBLIC_6, "::ffff:157.240.0.174", "64:ff9b::9df0:ae"] {
        world.names.lead_to(&[public]);
        assert_eq!(world.ask().await.status, 200, "{public}");
        let dialled = world.origin.dialled();
        let canonical = public.parse::<IpAddr>().unwrap().to_canonical().to_string();
        assert_eq!(dialled, [canonical], "{public}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_checked_is_the_address_that_is_dialled() {
    if !entered("egress::addresses::the_address_that_was_checked_is_the_address_that_is_dialled") {
        return;
    }
    let world = World::start(LONG_MS, &[]).await;
    // One name is public when it is asked for the first time, and all lead home from then on.
    world.names.say(|name, earlier| match (name, earlier) {
        ("www.instagram.com", 0) => vec![address(PUBLIC)],
        _ => vec![address("127.0.0.1"), address("::1")],
    });
    assert_eq!(world.ask().await.status, 200);
    assert_eq!(world.origin.dialled(), [PUBLIC]);
    world.is_refused("asked again", PROHIBITED).await;
    assert!(world.origin.dialled().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alias_is_followed_to_an_address_that_is_checked() {
    if !entered("egress::addresses::an_alias_is_followed_to_an_address_that_is_checked") {
        return;
    }
    let world = World::start(LONG_MS, &[]).await;
    for (end, is_public) in [(PUBLIC, true), ("127.0.0.1", false), ("::1", false)] {
        world.names.say(move |name, _| match name {
            "other.example" => vec![address(end)],
            _ => vec![Record::Alias("other.example".to_owned())],
        });
        // The certificate is of Instagram: the name that was asked for counts, not the alias.
        if is_public {
            assert_eq!(world.ask().await.status, 200, "{end}");
            assert_eq!(world.origin.dialled(), [end]);
        } else {
            world.is_refused(end, PROHIBITED).await;
            assert!(world.origin.dialled().is_empty(), "{end}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_without_an_address_is_nobodys_fault() {
    if !entered("egress::addresses::a_name_without_an_address_is_nobodys_fault") {
        return;
    }
    let world = World::start(LONG_MS, &[]).await;
    world.names.say(|_, _| Vec::new());
    world
        .is_refused("no address", "the name does not resolve")
        .await;
    world.serves("a name without an address").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_not_used() {
    if !entered("egress::addresses::proxies_of_the_environment_are_not_used") {
        return;
    }
    // At this address, the test's own server would see it.
    let proxy = "http://203.0.113.7:443";
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let small = names.map(str::to_lowercase);
    let variables: Vec<_> = names
        .into_iter()
        .chain(small.iter().map(String::as_str))
        .map(|name| (name, proxy))
        .collect();
    let world = World::start(LONG_MS, &variables).await;
    world.names.lead_to(&[PUBLIC]);
    assert_eq!(world.ask().await.status, 200);
    assert_eq!(world.origin.dialled(), [PUBLIC]);
}
