//! An exact sliding window per client; the clock is passed in. Independent of HTTP.

mod window;

use std::{
    collections::{HashMap, VecDeque},
    mem,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use self::window::Shared;
use crate::{database::Database, fleet::Fleet};

/// The length of the window.
pub const WINDOW: Duration = Duration::from_secs(60);

/// The maximum number of clients in memory. Beyond it, those not seen for the longest time are dropped first, so that a
/// flood of addresses costs at most 32 MiB.
pub const CLIENTS_MAX: usize = 100_000;

/// The result of a check, with the values for the `RateLimit` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is allowed; a rejected one does not count.
    pub allowed: bool,
    /// The maximum number of requests in any window.
    pub limit: u32,
    /// How many more requests are allowed now.
    pub remaining: u32,
    /// Whole seconds until another request is allowed (when rejected) or until the oldest one leaves the window, at
    /// least 1.
    pub reset_s: u64,
}

/// Where a request was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the database, for all replicas together.
    Database,
    /// In this replica, because the database did not answer: it allows its share of the limit.
    Share,
    /// In this process, which is the only one.
    Process,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::Database, Self::Share, Self::Process];

    /// Its name in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Share => "share",
            Self::Process => "process",
        }
    }
}

/// The requests of each client in the last window. IPv6 clients are grouped by /64; v4-mapped ones count as v4.
pub struct RateLimiter {
    requests_max: u32,
    shared: Option<Shared>,
    epoch: Instant,
    clients: Mutex<Clients>,
    refused: AtomicU64,
    /// The number of decisions in each [`Place`].
    decided: [AtomicU64; Place::ALL.len()],
}

impl RateLimiter {
    /// Allows `requests_max` in any 60 s; 0 disables the limit.
    #[must_use]
    pub fn new(requests_max: u32) -> Self {
        Self {
            requests_max,
            shared: None,
            epoch: Instant::now(),
            clients: Mutex::new(Clients::default()),
            refused: AtomicU64::new(0),
            decided: Default::default(),
        }
    }

    /// Counts the requests to all replicas of a fleet together. A request waits at most `patience` for the database; while
    /// that does not answer, each replica allows its share of the limit.
    #[must_use]
    pub fn in_fleet(mut self, fleet: &Fleet, database: &Database, patience: Duration) -> Self {
        self.shared =
            (!fleet.is_alone()).then(|| Shared::new(fleet.clone(), database.clone(), patience));
        self
    }

    /// The maximum number of requests in any 60 s; 0 means no limit.
    #[must_use]
    pub fn requests_max(&self) -> u32 {
        self.requests_max
    }

    /// The number of requests rejected since the process began.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The number of requests that were counted in this place since the process began, allowed or rejected.
    #[must_use]
    pub fn decided(&self, place: Place) -> u64 {
        self.decided[place as usize].load(Ordering::Relaxed)
    }

    fn decided_in(&self, place: Place) {
        self.decided[place as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one request of this client to this replica at this moment.
    pub fn check(&self, client: IpAddr, now: Instant) -> Decision {
        self.count(client, self.requests_max, now)
    }

    /// Counts one request of this client to any replica at this moment.
    pub async fn decide(&self, client: IpAddr, now: Instant) -> Decision {
        let limit = self.requests_max;
        let Some(shared) = self.shared.as_ref().filter(|_| limit > 0) else {
            if limit > 0 {
                self.decided_in(Place::Process);
            }
            return self.check(client, now);
        };
        if let Some(decision) = shared.decide(client, limit, now).await {
            self.decided_in(Place::Database);
            if !decision.allowed {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            return decision;
        }
        self.decided_in(Place::Share);
        self.count(client, shared.share(limit), now)
    }

    fn count(&self, client: IpAddr, limit: u32, now: Instant) -> Decision {
        if limit == 0 {
            return Decision {
                allowed: true,
                limit,
                remaining: u32::MAX,
                reset_s: 1,
            };
        }
        let now = now.saturating_duration_since(self.epoch);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = clients.window(client_key(client), now);
        while passed
            .front()
            .is_some_and(|at| *at + micros(WINDOW) <= micros(now))
        {
            passed.pop_front();
        }
        let allowed = passed.len() < limit as usize;
        if allowed {
            passed.push_back(micros(now));
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let oldest = passed.front().copied().unwrap_or_else(|| micros(now));
        let wait_us = (oldest + micros(WINDOW)).saturating_sub(micros(now));
        Decision {
            allowed,
            limit,
            remaining: limit - u32::try_from(passed.len()).unwrap_or(limit).min(limit),
            reset_s: wait_us.div_ceil(1_000_000).max(1),
        }
    }
}

/// The times of each client's allowed requests, oldest first, in microseconds since the limiter was created.
type Passed = HashMap<IpAddr, VecDeque<u64>>;

/// Two generations of clients: a client that is seen moves to the young one. The old one is dropped as a whole, either
/// after a window in which none of its clients was seen (its requests no longer count), or when the young one is full.
#[derive(Debug, Default)]
struct Clients {
    young: Passed,
    old: Passed,
    turned: Duration,
}

impl Clients {
    fn window(&mut self, client: IpAddr, now: Duration) -> &mut VecDeque<u64> {
        if now.saturating_sub(self.turned) >= WINDOW || self.young.len() >= CLIENTS_MAX / 2 {
            self.old = mem::take(&mut self.young);
            self.turned = now;
        }
        let old = &mut self.old;
        self.young
            .entry(client)
            .or_insert_with(|| old.remove(&client).unwrap_or_default())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 2)
}

/// The client that an address belongs to. Groups IPv6 addresses by /64, because whoever has one has all of them.
#[must_use]
pub fn client_key(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests;
