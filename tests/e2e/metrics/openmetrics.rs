//! A strict parser of the OpenMetrics 1.0 text format: it panics on anything that the standard forbids, and names the
//! line.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample, by name.
pub(super) type Labels = BTreeMap<String, String>;

/// All samples, in order.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    /// The type of each family.
    kinds: BTreeMap<String, String>,
    samples: Vec<(String, Labels, f64)>,
}

impl Exposition {
    /// The value of one series; `None` if it does not exist.
    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let found = self.samples.iter();
        let mut found = found.filter(|(known, has, _)| known == name && *has == labels);
        found.next().map(|(_, _, value)| *value)
    }

    /// Every series.
    pub(super) fn series(&self) -> BTreeSet<(String, Labels)> {
        let samples = self.samples.iter();
        samples
            .map(|(name, labels, _)| (name.clone(), labels.clone()))
            .collect()
    }

    pub(super) fn kind(&self, family: &str) -> Option<&str> {
        self.kinds.get(family).map(String::as_str)
    }
}

pub(super) fn parse(text: &str) -> Exposition {
    let body = text.strip_suffix("# EOF\n").expect("ends with # EOF");
    assert!(!body.contains("# EOF"), "# EOF before the end");
    let mut read = Exposition::default();
    let mut family = String::new();
    let mut said = BTreeSet::new();
    for line in body.lines() {
        match line.strip_prefix("# ") {
            Some(words) => {
                let (what, rest) = words.split_once(' ').expect(line);
                let (name, value) = rest.split_once(' ').expect(line);
                assert!(is_name(name), "{line}");
                assert!(
                    said.insert((what.to_owned(), name.to_owned())),
                    "twice: {line}"
                );
                if name != family {
                    let new = read.kinds.insert(name.to_owned(), "unknown".to_owned());
                    assert!(new.is_none(), "families are interleaved: {line}");
                    name.clone_into(&mut family);
                }
                let samples = read
                    .samples
                    .iter()
                    .any(|(known, ..)| base(known, "", &family));
                assert!(!samples, "metadata behind samples: {line}");
                match what {
                    "HELP" => assert!(!value.is_empty(), "{line}"),
                    "TYPE" => {
                        let kinds = ["counter", "gauge", "histogram", "info", "unknown"];
                        assert!(kinds.contains(&value), "{line}");
                        read.kinds.insert(family.clone(), value.to_owned());
                    }
                    "UNIT" => assert!(name.ends_with(&format!("_{value}")), "{line}"),
                    _ => panic!("neither HELP, TYPE nor UNIT: {line}"),
                }
            }
            None => {
                let sample = sample(line);
                check(&read.kinds[&family], &family, &sample, line);
                read.samples.push(sample);
            }
        }
    }
    assert_eq!(
        read.series().len(),
        read.samples.len(),
        "a series comes twice"
    );
    histograms(&read);
    read
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a sample of this name belongs to the family.
fn base(name: &str, suffix: &str, family: &str) -> bool {
    name.strip_suffix(suffix) == Some(family)
}

/// Parses `name{label="value"} 1.5`.
fn sample(line: &str) -> (String, Labels, f64) {
    let end = line.find(['{', ' ']).expect(line);
    let (name, rest) = line.split_at(end);
    assert!(is_name(name), "{line}");
    let mut labels = Labels::new();
    let mut rest = rest;
    if let Some(mut inside) = rest.strip_prefix('{') {
        while !inside.starts_with('}') {
            let (label, after) = inside.split_once("=\"").expect(line);
            assert!(is_name(label), "{line}");
            let (value, after) = quoted(after, line);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            inside = match after.strip_prefix(',') {
                Some(more) if !more.starts_with('}') => more,
                Some(_) => panic!("a comma too much: {line}"),
                None => after,
            };
        }
        rest = &inside[1..];
    }
    let value = rest.strip_prefix(' ').expect(line);
    let value = match value {
        "+Inf" => f64::INFINITY,
        value => value.parse().expect(line),
    };
    (name.to_owned(), labels, value)
}

/// Parses up to the closing quote; only three characters are escaped.
fn quoted<'a>(text: &'a str, line: &str) -> (String, &'a str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => match letters.next().map(|(_, letter)| letter) {
                Some('n') => value.push('\n'),
                Some(letter @ ('\\' | '"')) => value.push(letter),
                _ => panic!("no such escape: {line}"),
            },
            letter => value.push(letter),
        }
    }
    panic!("a label does not end: {line}")
}

/// Checks a sample against the type of its family.
fn check(kind: &str, family: &str, (name, labels, value): &(String, Labels, f64), line: &str) {
    match kind {
        "counter" => {
            assert!(base(name, "_total", family), "{line}");
            assert!(value.is_finite() && *value >= 0.0, "{line}");
        }
        "gauge" => assert!(base(name, "", family) && !value.is_nan(), "{line}"),
        "info" => assert!(base(name, "_info", family) && *value == 1.0, "{line}"),
        "histogram" if base(name, "_bucket", family) => {
            assert!(labels.contains_key("le"), "{line}");
        }
        "histogram" => {
            assert!(
                base(name, "_sum", family) || base(name, "_count", family),
                "{line}"
            );
            assert!(*value >= 0.0, "{line}");
        }
        kind => panic!("{kind}: {line}"),
    }
}

/// Checks that buckets grow, and that the infinite one equals the count.
fn histograms(read: &Exposition) {
    for (name, labels, count) in &read.samples {
        let Some(family) = name.strip_suffix("_count") else {
            continue;
        };
        assert_eq!(read.kind(family), Some("histogram"));
        let mut before = (f64::NEG_INFINITY, 0.0);
        for (bucket, with, value) in &read.samples {
            let mut with = with.clone();
            let Some(le) = with
                .remove("le")
                .filter(|_| base(bucket, "_bucket", family))
            else {
                continue;
            };
            if with == *labels {
                let le = if le == "+Inf" {
                    f64::INFINITY
                } else {
                    le.parse().unwrap()
                };
                assert!(
                    le > before.0 && *value >= before.1,
                    "{name} {labels:?} {le}"
                );
                before = (le, *value);
            }
        }
        assert_eq!(before, (f64::INFINITY, *count), "{name} {labels:?}");
    }
}

#[test]
fn what_the_standard_forbids_is_seen() {
    parse("# HELP a_b What.\n# TYPE a_b counter\na_b_total{c=\"d\\\"\"} 1\n# EOF\n");
    for wrong in [
        "# TYPE a counter\na_total 1\n",
        "# TYPE a counter\na 1\n# EOF\n",
        "# TYPE a counter\na_total -1\n# EOF\n",
        "# TYPE a gauge\na 1\na 1\n# EOF\n",
        "# TYPE a gauge\na{b=\"c} 1\n# EOF\n",
        "# TYPE a gauge\na{b=\"\\c\"} 1\n# EOF\n",
        "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# HELP a x\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n# EOF\n",
    ] {
        assert!(
            std::panic::catch_unwind(|| parse(wrong)).is_err(),
            "{wrong}"
        );
    }
}
