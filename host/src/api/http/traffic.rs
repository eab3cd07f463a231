//! Counts answered requests by route, method and status. No label contains text that a client wrote.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, LabelSetEncoder},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry as Metrics,
};

/// The labels of one sample.
pub(in crate::api) type Labels = Vec<(&'static str, String)>;

/// The label of all paths that match no route: a scanner would otherwise create thousands of labels.
const UNMATCHED: &str = "unmatched";

/// Seconds; an extraction may take 15, a response from the cache takes a millisecond.
const BUCKETS_S: [f64; 12] = [
    0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0,
];

/// A cheap handle to the counts of one process, shared by both listeners.
#[derive(Clone, Debug)]
pub struct Traffic(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: SystemTime,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self(Arc::new(Inner {
            began: SystemTime::now(),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS_S)),
        }))
    }
}

/// The route of a request; `None` for paths that match no route.
#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

impl Route {
    fn name(&self) -> &str {
        self.0.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl EncodeLabelSet for Route {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("route", self.name())].encode(encoder)
    }
}

/// The labels of a request, read before the request is consumed. Nothing is copied for them: they are made for every
/// request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct RequestLabels {
    route: Route,
    method: &'static str,
}

/// The labels of a request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Answered {
    request: RequestLabels,
    status: StatusCode,
}

impl RequestLabels {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            route: Route(request.extensions().get().cloned()),
            method: method(request.method()),
        }
    }

    /// The route, as it is written in the table of routes.
    pub(super) fn route(&self) -> &str {
        self.route.name()
    }
}

impl EncodeLabelSet for Answered {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        let labels = [
            ("route", self.request.route()),
            ("method", self.request.method),
            ("status", self.status.as_str()),
        ];
        labels.encode(encoder)
    }
}

impl Traffic {
    /// Counts one request; `took` is the time from its arrival to the head of its response.
    pub(super) fn answered(&self, request: RequestLabels, status: StatusCode, took: Duration) {
        let durations = self.0.durations.get_or_create(&request.route);
        durations.observe(took.as_secs_f64());
        let labels = Answered { request, status };
        self.0.requests.get_or_create(&labels).inc();
    }

    /// The time when counting began, which is when the process started. Seconds since 1970.
    pub(in crate::api) fn began_s(&self) -> f64 {
        let since = self.0.began.duration_since(UNIX_EPOCH);
        since.unwrap_or_default().as_secs_f64()
    }

    pub(in crate::api) fn register(&self, metrics: &mut Metrics) {
        metrics.register(
            "gramhost_http_requests",
            "Requests that were answered, on both listeners",
            self.0.requests.clone(),
        );
        metrics.register(
            "gramhost_http_request_duration_seconds",
            "From the arrival of a request to the head of its response",
            self.0.durations.clone(),
        );
    }
}

/// Returns the name of a standard method, or `other`: a client may invent methods.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
