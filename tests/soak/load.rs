//! What clients do all day: look, download, fetch their files; and what hostile ones try.

use std::{
    collections::BTreeMap,
    fmt::{self, Display},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Interval, interval, timeout},
};

use crate::harness::server::Server;

/// Paths below `/instagram` that have an answer.
const LOOKS: [&str; 8] = [
    "/post/info?url_or_code=DfDjNmTDemo",
    "/post/info?url_or_code=De0N5pLMixd",
    "/post/stats?url_or_code=DfDjNmTDemo",
    "/reel/info?url_or_id=DfF-eHzReel",
    "/profile/info?username=gramhost.demo",
    "/profile/posts?username=gramhost.demo&limit=5",
    "/story/info?username=story.legacy",
    "/formats",
];
/// What the misbehaving plugin does for such a post; the honest ones do not find it.
const BEHAVIOURS: [&str; 8] = [
    "spin", "hoard", "recurse", "trap", "shout", "flood", "exit", "fanout",
];
const LOOKERS: usize = 4;
const DOWNLOADERS: usize = 3;
/// Between two requests of one client that looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two requests of one that attacks.
const PAUSE_OF_ATTACKS: Duration = Duration::from_millis(500);
/// Between two looks at a job.
const POLL: Duration = Duration::from_millis(50);
/// Fewer than the connections of one client.
const AT_ONCE: usize = 16;
/// Longer than any job takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn downloads() -> Vec<(&'static str, Value)> {
    let item = |url: &str, kind: &str| json!({ "url": url, "type": kind });
    let mixed = [
        item("DfDjNmTDemo", "post"),
        item("DfF-eHzReel", "reel"),
        item("De0N5pLMixd", "post"),
    ];
    vec![
        ("post", json!({ "url": "DfDjNmTDemo" })),
        ("post", json!({ "url": "De0N5pLMixd" })),
        (
            "post",
            json!({ "url": "DfDjNmTDemo", "output_format": "webp" }),
        ),
        ("reel", json!({ "url": "DfF-eHzReel", "quality": "480p" })),
        (
            "reel",
            json!({ "url": "DfF-eHzReel", "download_type": "audio_only", "audio_format": "mp3" }),
        ),
        ("carousel", json!({ "url": "De0N5pLMixd" })),
        (
            "story",
            json!({ "username": "story.legacy", "include_expired": true }),
        ),
        ("batch", json!({ "items": mixed })),
    ]
}

/// What happened.
#[derive(Default)]
pub(crate) struct Tally {
    /// Answers by what was asked for and how it ended.
    answers: BTreeMap<(&'static str, String), usize>,
    /// Every job that was accepted.
    jobs: Vec<String>,
}

impl Tally {
    fn count(&mut self, what: &'static str, end: impl ToString) {
        *self.answers.entry((what, end.to_string())).or_default() += 1;
    }

    pub(crate) fn jobs(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn add(&mut self, other: Self) {
        for ((what, end), count) in other.answers {
            *self.answers.entry((what, end)).or_default() += count;
        }
        self.jobs.extend(other.jobs);
    }

    /// A server that starts after a death ends every job that the dead one accepted, and has its files.
    pub(crate) async fn must_be_known_to(&self, server: &Server) {
        let client = Clients::new(server.address);
        for jobs in self.jobs.chunks(AT_ONCE) {
            let ends = join_all(jobs.iter().map(|job| client.end_of(job))).await;
            for (job, end) in jobs.iter().zip(ends) {
                let end = end.expect("the server lives");
                let known = ["completed", "failed"].contains(&&*end.state);
                assert!(known, "{job}: {}", end.state);
                for file in end.files {
                    assert_eq!(client.fetch(&file).await, Some(200), "{job}: {file}");
                }
            }
        }
    }

    /// Faults of Instagram and hostile plugins have their own answers; nothing else fails.
    pub(crate) fn must_be_good(&self) {
        let mut of_all: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for ((what, end), count) in &self.answers {
            assert!(!end.starts_with("500"), "{what}: {end}\n{self}");
            let (good, all) = of_all.entry(what).or_default();
            *all += count;
            if ["200", "202", "completed"].contains(&&**end) {
                *good += count;
            }
        }
        for what in ["look", "accept", "job", "file"] {
            let (good, all) = of_all.get(what).copied().unwrap_or_default();
            assert!(
                all > 10 && good * 10 >= all * 8,
                "{what}: {good} of {all}\n{self}"
            );
        }
    }
}

impl Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((what, end), count) in &self.answers {
            writeln!(to, "{what}: {end}: {count}")?;
        }
        Ok(())
    }
}

/// Clients of one server, until they are ended or the server dies.
pub(crate) struct Load {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    tally: Arc<Mutex<Tally>>,
}

impl Load {
    pub(crate) fn start(server: &Server) -> Self {
        let (stop, stopped) = watch::channel(false);
        let tally: Arc<Mutex<Tally>> = Arc::default();
        let clients = Clients {
            stopped: Some(stopped),
            tally: Arc::clone(&tally),
            ..Clients::new(server.address)
        };
        let mut tasks = vec![tokio::spawn(clients.clone().attack())];
        tasks.extend((0..LOOKERS).map(|first| tokio::spawn(clients.clone().look(first))));
        tasks.extend((0..DOWNLOADERS).map(|first| tokio::spawn(clients.clone().download(first))));
        Self { tasks, stop, tally }
    }

