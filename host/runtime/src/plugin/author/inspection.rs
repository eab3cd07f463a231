//! `gramhost plugin check`: reports what a component is built for, what it can do, and what its calls cost, before it
//! serves.

use std::{cmp::Reverse, fmt, path::Path, time::Duration};

use cases::Case;
use serde::Serialize;
use tokio::task::spawn_blocking;

use super::trial::{self, ProgressListener};
use crate::{
    contract::PluginName,
    plugin::{
        admission::{
            self, AdmittedComponent,
            error::Error,
            rejection::{AdmissionStep, Rejection},
            replay::{self, Subject},
            world,
        },
        config::Config,
        engine::{self, artifact::Artifacts, compiler::Compiler, linker},
        sandbox::Sandbox,
    },
};

/// How often each case is timed. The shortest time counts, because other load on the machine can only add to it.
const RUNS: usize = 3;

/// A component that passed every check that needs no recorded case.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The plugin's name, as it states it.
    pub name: String,
    /// The plugin's version, as it states it.
    pub version: String,
    /// SHA-256, 64 hex digits.
    pub digest: String,
    /// Its size, bytes.
    pub bytes: u64,
    /// The contract that it is built for.
    pub contract: BuiltFor,
    /// The interfaces that it imports. All of them are inert: no files, no network, no clock.
    pub imports: Vec<String>,
    /// Host names that it may send requests to.
    pub hosts: Vec<String>,
    /// Maximum number of calls that end in requests.
    pub rounds: u32,
    /// Maximum number of requests over all rounds.
    pub requests: u32,
    /// Whether it uses the operator's session.
    pub uses_session: bool,
    /// The number of lines (TOML) in its default settings.
    pub settings_lines: usize,
    /// The deadline of one call, milliseconds.
    pub call_ms_max: u64,
    /// The cost of each case, the most expensive first.
    pub cases: Vec<Cost>,
}

/// The version of the contract that a component is built for.
#[derive(Clone, Debug, Serialize)]
pub struct BuiltFor {
    /// The release of the contract, such as `1.0.0`.
    pub version: String,
    /// Its world, such as `post-plugin`.
    pub world: String,
    /// The newest release of the same version that this program knows.
    pub known: String,
    /// The first version of gramhost that can serve it.
    pub oldest_host: String,
}

/// The cost of one recorded case.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// `<kind>/<case>`.
    pub case: String,
    /// Calls until its outcome: one for each round, and the last one.
    pub calls: u32,
    /// WebAssembly instructions of all its calls. They are the same on every machine.
    pub instructions: u64,
    /// Wall-clock time of its longest call on this machine, microseconds.
    pub longest_us: u64,
    /// The longest call as a share of the deadline, percent.
    pub deadline_percent: f64,
    /// What the host's check dropped from its record.
    pub dropped: Vec<String>,
    /// How it ended, if not as expected. The costs are then those up to that point.
    pub failed: Option<String>,
}

/// Checks whether `file` passes every step of admission up to its manifest, and measures what the cases cost. Uses the
/// cases in the folder `cases` that are of its kinds, or else the built-in ones.
///
/// # Errors
/// [`Error::Rejected`] with the first step that fails, or [`Error::Start`]. A failed case is not an error.
pub async fn check(
    config: &Config,
    file: &Path,
    cases: Option<&Path>,
    told: ProgressListener,
) -> Result<Inspection, Error> {
    let component = admission::read(file.to_owned(), config.component_bytes_max).await?;
    let shape = world::shape(&component);
    let (name, admitted) = trial::describe(config, file).await?;
    let shape = shape?;
    let counting = counting(config, name, &admitted.digest, &component).await?;
    let cases = trial::cases(config, name, cases, &admitted)?;
    let ms = config.call_ms_max;
    let digest = admitted.digest.clone();
    let manifest = admitted.manifest.clone();
    let costs = spawn_blocking(move || costs(admitted, &counting, &cases, ms, &told))
        .await
        .map_err(|error| Error::Start(error.to_string()))?;
    Ok(Inspection {
        digest,
        bytes: component.len() as u64,
        contract: BuiltFor {
            version: shape.built_for.release.to_string(),
            world: format!("{name}-plugin"),
            known: shape.built_for.contract.version.to_string(),
            oldest_host: shape.built_for.contract.since.to_owned(),
        },
        imports: shape.imports,
        call_ms_max: ms,
        cases: costs,
        settings_lines: manifest.settings.lines().count(),
        name: manifest.name,
        version: manifest.version,
        hosts: manifest.hosts,
        rounds: manifest.rounds,
        requests: manifest.requests,
        uses_session: manifest.uses_session,
    })
}

