//! Gathers each room's Config from flags, `GRAMHOST_*` variables and `gramhost.toml`, in this order of
//! precedence; the only room but [`crate::command`] that reads the environment.

mod flags;
mod nearest;
mod setting;
mod shown;
mod source;
#[cfg(test)]
mod tests;
mod value;

use std::{
    env, fmt, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

pub use flags::Flags;
pub use nearest::nearest;

use crate::{
    api, capture, download, extraction, job, media,
    plugin::{self, Embedded},
    storage, upstream,
};

/// The plugins and cases that the binary carries.
pub const EMBEDDED: Embedded = Embedded {
    plugins: &embedded::PLUGINS,
    cases: embedded::cases,
};

/// Read where `--config` names no other file, if it is there.
const FILE: &str = "gramhost.toml";

/// Everything that may be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the API listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the operator's listener is; off where absent.
    pub admin_listen: Option<SocketAddr>,
    /// The folder that the server owns: database, compiled plugins, admin token; made with mode 0700.
    pub data: PathBuf,
    /// Requests of one client in any 60 s; 0 switches the limit off.
    pub rate_limit: u32,
    /// How files are called; by default as documented on a loopback address and by capability elsewhere.
    pub file_names: Option<FileNames>,
    /// A filter of tracing-subscriber, such as `info,gramhost::plugin=debug`; each command has its own default.
    pub log: Option<String>,
    /// Of the HTTP interface.
    pub api: api::Config,
    /// Of captures.
    pub capture: capture::Config,
    /// Of extractions.
    pub extraction: extraction::Config,
    /// Of downloads.
    pub download: download::Config,
    /// Of the queue.
    pub job: job::Config,
    /// Of conversions.
    pub media: media::Config,
    /// Of plugins.
    pub plugin: plugin::Config,
    /// Of files.
    pub storage: storage::Config,
    /// Of requests to Instagram.
    pub upstream: upstream::Config,
}

/// How files are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNames {
    /// As the specification has it.
    Documented,
    /// With something in it that nobody can guess.
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

/// Why the configuration is refused. Each names the setting and where it stands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file cannot be read or is no TOML.
    #[error("{0}")]
    File(String),
    /// No such setting.
    #[error("{origin} is not a setting; {hint}")]
    Unknown {
        /// The variable, or the file and its key.
        origin: String,
        /// The nearest name, or all of them.
        hint: String,
    },
    /// A setting that does not take this value.
    #[error("{origin} does not take {value:?}: give {accepted}")]
    Value {
        /// The flag, the variable, or the file and its key.
        origin: String,
        /// What was given, shortened and without credentials.
        value: String,
        /// What is taken.
        accepted: String,
    },
    /// Reachable from other machines without saying under which names.
    #[error(
        "listen = {0} is reachable from other machines: set allowed_hosts (GRAMHOST_ALLOWED_HOSTS) \
         to the names that clients use, such as api.example.com"
    )]
    Exposed(SocketAddr),
    /// The path of this program is unknown, so plugins cannot be compiled.
    #[error("cannot find this program's own file: {0}")]
    Program(String),
}

impl Config {
    /// From this process's flags, its variables, and the file.
    ///
    /// # Errors
    /// [`Error`].
    pub fn load(flags: &Flags) -> Result<Self, Error> {
        let program = env::current_exe().map_err(|error| Error::Program(error.to_string()))?;
        let file = read(flags.config.as_deref())?;
        let file = file
            .as_ref()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        Self::compose(program, file, env::vars_os(), flags)
    }

    /// The rest of [`Config::load`], which needs no process.
    fn compose(
        program: PathBuf,
        file: Option<(&str, &str)>,
        variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
        flags: &Flags,
    ) -> Result<Self, Error> {
        let mut config = Self::new(program);
        let mut given = Vec::new();
        if let Some((name, text)) = file {
            given.extend(source::file(name, text)?);
        }
        given.extend(source::variables(variables)?);
        given.extend(source::flags(flags)?);
        // Later ones win, so the order of the sources is the order of precedence.
        for source::Given {
            origin,
            setting,
            text,
        } in given
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
            rate_limit: 30,
            file_names: None,
            log: None,
            api: api::Config::default(),
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

    /// Every setting as it is in force beside its default, without secrets.
    #[must_use]
    pub fn settings(&self) -> Vec<api::Setting> {
        let usual = Self::new(PathBuf::new()).finish().ok();
        let shown = |setting: &setting::Setting| api::Setting {
            key: setting.key,
            value: (setting.shown)(self),
            default: usual.as_ref().and_then(setting.shown),
        };
        setting::SETTINGS.iter().map(shown).collect()
    }

    /// What follows from other settings.
    fn finish(mut self) -> Result<Self, Error> {
        if !self.listen.ip().is_loopback() && self.api.allowed_hosts.is_empty() {
            return Err(Error::Exposed(self.listen));
        }
        self.extraction.any_media_host = self.upstream.origin_override.is_some();
        self.plugin.cache = self.data.join("compiled");
        self.capture.folder = Some(self.data.join("captures"));
        self.plugin.cases = Some(self.data.join("fixtures"));
        self.plugin.components = Some(self.data.join("components"));
        self.storage.folder = self.data.join("files");
        self.media.output_bytes_max = self.download.file_bytes_max;
        self.job.retention_s = self.download.retention_s;
        // Where strangers can ask, nobody shall guess what others downloaded.
        let exposed = !self.listen.ip().is_loopback();
        let usual = match exposed {
            true => FileNames::Capability,
            false => FileNames::Documented,
        };
        let names = *self.file_names.get_or_insert(usual);
        self.download.secret_names = names == FileNames::Capability;
        self.plugin
            .folder
            .get_or_insert_with(|| self.data.join("plugins"));
        Ok(self)
    }
}

/// The file's name and text; none where nobody asked for one and the usual one is not there.
fn read(asked: Option<&Path>) -> Result<Option<(String, String)>, Error> {
    let path = asked.unwrap_or(Path::new(FILE));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.display().to_string(), text))),
        Err(error) if asked.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::File(format!("{}: {error}", path.display()))),
    }
}
