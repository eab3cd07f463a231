//! What a server has published: on its disk, in its database and in its books.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::time::{interval, timeout};

use super::super::PATIENCE;
use crate::harness::server::Server;

/// What the disk has and what the database says, as another program reads both.
pub(super) struct Stock {
    /// The length and hash of each published file, by its name.
    pub(super) files: BTreeMap<String, Value>,
    /// The same, by its row.
    pub(super) rows: BTreeMap<String, Value>,
    /// The processes that are said to run jobs.
    pub(super) owners: BTreeSet<String>,
}

/// Reads the files and the database of whichever server runs on a folder. One process for all looks.
pub(super) struct Auditor {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// Looks once for each line that it reads. Only reads, so that a server finds everything as it was killed.
const SCRIPT: &str = r#"
import hashlib, json, os, sqlite3, sys
data = sys.argv[1]
for line in sys.stdin:
    files = {}
    for name in os.listdir(data + "/files"):
        if not name.startswith("."):
            try: content = open(data + "/files/" + name, "rb").read()
            except FileNotFoundError: continue
            files[name] = [len(content), hashlib.sha256(content).hexdigest()]
    database = sqlite3.connect(f"file:{data}/gramhost.db?mode=ro", uri=True, timeout=30)
    rows = database.execute("SELECT name, bytes, sha256 FROM files WHERE deleted_at IS NULL")
    rows = {name: [bytes, sha256] for name, bytes, sha256 in rows}
    owners = database.execute("SELECT DISTINCT owner FROM jobs WHERE state = 'running'")
    print(json.dumps([files, rows, [owner for owner, in owners]]), flush=True)
    database.close()
"#;

impl Auditor {
    pub(super) fn start(data: &Path) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", SCRIPT]).arg(data);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        Self {
            asked: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn look(&mut self) -> Stock {
        self.asked.write_all(b"\n").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let (files, rows, owners) = serde_json::from_str(&line).unwrap();
        Stock {
            files,
            rows,
            owners,
        }
    }
}

impl Drop for Auditor {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Stock {
    pub(super) fn bytes(&self) -> u64 {
        self.files
            .values()
            .map(|file| file[0].as_u64().unwrap())
            .sum()
    }
}

/// The size of all files in the books of the server.
async fn booked_bytes(server: &Server) -> u64 {
    let metrics = server.admin("/metrics").await.text;
    let line = metrics
        .lines()
        .find(|line| line.starts_with("gramhost_files_bytes "));
    let number = line.unwrap().rsplit(' ').next().unwrap();
    number.parse::<f64>().unwrap() as u64
}

/// Waits until each file has its row and its bytes, the books are right (I2, I3, I5), and no process that is gone is said
/// to run a job (I4). Jobs go on meanwhile, so it may need several looks.
pub(super) async fn consistent(
    server: &Server,
    auditor: &mut Auditor,
    gone: &BTreeSet<String>,
) -> Stock {
    let mut looks = interval(Duration::from_millis(20));
    let until = async {
        loop {
            looks.tick().await;
            let (stock, booked) = (auditor.look(), booked_bytes(server).await);
            let is_right = stock.files == stock.rows && stock.bytes() == booked;
            if is_right && stock.owners.is_disjoint(gone) {
                return stock;
            }
        }
    };
    let found = timeout(PATIENCE, until).await;
    found.unwrap_or_else(|_| {
        let Stock {
            files,
            rows,
            owners,
        } = auditor.look();
        panic!(
            "files {files:?}\nrows {rows:?}\nrun by {owners:?}\n{}",
            server.log()
        )
    })
}
