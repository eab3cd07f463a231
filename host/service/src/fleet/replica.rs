//! A replica as the others see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::database::ReplicaRow;

/// One replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replica {
    /// Its id: a new one after each start.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// Replicas with the same name here share one address towards Instagram.
    pub egress: String,
    /// Milliseconds since 1970, like the next.
    pub started_at_ms: u64,
    /// Its last heartbeat.
    pub seen_at_ms: u64,
    /// What it says of itself.
    pub report: Report,
}

/// What a replica says of itself. Fields are only added, because replicas of two releases read each other's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Whether it is about to stop and should get no new requests.
    pub draining: bool,
    /// The number of jobs that it runs.
    pub jobs: u64,
    /// The version of each plugin that serves: its digest.
    pub plugins: BTreeMap<String, String>,
    /// The hosts of Instagram to which it sends nothing for a while.
    pub paused: Vec<Paused>,
}

/// A host to which a replica sends nothing for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The host.
    pub host: String,
    /// The status with which it asked; `None`: it failed too often.
    pub status: Option<u16>,
    /// Milliseconds since 1970.
    pub until_ms: u64,
}

impl From<ReplicaRow> for Replica {
    fn from(row: ReplicaRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            version: row.version,
            egress: row.egress,
            started_at_ms: row.started_at.unsigned_abs(),
            seen_at_ms: row.seen_at.unsigned_abs(),
            // A release that writes it in another way says nothing of itself that this one understands.
            report: serde_json::from_str(&row.state).unwrap_or_default(),
        }
    }
}
