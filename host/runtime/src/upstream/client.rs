//! Sends a plugin's request: applies rules, session, redirects, pacing and one retry, all within a deadline.

use std::{
    borrow::Cow,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::time::timeout_at;
use tracing::{Instrument as _, Span};
use url::Url;

use super::{
    Config, Error, Limits,
    allowlist::{Denied, https},
    pacing::{HostPause, HostResult, Pacing, Pause},
    pool::Lent,
    replay::Replay,
    request::{Hop, PermittedRequest},
    rules::RequestRules,
    session::Session,
    tally::{Outcome, RequestCount, Tally},
    transport::{HopResult, Transport},
};
use crate::contract::{Answer, FetchError, Header, Request, Response};

/// The client of plugins. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    session: Option<Session>,
    rules: RequestRules,
    tally: Arc<Tally>,
}

/// Where responses come from.
#[derive(Debug)]
enum Source {
    Replay(Replay),
    Network(Box<Network>),
}

#[derive(Debug)]
struct Network {
    transport: Transport,
    pacing: Pacing,
    tally: Arc<Tally>,
}

impl Client {
    /// Creates a client. Reads the cookie file and the replay folder.
    ///
    /// # Errors
    /// [`Error::Config`] names the setting and its error.
    pub fn new(config: Config) -> Result<Self, Error> {
        let paced = config.origin_override.is_none();
        Self::with_pacing(config, paced)
    }

    pub(super) fn with_pacing(config: Config, paced: bool) -> Result<Self, Error> {
        let tally = Arc::new(Tally::new(&config.hosts));
        let rules = RequestRules::new(&config);
        let source = match &config.replay {
            Some(folder) => Source::Replay(Replay::read(folder)?),
            None => Source::Network(Box::new(Network {
                transport: Transport::new(&config)?,
                pacing: Pacing::new(config.limits.clone(), paced),
                tally: Arc::clone(&tally),
            })),
        };
        Ok(Self(Arc::new(Inner {
            source,
            session: config.cookies.as_deref().map(Session::read).transpose()?,
            rules,
            tally,
        })))
    }

    /// Sets the number of processes that send from the same address, this one among them: each takes its share.
    pub fn share(&self, sharers: u32) {
        if let Source::Network(network) = &self.0.source {
            network.pacing.share(sharers);
        }
    }

    /// The hosts to which nothing is sent now.
    #[must_use]
    pub fn pauses(&self) -> Vec<HostPause> {
        match &self.0.source {
            Source::Network(network) => network.pacing.pauses(),
            Source::Replay(_) => Vec::new(),
        }
    }

    /// Keeps a pause that another process which sends from the same address was asked for.
    pub fn pause(&self, pause: &HostPause) {
        if let Source::Network(network) = &self.0.source {
            network.pacing.pause(&pause.host, pause.status, pause.left);
        }
    }

    /// The number of requests to each host of the operator's list, by outcome. All are zero while responses come from
    /// recordings.
    #[must_use]
    pub fn asked(&self) -> Vec<RequestCount> {
        self.0.tally.asked()
    }

    /// Bytes of media files received since the process started, including those of files that were not kept.
    #[must_use]
    pub fn media_bytes(&self) -> u64 {
        self.0.tally.media_bytes()
    }

