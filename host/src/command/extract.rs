//! `gramhost extract KIND TARGET`: prints one record, without a server.

use clap::{Args, builder::PossibleValuesParser, builder::TypedValueParser};

use super::{Exit, fail, print};
use crate::{
    config::Config,
    contract::{Kind, Query, Shape, Subject, target},
    extraction::Error,
    plugin::Registry,
    server,
};

const EXAMPLES: &str = "\
Examples:
  gramhost extract profile-info instagram
  gramhost extract profile-posts instagram --limit 24
  gramhost extract post https://www.instagram.com/p/CnU4zIh9x_F/
  gramhost extract reel CnU4zIh9x_F --json | jq .caption";

/// Arguments of `gramhost extract`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Extract {
    #[command(flatten)]
    question: Question,
    /// Print the record on one line, not indented
    #[arg(long)]
    json: bool,
}

/// The arguments that name what to extract.
#[derive(Args, Debug)]
pub(super) struct Question {
    /// The kind of record to extract
    #[arg(value_parser = kinds())]
    kind: Kind,
    /// A username for profiles and stories; a URL, shortcode or numeric id for posts and reels
    target: String,
    /// Number of posts or reels of a profile
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=50))]
    limit: u32,
    /// Continue after an earlier page (its end_cursor)
    #[arg(long)]
    cursor: Option<String>,
}

impl Extract {
    pub(super) async fn run(self, config: Config) -> anyhow::Result<Exit> {
        let json = self.json;
        let query = match self.question.query() {
            Ok(query) => query,
            Err(why) => return Ok(fail(Exit::Misused, &why)),
        };
        let plugins = Registry::open(config.plugin.clone(), None).await?;
        let extraction = server::observed_extraction(&config, plugins).await?;
        match extraction.run(&query).await {
            Ok(extracted) if json => Ok(print(&serde_json::to_string(&*extracted.record)?)),
            Ok(extracted) => Ok(print(&serde_json::to_string_pretty(&*extracted.record)?)),
            Err(failure) => Ok(fail(exit(&failure.error), &failure)),
        }
    }
}

impl Question {
    pub(super) fn query(self) -> Result<Query, String> {
        let Self {
            kind,
            target,
            limit,
            cursor,
        } = self;
        let username = || target::username(&target).map_err(|error| error.to_string());
        let subject = match kind.shape() {
            Shape::Account => Subject::Account {
                username: username()?,
            },
            Shape::List => Subject::List {
                username: username()?,
                limit,
                cursor,
            },
            Shape::Media => Subject::Media {
                target: target::media(&target).map_err(|error| error.to_string())?,
            },
        };
        Query::new(kind, subject).map_err(|error| error.to_string())
    }
}

/// The names of [`Kind::ALL`].
fn kinds() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::name)).try_map(|name| {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or("no such kind")
    })
}

/// The exit code distinguishes: content that is not available, no response from Instagram, and our own failures.
fn exit(error: &Error) -> Exit {
    match error {
        Error::NotFound
        | Error::Private
        | Error::Deleted
        | Error::AgeRestricted
        | Error::RegionBlocked
        | Error::LoginRequired
        | Error::StoriesUnavailable => Exit::NotShown,
        Error::RateLimited { .. } | Error::Unavailable(_) => Exit::Upstream,
        Error::ExtractorFailed { .. } => Exit::Extractor,
        Error::InvalidCursor => Exit::Misused,
        Error::Busy => Exit::Failed,
    }
}
