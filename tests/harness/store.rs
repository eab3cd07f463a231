//! A real S3-compatible store for tests: SeaweedFS, started once for a test binary on free ports of 127.0.0.1, and ended
//! with it, however it ends.
#![expect(clippy::expect_used, clippy::panic, reason = "a part of test binaries")]

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The bucket of all tests; each one has a prefix of its own in it.
pub(crate) const BUCKET: &str = "gramhost-tests";
/// Credentials that may do everything.
pub(crate) const KEY_ID: &str = "gramhost-tests-id";
pub(crate) const SECRET: &str = "gramhost-tests-secret";
/// How long the store may take to start on a busy machine.
const START: Duration = Duration::from_secs(120);
/// Where ports are looked for: with each of them, the one 10,000 above it is used.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
/// Ends the store and deletes its folder once nobody holds the other end of the pipe.
const WATCHDOG: &str = "trap '' INT TERM HUP; folder=$1; shift; \"$@\" </dev/null >\"$folder/log\" 2>&1 & \
    store=$!; cat >/dev/null; kill -9 $store; wait $store 2>/dev/null; rm -rf \"$folder\"";

/// The running store.
pub(crate) struct Store {
    /// The address of its S3 interface.
    pub(crate) address: SocketAddr,
    /// The address of its files, where nobody is asked for credentials.
    pub(crate) filer: SocketAddr,
    /// Holds the pipe of the watchdog.
    _watchdog: Child,
}

impl Store {
    /// The store of this test binary; the first caller starts it.
    pub(crate) fn shared() -> &'static Self {
        static STORE: OnceLock<Store> = OnceLock::new();
        STORE.get_or_init(|| {
            let store = Self::start();
            store.create_bucket(BUCKET);
            store
        })
    }

    fn start() -> Self {
        let weed = weed();
        // Kept: the watchdog deletes it.
        let folder = tempfile::tempdir().expect("a folder").keep();
        let identity = format!(
            r#"{{"identities":[{{"name":"tests","credentials":[{{"accessKey":"{KEY_ID}","secretKey":"{SECRET}"}}],"actions":["Admin","Read","Write","List","Tagging"]}}]}}"#
        );
        fs::write(folder.join("s3.json"), identity).expect("a file");
        let [master, volume, filer, s3] = ports();
        let at = |name: &str| folder.join(name).display().to_string();
        let mut watchdog = Command::new("sh");
        watchdog.args(["-c", WATCHDOG, "sh"]).arg(&folder).arg(weed);
        watchdog.args(["-logtostderr=true", "server", "-s3", "-volume.max=0"]);
        watchdog.args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
        watchdog.args(["-master.telemetry=false", "-master.electionTimeout=1s"]);
        watchdog.args(["-master.volumeSizeLimitMB=64", "-s3.autoCreateBucket=false"]);
        watchdog.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
        for (name, value) in [
            ("dir", folder.display().to_string()),
            ("master.port", master.to_string()),
            ("volume.port", volume.to_string()),
            ("filer.port", filer.to_string()),
            ("s3.port", s3.to_string()),
            ("s3.config", at("s3.json")),
            ("s3.localSocket", at("s3.sock")),
            ("filer.localSocket", at("filer.sock")),
        ] {
            watchdog.arg(format!("-{name}={value}"));
        }
        let watchdog = watchdog
            .env("HOME", &folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let store = Self {
            address: SocketAddr::from(([127, 0, 0, 1], s3)),
            filer: SocketAddr::from(([127, 0, 0, 1], filer)),
            _watchdog: watchdog,
        };
        store.await_start(&folder);
        store
    }

    /// Waits until both interfaces answer and files can be stored.
    fn await_start(&self, folder: &Path) {
        let began = Instant::now();
        loop {
            let answers = ask(self.address, "GET", "/").is_some_and(|(status, _)| status == 403);
            if answers && self.is_writable() {
                return;
            }
            if began.elapsed() > START {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                panic!("the store does not start: {log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_writable(&self) -> bool {
        let stored = ask(self.filer, "PUT", "/ready/file");
        stored.is_some_and(|(status, _)| status < 300)
    }

    /// The store as a setting.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Creates another bucket.
    pub(crate) fn create_bucket(&self, name: &str) {
        let made = ask(self.filer, "POST", &format!("/buckets/{name}/"));
        assert!(made.is_some_and(|(status, _)| status < 300), "{name}");
    }

    /// The paths of all complete objects of a bucket, or below `bucket/prefix`, with their lengths.
    pub(crate) fn objects(&self, at: &str) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        self.collect(&format!("/buckets/{at}"), &mut found);
        found
    }

    fn collect(&self, folder: &str, found: &mut Vec<(String, u64)>) {
        let Some((200, text)) = ask(self.filer, "GET", &format!("{folder}/?limit=10000")) else {
            return;
        };
        let listed: Value = serde_json::from_str(&text).unwrap_or_default();
        for entry in listed["Entries"].as_array().into_iter().flatten() {
            let path = entry["FullPath"].as_str().expect("a path");
            // The highest bit of a mode says that it is a folder.
            if entry["Mode"].as_u64().unwrap_or_default() >> 31 == 0 {
                let bytes = entry["FileSize"].as_u64().unwrap_or_default();
                found.push((path.to_owned(), bytes));
            } else if !path.ends_with("/.uploads") {
                self.collect(path, found);
            }
        }
    }
}

/// The binary of the store: in the target folder, where `make tools` puts it, or installed.
fn weed() -> PathBuf {
    let program = env::current_exe().expect("this program");
    let mut folders = program
        .ancestors()
        .map(|folder| folder.join("seaweedfs/bin/weed"));
    if let Some(found) = folders.find(|path| path.is_file()) {
        return found;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&path).map(|folder| folder.join("weed"));
    let mut installed = installed.filter(|path| path.is_file());
    installed
        .next()
        .unwrap_or_else(|| panic!("SeaweedFS is missing: run `make tools`"))
}

/// Four free ports.
fn ports() -> [u16; 4] {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    // Test binaries that run at once begin at different places.
    let begin = PORTS.start + u16::try_from(std::process::id() % 1_000).unwrap_or_default() * 12;
    let mut found = (begin..PORTS.end)
        .chain(PORTS.start..begin)
        .filter(|port| is_free(*port) && is_free(port + 10_000));
    [(); 4].map(|()| found.next().expect("a free port"))
}

/// The status and body of a request on a connection of its own; `None` if nobody answers.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str) -> Option<(u16, String)> {
    let body = if method == "PUT" { "x" } else { "" };
    let length = body.len();
    let mut stream = TcpStream::connect(address).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // What comes in chunks is JSON between their lengths.
    let body = match head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        true => unchunked(body),
        false => body.to_owned(),
    };
    Some((status, body))
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or_default();
        if length == 0 || rest.len() < length {
            break;
        }
        whole += &rest[..length];
        body = rest[length..].trim_start_matches("\r\n");
    }
    whole
}
