//! The migrations, in order. `sqlx::migrate!` would read them from the folder by itself, but would make sqlx and SQLite
//! compile a second time, for the compiler.

use std::borrow::Cow;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

/// Version, description and statements. A database stores all three for each applied migration: only add migrations,
/// never change one.
const MIGRATIONS: [(i64, &str, &str); 8] = [
    (
        1,
        "observations",
        include_str!("../../migrations/0001_observations.sql"),
    ),
    (2, "jobs", include_str!("../../migrations/0002_jobs.sql")),
    (3, "files", include_str!("../../migrations/0003_files.sql")),
    (
        4,
        "plugin history",
        include_str!("../../migrations/0004_plugin_history.sql"),
    ),
    (5, "drift", include_str!("../../migrations/0005_drift.sql")),
    (
        6,
        "job request",
        include_str!("../../migrations/0006_job_request.sql"),
    ),
    (
        7,
        "jobs by order",
        include_str!("../../migrations/0007_jobs_by_order.sql"),
    ),
    (
        8,
        "jobs by expiry",
        include_str!("../../migrations/0008_jobs_by_expiry.sql"),
    ),
];

/// What only a database that replicas share needs. The numbers leave room for the others, which are older than these only
/// by accident.
const FLEET_MIGRATIONS: [(i64, &str, &str); 2] = [
    (
        1001,
        "fleet",
        include_str!("../../migrations/fleet/1001_fleet.sql"),
    ),
    (
        1002,
        "rollouts",
        include_str!("../../migrations/fleet/1002_rollouts.sql"),
    ),
];

/// The migrations that bring SQLite of any age up to date.
pub(super) fn of_sqlite() -> Migrator {
    Migrator::with_migrations(MIGRATIONS.map(migration).to_vec())
}

/// The migrations that bring PostgreSQL of any age up to date. Those of a newer release are left alone: during a rolling
/// upgrade both run, and a newer release only adds (see [`super::postgres`] for what is refused).
pub(super) fn of_postgres() -> Migrator {
    let all = MIGRATIONS.into_iter().chain(FLEET_MIGRATIONS);
    let mut migrator = Migrator::with_migrations(all.map(migration).collect());
    migrator.set_ignore_missing(true);
    migrator
}

/// The number of the newest migration that this program knows.
pub(super) fn newest() -> i64 {
    let all = MIGRATIONS.iter().chain(&FLEET_MIGRATIONS);
    all.map(|(version, ..)| *version).max().unwrap_or_default()
}

fn migration((version, description, sql): (i64, &'static str, &'static str)) -> Migration {
    let kind = MigrationType::Simple;
    Migration::new(
        version,
        Cow::Borrowed(description),
        kind,
        sql.into_sql_str(),
        false,
    )
}

#[cfg(test)]
mod tests {
    //! Checks that no migration file is missing from the list.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::{collections::BTreeSet, fs};

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_migration() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files_of = |folder: &str| -> BTreeSet<String> {
            let files = fs::read_dir(folder)
                .unwrap()
                .map(|file| file.unwrap().file_name());
            files
                .map(|name| name.into_string().unwrap())
                .filter(|name| name.ends_with(".sql"))
                .collect()
        };
        let named = |(version, description, _): (i64, &str, &str)| {
            format!("{version:04}_{}.sql", description.replace(' ', "_"))
        };
        assert_eq!(files_of(folder), BTreeSet::from(MIGRATIONS.map(named)));
        let fleet = format!("{folder}/fleet");
        assert_eq!(
            files_of(&fleet),
            BTreeSet::from(FLEET_MIGRATIONS.map(named))
        );
    }
}
