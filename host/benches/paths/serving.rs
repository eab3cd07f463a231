//! Requests through the whole router, answered from the cache, and the cache alone.

use std::{net::SocketAddr, rc::Rc};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::Request,
};
use gramhost::{
    api,
    app::App,
    clock::Clock,
    config::{Config, Flags},
    contract::{Query, Target},
    data::Folder,
    database::Database,
    extraction::Extraction,
    fleet::Fleet,
    media::Media,
    plugin::Registry,
    server,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use super::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
/// Compiled plugins; they are stored by digest, so only the first run compiles.
const COMPILED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/compiled");

const POST: &str = "/instagram/post/info?url_or_code=De0N5pLMixd";
/// Requests by what they show; each is answered from the cache once it was asked.
const REQUESTS: [(&str, &str); 5] = [
    ("request of /healthz", "/healthz"),
    ("request of a cached post", POST),
    (
        "request of cached statistics",
        "/instagram/post/stats?url_or_code=De0N5pLMixd",
    ),
    (
        "request of a cached page of twelve",
        "/instagram/profile/posts?username=gramhost.demo&limit=12",
    ),
    ("request that names no post", "/instagram/post/info"),
];

/// A server without sockets, on recorded answers.
struct Served {
    runtime: Runtime,
    router: Router,
    extraction: Extraction,
    _folder: TempDir,
}

/// What wasmtime says of code for a processor of which valgrind does not know everything.
const UNKNOWN_PROCESSOR: &str = "incompatible with native host";
/// Room for the written form of every record in the cache, bytes.
const ROOM: usize = 1 << 20;

/// The paths through a server.
///
/// # Errors
/// If valgrind cannot run what was compiled for this processor, in words.
pub(crate) fn paths() -> Result<Vec<Path>, String> {
    let served = Rc::new(Served::open(ROOM)?);
    let requests = REQUESTS.map(|(name, path)| {
        let served = Rc::clone(&served);
        Path::new(name, move || served.ask(path))
    });
    let hit = {
        let query = Query::post(Target::Shortcode("De0N5pLMixd".to_owned()));
        let served = Rc::clone(&served);
        // Many, because the cache tidies itself up at some of them.
        Path::new("a thousand cache hits", move || {
            for _ in 0..1_000 {
                let found = served.runtime.block_on(served.extraction.run(&query));
                drop(found.expect("a record"));
            }
        })
    };
    // What it costs more than that of the cached form is the view of the record and its JSON.
    let written = Served::open(0)?;
    let written = Path::new("request of a cached post, written anew", move || {
        written.ask(POST)
    });
    Ok(requests.into_iter().chain([hit, written]).collect())
}

impl Served {
    fn open(written_bytes_max: usize) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let flags = Flags {
            data: Some(folder.path().display().to_string()),
            replay: Some(FIXTURES.to_owned()),
            // High enough to allow all, but not off.
            rate_limit: Some("1000000".to_owned()),
            cache_ttl: Some("86400".to_owned()),
            ..Flags::default()
        };
        let mut config = Config::load(&flags).expect("settings");
        config.extraction.cache_written_bytes_max = written_bytes_max;
        config.plugin.compiler = env!("CARGO_BIN_EXE_gramhost").into();
        config.plugin.cache = COMPILED.into();
        // Under valgrind, the cases would take longer than admission waits for them.
        config.plugin.embedded.cases = |_| Ok(Vec::new());
        let app = runtime.block_on(app(&config))?;
        Ok(Self {
            extraction: app.extraction.clone(),
            router: api::public(app, &api::Traffic::default(), &config.api),
            runtime,
            _folder: folder,
        })
    }

    /// Asks like a client on this machine, and reads the whole answer.
    fn ask(&self, path: &str) {
        let request = Request::builder()
            .uri(path)
            .header("host", "localhost:5000")
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
            .body(Body::empty())
            .expect("a request");
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await;
            let body = answer.expect("an answer").into_body();
            let bytes = to_bytes(body, usize::MAX).await.expect("a body");
            assert!(!bytes.is_empty(), "{path}");
        });
    }
}

/// The parts of a server, without ffmpeg.
async fn app(config: &Config) -> Result<App, String> {
    let owner = Folder::own(&config.data).expect("a data folder");
    let database = Database::open(&owner).await.expect("a database");
    let plugins = Registry::open(config.plugin.clone(), Some(database.clone()));
    let plugins = match plugins.await {
        Err(error) if error.to_string().contains(UNKNOWN_PROCESSOR) => {
            return Err(error.to_string());
        }
        plugins => plugins.expect("plugins"),
    };
    let media = Media::without_ffmpeg(config.media.clone());
    let clock = Clock::system();
    let fleet = Fleet::join(config.fleet.clone(), database.clone(), clock.clone());
    let fleet = fleet.await.expect("a fleet of one");
    let parts = (database, fleet, clock);
    let app = server::app(config, parts, plugins, media, Box::new(|| 0));
    Ok(app.await.expect("the parts"))
}
