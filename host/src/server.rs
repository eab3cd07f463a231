//! Composition root: builds all modules, connects them, serves, and shuts down in order.

mod fleet;
mod report;
pub mod token;

use std::{io::Write, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use crate::{
    api,
    app::{App, Parts},
    capture::Captures,
    clock::Clock,
    config::Config,
    data::Folder,
    database::{Database, Note, ObservationLog},
    download::{Downloads, Rows, Tools},
    drift::Drift,
    extraction::Extraction,
    fleet::{ALIVE_MS, Fleet},
    media::Media,
    plugin::{Member, Registry},
    process::InForce,
    rate_limit::RateLimiter,
    statistics::Observations,
    storage::Storage,
    upstream::Client,
};

/// The exit code that shells report for a process ended by SIGINT: 128 and the number of the signal. Used for a second
/// signal.
const INTERRUPTED: i32 = 130;

/// The log of this process, as far as serving has to do with it.
pub trait Log: Send + Sync + 'static {
    /// The number of lines that were dropped.
    fn dropped_lines(&self) -> u64;

    /// Writes the lines that wait, before the process ends.
    fn end(&self);
}

/// Called with the address of the API, once it accepts connections.
pub type Ready = Box<dyn FnOnce(SocketAddr) + Send>;

/// Serves until SIGTERM or SIGINT, then lets requests in progress finish; a second signal ends the process at once. The log
/// tells what this process has given up (`in_force`), if it has.
///
/// # Errors
/// If a folder, port, plugin or setting prevents the start; the error names it in one line.
pub async fn serve(
    config: Config,
    in_force: Option<InForce>,
    log: Arc<dyn Log>,
    ready: Option<Ready>,
) -> anyhow::Result<()> {
    let shutdown = CancellationToken::new();
    tokio::spawn(cancel_on_signal(shutdown.clone(), Arc::clone(&log))?);
    let open = Box::pin(Server::open(config, log));
    match shutdown.run_until_cancelled(open).await {
        Some(server) => {
            let server = server?;
            if let Some(in_force) = in_force {
                report(&in_force);
            }
            if let Some(ready) = ready {
                ready(server.public.local_addr()?);
            }
            Box::pin(server.run(shutdown)).await
        }
        None => Ok(()),
    }
}

/// Says what is in force, and loudly if it is not everything.
fn report(in_force: &InForce) {
    if in_force.is_whole() {
        tracing::info!("hardening: {in_force}");
    } else {
        tracing::warn!("hardening: {in_force}");
    }
}

/// Everything that serving needs.
struct Server {
    app: App,
    api: api::Config,
    settings: Vec<api::Setting>,
    public: TcpListener,
    /// The admin listener, and the token that it requires.
    admin: Option<(TcpListener, String)>,
}

impl Server {
    async fn open(config: Config, log: Arc<dyn Log>) -> anyhow::Result<Self> {
        // The data folder comes first: it keeps a second server from touching anything else.
        let owner = Folder::own(&config.data)?;
        let database = match config.database.address {
            Some(_) => Database::share(&owner, &config.database).await?,
            None => Database::open(&owner).await?,
        };
        let public = bind(config.listen, "--listen").await?;
        let admin = match config.admin_listen {
            Some(address) => {
                let listener = bind(address, "--admin-listen").await?;
                Some((listener, token::read_or_create(&owner)?))
            }
            None => None,
        };
        let media = Media::open(config.media.clone());
        let clock = Clock::system();
        let fleet = Fleet::join(config.fleet.clone(), database.clone(), clock.clone()).await?;
        let plugins = plugins(&config, database.clone(), (&fleet, &clock)).await?;
        let dropped_lines = Box::new(move || log.dropped_lines());
        let app = app(
            &config,
            (database, fleet, clock),
            plugins,
            media,
            dropped_lines,
        )
        .await?;
        Ok(Self {
            app,
            settings: config.settings(),
            api: config.api,
            public,
            admin,
        })
    }

    async fn run(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            app,
            api,
            settings,
            public,
            admin,
        } = self;
        let traffic = api::Traffic::default();
        announce("listening", &public)?;
        if !public.local_addr()?.ip().is_loopback() {
            tracing::warn!(hosts = ?api.allowed_hosts, "reachable from other machines: the API asks nobody who they are");
        }
        let public = api::serve(
            public,
            api::public(app.clone(), &traffic, &api),
            api.clone(),
            report::draining(app.fleet.clone()),
            shutdown.clone(),
        );
        let operator = async {
            if let Some((listener, token)) = admin {
                announce("admin listening", &listener)?;
                let router = api::admin(app.clone(), &token, &traffic, &api, settings);
                let never = Arc::new(|| false);
                api::serve(listener, router, api.clone(), never, shutdown.clone()).await;
            }
            anyhow::Ok(())
        };
        // The others count with this replica until it serves nobody and runs no job.
        let left = CancellationToken::new();
        let leaving = tokio::spawn({
            let (fleet, left) = (app.fleet.clone(), left.clone());
            async move { fleet.run(left).await }
        });
        tokio::spawn(report::keep(app.clone(), shutdown.clone()));
        let jobs = app.downloads.run(shutdown.clone());
        tokio::spawn(fleet::look_for_jobs(
            app.fleet.clone(),
            app.downloads.queue().clone(),
        ));
        tokio::spawn(fleet::share_upstream(
            app.fleet.clone(),
            app.extraction.upstream().clone(),
        ));
        let drift = app.drift.run(shutdown.clone());
        let observations = app.observations.run(shutdown.clone());
        let captures = app.captures.run(shutdown.clone());
        let ((), operator, (), (), (), ()) =
            tokio::join!(public, operator, jobs, drift, observations, captures);
        // Also those of the requests that ended last.
        app.observations.keep().await;
        left.cancel();
        // It only waits for its last statement.
        let _ended = leaving.await;
        app.database.close().await;
        operator
    }
}

