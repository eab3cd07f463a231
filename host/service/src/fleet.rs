//! The replicas that share one database: who is alive, and what each says of itself. A server with a database of its own
//! is a fleet of one.
//!
//! Every replica stores a heartbeat every two seconds and reads those of the others. Its clock follows that of the
//! database, so that all replicas agree on when a lease or a file ends.

mod overview;
mod replica;
#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

pub use overview::{Duty, Member, Overview};
pub use replica::{Paused, Replica, Report};

use crate::{
    clock::Clock,
    database::{self, Database, Note, ReplicaRow},
};

/// The interval of heartbeats.
const BEAT_EVERY: Duration = Duration::from_secs(2);
/// How long after its last heartbeat a replica counts as alive, milliseconds.
pub const ALIVE_MS: u64 = 10_000;
/// How long a replica that is no longer alive is remembered, milliseconds: a day.
const REMEMBER_MS: u64 = 24 * 3_600 * 1_000;
/// How much of its id is the name of a replica that the operator gave none, bytes.
const NAME_BYTES: usize = 8;
/// The pause before listening is tried again.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

/// Settings of a replica.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name of this replica, for people; `None`: the beginning of its id.
    pub name: Option<String>,
    /// Replicas with the same name here share one address towards Instagram, and so its patience.
    pub egress: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            egress: "default".to_owned(),
        }
    }
}

/// The fleet as this replica sees it. A cheap handle.
#[derive(Clone)]
pub struct Fleet(Arc<Inner>);

struct Inner {
    config: Config,
    database: Database,
    clock: Clock,
    started_at_ms: u64,
    /// What this replica says of itself, besides the next.
    report: Mutex<Report>,
    draining: AtomicBool,
    /// The replicas that are alive, this one among them, oldest first; at least this one.
    alive: watch::Sender<Arc<[Replica]>>,
    /// Since when the database has not answered, milliseconds since 1970; 0: it answers.
    away_since_ms: AtomicU64,
    /// Counts the notes that other replicas sent, of each kind.
    jobs: watch::Sender<u64>,
    plugins: watch::Sender<u64>,
}

