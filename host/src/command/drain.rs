//! `gramhost drain`: tells the running server that it is about to stop, so that balancers send it nothing new.

use std::time::Duration;

use clap::Args;

use super::{
    Exit,
    admin::{send, why},
    fail, print,
};
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  gramhost drain                 answer 503 at /readyz, and take no more jobs
  gramhost drain --wait 15       the same, and return when balancers have noticed: for preStop in Kubernetes
  gramhost drain --off           take it back

The server goes on answering requests, and its running jobs continue. SIGTERM stops it as always.";

/// Arguments of `gramhost drain`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Drain {
    /// Return after so many seconds: longer than balancers take to look at /readyz
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=3_600))]
    wait: u64,
    /// Take it back: the server wants requests and takes jobs again
    #[arg(long, conflicts_with = "wait")]
    off: bool,
}

impl Drain {
    /// Asks the server, prints what it says, and waits.
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let method = if self.off { "DELETE" } else { "POST" };
        let response = send(config, &format!("{method} /drain"), &[]).await?;
        if response.status != 200 {
            return Ok(fail(Exit::Failed, &why(&response.body)));
        }
        let jobs = &response.body["jobs"];
        let said = match self.off {
            true => "no longer draining".to_owned(),
            false => format!("draining; running jobs: {jobs}"),
        };
        let done = print(&said);
        tokio::time::sleep(Duration::from_secs(self.wait)).await;
        Ok(done)
    }
}
