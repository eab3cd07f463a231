//! The command-line flags that are settings. They remain text until [`super::setting`] reads them.

use std::path::PathBuf;

use clap::Args;

/// Each flag is also a `GRAMHOST_*` variable and a key of the settings file. The flag takes precedence.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Settings (also GRAMHOST_* variables and keys of the settings file)")]
pub struct Flags {
    /// The settings file [default: gramhost.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address of the API; port 0 means any free port [default: 127.0.0.1:5000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The address of the admin listener, or off [default: 127.0.0.1:5001]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub admin_listen: Option<String>,
    /// The folder of plugins (post.wasm, post.toml, ...) that override the built-in ones [default: plugins in the data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub plugins: Option<String>,
    /// The data folder of the server: database, compiled plugins, admin token [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<String>,
    /// The PostgreSQL database that replicas share, postgres://USER@HOST/NAME [default: SQLite in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    pub database: Option<String>,
    /// Requests of one client in any 60 seconds; 0 means no limit [default: 30]
    #[arg(long, global = true, value_name = "N")]
    pub rate_limit: Option<String>,
    /// Send all requests for Instagram to this origin instead
    #[arg(long, global = true, value_name = "URL")]
    pub upstream_override: Option<String>,
    /// Respond from the HAR files in this folder, without any network access
    #[arg(long, global = true, value_name = "FOLDER")]
    pub replay: Option<String>,
    /// A Netscape cookie file with your own Instagram session
    #[arg(long, global = true, value_name = "FILE")]
    pub cookies: Option<String>,
    /// The proxy for requests to Instagram: http, https, socks5 or socks5h
    #[arg(long, global = true, value_name = "URL")]
    pub proxy: Option<String>,
    /// How many seconds records are served from the cache; 0 switches the cache off [default: 60]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub cache_ttl: Option<String>,
    /// Run a new plugin version in shadow mode for N live extractions before it serves [default: 0]
    #[arg(long, global = true, value_name = "N")]
    pub shadow: Option<String>,
    /// How downloaded files are named: documented, or capability (names that nobody can guess)
    #[arg(long, global = true, value_name = "HOW")]
    pub file_names: Option<String>,
    /// The bucket in which downloaded files are kept: s3://bucket/prefix [default: the folder files in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    pub files: Option<String>,
}

impl Flags {
    /// The key and value of each flag that was given.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("listen", &self.listen),
            ("admin_listen", &self.admin_listen),
            ("plugins", &self.plugins),
            ("data", &self.data),
            ("database", &self.database),
            ("rate_limit", &self.rate_limit),
            ("upstream_override", &self.upstream_override),
            ("replay", &self.replay),
            ("cookies", &self.cookies),
            ("proxy", &self.proxy),
            ("cache_ttl", &self.cache_ttl),
            ("shadow", &self.shadow),
            ("file_names", &self.file_names),
            ("files", &self.files),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_deref()?)))
    }
}
