//! Kills at arbitrary moments, while every kind of download is under way: nothing that was accepted is lost, and nothing
//! that was not finished is seen. Also: many small jobs in one process.

mod stock;

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{interval, timeout};

use self::stock::{Auditor, consistent};
use super::{accepted, crashes::converters, ended, names, probed, start_at};
use crate::harness::{cdn::Cdn, server::Server};

/// How long the server is killed again and again, unless `GRAMHOST_KILLS` sets a number of kills.
const KILLING: Duration = Duration::from_secs(18);
/// A server is killed at most this long after it was ready, milliseconds: longer than most of these downloads take.
const MOMENT_MS_MAX: u64 = 400;
/// After this number of kills, all jobs end before the next one: a job that is killed a hundred times is given up, as
/// another test shows.
const KILLS_IN_A_ROW: usize = 20;
/// How long a kill that is meant for a conversion waits until there is one.
const CONVERSION_WAIT: Duration = Duration::from_secs(1);
/// Above this number of unfinished jobs, no new ones are asked for.
const OPEN_MAX: usize = 24;
const JOBS: usize = 1_000;
/// Within the limit of one client.
const BATCH: usize = 50;

/// A way to download: the endpoint and the body.
struct Ask(&'static str, &'static str);

/// Every endpoint, with files as they come, joined, cut, encoded anew and packed. The last one is a batch of [`ITEMS`].
const ASKS: [Ask; 15] = [
    Ask("post", r#"{"url":"DfDjNmTDemo"}"#),
    Ask("reel", r#"{"url":"DfF-eHzReel"}"#),
    Ask("story", r#"{"username":"story.legacy"}"#),
    Ask(
        "post",
        r#"{"url":"DfDjNmTDemo","quality":"low","output_format":"png"}"#,
    ),
    Ask("post", r#"{"url":"De0N5pLMixd"}"#),
    Ask(
        "post",
        r#"{"url":"De0N5pLMixd","download_type":"video_only","quality":"480p"}"#,
    ),
    Ask("reel", r#"{"url":"DfF-eHzReel","quality":"1080p"}"#),
    Ask(
        "reel",
        r#"{"url":"DfF-eHzReel","quality":"360p","output_format":"mkv"}"#,
    ),
    Ask(
        "reel",
        r#"{"url":"DfF-eHzReel","download_type":"video_only"}"#,
    ),
    Ask(
        "reel",
        r#"{"url":"DfF-eHzReel","download_type":"audio_only"}"#,
    ),
    Ask(
        "reel",
        r#"{"url":"DfF-eHzReel","download_type":"audio_only","audio_format":"mp3"}"#,
    ),
    Ask("carousel", r#"{"url":"De0N5pLMixd"}"#),
    Ask("carousel", r#"{"url":"De0N5pLMixd","quality":"medium"}"#),
    Ask("story", r#"{"username":"story.legacy","format":"zip"}"#),
    Ask(
        "batch",
        r#"{"items":[{"url":"DfDjNmTDemo","type":"post"},{"url":"DfF-eHzReel","type":"reel"},
            {"url":"story.legacy","type":"story"},{"url":"De2yxZrMiss","type":"post"}]}"#,
    ),
];
/// What the items of the batch are, as places in [`ASKS`]; the last one does not exist.
const ITEMS: [Option<usize>; 4] = [Some(0), Some(1), Some(2), None];

/// An accepted job, of which a client must be able to hear until it expires.
struct Job {
    id: Value,
    /// Its place in [`ASKS`]; `None` if it must fail.
    ask: Option<usize>,
    /// Its state as last heard of.
    state: String,
}

impl Job {
    fn new(id: &Value, ask: Option<usize>) -> Self {
        Self {
            id: id.clone(),
            ask,
            state: "pending".to_owned(),
        }
    }

    /// The jobs that a response promises.
    fn promised(told: &Value, ask: usize) -> Vec<Self> {
        match told["items"].as_array() {
            Some(items) => {
                let items = items.iter().zip(ITEMS);
                items
                    .map(|(item, ask)| Self::new(&item["job_id"], ask))
                    .collect()
            }
            None if told["job_id"].is_string() => vec![Self::new(&told["job_id"], Some(ask))],
            None => Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.state != "pending" && self.state != "processing"
    }
}

/// A server that can download everything in [`ASKS`], in an existing folder or a new one.
fn started(cdn: &Cdn) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let cookies = ".instagram.com\tTRUE\t/\tTRUE\t0\tsessionid\tmade-up\n";
    fs::write(folder.path().join("cookies.txt"), cookies).unwrap();
    // Otherwise a job that is killed in the middle each time would be abandoned, which another test covers.
    // Without pauses between pages, so that jobs get far between two kills.
    let settings =
        "cookies = 'cookies.txt'\n[limits]\njob_attempts_max = 100\nupstream_spacing_ms_min = 0";
    fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    start_at(cdn, folder, &[])
}

/// The files of each way to download, as a server that nobody disturbs makes them.
async fn undisturbed(cdn: &Cdn) -> Vec<Vec<Vec<u8>>> {
    let server = started(cdn);
    let mut files = Vec::new();
    for Ask(kind, body) in &ASKS[..ASKS.len() - 1] {
        let body = serde_json::from_str(body).unwrap();
        let status = super::completed(&server, kind, body).await;
        let mut bytes = Vec::new();
        for name in names(&status) {
            bytes.push(served(&server, name).await);
        }
        files.push(bytes);
    }
    files
}

async fn served(server: &Server, name: &str) -> Vec<u8> {
    let path = format!("/instagram/download/file/{name}");
    server.bytes(&path).await
}

/// Asks for some downloads, and kills the server `moment_ms` after it is ready or begins a conversion. Returns the jobs
/// that it has promised, and whether it was converting.
async fn killed(
    server: &mut Server,
    asks: &[usize],
    while_converting: bool,
    moment_ms: u64,
) -> (Vec<Job>, bool) {
    let data = server.folder.path().join("data").canonicalize().unwrap();
    let bodies: Vec<Value> = asks
        .iter()
        .map(|ask| serde_json::from_str(ASKS[*ask].1).unwrap())
        .collect();
    let asking = asks.iter().zip(&bodies).map(|(ask, body)| {
        let path = format!("/instagram/download/{}", ASKS[*ask].0);
        let server = &*server;
        async move { server.try_post(&path, body).await }
    });
    let dying = async {
        let mut looks = interval(Duration::from_millis(2));
        let converting = async {
            while while_converting && converters(&data).is_empty() {
                looks.tick().await;
            }
        };
        // There may be none for a long time.
        let _seen = timeout(CONVERSION_WAIT, converting).await;
        // Just waits: the server is killed at this moment, whatever it is doing.
        let _late = timeout(
            Duration::from_millis(moment_ms),
            std::future::pending::<()>(),
        )
        .await;
        let is_converting = !converters(&data).is_empty();
        server.signal(Signal::KILL);
        is_converting
    };
    let (told, was_converting) = tokio::join!(join_all(asking), dying);
    server.wait();
    let told = told.into_iter().zip(asks);
    let promised = told.flat_map(|(told, ask)| Job::promised(&told.unwrap_or_default(), *ask));
    (promised.collect(), was_converting)
}

/// The names in a folder; none if it does not exist.
fn listed(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

/// Waits until no converter of a killed server is left (I6).
async fn without_converters(data: &Path) {
    let mut looks = interval(Duration::from_millis(5));
    let ended = async {
        while !converters(data).is_empty() {
            looks.tick().await;
        }
    };
    timeout(Duration::from_secs(2), ended)
        .await
        .expect("no converter outlives its server");
}

/// Hears of each job: it is there (I1), and what had ended has ended in the same way (I7).
async fn heard(server: &Server, jobs: &mut [Job]) {
    for job in jobs {
        let path = format!("/instagram/status/{}", job.id.as_str().unwrap());
        let answer = server.get(&path).await;
        assert_eq!(answer.status, 200, "{} {}", job.id, answer.text);
        let state = answer.json["status"].as_str().unwrap();
        assert!(!job.is_over() || state == job.state, "{}", answer.text);
        state.clone_into(&mut job.state);
    }
}

/// Checks that a job has ended as it must, with the files that an undisturbed server makes.
async fn fulfilled(
    server: &Server,
    job: &Job,
    expected: &[Vec<Vec<u8>>],
    read: &mut HashMap<String, Vec<u8>>,
) {
    let status = ended(server, &job.id).await;
    let Some(ask) = job.ask else {
        assert_eq!(status["error"]["code"], "POST_NOT_FOUND", "{status}");
        return;
    };
    assert_eq!(status["status"], "completed", "{} {status}", ASKS[ask].1);
    let files = names(&status);
    assert_eq!(files.len(), expected[ask].len(), "{status}");
    for (name, expected) in files.into_iter().zip(&expected[ask]) {
        if !read.contains_key(name) {
            read.insert(name.to_owned(), served(server, name).await);
        }
        let bytes = &read[name];
        // The container of an MKV has a random number of its own.
        let same = bytes == expected
            || name.ends_with(".mkv") && probed(bytes, name) == probed(expected, name);
        assert!(same, "{name} has other bytes: {status}");
    }
}

/// F16, with the invariants I1 to I8.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kills_at_any_moment_lose_no_accepted_job_of_any_kind() {
    let cdn = Cdn::start().await;
    let expected = undisturbed(&cdn).await;
    let mut server = started(&cdn);
    let data = server.folder.path().join("data").canonicalize().unwrap();
    let staging = data.join("files/.staging");
    let flags = cdn.flags();
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    // The same moments in each run.
    let mut moments = TestRunner::deterministic();
    let mut auditor = Auditor::start(&data);
    let (mut jobs, mut gone) = (Vec::<Job>::new(), BTreeSet::new());
    let (mut while_staged, mut while_converting) = (0, 0);
    let wanted = std::env::var("GRAMHOST_KILLS").ok();
    let wanted = wanted.map(|kills| kills.parse::<usize>().unwrap());
    let (began, mut kills) = (Instant::now(), 0);
    while wanted.map_or(began.elapsed() < KILLING, |wanted| kills < wanted) {
        let open = jobs.iter().filter(|job| !job.is_over()).count();
        let asks = [2 * kills % ASKS.len(), (2 * kills + 1) % ASKS.len()];
        let asks = if open < OPEN_MAX { &asks[..] } else { &[] };
        let is_for_conversion = kills % 3 == 2;
        let latest = MOMENT_MS_MAX / if is_for_conversion { 10 } else { 1 };
        let moment = (0..latest).new_tree(&mut moments).unwrap().current();
        let (promised, was_converting) = killed(&mut server, asks, is_for_conversion, moment).await;
        jobs.extend(promised);
        let unfinished = listed(&staging);
        while_staged += usize::from(!unfinished.is_empty());
        while_converting += usize::from(was_converting);
        without_converters(&data).await;
        server = server.restart(&flags);
        // I8.
        assert!(unfinished.is_disjoint(&listed(&staging)));
        let stock = consistent(&server, &mut auditor, &gone).await;
        assert!(stock.owners.len() <= 1, "{:?}", stock.owners);
        gone.extend(stock.owners);
        heard(&server, &mut jobs).await;
        kills += 1;
        if kills % KILLS_IN_A_ROW == 0 {
            for job in &jobs {
                ended(&server, &job.id).await;
            }
        }
    }
    let mut read = HashMap::new();
    for job in &jobs {
        fulfilled(&server, job, &expected, &mut read).await;
    }
    heard(&server, &mut jobs).await;
    assert_eq!(listed(&staging), BTreeSet::new());
    let stock = consistent(&server, &mut auditor, &BTreeSet::new()).await;
    assert_eq!(stock.owners, BTreeSet::new());
    println!(
        "{kills} kills in {:.0} s, {while_staged} of them with unfinished files and {while_converting} during a conversion; \
         {} jobs accepted and done, {} files of {} bytes, {} media requests",
        began.elapsed().as_secs_f64(),
        jobs.len(),
        stock.files.len(),
        stock.bytes(),
        cdn.media_requests()
    );
}

fn posts(count: usize) -> Value {
    let item = json!({ "url": "DfDjNmTDemo", "type": "post" });
    json!({ "items": vec![item; count] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_small_jobs_go_through_one_process() {
    let cdn = Cdn::start().await;
    let server = start_at(&cdn, tempfile::tempdir().unwrap(), &[]);
    let began = Instant::now();
    for _ in 0..JOBS / BATCH {
        let batch = accepted(&server, "batch", posts(BATCH)).await["batch_job_id"].clone();
        let status = ended(&server, &batch).await;
        assert_eq!(status["completed_count"], BATCH, "{status}");
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{JOBS} jobs in {seconds:.1} s, {:.0} a second",
        JOBS as f64 / seconds
    );
}