/// Opens the plugins: those of this machine alone, or those that the replicas of a fleet decide about together.
async fn plugins(
    config: &Config,
    database: Database,
    (fleet, clock): (&Fleet, &Clock),
) -> anyhow::Result<Arc<Registry>> {
    let plugin = config.plugin.clone();
    if fleet.is_alone() {
        return Ok(Registry::open(plugin, Some(database)).await?);
    }
    let member = Member {
        name: fleet.name(),
        alive_ms: ALIVE_MS,
        clock: clock.clone(),
        notes: fleet.notes(Note::Plugins),
    };
    let artifacts = Arc::new(database.clone());
    Ok(Registry::join(plugin, database, artifacts, member).await?)
}

/// Puts together what handlers may ask for, on the database of the data folder that this process owns.
///
/// # Errors
/// If a folder, the database or a setting prevents it; the error names it in one line.
pub async fn app(
    config: &Config,
    (database, fleet, clock): (Database, Fleet, Clock),
    plugins: Arc<Registry>,
    media: Media,
    dropped_lines: Box<dyn Fn() -> u64 + Send + Sync>,
) -> anyhow::Result<App> {
    let captures = Captures::open(config.capture.clone(), database.owner())?;
    let drift = Drift::open(Some(database.clone()), clock.clone()).await?;
    let observations = Observations::new(database.observations().clone());
    let observations = match database.is_shared() {
        true => observations.by(clock.clone()),
        false => observations,
    };
    let extraction = extraction(config, Arc::clone(&plugins))?
        .watched_by(captures.clone(), drift.clone())
        .observed_by(observations.clone());
    let downloads = downloads(config, database.clone(), clock, extraction.clone(), media).await?;
    let patience = Duration::from_millis(config.rate_limit_ms_max);
    let rate_limiter = RateLimiter::new(config.rate_limit).in_fleet(&fleet, &database, patience);
    Ok(App::from(Parts {
        extraction,
        plugins,
        captures,
        drift,
        database,
        observations,
        downloads,
        fleet,
        rate_limiter: Arc::new(rate_limiter),
        dropped_lines,
    }))
}

/// Builds the extraction, which turns a query into a record, with the serving versions of `plugins`.
///
/// # Errors
/// If a setting prevents it; the error names the setting in one line.
pub fn extraction(config: &Config, plugins: Arc<Registry>) -> anyhow::Result<Extraction> {
    let upstream = Client::new(config.upstream.clone())?;
    Ok(Extraction::new(
        config.extraction.clone(),
        plugins,
        upstream,
    ))
}

/// Like [`extraction`], for a command: posts and reels that it extracts are observed where a server would observe them: in
/// the database that replicas share, or in the data folder, if a server has created one. Without the database, only the observation is lost.
///
/// # Errors
/// Like [`extraction`].
pub async fn observed_extraction(
    config: &Config,
    plugins: Arc<Registry>,
) -> anyhow::Result<Extraction> {
    let extraction = extraction(config, plugins)?;
    let log = match config.database.address {
        Some(_) => ObservationLog::visit_shared(&config.database)
            .await
            .map(Some),
        None => ObservationLog::visit(&Folder::visit(&config.data)).await,
    };
    Ok(match log {
        Ok(Some(log)) => extraction.observed_by(Observations::at_once(log)),
        Ok(None) => extraction,
        Err(error) => {
            tracing::warn!(%error, "nothing is observed");
            extraction
        }
    })
}

/// Builds the download engine, which keeps its state in `database` and in the data folder that contains it.
///
/// # Errors
/// If a setting or folder prevents it; the error names it in one line.
pub async fn downloads(
    config: &Config,
    database: Database,
    clock: Clock,
    extraction: Extraction,
    media: Media,
) -> anyhow::Result<Downloads> {
    let tools = Tools {
        config: Arc::new(config.download.clone()),
        upstream: extraction.upstream().clone(),
        extraction,
        media,
        storage: Storage::open(config.storage.clone(), database.owner()).await?,
        database,
        clock,
        naming: Arc::default(),
        rows: Rows::default(),
    };
    Ok(Downloads::open(config.job.clone(), tools).await?)
}

async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; give another {flag}"))
}

/// Prints the address on standard output, on one line; with the actual port if port 0 was configured.
fn announce(what: &str, listener: &TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    // The parent process may have closed standard output; that must not prevent serving.
    let _closed = writeln!(std::io::stdout(), "{what} on http://{address}");
    Ok(())
}

/// The handlers are installed when this returns; the future cancels on the first signal and exits on the second.
fn cancel_on_signal(
    shutdown: CancellationToken,
    log: Arc<dyn Log>,
) -> anyhow::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let mut either = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        either().await;
        tracing::info!("stopping: running requests may finish; a second signal stops at once");
        shutdown.cancel();
        either().await;
        log.end();
        std::process::exit(INTERRUPTED);
    })
}
