//! Checks of PostgreSQL: what it is, what we may do there, how it is reached, and whether it has room for the fleet.

use super::{Finding, machine::SET_CLOCK};
use crate::{
    config::Config,
    database::{Examination, examine},
    fleet::ALIVE_MS,
};

/// Maximum difference of the clocks that is not worth a word, milliseconds.
const CLOCK_MS_MAX: u64 = 5_000;

/// The findings; one if there is no database to share.
pub(super) async fn look(config: &Config) -> Vec<Finding> {
    const WHAT: &str = "database";
    let Some(address) = &config.database.address else {
        return vec![Finding::good(WHAT, "SQLite in the data folder")];
    };
    let mut findings = vec![];
    if address.has_password {
        let said = "it is in the address: a file of its own is safer (database_password_file)";
        findings.push(Finding::note("database password", said));
    }
    match examine(&config.database, ALIVE_MS).await {
        Err(error) => findings.push(Finding::bad(WHAT, error.to_string())),
        Ok(found) => findings.extend([
            version(&found),
            rights(&found),
            tls(&found),
            clock(&found),
            connections(&found),
        ]),
    }
    findings
}

fn version(found: &Examination) -> Finding {
    const WHAT: &str = "database";
    let ms = found.round_trip.as_secs_f64() * 1000.0;
    let said = format!("PostgreSQL {}, answers in {ms:.2} ms", found.version);
    match (found.is_supported, found.is_newer) {
        (false, _) => Finding::bad(WHAT, format!("{said}; 14 is the oldest that is supported")),
        (_, true) => Finding::bad(
            WHAT,
            format!("{said}; its tables are those of a newer gramhost: start that one"),
        ),
        _ => Finding::good(WHAT, said),
    }
}

fn rights(found: &Examination) -> Finding {
    const WHAT: &str = "database rights";
    match &found.missing_right {
        None => Finding::good(WHAT, "may create, read and write tables"),
        Some(missing) => Finding::bad(
            WHAT,
            format!("{missing}: make the role the owner of its database"),
        ),
    }
}

fn tls(found: &Examination) -> Finding {
    const WHAT: &str = "database TLS";
    match &found.tls {
        Some(tls) if found.is_verified => {
            Finding::good(WHAT, format!("{tls}, certificate checked"))
        }
        Some(tls) => Finding::note(
            WHAT,
            format!(
                "{tls}, but anybody may answer: add sslmode=verify-full and sslrootcert to the address"
            ),
        ),
        None if found.is_local => Finding::good(WHAT, "none: PostgreSQL is on this machine"),
        None => Finding::note(
            WHAT,
            "none: others on the network can read along; add sslmode=verify-full and sslrootcert to the address",
        ),
    }
}

/// Replicas follow the clock of the database, so a difference does no harm by itself.
fn clock(found: &Examination) -> Finding {
    const WHAT: &str = "database clock";
    let ms = found.clock_ahead_ms;
    let said = match ms {
        0.. => format!("{ms} ms ahead of this machine"),
        _ => format!("{} ms behind this machine", ms.unsigned_abs()),
    };
    if ms.unsigned_abs() > CLOCK_MS_MAX {
        let said =
            format!("{said}; replicas follow the database, but one of the two clocks is wrong");
        return Finding::note(WHAT, said).get(SET_CLOCK.0, SET_CLOCK.1);
    }
    Finding::good(WHAT, said)
}

/// While replicas are replaced one after the other, there is one more than usual.
fn connections(found: &Examination) -> Finding {
    const WHAT: &str = "connections";
    let (most, each) = (found.connections_max, found.connections_of_a_replica);
    let (room, alive) = (found.replicas_max(), found.replicas);
    let said = format!(
        "PostgreSQL accepts {most}, a replica uses {each}: room for {room} replicas; {alive} are alive"
    );
    match alive < room && room > 1 {
        true => Finding::good(WHAT, said),
        false => Finding::note(
            WHAT,
            format!(
                "{said}. A rolling upgrade needs one more: raise max_connections, or lower limits.database_connections_max"
            ),
        ),
    }
}
