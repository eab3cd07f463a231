//! Counts the requests to each host by their outcome. Hosts are named as on the operator's list, so that there are
//! never more names than on that list.

use std::sync::atomic::{AtomicU64, Ordering};

use url::Url;

use super::allowlist::listed;

/// The outcome of one request to a host. Redirects and retries are counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The host sent a response, whatever it said: a 404 is a fact, too.
    Answered,
    /// It asked us to wait: 429, or 503 with a `Retry-After`.
    Throttled,
    /// It failed with any other 5xx.
    ServerError,
    /// There was no response: DNS, connection, TLS, timeout.
    Failed,
    /// No request was sent: the host had asked us to wait, or had failed too often.
    Held,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [
        Self::Answered,
        Self::Throttled,
        Self::ServerError,
        Self::Failed,
        Self::Held,
    ];

    /// Its name in metrics: lower case with underscores.
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

/// The number of requests to one host with one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCount {
    /// The host as on the operator's list, such as `*.fbcdn.net`.
    pub host: String,
    /// Their outcome.
    pub outcome: Outcome,
    /// The count since the process started.
    pub count: u64,
}

/// Counts since the process started.
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

    /// Counts one request. If the host is on no list, nothing is counted, because nothing was sent.
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

    pub(super) fn asked(&self) -> Vec<RequestCount> {
        let each = self.hosts.iter().flat_map(|(host, counts)| {
            Outcome::ALL.into_iter().map(|outcome| RequestCount {
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
