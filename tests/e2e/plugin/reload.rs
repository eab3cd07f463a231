//! Measurements of swaps: a thousand under load, a hundred cases, and the time from a file to its first response.

use std::{
    fs,
    io::Read as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::interval;

use super::{
    MOVABLE, POST, replace,
    story::{Instagram, start_without_shadow},
    variant,
};
use crate::harness::{
    server::{Answer, Server},
    workshop::Workshop,
};

/// Number of swaps, and the number after which memory is first measured: until then the heap fills up. Of 4,000 swaps, the
/// first 500 took 5.2 MiB, the next 500 0.6 MiB, and the last 1,500 0.1 MiB.
const RELOADS: usize = 1000;
const WARM: usize = 400;
/// Number of versions, used in turn; each was compiled once.
const VERSIONS: usize = 8;
/// Number of cases of one admission.
const CASES: usize = 100;

const FLAGS: [&str; 6] = [
    "--replay",
    concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures"),
    "--rate-limit",
    "0",
    "--cache-ttl",
    "0",
];

/// The resources that the process holds.
#[derive(Debug)]
struct Held {
    /// Resident memory, KiB, without pages that are backed by a file.
    kib: u64,
    maps: usize,
    descriptors: usize,
}

fn held(server: &Server) -> Held {
    let proc = PathBuf::from(format!("/proc/{}", server.pid()));
    let status = fs::read_to_string(proc.join("status")).unwrap();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .unwrap();
    let kib = kib.trim().trim_end_matches(" kB").parse().unwrap();
    let maps = fs::read_to_string(proc.join("maps")).unwrap();
    let descriptors = fs::read_dir(proc.join("fd")).unwrap();
    Held {
        kib,
        maps: maps.lines().count(),
        descriptors: descriptors.count(),
    }
}

async fn put(server: &Server, component: &[u8]) -> Answer {
    let answer = server.put_plugin("post", component).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reloads_under_load_fail_nothing_and_leave_nothing() {
    let upstream = Arc::new(Instagram::default()).start().await;
    let server = Arc::new(start_without_shadow(&upstream.origin()));
    let author = Workshop::new(&server, MOVABLE);
    let versions: Vec<_> = (0..VERSIONS)
        .map(|version| author.pack(&format!("broken_for = \"-{version}\"\n")))
        .collect();
    put(&server, &versions[0]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..2)
        .map(|_| {
            let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut answers = 0_u32;
                while !stop.load(Ordering::Relaxed) {
                    let profile = "/instagram/profile/info?username=gramhost.demo";
                    for path in [profile, "/instagram/post/info?url_or_code=A1"] {
                        let answer = server.get(path).await;
                        assert_eq!(answer.status, 200, "{}", answer.text);
                    }
                    answers += 2;
                }
                answers
            })
        })
        .collect();
    let began = Instant::now();
    let mut after_warm = None;
    for reload in 0..RELOADS {
        let answer = put(&server, &versions[reload % VERSIONS]).await;
        assert_eq!(answer.json["source"], "post.wasm");
        if reload == WARM {
            after_warm = Some(held(&server));
        }
    }
    let took = began.elapsed();
    let (before, after) = (after_warm.unwrap(), held(&server));
    stop.store(true, Ordering::Relaxed);
    let mut answers = 0;
    for client in clients {
        answers += client.await.unwrap();
    }
    println!(
        "{RELOADS} reloads in {:.1} s, {answers} answers, none wrong; after {WARM}: {before:?}, at the end: {after:?}",
        took.as_secs_f64()
    );
    let growth = after.kib.saturating_sub(before.kib);
    assert!(growth <= 1536, "{growth} KiB");
    // A version that was not given back would be one for each of 600 reloads.
    assert!(
        after.maps.abs_diff(before.maps) <= 64,
        "{before:?} {after:?}"
    );
    assert!(
        after.descriptors <= before.descriptors + 4,
        "{before:?} {after:?}"
    );
}

#[tokio::test]
async fn a_hundred_cases_are_replayed_before_a_version_serves() {
    let server = Server::start(&FLAGS);
    let author = Workshop::new(&server, MOVABLE);
    fs::write(author.path("bare/post.wasm"), POST).unwrap();
    let built_in = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/instagram/post");
    let mut folders: Vec<_> = fs::read_dir(built_in)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    folders.sort();
    fs::remove_dir_all(author.path("cases/post")).unwrap();
    for (number, from) in folders.iter().cycle().take(CASES).enumerate() {
        let to = PathBuf::from(author.path("cases/post")).join(format!("case-{number}"));
        fs::create_dir_all(&to).unwrap();
        for file in fs::read_dir(from).unwrap() {
            let file = file.unwrap().path();
            fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
        }
    }
    let packed = author.pack("");
    put(&server, &packed).await;
    // Compiled before, so that only reading, replaying and swapping are measured.
    put(&server, &variant(POST, 77)).await;
    let began = Instant::now();
    put(&server, &packed).await;
    let took = began.elapsed();
    println!(
        "{CASES} cases of {} bytes packed: {took:?} from PUT to serving",
        packed.len()
    );
    assert!(took.as_secs() < 5, "{took:?}");
}

#[tokio::test]
async fn a_saved_file_answers_soon() {
    let server = Server::start(&FLAGS);
    let folder = server.folder.path().join("data/plugins");
    let mut random = [0; 8];
    fs::File::open("/dev/urandom")
        .unwrap()
        .read_exact(&mut random)
        .unwrap();
    // These are new in every run, because tests share compiled code.
    let fresh = |mark: u8| {
        let mut component = variant(POST, mark);
        component.extend([0, 13, 4, b's', b'e', b'e', b'd']);
        component.extend(random);
        component
    };
    let answered = async || {
        let path = "/instagram/post/info?url_or_code=DfDjNmTDemo";
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.headers["x-plugin"].to_str().unwrap().to_owned()
    };
    for (what, mark) in [("cold", 1), ("cold", 2), ("compiled before", 1)] {
        let before = answered().await;
        let began = Instant::now();
        replace(&folder, "post.wasm", &fresh(mark));
        let mut looks = interval(Duration::from_millis(5));
        while answered().await == before {
            looks.tick().await;
            assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        }
        let ms = began.elapsed().as_millis();
        println!("{ms:>6} ms  {what}: from a saved file to its first answer");
    }
}
