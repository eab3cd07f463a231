//! Collects the `Config` of every module from flags, `GRAMHOST_*` variables and `gramhost.toml`, in this order of
//! precedence. Only this module and [`crate::command`] read the environment.

mod flags;
mod nearest;
mod setting;
mod shown;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::{
    env, fmt, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use flags::Flags;
pub use nearest::nearest;

use crate::{
    api, capture,
    contract::PluginName,
    data::{self, Folder, Links},
    database, download,
    driver::{self, Rules},
    extraction, fleet, job, media,
    plugin::{self, Embedded},
    storage,
    upstream::{self, RequestRules},
};

/// What is larger is no settings file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The plugins and cases that are built into the binary.
pub const EMBEDDED: Embedded = Embedded {
    component: |name| match name {
        PluginName::Profile => embedded::PROFILE,
        PluginName::Post => embedded::POST,
        PluginName::Reel => embedded::REEL,
        PluginName::Story => embedded::STORY,
    },
    cases: embedded::cases,
};

/// The settings file that is read if it exists and `--config` names no other.
const FILE: &str = "gramhost.toml";

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the API; port 0 means any free port.
    pub listen: SocketAddr,
    /// The address of the admin listener; `None` switches it off.
    pub admin_listen: Option<SocketAddr>,
    /// The folder that the server owns: database, compiled plugins, admin token. Created with mode 0700.
    pub data: PathBuf,
    /// Settings of a database that replicas share.
    pub database: database::Config,
    /// Requests of one client in any 60 seconds; 0 switches the limit off.
    pub rate_limit: u32,
    /// How long a request waits for the database of a fleet to count it, milliseconds. Afterwards the replica counts alone.
    pub rate_limit_ms_max: u64,
    /// Settings of a replica.
    pub fleet: fleet::Config,
    /// How files are named: by default `documented` on a loopback address, and `capability` elsewhere.
    pub file_names: Option<FileNames>,
    /// Whether a server and all child processes give up what they do not need, at their start.
    pub hardening: bool,
    /// Files and folders outside the known ones that the server must be able to read all the same.
    pub readable: Vec<PathBuf>,
    /// A filter of tracing-subscriber such as `info,gramhost::plugin=debug`. Each command has its own default.
    pub log: Option<String>,
    /// Settings of the HTTP interface.
    pub api: api::Config,
    /// Settings of captures.
    pub capture: capture::Config,
    /// Limits of one extraction, live or recorded.
    pub driver: driver::Config,
    /// Settings of extractions.
    pub extraction: extraction::Config,
    /// Settings of downloads.
    pub download: download::Config,
    /// Settings of the queue.
    pub job: job::Config,
    /// Settings of conversions.
    pub media: media::Config,
    /// Settings of the plugin host.
    pub plugin: plugin::Config,
    /// Settings of the file store.
    pub storage: storage::Config,
    /// Settings of requests to Instagram.
    pub upstream: upstream::Config,
}

/// How files are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNames {
    /// As the specification says.
    Documented,
    /// With a random part that nobody can guess.
    Capability,
}

impl fmt::Display for FileNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Capability => "capability",
        })
    }
}

/// Why the configuration is invalid. Each message names the setting and its source.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file cannot be read, or is not TOML.
    #[error("{0}")]
    File(String),
    /// The setting does not exist.
    #[error("{origin} is not a setting; {hint}")]
    Unknown {
        /// The variable, or the file and its key.
        origin: String,
        /// The most similar setting, or all of them.
        hint: String,
    },
    /// The value of a setting is invalid.
    #[error("{origin} cannot be {value:?}; expected {accepted}")]
    Value {
        /// The flag, the variable, or the file and its key.
        origin: String,
        /// The invalid value, shortened and without credentials.
        value: String,
        /// A description of the valid values.
        accepted: String,
    },
    /// The server would be reachable from other machines, but no host names are allowed.
    #[error(
        "listen = {0} is reachable from other machines: set allowed_hosts (GRAMHOST_ALLOWED_HOSTS) \
         to the names that clients use, such as api.example.com"
    )]
    Exposed(SocketAddr),
    /// Files would be handed over to nobody.
    #[error(
        "file_delivery = {0} needs trusted_proxies (GRAMHOST_TRUSTED_PROXIES): \
         only a proxy can send the file, so all other clients get it from this server"
    )]
    NoProxy(api::FileDelivery),
    /// Files in a bucket cannot be delivered as configured, or the other way round.
    #[error("file_delivery = {0} {1}")]
    Delivery(api::FileDelivery, &'static str),
    /// The bucket cannot be reached with what other tools would use.
    #[error("files = {0}: {1}")]
    Bucket(storage::BucketAddress, String),
    /// Everybody on the machine could read it.
    #[error(
        "--database contains a password, which everybody on this machine can read: \
         give it by database_password_file, or the whole URL as GRAMHOST_DATABASE"
    )]
    PasswordInArguments,
    /// The path of this program is unknown, so plugins cannot be compiled in a child process.
    #[error("cannot find the executable of this process: {0}")]
    Program(String),
}

impl Config {
    /// Reads the flags and variables of this process, and the settings file.
    ///
    /// # Errors
    /// If the settings file cannot be read, or a setting is unknown or invalid; see [`Error`].
    pub fn load(flags: &Flags) -> Result<Self, Error> {
        let program = env::current_exe().map_err(|error| Error::Program(error.to_string()))?;
        let file = read(flags.config.as_deref())?;
        let file = file
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        Self::compose(program, file, env::vars_os(), flags)
    }