    pub(crate) async fn end(self) -> Tally {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *self.tally.lock().unwrap())
    }
}

/// How a job ended.
struct End {
    state: String,
    /// The paths of its files.
    files: Vec<String>,
}

#[derive(Clone)]
struct Clients {
    client: Client,
    base: String,
    stopped: Option<watch::Receiver<bool>>,
    tally: Arc<Mutex<Tally>>,
}

impl Clients {
    fn new(address: SocketAddr) -> Self {
        Self {
            client: Client::builder().no_proxy().build().unwrap(),
            base: format!("http://{address}"),
            stopped: None,
            tally: Arc::default(),
        }
    }

    /// Waits for the next turn; false if there is none.
    async fn turn(&mut self, ticks: &mut Interval) -> bool {
        ticks.tick().await;
        self.stopped
            .as_ref()
            .is_none_or(|stopped| !*stopped.borrow())
    }

    fn count(&self, what: &'static str, end: impl ToString) {
        self.tally.lock().unwrap().count(what, end);
    }

    async fn look(mut self, first: usize) {
        let mut ticks = interval(PAUSE);
        for turn in first.. {
            if !self.turn(&mut ticks).await {
                return;
            }
            let path = format!("/instagram{}", LOOKS[turn % LOOKS.len()]);
            let Some((status, answer)) = self.get(&path).await else {
                return;
            };
            match answer["error"]["code"].as_str() {
                None => self.count("look", status),
                Some(code) => self.count("look", format!("{status} {code} {path}")),
            }
        }
    }

    async fn attack(mut self) {
        let mut ticks = interval(PAUSE_OF_ATTACKS);
        for turn in 0_usize.. {
            if !self.turn(&mut ticks).await {
                return;
            }
            let behaviour = BEHAVIOURS[turn % BEHAVIOURS.len()];
            let path = format!(
                "/instagram/post/info?url_or_code={behaviour}_{}",
                turn % 100
            );
            let Some((status, _)) = self.get(&path).await else {
                return;
            };
            self.count("attack", status);
        }
    }

    async fn download(mut self, first: usize) {
        let mut ticks = interval(PAUSE);
        let downloads = downloads();
        for turn in first.. {
            if !self.turn(&mut ticks).await {
                return;
            }
            let (kind, body) = &downloads[turn % downloads.len()];
            let Some((status, answer)) = self.post(kind, body).await else {
                return;
            };
            self.count("accept", status);
            let Some(id) = answer["job_id"]
                .as_str()
                .or(answer["batch_job_id"].as_str())
            else {
                continue;
            };
            self.tally.lock().unwrap().jobs.push(id.to_owned());
            let Some(end) = self.end_of(id).await else {
                return;
            };
            self.count("job", end.state);
            for file in end.files {
                let Some(status) = self.fetch(&file).await else {
                    return;
                };
                self.count("file", status);
            }
        }
    }

    /// `None` if the server has died.
    async fn end_of(&self, id: &str) -> Option<End> {
        let path = format!("/instagram/status/{id}");
        let ended = async {
            let mut looks = interval(POLL);
            loop {
                looks.tick().await;
                let (status, job) = self.get(&path).await?;
                let state = job["status"].as_str();
                if matches!(state, Some("pending" | "processing")) {
                    continue;
                }
                let state = state.map_or_else(|| format!("lost: {status} {job}"), str::to_owned);
                return Some(End {
                    state,
                    files: files(&job),
                });
            }
        };
        timeout(PATIENCE, ended).await.expect("the job ends")
    }

    /// The status of a file whose bytes are all there.
    async fn fetch(&self, path: &str) -> Option<u16> {
        let response = self
            .client
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .ok()?;
        let (status, length) = (response.status().as_u16(), response.content_length());
        let bytes = response.bytes().await.ok()?;
        assert_eq!(length, Some(bytes.len() as u64), "{path}");
        Some(status)
    }

    async fn get(&self, path: &str) -> Option<(u16, Value)> {
        answered(self.client.get(format!("{}{path}", self.base))).await
    }

    async fn post(&self, kind: &str, body: &Value) -> Option<(u16, Value)> {
        let url = format!("{}/instagram/download/{kind}", self.base);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/json");
        answered(request.body(body.to_string())).await
    }
}

/// `None` if the server has died.
async fn answered(request: reqwest::RequestBuilder) -> Option<(u16, Value)> {
    let response = request.send().await.ok()?;
    let status = response.status().as_u16();
    let text = response.text().await.ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or_default()))
}

/// Of a job, or of all items of a batch.
fn files(job: &Value) -> Vec<String> {
    let items = job["items"].as_array().into_iter().flatten();
    let all = items.chain([job]).flat_map(|job| job["files"].as_array());
    let urls = all
        .flatten()
        .filter_map(|file| file["download_url"].as_str());
    urls.map(str::to_owned).collect()
}
