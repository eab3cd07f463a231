//! PostgreSQL.

use std::{
    env,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{Program, free_port};

/// Where Debian keeps the programs of each version, and Homebrew those of one.
const FOLDERS: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A server, in a folder of its own.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    port: u16,
    running: Mutex<Option<Program>>,
    databases: AtomicU32,
    durable: bool,
}

impl Postgres {
    /// The server that all tests of this process share. Each takes a database of its own.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(false))
    }

    /// Starts a server for a test that stops it or fills it. Only a `durable` one waits for its disk, as in production.
    ///
    /// # Panics
    /// If PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start(durable: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let server = Self {
            port: free_port(),
            folder,
            running: Mutex::default(),
            databases: AtomicU32::new(0),
            durable,
        };
        fs::create_dir(server.data()).unwrap();
        if is_root() {
            run(Command::new("chown")
                .arg("-R")
                .arg("postgres")
                .arg(server.data()));
        }
        let data = server.data();
        run(&mut as_other(
            "initdb",
            [
                OsStr::new("-D"),
                data.as_os_str(),
                OsStr::new("-U"),
                OsStr::new("gramhost"),
                OsStr::new("-A"),
                OsStr::new("trust"),
                OsStr::new("-E"),
                OsStr::new("UTF8"),
                OsStr::new("--no-sync"),
            ],
        ));
        server.resume();
        server
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn database(&self) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test{number}");
        self.run("postgres", &format!("CREATE DATABASE {name}"));
        format!("postgres://gramhost@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs statements in a database and returns what they print, without any decoration.
    ///
    /// # Panics
    /// If one fails.
    pub fn run(&self, database: &str, statements: &str) -> String {
        let database = database.rsplit('/').next().unwrap_or_default();
        let mut psql = Command::new(program("psql"));
        psql.args([
            "-h",
            "127.0.0.1",
            "-U",
            "gramhost",
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
        ]);
        psql.arg("-p").arg(self.port.to_string());
        psql.args(["-d", database, "-c", statements]);
        run(&mut psql)
    }

    /// Stops the server at once, as a crash does: connections break, and nothing is tidied up.
    ///
    /// # Panics
    /// If another test has panicked with it.
    pub fn crash(&self) {
        self.running.lock().unwrap().take();
    }

    /// Makes it offer TLS with a certificate and its key.
    ///
    /// # Panics
    /// If they cannot be copied to it.
    pub fn encrypt(&self, certificate: &Path, key: &Path) {
        for (from, to) in [(certificate, "server.crt"), (key, "server.key")] {
            let to = self.data().join(to);
            fs::copy(from, &to).unwrap();
            fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).unwrap();
            if is_root() {
                run(Command::new("chown").arg("postgres").arg(&to));
            }
        }
        self.run("postgres", "ALTER SYSTEM SET ssl = on");
        self.crash();
        self.resume();
    }

    /// Starts it again on the same folder and port, and waits until it answers.
    ///
    /// # Panics
    /// If it does not start.
    pub fn resume(&self) {
        let data = self.data();
        let (fsync, port) = (
            format!("fsync={}", if self.durable { "on" } else { "off" }),
            self.port.to_string(),
        );
        let arguments = [
            "-D",
            data.to_str().unwrap(),
            "-p",
            &port,
            "-h",
            "127.0.0.1",
            "-k",
            "",
            "-c",
            &fsync,
            "-c",
            "max_connections=300",
            "-c",
            "shared_buffers=32MB",
        ];
        let server = as_other("postgres", arguments.map(OsStr::new));
        *self.running.lock().unwrap() = Some(Program::start("QUIT", &server));
        let began = Instant::now();
        let mut ready = Command::new(program("pg_isready"));
        ready.args(["-q", "-h", "127.0.0.1", "-U", "gramhost", "-p", &port]);
        while !ready.status().is_ok_and(|status| status.success()) {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(PAUSE);
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
    }
}

/// PostgreSQL refuses to serve as root, so another user does.
fn as_other<'a>(name: &str, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let program = program(name);
    let mut command = if is_root() {
        let mut other = Command::new("setpriv");
        other.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        other.arg(program);
        other
    } else {
        Command::new(program)
    };
    command.args(arguments);
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program of PostgreSQL: from `PATH`, or the newest where the system keeps them.
fn program(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = env::split_paths(&path).collect();
    for folder in FOLDERS {
        let mut versions: Vec<_> = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin"))
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev());
    }
    let found = folders.iter().map(|folder| folder.join(name));
    let mut found = found.filter(|path| Path::is_file(path));
    found
        .next()
        .unwrap_or_else(|| panic!("{name} of PostgreSQL is missing: `make tools` installs it"))
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