    /// Returns whether the operator configured a session.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.0.session.is_some()
    }

    /// Sends one request of a plugin that may contact the hosts `allowed`, if it is permitted. Always ends by
    /// `deadline`.
    pub async fn fetch(&self, request: Request, allowed: &[String], deadline: Instant) -> Answer {
        match self.0.rules.permit(request, allowed) {
            Ok(request) => self.send(&request, allowed, deadline).await,
            Err(denied) => Answer::Failed(denied.into()),
        }
    }

    /// Sends one request that was permitted, and follows redirects to the hosts `allowed`. Always ends by `deadline`.
    pub async fn send(
        &self,
        request: &PermittedRequest,
        allowed: &[String],
        deadline: Instant,
    ) -> Answer {
        let url = &request.hop().url;
        let sent = async {
            let started = Instant::now();
            let follow = self.0.follow(request, allowed);
            let ended = timeout_at(deadline.into(), follow)
                .await
                .unwrap_or(Err(FetchError::HttpResponseTimeout));
            let ms = started.elapsed().as_millis();
            match ended {
                Ok(response) => {
                    let (status, bytes) = (response.status, response.body.len());
                    tracing::debug!(url = %redacted(url), ms, status, bytes, "fetched");
                    Answer::Response(response)
                }
                Err(error) => {
                    tracing::info!(url = %redacted(url), ms, %error, "not fetched");
                    Answer::Failed(error)
                }
            }
        };
        sent.instrument(fetching(url)).await
    }
}

/// A span with only the host name: paths show what somebody looked at, and queries are signed.
pub(super) fn fetching(url: &Url) -> Span {
    tracing::error_span!("fetch", host = url.host_str())
}

/// The functions that [`super::media`] uses.
impl Client {
    pub(super) fn tally(&self) -> &Arc<Tally> {
        &self.0.tally
    }

    pub(super) fn limits(&self) -> &Limits {
        self.0.rules.limits()
    }

    pub(super) fn rules(&self) -> &RequestRules {
        &self.0.rules
    }

    /// Whether responses come from recordings, so that nothing else can be answered.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        matches!(self.0.source, Source::Replay(_))
    }

    /// Returns the recorded file if responses come from recordings; `Some(None)` if it is not among them.
    pub(super) fn recorded_media(&self, url: &Url) -> Option<Option<bytes::Bytes>> {
        match &self.0.source {
            Source::Replay(replay) => Some(replay.media(url)),
            Source::Network(_) => None,
        }
    }

    /// Sends one hop when it is its turn, and returns the head of the response.
    pub(super) async fn send_media(
        &self,
        hop: &Hop,
    ) -> Result<(reqwest::Response, Lent), FetchError> {
        let Source::Network(network) = &self.0.source else {
            return Err(FetchError::HttpRequestDenied("not recorded".into()));
        };
        let host = hop.url.host_str().unwrap_or_default();
        let Ok(turn) = network.pacing.turn(host).await else {
            network.tally.count(&hop.url, Outcome::Held);
            return Err(FetchError::DestinationUnavailable);
        };
        let head = network.transport.open(hop).await;
        let (ended, outcome) = match &head {
            Ok((head, _)) => (
                HostResult::Answered,
                Outcome::of_status(head.status().as_u16()),
            ),
            Err(error) => (HostResult::failed(error), Outcome::Failed),
        };
        network.tally.count(&hop.url, outcome);
        network.pacing.ended(turn, ended);
        head
    }
}

impl Inner {
    async fn follow(
        &self,
        request: &PermittedRequest,
        allowed: &[String],
    ) -> Result<Response, FetchError> {
        let mut hop = Cow::Borrowed(request.hop());
        for _ in 0..=self.rules.limits().redirects_max {
            self.rules.check_host(&hop.url, allowed)?;
            let network = match &self.source {
                Source::Replay(replay) => return replay.answer(request.stated()),
                Source::Network(network) => network,
            };
            // The session is added for each hop separately, so that it never follows a redirect to another site.
            let mut signed = Cow::Borrowed(&*hop);
            if let Some(session) = self.session.as_ref().filter(|_| request.stated().session) {
                session.sign(&hop.url, &mut signed.to_mut().headers);
            }
            match network.send(&signed).await? {
                HopResult::Response(response) => return Ok(response),
                HopResult::Redirect(status, url) => {
                    let url = https(url.as_str(), self.rules.limits().url_bytes_max)?;
                    hop = Cow::Owned(hop.into_owned().next(status, url));
                }
            }
        }
        Err(FetchError::LoopDetected)
    }
}

