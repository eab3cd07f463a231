//! The command-line flags that set something; they stay text until [`super::setting`] reads them.

use std::path::PathBuf;

use clap::Args;

/// Each is also a `GRAMHOST_*` variable and a key of the file; a flag wins over both.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Settings (also GRAMHOST_* variables and keys of the file)")]
pub struct Flags {
    /// Settings file [default: gramhost.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the API listens; port 0 takes any free one [default: 127.0.0.1:5000]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// Where the operator's listener is, or off [default: 127.0.0.1:5001]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub admin_listen: Option<String>,
    /// Plugins here (post.wasm, post.toml, ...) override the built-in ones [default: plugins in the data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub plugins: Option<String>,
    /// Cases here, not the built-in ones, are what a component from that folder must pass
    #[arg(long, global = true, value_name = "FOLDER")]
    pub plugin_cases: Option<String>,
    /// The server's own folder: database, compiled plugins, admin token [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<String>,
    /// Requests of one client in any 60 seconds; 0 for no limit [default: 30]
    #[arg(long, global = true, value_name = "N")]
    pub rate_limit: Option<String>,
    /// Send every request for Instagram to this origin instead
    #[arg(long, global = true, value_name = "URL")]
    pub upstream_override: Option<String>,
    /// Answer from the HAR files below this folder, with no network at all
    #[arg(long, global = true, value_name = "FOLDER")]
    pub replay: Option<String>,
    /// Your own Instagram session, a Netscape cookie file
    #[arg(long, global = true, value_name = "FILE")]
    pub cookies: Option<String>,
    /// Proxy for requests to Instagram: http, https or socks5
    #[arg(long, global = true, value_name = "URL")]
    pub proxy: Option<String>,
    /// How long an answer is served from memory, seconds; 0 for not at all [default: 60]
    #[arg(long, global = true, value_name = "SECONDS")]
    pub cache_ttl: Option<String>,
    /// How downloaded files are called: documented, or capability (nobody can guess them)
    #[arg(long, global = true, value_name = "HOW")]
    pub file_names: Option<String>,
}

impl Flags {
    /// Each flag's key and what was given.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("listen", &self.listen),
            ("admin_listen", &self.admin_listen),
            ("plugins", &self.plugins),
            ("plugin_cases", &self.plugin_cases),
            ("data", &self.data),
            ("rate_limit", &self.rate_limit),
            ("upstream_override", &self.upstream_override),
            ("replay", &self.replay),
            ("cookies", &self.cookies),
            ("proxy", &self.proxy),
            ("cache_ttl", &self.cache_ttl),
            ("file_names", &self.file_names),
        ]
        .into_iter()
        .filter_map(|(key, text)| Some((key, text.as_deref()?)))
    }
}
