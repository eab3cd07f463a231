//! What was asked of which host and how it ended, in numbers. A host is called as on the operator's list, so that there
//! are never more names than that list has.

use std::sync::atomic::{AtomicU64, Ordering};

use url::Url;

use super::allowlist::listed;

/// How one request to a host ended, redirects and retries counted by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The host answered, whatever it said: a 404 is a fact, too.
    Answered,
    /// It asked for patience: 429, or 503 with a `Retry-After`.
    Throttled,
    /// It failed: any other 5xx.
    ServerError,
    /// No answer: names, connections, TLS, time.
    Failed,
    /// It was not asked: it had asked for patience before, or failed too often.
    Held,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Answered,
        Self::Throttled,
        Self::ServerError,
        Self::Failed,
        Self::Held,
    ];

    /// For metrics: lower case with underscores.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Throttled => "throttled",
            Self::ServerError => "server_error",
            Self::Failed => "failed",
            Self::Held => "held",
        }
    }

    pub(super) fn of_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            500.. => Self::ServerError,
            _ => Self::Answered,
        }
    }
}

/// How many requests to one host ended in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// As on the operator's list, such as `*.fbcdn.net`.
    pub host: String,
    /// How they ended.
    pub outcome: Outcome,
    /// Since the process began.
    pub count: u64,
}

/// Counts since the process began.
#[derive(Debug)]
pub(super) struct Tally {
    hosts: Vec<(String, [AtomicU64; Outcome::ALL.len()])>,
    media_bytes: AtomicU64,
}

impl Tally {
    pub(super) fn new(hosts: &[String]) -> Self {
        let hosts = hosts.iter().cloned();
        Self {
            hosts: hosts.map(|host| (host, Default::default())).collect(),
            media_bytes: AtomicU64::new(0),
        }
    }

    /// One request; of a host that is on no list nothing is counted, because nothing was sent.
    pub(super) fn count(&self, url: &Url, outcome: Outcome) {
        let host = self
            .hosts
            .iter()
            .find(|(host, _)| listed(url, std::slice::from_ref(host)));
        if let Some((_, counts)) = host {
            counts[outcome as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn add_media_bytes(&self, bytes: usize) {
        self.media_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn media_bytes(&self) -> u64 {
        self.media_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        let each = self.hosts.iter().flat_map(|(host, counts)| {
            Outcome::ALL.into_iter().map(|outcome| Asked {
                host: host.clone(),
                outcome,
                count: counts[outcome as usize].load(Ordering::Relaxed),
            })
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn there_are_never_more_names_than_on_the_list() {
        let tally = Tally::new(&["instagram.com".to_owned(), "*.fbcdn.net".to_owned()]);
        let before = tally.asked().len();
        for number in 0..1000 {
            for host in ["fbcdn.net", "example.com", "instagram.com.example.com"] {
                let url = format!("https://scontent-{number}.{host}/x.jpg?secret");
                tally.count(&Url::parse(&url).unwrap(), Outcome::Answered);
            }
        }
        let asked = tally.asked();
        assert_eq!(asked.len(), before);
        let counted: Vec<_> = asked.iter().filter(|it| it.count > 0).collect();
        assert_eq!(counted.len(), 1);
        assert_eq!(
            (counted[0].host.as_str(), counted[0].count),
            ("*.fbcdn.net", 1000)
        );
    }
}
