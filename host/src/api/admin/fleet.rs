//! The operator's routes for the fleet: who belongs to it, and whether this replica is about to stop.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{
    api::http::{
        clock,
        error::{ApiError, Code},
    },
    app::App,
    fleet::{Duty, Fleet, Member, Overview, Report},
};

/// The fleet. Times are RFC 3339, UTC, of the clock that all replicas share.
#[derive(Serialize)]
pub(in crate::api) struct Listed {
    /// The replica that answers.
    replica: Named,
    at: String,
    database: Shared,
    /// What does not work as it should, in words.
    degraded: Vec<String>,
    /// Oldest first.
    replicas: Vec<ListedReplica>,
    /// `None`: not known, like the next.
    duties: Option<Vec<ListedDuty>>,
    running: Option<Vec<Running>>,
}

/// A replica by its id and by the name that people know it by.
#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

/// The database as this replica sees it.
#[derive(Serialize)]
struct Shared {
    /// Whether several replicas can share it.
    shared: bool,
    /// Since when it has not answered.
    away_since: Option<String>,
}

#[derive(Serialize)]
struct ListedReplica {
    #[serde(flatten)]
    named: Named,
    version: String,
    egress: String,
    started_at: String,
    seen_at: String,
    /// The age of its last heartbeat, milliseconds.
    silent_ms: u64,
    alive: bool,
    report: Report,
}

#[derive(Serialize)]
struct ListedDuty {
    duty: String,
    #[serde(flatten)]
    holder: Named,
    until: String,
}

/// The jobs that one replica runs.
#[derive(Serialize)]
struct Running {
    #[serde(flatten)]
    owner: Named,
    jobs: u64,
}

impl Listed {
    fn new(fleet: &Fleet, overview: Overview) -> Self {
        let names = overview.replicas.iter().map(|it| &it.replica);
        let names: BTreeMap<_, _> = names.map(|it| (it.id.clone(), it.name.clone())).collect();
        let named = |id: String| Named {
            // One that is no longer known is named as one that was given no name.
            name: names
                .get(&id)
                .cloned()
                .unwrap_or_else(|| id.chars().take(8).collect()),
            id,
        };
        let duty = |duty: Duty| ListedDuty {
            duty: duty.name,
            holder: named(duty.holder),
            until: time(duty.until_ms),
        };
        let running = |(owner, jobs)| Running {
            owner: named(owner),
            jobs,
        };
        Self {
            replica: Named {
                id: fleet.id(),
                name: fleet.name(),
            },
            at: time(overview.now_ms),
            database: Shared {
                shared: overview.is_shared,
                away_since: overview.away_since_ms.map(time),
            },
            degraded: overview.degraded,
            duties: overview
                .duties
                .map(|all| all.into_iter().map(duty).collect()),
            running: overview
                .running
                .map(|all| all.into_iter().map(running).collect()),
            replicas: overview
                .replicas
                .into_iter()
                .map(ListedReplica::from)
                .collect(),
        }
    }
}

impl From<Member> for ListedReplica {
    fn from(member: Member) -> Self {
        let replica = member.replica;
        Self {
            named: Named {
                id: replica.id,
                name: replica.name,
            },
            version: replica.version,
            egress: replica.egress,
            started_at: time(replica.started_at_ms),
            seen_at: time(replica.seen_at_ms),
            silent_ms: member.silent_ms,
            alive: member.is_alive,
            report: replica.report,
        }
    }
}

fn time(ms: u64) -> String {
    clock::datetime(ms / 1000).unwrap_or_default()
}

/// `GET /fleet`: every replica, who does what for all, and what does not work. One machine is a fleet of one.
pub(in crate::api) async fn show(State(fleet): State<Fleet>) -> Result<Json<Listed>, ApiError> {
    let overview = fleet.overview().await;
    let overview = overview.map_err(|error| ApiError::from(Code::ServerError).caused_by(error))?;
    Ok(Json(Listed::new(&fleet, overview)))
}

/// What `/drain` answers.
#[derive(Serialize)]
pub(in crate::api) struct Drain {
    draining: bool,
    /// The number of jobs that this replica still runs.
    jobs: usize,
}

/// `POST /drain`: from now on `/readyz` says that this replica wants no new requests, and it takes no more jobs. It still
/// answers every request, and its running jobs continue.
pub(in crate::api) async fn drain(State(app): State<App>) -> Json<Drain> {
    draining(&app, true)
}

/// `DELETE /drain`: takes it back.
pub(in crate::api) async fn undrain(State(app): State<App>) -> Json<Drain> {
    draining(&app, false)
}

fn draining(app: &App, draining: bool) -> Json<Drain> {
    match (app.fleet.is_draining(), draining) {
        (false, true) => tracing::info!("draining: /readyz says so, and no more jobs are taken"),
        (true, false) => tracing::info!("no longer draining"),
        _ => {}
    }
    app.fleet.drain(draining);
    app.downloads.queue().rest(draining);
    Json(Drain {
        draining,
        jobs: app.downloads.queue().running_here(),
    })
}
