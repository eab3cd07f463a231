//! The whole fleet as operators see it: every replica, who does what for all, and what does not work as it should.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{ALIVE_MS, Fleet, Replica};
use crate::database::Error;

/// How long a replica that ended without a word is shown, milliseconds: an hour.
const SHOWN_MS: u64 = 3_600 * 1_000;

/// The fleet at one moment. Times are milliseconds since 1970, of the database's clock.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The present time.
    pub now_ms: u64,
    /// Whether several replicas can share the database.
    pub is_shared: bool,
    /// Since when the database has not answered this replica; `None`: it answers.
    pub away_since_ms: Option<u64>,
    /// The replicas that are alive, and those that ended without a word lately, oldest first. While the database is away,
    /// those that were alive before.
    pub replicas: Vec<Member>,
    /// Who does which work for all; `None` if it is not known, because the database is away.
    pub duties: Option<Vec<Duty>>,
    /// The number of running jobs by the id of the replica that runs them; `None` if it is not known.
    pub running: Option<Vec<(String, u64)>>,
    /// What does not work as it should, in words.
    pub degraded: Vec<String>,
}

/// A replica, and how long it has been silent.
#[derive(Clone, Debug)]
pub struct Member {
    /// The replica.
    pub replica: Replica,
    /// The time since its last heartbeat, milliseconds.
    pub silent_ms: u64,
    /// Whether it counts as alive.
    pub is_alive: bool,
}

/// Work that one replica at a time does for all.
#[derive(Clone, Debug)]
pub struct Duty {
    /// What it is.
    pub name: String,
    /// The id of the replica that does it.
    pub holder: String,
    /// From when on another replica may take it.
    pub until_ms: u64,
}

impl Fleet {
    /// What this replica cannot do at the moment, in words; empty if nothing is wrong.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let now = self.0.clock.now_ms();
        let away = self.away_since_ms().map(|since| {
            let seconds = now.saturating_sub(since) / 1000;
            format!(
                "the database has not answered for {seconds} s: downloads are refused, and each replica counts requests alone"
            )
        });
        away.into_iter().collect()
    }

    /// The whole fleet. If the database is away, it is not asked.
    ///
    /// # Errors
    /// If the database fails otherwise.
    pub async fn overview(&self) -> Result<Overview, Error> {
        let known = match self.away_since_ms() {
            Some(_) => None,
            None => match self.ask().await {
                Err(error) if error.is_away() => None,
                asked => Some(asked?),
            },
        };
        let now_ms = self.0.clock.now_ms();
        let is_known = known.is_some();
        let (replicas, duties, running) = match known {
            Some((replicas, duties, running)) => (replicas, Some(duties), Some(running)),
            None => (self.alive().to_vec(), None, None),
        };
        let members = replicas.into_iter().map(|it| self.member(it, now_ms));
        let mut replicas: Vec<_> = members.collect();
        if !is_known {
            // They are silent only because nobody can be heard.
            replicas.iter_mut().for_each(|it| it.is_alive = true);
        }
        let mut degraded = self.reasons();
        degraded.extend(differences(&replicas, now_ms));
        Ok(Overview {
            now_ms,
            is_shared: !self.is_alone(),
            away_since_ms: self.away_since_ms(),
            replicas,
            duties,
            running,
            degraded,
        })
    }

    /// What only the database knows.
    async fn ask(&self) -> Result<(Vec<Replica>, Vec<Duty>, Vec<(String, u64)>), Error> {
        let database = &self.0.database;
        let running = database.running_jobs().await?;
        if self.is_alone() {
            return Ok((vec![self.own()], Vec::new(), running));
        }
        let since = self.0.clock.now_ms().saturating_sub(SHOWN_MS);
        let replicas = database.replicas(since).await?;
        let duties = database.duties().await?.into_iter();
        let duties = duties.map(|(name, holder, until_ms)| Duty {
            name,
            holder,
            until_ms,
        });
        let replicas = replicas.into_iter().map(Replica::from);
        Ok((replicas.collect(), duties.collect(), running))
    }

    fn member(&self, replica: Replica, now_ms: u64) -> Member {
        let own = self.own();
        let silent_ms = now_ms.saturating_sub(replica.seen_at_ms);
        let is_own = replica.id == own.id;
        Member {
            silent_ms,
            is_alive: is_own || silent_ms <= ALIVE_MS,
            // The others know what this replica said last; it knows better.
            replica: Replica {
                report: if is_own { own.report } else { replica.report },
                ..replica
            },
        }
    }
}

/// What does not fit together, or is not as it should be, in words.
fn differences(members: &[Member], now_ms: u64) -> Vec<String> {
    let mut words = Vec::new();
    let alive = || {
        members
            .iter()
            .filter(|it| it.is_alive)
            .map(|it| &it.replica)
    };
    for silent in members.iter().filter(|it| !it.is_alive) {
        let seconds = silent.silent_ms / 1000;
        let name = &silent.replica.name;
        words.push(format!("{name} has been silent for {seconds} s"));
    }
    let versions: BTreeSet<_> = alive().map(|it| it.version.as_str()).collect();
    if versions.len() > 1 {
        let versions: Vec<_> = versions.into_iter().collect();
        let versions = versions.join(" and ");
        words.push(format!("the replicas run different releases: {versions}"));
    }
    let mut plugins = BTreeMap::<_, BTreeSet<_>>::new();
    for (name, digest) in alive().flat_map(|it| &it.report.plugins) {
        plugins.entry(name).or_default().insert(digest);
    }
    for (name, digests) in plugins {
        if digests.len() > 1 {
            words.push(format!(
                "the replicas serve {} versions of the plugin {name}",
                digests.len()
            ));
        }
    }
    for replica in alive() {
        let name = &replica.name;
        if replica.report.draining {
            words.push(format!(
                "{name} is draining: it wants no new requests and takes no jobs"
            ));
        }
        for paused in replica
            .report
            .paused
            .iter()
            .filter(|it| it.until_ms > now_ms)
        {
            let seconds = (paused.until_ms - now_ms).div_ceil(1000);
            let host = &paused.host;
            words.push(format!("{name} sends nothing to {host} for {seconds} s"));
        }
    }
    words
}
