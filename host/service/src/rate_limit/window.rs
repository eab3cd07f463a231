//! One window for all replicas of a fleet, counted in their database. While that is away, each replica allows its share.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use super::{CLIENTS_MAX, Decision, WINDOW, client_key};
use crate::{
    database::{self, Database},
    fleet::Fleet,
};

/// How long the database is not asked after it did not answer. One request then finds out whether it does.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Where the window is counted.
pub(super) struct Shared {
    fleet: Fleet,
    database: Database,
    /// How long a request waits for the database.
    patience: Duration,
    began: Instant,
    /// Until when it is not asked, milliseconds after `began`; 0: it is asked.
    silent_until_ms: AtomicU64,
    /// The clients that were refused, and until when: no request of theirs can be allowed before.
    refused: Mutex<HashMap<IpAddr, Instant>>,
}

impl Shared {
    pub(super) fn new(fleet: Fleet, database: Database, patience: Duration) -> Self {
        Self {
            fleet,
            database,
            patience,
            began: Instant::now(),
            silent_until_ms: AtomicU64::new(0),
            refused: Mutex::default(),
        }
    }

    /// Counts one request; `None` if the database does not answer.
    pub(super) async fn decide(
        &self,
        client: IpAddr,
        limit: u32,
        now: Instant,
    ) -> Option<Decision> {
        let client = client_key(client);
        if let Some(until) = self.refused_until(client, now) {
            return Some(refusal(limit, until - now));
        }
        if !self.may_ask(now) {
            return None;
        }
        let name = client.to_string();
        let window = self.database.admit(&name, (limit, WINDOW), self.patience);
        match window.await {
            Ok(window) => {
                self.silent_until_ms.store(0, Ordering::Relaxed);
                let window = window?;
                if !window.allowed {
                    self.remember(client, now + window.frees_in, now);
                    return Some(refusal(limit, window.frees_in));
                }
                let used = u32::try_from(window.used).unwrap_or(limit);
                Some(Decision {
                    allowed: true,
                    limit,
                    remaining: limit.saturating_sub(used),
                    reset_s: whole_seconds(window.frees_in),
                })
            }
            Err(error) => {
                self.be_silent(&error, now);
                None
            }
        }
    }

    /// What one replica allows while the database is away: all replicas together stay within the limit.
    pub(super) fn share(&self, limit: u32) -> u32 {
        (limit / self.fleet.size()).max(1)
    }

    /// Returns whether the database may be asked now. Of several requests after a silence, one finds out.
    fn may_ask(&self, now: Instant) -> bool {
        let until = self.silent_until_ms.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let next = self.ms(now + ASK_AGAIN);
        let silent = &self.silent_until_ms;
        let ours = || silent.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed);
        until <= self.ms(now) && ours().is_ok()
    }

    fn be_silent(&self, error: &database::Error, now: Instant) {
        let until = self.ms(now + ASK_AGAIN);
        if self.silent_until_ms.swap(until, Ordering::Relaxed) == 0 {
            let replicas = self.fleet.size();
            tracing::warn!(%error, replicas, "each replica counts requests by itself, and allows its share");
        }
    }

    fn refused_until(&self, client: IpAddr, now: Instant) -> Option<Instant> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *refused.get(&client)?;
        if until > now {
            return Some(until);
        }
        refused.remove(&client);
        None
    }

    fn remember(&self, client: IpAddr, until: Instant, now: Instant) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= CLIENTS_MAX {
            refused.retain(|_, until| *until > now);
        }
        // Whoever is not remembered is refused by the database.
        if refused.len() < CLIENTS_MAX {
            refused.insert(client, until);
        }
    }

    /// Milliseconds after `began`; never 0, which stands for no silence.
    fn ms(&self, at: Instant) -> u64 {
        let passed = at.saturating_duration_since(self.began).as_millis();
        u64::try_from(passed).unwrap_or(u64::MAX).max(1)
    }
}

fn refusal(limit: u32, wait: Duration) -> Decision {
    Decision {
        allowed: false,
        limit,
        remaining: 0,
        reset_s: whole_seconds(wait),
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_micros().div_ceil(1_000_000))
        .unwrap_or(u64::MAX)
        .max(1)
}