    /// Only the flags of this process, without variables and the settings file.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn of_flags(flags: &Flags) -> Result<Self, Error> {
        let program = env::current_exe().map_err(|error| Error::Program(error.to_string()))?;
        Self::compose(program, None, std::iter::empty(), flags)
    }

    /// The part of [`Config::load`] that does not depend on the process.
    fn compose(
        program: PathBuf,
        file: Option<(&str, &str)>,
        variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
        flags: &Flags,
    ) -> Result<Self, Error> {
        let mut config = Self::new(program);
        let mut assignments = Vec::new();
        if let Some((name, text)) = file {
            assignments.extend(source::file(name, text)?);
        }
        let variables: Vec<_> = variables.collect();
        let pairs = variables.iter().map(|(name, text)| (name, text));
        config.storage.s3.variables = storage::Variables::of(pairs);
        assignments.extend(source::variables(variables.into_iter())?);
        assignments.extend(source::flags(flags)?);
        // The last assignment wins, so the order of the sources is the order of precedence.
        for source::Assignment {
            origin,
            setting,
            text,
        } in assignments
        {
            (setting.set)(&mut config, &text).map_err(|accepted| Error::Value {
                origin,
                value: value::shown(&text),
                accepted,
            })?;
        }
        config.finish()
    }

    fn new(program: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 5000)),
            admin_listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 5001))),
            data: PathBuf::from("data"),
            database: database::Config::default(),
            rate_limit: 30,
            rate_limit_ms_max: 500,
            fleet: fleet::Config::default(),
            file_names: None,
            hardening: true,
            readable: Vec::new(),
            log: None,
            api: api::Config::default(),
            driver: driver::Config::default(),
            extraction: extraction::Config::default(),
            capture: capture::Config::default(),
            download: download::Config::default(),
            job: job::Config::default(),
            media: media::Config::new(program.clone()),
            plugin: plugin::Config::new(program, PathBuf::new(), EMBEDDED),
            storage: storage::Config::default(),
            upstream: upstream::Config::default(),
        }
    }

    /// The active value and the default of every setting, without secrets.
    #[must_use]
    pub fn settings(&self) -> Vec<api::Setting> {
        let defaults = Self::new(PathBuf::new()).finish().ok();
        let shown = |setting: &setting::Setting| api::Setting {
            key: setting.key,
            value: (setting.shown)(self),
            default: defaults.as_ref().and_then(setting.shown),
        };
        setting::SETTINGS.iter().map(shown).collect()
    }

    /// Whether somebody can deliver files as configured.
    fn check_delivery(&self) -> Result<(), Error> {
        let delivery = &self.api.file_delivery;
        let in_bucket = self.storage.files.is_some();
        match delivery {
            api::FileDelivery::Server => Ok(()),
            api::FileDelivery::Presigned if in_bucket => Ok(()),
            api::FileDelivery::Presigned => Err(Error::Delivery(
                delivery.clone(),
                "needs files in a bucket: set files (GRAMHOST_FILES), such as s3://my-bucket/gramhost",
            )),
            api::FileDelivery::XAccelRedirect(_) if in_bucket => Err(Error::Delivery(
                delivery.clone(),
                "needs files in the data folder: a proxy cannot open those in a bucket; use presigned",
            )),
            api::FileDelivery::XAccelRedirect(_) if self.api.trusted_proxies.is_empty() => {
                Err(Error::NoProxy(delivery.clone()))
            }
            api::FileDelivery::XAccelRedirect(_) => Ok(()),
        }
    }

    /// Checks the settings, and derives those that follow from others.
    fn finish(mut self) -> Result<Self, Error> {
        if !self.listen.ip().is_loopback() && self.api.allowed_hosts.is_empty() {
            return Err(Error::Exposed(self.listen));
        }
        self.check_delivery()?;
        if let Some(address) = &self.storage.files {
            let s3 = &mut self.storage.s3;
            s3.credentials = storage::Credentials::find(&s3.variables)
                .map_err(|why| Error::Bucket(address.clone(), why))?;
        }
        let rules = Rules::new(self.driver.clone(), RequestRules::new(&self.upstream));
        self.extraction.rules = rules.clone();
        self.plugin.rules = rules;
        let data = Folder::visit(&self.data);
        self.plugin.cache = data.compiled();
        self.plugin.cases = Some(data.cases());
        self.plugin.components = Some(data.components());
        self.plugin.confined = self.hardening;
        self.media.confined = self.hardening;
        self.media.output_bytes_max = self.download.file_bytes_max;
        self.job.retention_s = self.download.retention_s;
        // If strangers can reach the server, they must not be able to guess what others have downloaded.
        let exposed = !self.listen.ip().is_loopback();
        let default = match exposed {
            true => FileNames::Capability,
            false => FileNames::Documented,
        };
        let names = *self.file_names.get_or_insert(default);
        self.download.secret_names = names == FileNames::Capability;
        self.plugin.folder.get_or_insert_with(|| data.plugins());
        Ok(self)
    }
}

/// Returns the name and text of the settings file; `None` if no file was named and the default one does not exist.
fn read(named: Option<&Path>) -> Result<Option<(String, String)>, Error> {
    let path = named.unwrap_or(Path::new(FILE));
    let text = data::read(path, Links::Followed, FILE_BYTES_MAX)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|_| io::Error::other("is not UTF-8")));
    match text {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File(format!("{}: {error}", path.display()))),
    }
}