impl Fleet {
    /// Joins the fleet of a database. From here on `clock` shows the database's time.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn join(
        config: Config,
        database: Database,
        clock: Clock,
    ) -> Result<Self, database::Error> {
        database.correct(&clock).await?;
        let fleet = Self(Arc::new(Inner {
            started_at_ms: clock.now_ms(),
            config,
            database,
            clock,
            report: Mutex::default(),
            draining: AtomicBool::new(false),
            alive: watch::Sender::new(Arc::default()),
            away_since_ms: AtomicU64::new(0),
            jobs: watch::Sender::new(0),
            plugins: watch::Sender::new(0),
        }));
        fleet.0.alive.send_replace([fleet.own()].into());
        if !fleet.is_alone() {
            fleet.beat().await?;
        }
        Ok(fleet)
    }

    /// Returns whether no other replica can exist.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        !self.0.database.is_shared()
    }

    /// The replicas that are alive, this one among them, oldest first.
    #[must_use]
    pub fn alive(&self) -> Arc<[Replica]> {
        Arc::clone(&self.0.alive.borrow())
    }

    /// Changes with every heartbeat.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<[Replica]>> {
        self.0.alive.subscribe()
    }

    /// The id of this replica.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.database.process().to_string()
    }

    /// The name of this replica, for people.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.0.config.name.clone();
        name.unwrap_or_else(|| self.id()[..NAME_BYTES].to_owned())
    }

    /// The number of replicas that are alive, at least 1.
    #[must_use]
    pub fn size(&self) -> u32 {
        u32::try_from(self.0.alive.borrow().len())
            .unwrap_or(u32::MAX)
            .max(1)
    }

    /// The number of replicas that are alive and share this one's address towards Instagram, at least 1.
    #[must_use]
    pub fn size_of_egress(&self) -> u32 {
        let alive = self.0.alive.borrow();
        let same = alive.iter().filter(|it| it.egress == self.0.config.egress);
        u32::try_from(same.count()).unwrap_or(u32::MAX).max(1)
    }

    /// The pauses that other replicas behind the same address keep.
    #[must_use]
    pub fn pauses_of_others(&self) -> Vec<Paused> {
        let (own, alive) = (self.id(), self.alive());
        let others = alive
            .iter()
            .filter(|it| it.id != own && it.egress == self.0.config.egress);
        others.flat_map(|it| it.report.paused.clone()).collect()
    }

    /// The present time of the fleet, milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.0.clock.now_ms()
    }

    /// Since when the database has not answered, milliseconds since 1970; `None`: it answers.
    #[must_use]
    pub fn away_since_ms(&self) -> Option<u64> {
        let since = self.0.away_since_ms.load(Ordering::Relaxed);
        (since > 0).then_some(since)
    }

    /// Changes what this replica says of itself with its next heartbeat.
    pub fn report(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.0.report.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Says whether this replica is about to stop, so that it should get no new requests. The others learn it from its next
    /// heartbeat.
    pub fn drain(&self, draining: bool) {
        self.0.draining.store(draining, Ordering::Relaxed);
    }

    /// Returns whether this replica is about to stop. Every response asks.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Changes when another replica says that there is something to look at.
    #[must_use]
    pub fn notes(&self, note: Note) -> watch::Receiver<u64> {
        match note {
            Note::Jobs => self.0.jobs.subscribe(),
            Note::Plugins => self.0.plugins.subscribe(),
        }
    }

    /// Returns whether this replica may do the work `duty` for all until `ms` from now. If the database is away, nobody does.
    pub async fn has_duty(&self, duty: &str, ms: u64) -> bool {
        let now = self.0.clock.now_ms();
        let taken = self.0.database.take_duty(duty, now, now + ms).await;
        taken.unwrap_or(false)
    }

    /// Stores heartbeats and reads those of the others until `shutdown`, and then leaves the fleet.
    pub async fn run(&self, shutdown: CancellationToken) {
        if self.is_alone() {
            return;
        }
        let work = async { tokio::join!(self.beat_on(), self.listen_on()) };
        shutdown.run_until_cancelled(work).await;
        if let Err(error) = self.0.database.remove_replica(&self.id()).await {
            tracing::warn!(%error, "the fleet learns of the end of this replica only from its silence");
        }
    }

    async fn beat_on(&self) {
        let mut every = interval(BEAT_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            match self.beat().await {
                Ok(()) => self.is_back(),
                Err(error) => self.is_away(&error),
            }
        }
    }

    /// One heartbeat.
    async fn beat(&self) -> Result<(), database::Error> {
        let Inner {
            database, clock, ..
        } = &*self.0;
        database.correct(clock).await?;
        let now = clock.now_ms();
        database.beat_replica(&self.row(now)).await?;
        let rows = database.replicas(now.saturating_sub(ALIVE_MS)).await?;
        let alive: Vec<_> = rows.into_iter().map(Replica::from).collect();
        self.0.alive.send_replace(alive.into());
        if self.has_duty("replicas", ALIVE_MS).await {
            database
                .forget_replicas(now.saturating_sub(REMEMBER_MS))
                .await?;
        }
        Ok(())
    }

    fn is_back(&self) {
        let since = self.0.away_since_ms.swap(0, Ordering::Relaxed);
        if since > 0 {
            let ms = self.0.clock.now_ms().saturating_sub(since);
            tracing::info!(ms, "the database answers again");
            // What happened meanwhile was not told.
            self.look_at_everything();
        }
    }

    fn is_away(&self, error: &database::Error) {
        let now = self.0.clock.now_ms();
        let new =
            self.0
                .away_since_ms
                .compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
        if new.is_ok() {
            tracing::error!(%error, "the database does not answer: this replica does what it can without it");
        }
    }

    async fn listen_on(&self) {
        loop {
            if let Err(error) = self.listen().await {
                tracing::debug!(%error, "notes are not heard");
            }
            sleep(LISTEN_AGAIN).await;
        }
    }

    async fn listen(&self) -> Result<(), database::Error> {
        let Some(mut notes) = self.0.database.listen().await? else {
            return Ok(());
        };
        self.look_at_everything();
        loop {
            match notes.next().await? {
                Some(Note::Jobs) => self.0.jobs.send_modify(|count| *count += 1),
                Some(Note::Plugins) => self.0.plugins.send_modify(|count| *count += 1),
                None => self.look_at_everything(),
            }
        }
    }

    /// After a time in which notes may have been missed.
    fn look_at_everything(&self) {
        for notes in [&self.0.jobs, &self.0.plugins] {
            notes.send_modify(|count| *count += 1);
        }
    }

    /// This replica as it is stored.
    fn row(&self, now_ms: u64) -> ReplicaRow {
        let said = self.0.report.lock().unwrap_or_else(PoisonError::into_inner);
        let report = Report {
            draining: self.is_draining(),
            ..said.clone()
        };
        let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let id = self.id();
        ReplicaRow {
            name: self.name(),
            id,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            egress: self.0.config.egress.clone(),
            started_at: signed(self.0.started_at_ms),
            seen_at: signed(now_ms),
            // It contains only numbers and texts.
            state: serde_json::to_string(&report).unwrap_or_default(),
        }
    }

    fn own(&self) -> Replica {
        self.row(self.0.clock.now_ms()).into()
    }
}