/// Loads the component on an engine that counts instructions. It is compiled in a child process, like every component.
async fn counting(
    config: &Config,
    name: PluginName,
    digest: &str,
    component: &[u8],
) -> Result<Sandbox, Error> {
    let failed = |error: wasmtime::Error| Error::Start(format!("{error:#}"));
    let engine = engine::counting().map_err(failed)?;
    let artifacts = Artifacts::open(&config.cache, &engine, None)
        .map_err(|error| Error::Start(format!("{}: {error}", config.cache.display())))?;
    let compiled = match artifacts.load(digest) {
        Some(compiled) => compiled,
        None => {
            let compiler = Compiler::new(config.compiler.clone(), config.confined);
            let code = compiler.compile_counting(component).await;
            let code = code.map_err(|error| Rejection::new(AdmissionStep::Compile, error))?;
            let kept = artifacts.keep(digest, &code);
            kept.map_err(|reason| Rejection::new(AdmissionStep::Compile, reason))?
        }
    };
    let linker = linker::inert(&engine).map_err(failed)?;
    let sandbox = Sandbox::new(name, &compiled, &linker, config).map_err(failed)?;
    Ok(sandbox.metered())
}

/// Measures the cost of every case. Blocks.
fn costs(
    admitted: AdmittedComponent,
    counting: &Sandbox,
    cases: &[Case],
    ms: u64,
    told: &ProgressListener,
) -> Vec<Cost> {
    let AdmittedComponent {
        manifest,
        sandbox,
        settings,
        rules,
        ..
    } = admitted;
    let serving = sandbox.metered();
    let on = |sandbox| Subject::new(sandbox, &manifest, settings.as_deref(), &rules);
    let (serving, counting) = (on(&serving), on(counting));
    let mut costs = Vec::with_capacity(cases.len());
    for case in cases {
        costs.push(cost(&serving, &counting, case, ms));
        told(costs.len(), cases.len());
    }
    costs.sort_by_key(|cost| Reverse(cost.instructions));
    costs
}

fn cost(serving: &Subject<'_>, counting: &Subject<'_>, case: &Case, ms: u64) -> Cost {
    let mut longest = Duration::MAX;
    let mut result = Ok(Vec::new());
    for _ in 0..RUNS {
        result = replay::run(serving, case);
        longest = longest.min(serving.sandbox.take_usage().longest);
    }
    // Its result is the same as above: the same arguments give the same outcome.
    let _ = replay::run(counting, case);
    let taken = counting.sandbox.take_usage();
    let deadline = Duration::from_millis(ms);
    let (dropped, failed) = match result {
        Ok(dropped) => (dropped, None),
        Err(mismatch) => (Vec::new(), Some(mismatch.to_string())),
    };
    Cost {
        case: replay::title(case),
        calls: taken.calls,
        instructions: taken.instructions,
        longest_us: u64::try_from(longest.as_micros()).unwrap_or(u64::MAX),
        deadline_percent: 100.0 * longest.as_secs_f64() / deadline.as_secs_f64(),
        dropped,
        failed,
    }
}

impl Inspection {
    /// Returns the number of cases that did not end as expected.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.cases.iter().filter(|it| it.failed.is_some()).count()
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = if self.uses_session {
            "used"
        } else {
            "not used"
        };
        writeln!(f, "{} {}", self.name, self.version)?;
        writeln!(f, "  digest    {}", self.digest)?;
        writeln!(f, "  size      {} bytes", self.bytes)?;
        writeln!(f, "  contract  {}", self.contract)?;
        writeln!(f, "  imports   {}", self.imports.join(", "))?;
        writeln!(f, "  hosts     {}", self.hosts.join(", "))?;
        let (rounds, requests) = (self.rounds, self.requests);
        writeln!(f, "  limits    {rounds} rounds, {requests} requests")?;
        writeln!(f, "  session   {session}")?;
        writeln!(f, "  settings  {} lines of defaults", self.settings_lines)?;
        let total: u64 = self.cases.iter().map(|it| it.instructions).sum();
        write!(
            f,
            "  cost      {} cases, {} instructions; the longest call of each as a share of {} ms",
            self.cases.len(),
            grouped(total),
            self.call_ms_max
        )?;
        self.cases.iter().try_for_each(|it| write!(f, "\n{it}"))
    }
}

impl fmt::Display for BuiltFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, world, oldest) = (&self.version, &self.world, &self.oldest_host);
        write!(
            f,
            "{version}, world {world}; served since gramhost {oldest}"
        )?;
        if self.known != self.version {
            write!(f, ", this one knows {}", self.known)?;
        }
        Ok(())
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = Duration::from_micros(self.longest_us).as_secs_f64() * 1000.0;
        let instructions = grouped(self.instructions);
        let (calls, percent, case) = (self.calls, self.deadline_percent, &self.case);
        write!(
            f,
            "{instructions:>16}  {calls:>2} calls {ms:>7.2} ms {percent:>5.2} %  {case}"
        )?;
        for message in &self.dropped {
            write!(f, "\n{:>18}warning: {message}", "")?;
        }
        match &self.failed {
            Some(why) => write!(f, "\n{:>18}FAIL  {why}", ""),
            None => Ok(()),
        }
    }
}

/// Formats a number with a space between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