impl Network {
    /// Sends one hop. Retries once if the connection failed before a response and a second request is harmless.
    async fn send(&self, hop: &Hop) -> Result<HopResult, FetchError> {
        match self.send_once(hop).await {
            Err(FetchError::ConnectionRefused | FetchError::ConnectionTerminated)
                if hop.repeatable() =>
            {
                self.send_once(hop).await
            }
            arrived => arrived,
        }
    }

    /// Sends one hop when it is its turn.
    async fn send_once(&self, hop: &Hop) -> Result<HopResult, FetchError> {
        let host = hop.url.host_str().unwrap_or_default();
        let turn = match self.pacing.turn(host).await {
            Ok(turn) => turn,
            Err(held) => {
                self.tally.count(&hop.url, Outcome::Held);
                return match held {
                    Pause::Broken => Err(FetchError::DestinationUnavailable),
                    Pause::Throttled(status, wait) => Ok(throttled(&hop.url, status, wait)),
                };
            }
        };
        let arrived = self.transport.send(hop).await;
        let ended = match &arrived {
            Ok(HopResult::Response(response)) => ended(response),
            Ok(HopResult::Redirect(..)) => HostResult::Answered,
            Err(error) => HostResult::failed(error),
        };
        self.tally.count(&hop.url, outcome(&arrived, &ended));
        self.pacing.ended(turn, ended);
        arrived
    }
}

fn outcome(arrived: &Result<HopResult, FetchError>, ended: &HostResult) -> Outcome {
    match (arrived, ended) {
        (Err(_), _) => Outcome::Failed,
        (_, HostResult::Throttled(..)) => Outcome::Throttled,
        (Ok(HopResult::Response(response)), _) => Outcome::of_status(response.status),
        (Ok(HopResult::Redirect(..)), _) => Outcome::Answered,
    }
}

/// Returns whether a host asked us to wait, and for how long.
fn ended(response: &Response) -> HostResult {
    let wait = response
        .headers
        .iter()
        .find(|header| header.name == "retry-after")
        .and_then(|header| retry_after(&header.value, OffsetDateTime::now_utc()));
    match wait {
        Some(wait) if matches!(response.status, 429 | 503) => {
            HostResult::Throttled(response.status, wait)
        }
        _ => HostResult::Answered,
    }
}

/// Parses seconds or a date.
fn retry_after(value: &str, now: OffsetDateTime) -> Option<Duration> {
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => (OffsetDateTime::parse(value, &Rfc2822).ok()? - now)
            .try_into()
            .ok(),
    }
}

/// The response that the host would give if a request were sent too early.
fn throttled(url: &Url, status: u16, wait: Duration) -> HopResult {
    HopResult::Response(Response {
        status,
        url: url.to_string(),
        headers: vec![Header {
            name: "retry-after".into(),
            value: wait.as_secs().max(1).to_string(),
        }],
        body: bytes::Bytes::new(),
    })
}

/// A URL for logs, without its query, which may be signed or name a user.
fn redacted(url: &Url) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{}{}", url.host_str().unwrap_or_default(), url.path()))
}

impl From<Denied> for FetchError {
    fn from(denied: Denied) -> Self {
        Self::HttpRequestDenied(denied.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use time::macros::datetime;

    use super::{Duration, Url, redacted, retry_after};

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = datetime!(2026-10-21 07:27:00 UTC);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(
            retry_after("Wed, 21 Oct 2026 07:28:00 GMT", now),
            Some(Duration::from_secs(60))
        );
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:26:00 GMT", now), None);
        assert_eq!(retry_after("-1", now), None);
        assert_eq!(retry_after("soon", now), None);
    }

    #[test]
    fn logs_hold_no_query_and_no_credentials() {
        let url = Url::parse("https://u:p@a.fbcdn.net/x.jpg?sig=secret#f").unwrap();
        assert_eq!(redacted(&url).to_string(), "a.fbcdn.net/x.jpg");
    }
}
