//! Limits how fast, and whether, requests are sent to a host: spacing, `Retry-After`, a breaker, requests at once.
//! With an override or a replay, only the number of requests at once is limited.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

use super::Limits;
use crate::contract::FetchError;

/// Maximum number of hosts that are remembered before idle ones are forgotten.
const HOSTS_MAX: usize = 1024;

/// Why no request is sent to a host now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// It sent `Retry-After` with this status, and this much time is left.
    Throttled(u16, Duration),
    /// It failed too often.
    Broken,
}

/// A host to which nothing is sent for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPause {
    /// The host.
    pub host: String,
    /// The status with which it asked for the pause; `None`: it failed too often.
    pub status: Option<u16>,
    /// How much of it is left.
    pub left: Duration,
}

/// The result of a request, as far as its host is responsible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostResult {
    /// It sent a response.
    Answered,
    /// It sent a response with this status and asked us to come back after this time.
    Throttled(u16, Duration),
    /// It could not be reached, or the connection broke off.
    Failed,
}

/// The state of one host. The current time is passed in.
#[derive(Debug, Default)]
struct Host {
    /// The earliest start of the next request.
    next: Option<Instant>,
    throttled: Option<(u16, Instant)>,
    /// Failures in a row.
    failures: u32,
    open_until: Option<Instant>,
}

impl Host {
    /// Returns when a request may start, if `sharers` processes share the address. `jitter` is between 0 and 1.
    fn admit(
        &mut self,
        limits: &Limits,
        sharers: u32,
        now: Instant,
        jitter: f64,
    ) -> Result<Instant, Pause> {
        if let Some((status, until)) = self.throttled.filter(|(_, until)| *until > now) {
            return Err(Pause::Throttled(status, until - now));
        }
        if let Some(until) = self.open_until {
            if until > now {
                return Err(Pause::Broken);
            }
            // Lets one probe through. The others wait for the same time again, or for the probe's success.
            self.open_until = Some(now + self.pause(limits));
        }
        let start = self.next.map_or(now, |next| next.max(now));
        let spacing = Duration::from_millis(limits.spacing_ms_min) * sharers;
        self.next = Some(start + spacing + spacing.mul_f64(jitter / 2.0));
        Ok(start)
    }

    fn ended(&mut self, limits: &Limits, now: Instant, ended: HostResult) {
        if ended == HostResult::Failed {
            self.failures = self.failures.saturating_add(1);
            if self.failures >= limits.breaker_failures {
                self.open_until = Some(now + self.pause(limits));
            }
            return;
        }
        self.failures = 0;
        self.open_until = None;
        if let HostResult::Throttled(status, wait) = ended {
            let wait = wait.min(Duration::from_secs(limits.retry_after_s_max));
            self.throttled = Some((status, now + wait));
        }
    }

    /// Why nothing is sent to it now, and for how long.
    fn pausing(&self, now: Instant) -> Option<(Option<u16>, Duration)> {
        if let Some((status, until)) = self.throttled.filter(|(_, until)| *until > now) {
            return Some((Some(status), until - now));
        }
        let until = self.open_until.filter(|until| *until > now)?;
        Some((None, until - now))
    }

    /// Returns how long the breaker stays open after this many failures.
    fn pause(&self, limits: &Limits) -> Duration {
        let doublings = self
            .failures
            .saturating_sub(limits.breaker_failures)
            .min(16);
        let pause = limits.breaker_open_ms_min << doublings;
        Duration::from_millis(pause.min(limits.breaker_open_ms_max))
    }

    fn idle(&self, now: Instant) -> bool {
        self.failures == 0
            && self.next.is_none_or(|next| next <= now)
            && self.throttled.is_none_or(|(_, until)| until <= now)
    }
}

/// The hosts to which requests were sent lately.
#[derive(Debug)]
pub(super) struct Pacing {
    limits: Limits,
    /// If false, only the number of requests at once is limited.
    paced: bool,
    /// The number of processes that send from the same address, this one among them.
    sharers: AtomicU32,
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, (Arc<Semaphore>, Host)>>,
}

/// A permit for a request in flight; return it with [`Pacing::ended`].
#[derive(Debug)]
pub(super) struct Turn {
    host: String,
    _permits: [OwnedSemaphorePermit; 2],
}

