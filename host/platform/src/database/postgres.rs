//! PostgreSQL for replicas that share one database: its address, its connections, and what it must be able to do.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::{
    PgExecutor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{Error, migrations, pool::Remote};
use crate::data::{self, Links};

/// The oldest version that is tested, as PostgreSQL counts: 14.0.
pub(super) const VERSION_MIN: i32 = 140_000;
/// What names a file in an address.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];
/// The maximum size of a file with a password, bytes.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// Where PostgreSQL is, and with what name. It may contain a password, which is never shown.
#[derive(Clone)]
pub struct Address {
    options: PgConnectOptions,
    /// Whether the text contained a password.
    pub has_password: bool,
    /// The files of certificates and keys that it names.
    pub files: Vec<PathBuf>,
}

impl FromStr for Address {
    type Err = Error;

    /// Reads `postgres://user@host:port/name?sslmode=verify-full&sslrootcert=FILE`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        if !is_url {
            return Err(Error::Address("it starts with postgres://".to_owned()));
        }
        let options: PgConnectOptions = text
            .parse()
            .map_err(|error: sqlx::Error| Error::Address(error.to_string()))?;
        let before_host = text.split(['/', '?']).nth(2).unwrap_or_default();
        let user = before_host.rsplit_once('@').map_or("", |(user, _)| user);
        let query = text.split_once('?').map_or("", |(_, query)| query);
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let files = pairs.filter(|(name, _)| FILES.contains(name));
        Ok(Self {
            files: files.map(|(_, file)| PathBuf::from(file)).collect(),
            options,
            has_password: user.contains(':') || text.contains("password="),
        })
    }
}

impl Address {
    /// The port; `None` if it is reached by a socket in the file system.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        let is_remote = self.options.get_socket().is_none();
        is_remote.then(|| self.options.get_port())
    }

    /// Where it is, without names or passwords.
    fn server(&self) -> String {
        match self.options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", self.options.get_host(), self.options.get_port()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let database = self.options.get_database().unwrap_or_default();
        let user = self.options.get_username();
        write!(f, "postgres://{user}@{}/{database}", self.server())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Settings of a database that replicas share.
#[derive(Clone, Debug)]
pub struct Config {
    /// PostgreSQL; `None`: SQLite in the data folder.
    pub address: Option<Address>,
    /// A file with the password of PostgreSQL.
    pub password_file: Option<PathBuf>,
    /// The maximum number of connections to PostgreSQL, besides one that listens.
    pub connections_max: u32,
    /// How long a connection may take, and how long a request waits for a free one, milliseconds.
    pub connect_ms_max: u64,
    /// How long a statement may take, milliseconds.
    pub statement_ms_max: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: None,
            password_file: None,
            connections_max: 10,
            connect_ms_max: 2_000,
            statement_ms_max: 5_000,
        }
    }
}

impl Config {
    /// How long a statement may take: it waits for a connection, and then for the answer of PostgreSQL, which ends a long one
    /// by itself.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.connect_ms_max + self.statement_ms_max)
    }

    /// How many connections one replica may open: those of its pool, and the one that listens.
    pub(super) fn connections_all(&self) -> u32 {
        self.connections_max + 1
    }

    /// How connections are made, with the password.
    pub(super) fn options(&self) -> Result<PgConnectOptions, Error> {
        let address = self.address.clone();
        let address = address.ok_or_else(|| Error::Address("there is none".to_owned()))?;
        let mut options = address.options.application_name("gramhost");
        if let Some(file) = &self.password_file {
            let failed = |reason: String| Error::Address(format!("{}: {reason}", file.display()));
            let password = data::read(file, Links::Followed, PASSWORD_BYTES_MAX);
            let password = password.map_err(|error| failed(error.to_string()))?;
            let password =
                String::from_utf8(password).map_err(|_| failed("is not UTF-8".to_owned()))?;
            options = options.password(password.trim_end_matches(['\r', '\n']));
        }
        Ok(options)
    }

    pub(super) fn unusable(&self, reason: impl Into<String>) -> Error {
        Error::Unusable {
            server: self
                .address
                .as_ref()
                .map(Address::server)
                .unwrap_or_default(),
            reason: reason.into(),
        }
    }
}

/// Connects, checks what PostgreSQL is, and brings the database up to date. Any number of replicas may do so at once.
pub(super) async fn open(config: &Config) -> Result<Remote, Error> {
    let remote = connect(config).await?;
    // Bringing a large database up to date may take longer than a statement, and others wait for it.
    let patient = PgPoolOptions::new().max_connections(1);
    let patient = patient.connect_with(config.options()?).await;
    let patient = patient.map_err(|error| config.unusable(error.to_string()))?;
    let ready = prepare(&patient, config).await;
    patient.close().await;
    ready.map(|()| remote)
}

/// Connects to a database that a server has made.
pub(super) async fn connect(config: &Config) -> Result<Remote, Error> {
    let limit = |name, ms: u64| (name, format!("{ms}ms"));
    let statement_ms_max = config.statement_ms_max;
    let options = config.options()?.options([
        limit("statement_timeout", statement_ms_max),
        limit("idle_in_transaction_session_timeout", statement_ms_max),
    ]);
    let pool = PgPoolOptions::new()
        .max_connections(config.connections_all())
        .acquire_timeout(Duration::from_millis(config.connect_ms_max))
        .connect_with(options)
        .await
        .map_err(|error| config.unusable(error.to_string()))?;
    Ok(Remote::new(pool, config.patience()))
}

async fn prepare(pool: &PgPool, config: &Config) -> Result<(), Error> {
    let version: String = sqlx::query_scalar("SHOW server_version_num")
        .fetch_one(pool)
        .await?;
    if version
        .parse()
        .is_ok_and(|version: i32| version < VERSION_MIN)
    {
        let least = VERSION_MIN / 10_000;
        return Err(config.unusable(format!("it is older than PostgreSQL {least}")));
    }
    migrations::of_postgres()
        .run(pool)
        .await
        .map_err(|error| config.unusable(error.to_string()))?;
    let needs: i64 = sqlx::query_scalar("SELECT needs FROM compatibility")
        .fetch_one(pool)
        .await?;
    match needs > migrations::newest() {
        true => Err(config.unusable(
            "the database was made by a newer gramhost, which this one cannot work beside: start that one",
        )),
        false => Ok(()),
    }
}

/// The time of the database, milliseconds since 1970.
pub(super) async fn now_ms(at: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    let now: i64 =
        sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            .fetch_one(at)
            .await?;
    Ok(now.unsigned_abs())
}

#[cfg(test)]
mod tests {
    //! Addresses, and that no password is shown.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (text, shown, has_password) in [
            (
                "postgres://me@db:6543/gram",
                "postgres://me@db:6543/gram",
                false,
            ),
            (
                "postgresql://me:hush@db/gram?sslmode=require",
                "postgres://me@db:5432/gram",
                true,
            ),
            (
                "postgres://me@db/gram?password=hush",
                "postgres://me@db:5432/gram",
                true,
            ),
            ("postgres://me@db/a:b", "postgres://me@db:5432/a:b", false),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), shown);
            assert_eq!(address.has_password, has_password, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for text in [
            "",
            "mysql://me:hush@db/x",
            "postgres://me:hush@db/x?sslmode=perhaps",
            "db.sqlite",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
