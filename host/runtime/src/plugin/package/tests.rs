//! Packing, unpacking, and data that is rejected because it is false.
#![expect(clippy::unwrap_used, reason = "tests")]

mod fuzz;

use serde_json::json;

use super::*;

/// The smallest component.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

fn case(name: &str, expected: Expected) -> Case {
    Case {
        kind: "post".to_owned(),
        name: name.to_owned(),
        question: Question {
            now: 1,
            session: false,
            query: json!({"kind": "post"}),
        },
        har: Har::default(),
        expected,
    }
}

fn cases() -> Vec<Case> {
    vec![
        case("a", Expected::Record(json!({"id": "1"}))),
        case("b", Expected::Refusal(json!("NotFound"))),
        case("c", Expected::NoFailure),
    ]
}

#[test]
fn what_is_packed_is_read_back() {
    let packed = write(COMPONENT, ("post", "1.2.3"), &cases(), Some("a = 1")).unwrap();
    let package = read(&packed).unwrap();
    assert_eq!(package.cases, cases());
    assert_eq!(package.settings.as_deref(), Some("a = 1"));
    let label = package.label.unwrap();
    assert_eq!((label.name.as_str(), label.cases), ("post", 3));
    assert_eq!(label.component, digest(COMPONENT));
}

#[test]
fn what_was_never_packed_carries_nothing() {
    let package = read(COMPONENT).unwrap();
    assert!(package.cases.is_empty() && package.settings.is_none() && package.label.is_none());
}

#[test]
fn packing_again_replaces_and_gives_the_same_bytes() {
    let once = write(COMPONENT, ("post", "1.0.0"), &cases(), None).unwrap();
    let other = write(&once, ("post", "1.0.0"), &cases()[..1], Some("b = 2")).unwrap();
    assert_eq!(read(&other).unwrap().cases.len(), 1);
    assert_eq!(
        write(&other, ("post", "1.0.0"), &cases(), None).unwrap(),
        once
    );
}

#[test]
fn a_label_of_another_component_is_refused() {
    let mut packed = write(COMPONENT, ("post", "1.0.0"), &[], None).unwrap();
    append(&mut packed, "name", b"post");
    assert!(read(&packed).unwrap_err().contains("another component"));
}

#[test]
fn a_section_twice_is_refused() {
    let mut packed = write(COMPONENT, ("post", "1.0.0"), &[], Some("a = 1")).unwrap();
    append(&mut packed, SETTINGS, b"a = 2");
    assert!(read(&packed).unwrap_err().contains("twice"));
}

#[test]
fn a_bomb_is_refused_before_it_is_in_memory() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..=CASES_BYTES_MAX >> 20 {
        gzip.write_all(&zeros).unwrap();
    }
    let mut packed = COMPONENT.to_vec();
    append(&mut packed, CASES, &gzip.finish().unwrap());
    assert!(packed.len() < 200_000, "{}", packed.len());
    assert!(read(&packed).unwrap_err().contains("bytes of cases"));
}

#[test]
fn a_case_that_holds_a_secret_is_refused() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let har = json!({"log": {"entries": [{
        "request": {"method": "GET", "url": "https://i.instagram.com/",
                    "headers": [{"name": "Cookie", "value": "sessionid=1"}]},
        "response": {"status": 200}
    }]}});
    let cases = json!([{"kind": "post", "name": "a", "har": har.to_string(),
        "question": {"now": 1, "session": false, "query": {}}}]);
    gzip.write_all(cases.to_string().as_bytes()).unwrap();
    let mut packed = COMPONENT.to_vec();
    append(&mut packed, CASES, &gzip.finish().unwrap());
    let refused = read(&packed).unwrap_err();
    assert!(
        refused.contains("post/a") && refused.contains("cookie"),
        "{refused}"
    );
}
