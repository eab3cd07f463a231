//! Ten changes a second of the files of all four plugins, good and bad ones, in every way in which a file can change,
//! while clients ask.

use std::{
    collections::HashSet,
    fs::{self, File},
    os::unix::fs::symlink,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use gramhost::{config::EMBEDDED, contract::PluginName};
use guests::misbehaving;
use sha2::{Digest as _, Sha256};
use tokio::time::interval;

use super::{replace, variant};
use crate::harness::server::Server;

/// How long it lasts.
const STORM: Duration = Duration::from_secs(6);

/// Recorded answers, one of each plugin.
const PATHS: [&str; 4] = [
    "/instagram/profile/info?username=gramhost.demo",
    "/instagram/post/info?url_or_code=DfDjNmTDemo",
    "/instagram/reel/info?url_or_id=DfF-eHzReel",
    "/instagram/story/info?username=gramhost.demo",
];

/// One way to change a file. `good` are versions that may serve.
fn change(turn: usize, folder: &Path, file: &str, good: &[Vec<u8>; 2]) {
    let path = folder.join(file);
    let [one, other] = good;
    match turn {
        0 => replace(folder, file, one),
        1 => replace(folder, file, b"garbage"),
        2 => replace(folder, file, other),
        // In place, below a server that may be reading it.
        3 => File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(5000)
            .unwrap(),
        4 => fs::write(&path, one).unwrap(),
        5 => File::open(&path)
            .unwrap()
            .set_modified(SystemTime::now())
            .unwrap(),
        6 => fs::remove_file(&path).unwrap(),
        7 => {
            let target = folder.join(".target");
            fs::write(&target, other).unwrap();
            symlink(&target, folder.join(".link")).unwrap();
            fs::rename(folder.join(".link"), &path).unwrap();
        }
        8 => replace(folder, file, &one[..one.len() / 2]),
        _ => {
            let away = folder.join(".away");
            fs::rename(&path, &away).unwrap();
            fs::rename(&away, &path).unwrap();
        }
    }
}

/// The end of a label: the first digits of the digest.
fn short(component: &[u8]) -> String {
    let digest = Sha256::digest(component);
    digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// How many compilers the server runs now; none where the system does not tell.
#[cfg(target_os = "linux")]
fn compilers(server: &Server) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid()));
    let tasks = tasks.into_iter().flatten().flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let compiles = |pid: &str| {
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline"));
        command.is_ok_and(|command| command.contains("compile-component"))
    };
    let count = |children: String| {
        children
            .split_whitespace()
            .filter(|pid| compiles(pid))
            .count()
    };
    children.map(count).sum()
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_changes_fails_no_request_and_lets_nothing_bad_serve() {
    let server = Arc::new(Server::start_on_fixtures(tempfile::tempdir().unwrap()));
    let folder = server.folder.path().join("data/plugins");
    let good = PluginName::ALL.map(|name| {
        let embedded = (EMBEDDED.component)(name);
        [variant(embedded, 61), misbehaving(name.as_str())]
    });
    let embedded = PluginName::ALL.map(|name| short((EMBEDDED.component)(name)));
    let may_serve: HashSet<_> = good
        .iter()
        .flatten()
        .map(|it| short(it))
        .chain(embedded)
        .collect();
    let stop = Arc::new(AtomicBool::new(false));
    let (served, most) = (
        Arc::new(Mutex::new(HashSet::new())),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = PATHS
        .into_iter()
        .map(|path| {
            let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
            let (served, most) = (Arc::clone(&served), Arc::clone(&most));
            tokio::spawn(async move {
                let mut answers = 0;
                while !stop.load(Ordering::Relaxed) {
                    let answer = server.get(path).await;
                    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
                    let label = answer.headers["x-plugin"].to_str().unwrap();
                    let digest = label[label.len() - 8..].to_owned();
                    served.lock().unwrap().insert(digest);
                    most.fetch_max(compilers(&server), Ordering::Relaxed);
                    answers += 1;
                }
                answers
            })
        })
        .collect();
    let (began, mut every) = (Instant::now(), interval(Duration::from_millis(100)));
    for number in 0.. {
        every.tick().await;
        if began.elapsed() > STORM && number % 40 == 0 {
            break;
        }
        let plugin = number % PluginName::ALL.len();
        let file = format!("{}.wasm", PluginName::ALL[plugin]);
        change(
            number / PluginName::ALL.len() % 10,
            &folder,
            &file,
            &good[plugin],
        );
    }
    // After the storm, what is there last serves.
    let last = variant((EMBEDDED.component)(PluginName::Post), 62);
    replace(&folder, "post.wasm", &last);
    let calm = Instant::now();
    loop {
        every.tick().await;
        let answer = server.get(PATHS[1]).await;
        if answer.headers["x-plugin"]
            .to_str()
            .unwrap()
            .ends_with(&short(&last))
        {
            break;
        }
        assert!(calm.elapsed() < Duration::from_secs(60), "{}", server.log());
    }
    stop.store(true, Ordering::Relaxed);
    let mut answers = 0;
    for client in clients {
        answers += client.await.unwrap();
    }
    let mut served = served.lock().unwrap().clone();
    served.remove(&short(&last));
    println!(
        "{answers} answers of {} versions, at most {most:?} compilers at once",
        served.len()
    );
    assert!(served.is_subset(&may_serve), "{served:?}");
    assert!(
        most.load(Ordering::Relaxed) <= 1,
        "{most:?} compilers at once"
    );
}