impl Pacing {
    pub(super) fn new(limits: Limits, paced: bool) -> Self {
        Self {
            paced,
            sharers: AtomicU32::new(1),
            all: Arc::new(Semaphore::new(limits.in_flight_max)),
            hosts: Mutex::default(),
            limits,
        }
    }

    /// Waits until a request may be sent to `host`.
    pub(super) async fn turn(&self, host: &str) -> Result<Turn, Pause> {
        let slots = self.with(host, |slots, _| Arc::clone(slots));
        // A host's own queue comes first, so that a slow host does not use up the permits of all hosts.
        let own = permit(slots).await?;
        let permits = [own, permit(Arc::clone(&self.all)).await?];
        if self.paced {
            let sharers = self.sharers.load(Ordering::Relaxed);
            let start = self.with(host, |_, state| {
                state.admit(&self.limits, sharers, Instant::now(), jitter())
            })?;
            sleep_until(start).await;
        }
        Ok(Turn {
            host: host.to_owned(),
            _permits: permits,
        })
    }

    /// Sets the number of processes that send from the same address; each takes its share of the requests.
    pub(super) fn share(&self, sharers: u32) {
        self.sharers.store(sharers.max(1), Ordering::Relaxed);
    }

    /// The hosts to which nothing is sent now, and why.
    pub(super) fn pauses(&self) -> Vec<HostPause> {
        let now = Instant::now();
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let pauses = hosts.iter().filter_map(|(host, (_, state))| {
            let (status, left) = state.pausing(now)?;
            Some(HostPause {
                host: host.clone(),
                status,
                left,
            })
        });
        pauses.collect()
    }

    /// Sends nothing to a host for a while, because it asked another process that sends from the same address for that, or
    /// failed it too often.
    pub(super) fn pause(&self, host: &str, status: Option<u16>, left: Duration) {
        let left = left.min(Duration::from_secs(self.limits.retry_after_s_max));
        let until = Instant::now() + left;
        self.with(host, |_, state| match status {
            Some(status) => {
                let later = |(_, known): &(u16, Instant)| *known < until;
                if state.throttled.as_ref().is_none_or(later) {
                    state.throttled = Some((status, until));
                }
            }
            None => state.open_until = state.open_until.max(Some(until)),
        });
    }

    /// Updates the state of a host after a request ended.
    pub(super) fn ended(&self, turn: Turn, ended: HostResult) {
        self.with(&turn.host, |_, state| {
            state.ended(&self.limits, Instant::now(), ended);
        });
    }

    fn with<T>(&self, host: &str, act: impl FnOnce(&Arc<Semaphore>, &mut Host) -> T) -> T {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_MAX && !hosts.contains_key(host) {
            let now = Instant::now();
            // A request in flight or in the queue holds the semaphore too.
            hosts.retain(|_, (slots, state)| Arc::strong_count(slots) > 1 || !state.idle(now));
        }
        let (slots, state) = hosts.entry(host.to_owned()).or_insert_with(|| {
            let slots = Semaphore::new(self.limits.in_flight_per_host_max);
            (Arc::new(slots), Host::default())
        });
        act(slots, state)
    }
}

impl HostResult {
    /// Returns what a failed fetch says about its host: no failure if our own rules or limits ended it.
    pub(super) fn failed(error: &FetchError) -> Self {
        match error {
            FetchError::DnsError
            | FetchError::DestinationUnavailable
            | FetchError::ConnectionRefused
            | FetchError::ConnectionTerminated
            | FetchError::ConnectionTimeout
            | FetchError::TlsProtocolError
            | FetchError::HttpResponseTimeout
            | FetchError::HttpResponseIncomplete => Self::Failed,
            _ => Self::Answered,
        }
    }
}

/// Acquires a permit. Semaphores here are never closed; if one were, the host would count as broken.
async fn permit(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Pause> {
    semaphore.acquire_owned().await.map_err(|_| Pause::Broken)
}

/// A random number between 0 and 1. The hasher's keys are the only randomness needed here.
fn jitter() -> f64 {
    f64::from(RandomState::new().hash_one(0_u8) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
