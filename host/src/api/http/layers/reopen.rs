//! Lets a client that lost a stream open it again without counting that as a request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{body::Body, extract::Request, http::HeaderName, response::Response};
use futures_util::StreamExt as _;

use crate::rate_limit::{RateLimiter, client_key};

/// What a client that comes back has seen last.
pub(in crate::api) const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How many streams are remembered before those that nobody may open again are forgotten.
const REMEMBERED: usize = 1024;

/// Marks the response that is a stream, and says how long after its end it may be opened again.
#[derive(Clone, Debug)]
pub(in crate::api) struct Reopenable {
    /// The path of the request.
    pub(in crate::api) path: String,
    /// How long.
    pub(in crate::api) within: Duration,
}

/// A client and the path of its stream.
type Key = (IpAddr, String);

/// The streams that clients have, or had a moment ago.
pub(super) struct Streams {
    known: Mutex<HashMap<Key, Known>>,
    /// Nobody sends more requests in this way than in the other one.
    limiter: RateLimiter,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    open: usize,
    /// Until when it may be opened again after its end.
    until: Option<Instant>,
}

impl Known {
    fn is_over(&self, now: Instant) -> bool {
        self.open == 0 && self.until.is_none_or(|until| until < now)
    }
}

/// One open stream, until it is dropped.
struct Open {
    streams: Arc<Streams>,
    key: Key,
    within: Duration,
}

impl Streams {
    /// At most `requests_max` streams are opened again by one client in any 60 s; 0 for no limit.
    pub(super) fn new(requests_max: u32) -> Arc<Self> {
        Arc::new(Self {
            known: Mutex::default(),
            limiter: RateLimiter::new(requests_max),
        })
    }

    /// Whether a request opens a stream again that this client has paid for.
    pub(super) fn reopens(&self, client: IpAddr, request: &Request) -> bool {
        if !request.headers().contains_key(LAST_EVENT_ID) {
            return false;
        }
        let now = Instant::now();
        let key = (client_key(client), request.uri().path().to_owned());
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = known.get(&key).is_some_and(|known| !known.is_over(now));
        drop(known);
        is_known && self.limiter.check(client, now).allowed
    }

    /// Remembers the stream that a response is, if it is one, until some time after its end.
    pub(super) fn remember(self: &Arc<Self>, client: IpAddr, mut response: Response) -> Response {
        let Some(Reopenable { path, within }) = response.extensions_mut().remove() else {
            return response;
        };
        let open = self.open((client_key(client), path), within);
        response.map(|body| {
            Body::from_stream(body.into_data_stream().map(move |piece| {
                let _until_the_end = &open;
                piece
            }))
        })
    }

    fn open(self: &Arc<Self>, key: Key, within: Duration) -> Open {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            let now = Instant::now();
            known.retain(|_, known| !known.is_over(now));
        }
        known.entry(key.clone()).or_default().open += 1;
        Open {
            streams: Arc::clone(self),
            key,
            within,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let known = &self.streams.known;
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get_mut(&self.key) {
            known.open -= 1;
            known.until = Some(Instant::now() + self.within);
        }
    }
}
