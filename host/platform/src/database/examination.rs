//! Looks at PostgreSQL without changing it: what it is, what we may do there, and how far away it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sqlx::{Connection as _, PgConnection, postgres::PgSslMode};

use super::{Config, Error, migrations, postgres, stored};

/// How many questions measure the round trip; the shortest one counts, because the others have waited for something else.
const ROUNDS: u32 = 5;
/// Creates a table as a migration would, in a transaction that is rolled back.
const CREATE: &str = "CREATE TABLE gramhost_examination (id TEXT NOT NULL PRIMARY KEY)";
/// The tables that exist already and that we may not read or write.
const FORBIDDEN: &str = "SELECT string_agg(tablename, ', ' ORDER BY tablename) FROM pg_tables
     WHERE schemaname = current_schema() AND NOT (
         has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'SELECT')
         AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'INSERT')
         AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'UPDATE')
         AND has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), 'DELETE'))";

/// What PostgreSQL is like for a replica that would use it.
#[derive(Clone, Debug, Default)]
pub struct Examination {
    /// Its version, as it writes it.
    pub version: String,
    /// Whether that version is one that is supported.
    pub is_supported: bool,
    /// Why the role may not do what a replica does; `None` if it may.
    pub missing_right: Option<String>,
    /// Whether a newer release has made the tables, which this one cannot work beside.
    pub is_newer: bool,
    /// The protocol and the cipher of TLS; `None` if the connection is not encrypted.
    pub tls: Option<String>,
    /// Whether the certificate of the server is checked.
    pub is_verified: bool,
    /// Whether it was reached without a network.
    pub is_local: bool,
    /// The shortest time of a question and its answer.
    pub round_trip: Duration,
    /// By how much its clock is ahead of the one of this machine, milliseconds.
    pub clock_ahead_ms: i64,
    /// How many connections it accepts from roles that are not superusers.
    pub connections_max: u64,
    /// How many one replica may use.
    pub connections_of_a_replica: u64,
    /// The number of replicas that use it now.
    pub replicas: u64,
}

impl Examination {
    /// How many replicas find room.
    #[must_use]
    pub fn replicas_max(&self) -> u64 {
        self.connections_max / self.connections_of_a_replica.max(1)
    }
}

/// Connects to PostgreSQL as a replica does, and looks at it. Nothing is left behind. A replica counts for `alive_ms` after its
/// last heartbeat.
///
/// # Errors
/// [`Error::Address`], [`Error::Unusable`] if it cannot be reached, [`Error::Slow`], [`Error::Sql`].
pub async fn examine(config: &Config, alive_ms: u64) -> Result<Examination, Error> {
    let options = config.options()?;
    let is_local = options.get_socket().is_some()
        || matches!(options.get_host(), "localhost" | "127.0.0.1" | "::1");
    let is_verified = matches!(
        options.get_ssl_mode(),
        PgSslMode::VerifyCa | PgSslMode::VerifyFull
    );
    let patience = config.patience();
    let look = async {
        let connection = PgConnection::connect_with(&options).await;
        let mut connection = connection.map_err(|error| config.unusable(error.to_string()))?;
        let found = Examination {
            is_local,
            is_verified,
            connections_of_a_replica: u64::from(config.connections_all()),
            ..look(&mut connection, alive_ms).await?
        };
        connection.close().await?;
        Ok(found)
    };
    match tokio::time::timeout(patience, look).await {
        Ok(found) => found,
        Err(_) => Err(Error::Slow(patience)),
    }
}

/// What PostgreSQL says of itself.
async fn look(connection: &mut PgConnection, alive_ms: u64) -> Result<Examination, Error> {
    let (version, number): (String, i32) = sqlx::query_as(
        "SELECT current_setting('server_version'), current_setting('server_version_num')::int",
    )
    .fetch_one(&mut *connection)
    .await?;
    let tls: Option<String> = sqlx::query_scalar(
        "SELECT version || ', ' || cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl",
    )
    .fetch_optional(&mut *connection)
    .await?;
    let connections_max: i32 = sqlx::query_scalar(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int",
    )
    .fetch_one(&mut *connection)
    .await?;
    let (round_trip, clock_ahead_ms) = clock(connection).await?;
    Ok(Examination {
        version,
        is_supported: number >= postgres::VERSION_MIN,
        missing_right: missing_right(connection).await?,
        is_newer: needs(connection).await? > migrations::newest(),
        tls,
        round_trip,
        clock_ahead_ms,
        connections_max: u64::try_from(connections_max).unwrap_or_default(),
        replicas: replicas(connection, alive_ms).await?,
        ..Examination::default()
    })
}

/// The shortest round trip, and by how much the clock of PostgreSQL was ahead during it.
async fn clock(connection: &mut PgConnection) -> Result<(Duration, i64), Error> {
    let mut best = (Duration::MAX, 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let theirs = postgres::now_ms(&mut *connection).await?;
        let round_trip = began.elapsed();
        if round_trip < best.0 {
            let ours = SystemTime::now().duration_since(UNIX_EPOCH);
            // It read its clock about halfway.
            let ours = ours.unwrap_or_default().saturating_sub(round_trip / 2);
            let ours = u64::try_from(ours.as_millis()).unwrap_or(u64::MAX);
            best = (round_trip, stored(theirs) - stored(ours));
        }
    }
    Ok(best)
}

/// Tries what a migration does, and looks at the rights on the tables that exist.
async fn missing_right(connection: &mut PgConnection) -> Result<Option<String>, Error> {
    let mut transaction = connection.begin().await?;
    let created = sqlx::query(CREATE).execute(&mut *transaction).await;
    transaction.rollback().await?;
    match created {
        Err(sqlx::Error::Database(error)) => return Ok(Some(error.message().to_owned())),
        created => created?,
    };
    let forbidden: Option<String> = sqlx::query_scalar(FORBIDDEN).fetch_one(connection).await?;
    Ok(forbidden.map(|tables| format!("may not read and write {tables}")))
}

/// The newest migration that a program must know to work here; 0 if there are no tables yet.
async fn needs(connection: &mut PgConnection) -> Result<i64, Error> {
    if !exists(connection, "compatibility").await? {
        return Ok(0);
    }
    let needs = sqlx::query_scalar("SELECT needs FROM compatibility");
    Ok(needs.fetch_one(connection).await?)
}

async fn replicas(connection: &mut PgConnection, alive_ms: u64) -> Result<u64, Error> {
    if !exists(connection, "replicas").await? {
        return Ok(0);
    }
    let now = postgres::now_ms(&mut *connection).await?;
    let alive = sqlx::query_scalar("SELECT COUNT(*) FROM replicas WHERE seen_at >= $1");
    let alive: i64 = alive
        .bind(stored(now.saturating_sub(alive_ms)))
        .fetch_one(connection)
        .await?;
    Ok(alive.unsigned_abs())
}

/// Returns whether we can see a table of this name.
async fn exists(connection: &mut PgConnection, table: &str) -> Result<bool, Error> {
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL");
    Ok(exists.bind(table).fetch_one(connection).await?)
}
