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

/// The migrations that bring a database of any age up to date.
pub(super) fn all() -> Migrator {
    let migration = |(version, description, sql): (i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            Cow::Borrowed(description),
            kind,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.map(migration).to_vec())
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
        let files: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let migrations = MIGRATIONS.map(|(version, description, _)| {
            format!("{version:04}_{}.sql", description.replace(' ', "_"))
        });
        assert_eq!(files, BTreeSet::from(migrations));
    }
}
