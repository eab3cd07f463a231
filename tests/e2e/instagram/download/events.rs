//! Live events of a job: what they say, what a client that comes back gets, and what that costs.

use reqwest::{Client, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    PATIENCE, accepted, ended,
    jobs::{hold, until_running},
    start,
};
use crate::harness::{
    browser::{Browser, Window},
    cdn::Cdn,
    server::Server,
};

const IMAGE: &str = "DfDjNmTDemo";

/// One server-sent event.
#[derive(Debug, Default)]
struct Event {
    name: String,
    id: String,
    retry: Option<u64>,
    data: Value,
}

impl Event {
    fn parse(block: &str) -> Self {
        let mut event = Self::default();
        for (field, value) in block.lines().filter_map(|line| line.split_once(": ")) {
            match field {
                "event" => value.clone_into(&mut event.name),
                "id" => value.clone_into(&mut event.id),
                "retry" => event.retry = Some(value.parse().unwrap()),
                "data" => event.data = serde_json::from_str(value).unwrap(),
                _ => panic!("{block}"),
            }
        }
        event
    }
}

/// A stream as a client reads it.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    /// The next event, unless the stream ends.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = Event::parse(block);
                self.text = rest.to_owned();
                return Some(event);
            }
            let piece = timeout(PATIENCE, self.response.chunk()).await;
            let piece = piece.expect("an event").unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The last event, once the stream has ended.
    async fn last(mut self) -> Event {
        let mut last = None;
        while let Some(event) = self.next().await {
            last = Some(event);
        }
        last.expect("an event")
    }
}

fn path(id: &Value) -> String {
    format!("/instagram/status/{}/events", id.as_str().unwrap())
}

/// Opens the stream of a job, as a client that has seen an event.
async fn open(server: &Server, id: &Value, last: Option<&str>) -> Events {
    let url = format!("http://{}{}", server.address, path(id));
    let mut request = Client::builder().no_proxy().build().unwrap().get(url);
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    Events {
        response: request.send().await.unwrap(),
        text: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_that_comes_back_learns_what_is_new_and_at_last_that_there_is_nothing_more() {
    let (cdn, server) = start(&[]).await;
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    until_running(&server, &id).await;
    let first = open(&server, &id, None).await.next().await.unwrap();
    assert_eq!((&*first.name, first.retry), ("status", Some(2000)));
    assert_eq!(first.data["status"], "processing");
    let again = open(&server, &id, Some(&first.id)).await;
    drop(release);
    assert_eq!(ended(&server, &id).await["status"], "completed");
    let last = again.last().await;
    assert_eq!(last.data["status"], "completed");
    assert_ne!(last.id, first.id);
    // Who knows the end is told to stay away; who does not, learns it once.
    let known = open(&server, &id, Some(&last.id)).await.response;
    assert_eq!(known.status(), 204);
    assert_eq!(known.text().await.unwrap(), "");
    for other in [None, Some(&*first.id), Some("x")] {
        let mut events = open(&server, &id, other).await;
        let told = events.next().await.unwrap();
        assert_eq!(
            (&told.id, &told.data["status"]),
            (&last.id, &json!("completed"))
        );
        assert!(events.next().await.is_none());
    }
}

/// How many more requests the client may send, by the answer to one more.
async fn left(server: &Server) -> u64 {
    let answer = server.get("/instagram/formats").await;
    let state = answer.headers["ratelimit"].to_str().unwrap().to_owned();
    let left = state.split("r=").nth(1).unwrap().split(';').next();
    left.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stream_that_is_opened_again_is_not_counted() {
    let cdn = Cdn::start().await;
    let [stated, origin, ..] = cdn.flags();
    let server = Server::start(&[&stated, &origin, "--rate-limit", "10"]);
    let release = hold(&cdn);
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    let mut last = open(&server, &id, None).await.next().await.unwrap();
    let before = left(&server).await;
    for _ in 0..3 {
        let again = open(&server, &id, Some("x")).await;
        assert_eq!(again.response.headers().get("ratelimit"), None);
        last = { again }.next().await.unwrap();
    }
    assert_eq!(left(&server).await, before - 1);
    // A stream that was never paid for is counted, and so is one that nobody says to know.
    let other = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    drop(open(&server, &other, Some(&last.id)).await);
    drop(open(&server, &id, None).await);
    assert_eq!(left(&server).await, before - 5);
    // Nobody gets more in this way than in the other one.
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let again = open(&server, &id, Some("x")).await;
        statuses.push(again.response.status().as_u16());
    }
    let refused = statuses.iter().position(|status| *status == 429);
    assert_eq!(refused, Some(7 + 2), "{statuses:?}");
    drop(release);
}

/// A browser opens a stream again when it ends, and is told not to.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_browser_follows_a_job_and_does_not_come_back_after_its_end() {
    let (_cdn, server) = start(&[]).await;
    let id = accepted(&server, "post", json!({ "url": IMAGE })).await["job_id"].clone();
    let mut browser = Browser::start(Window {
        width: 900,
        height: 600,
        dark: false,
    });
    browser.open(&format!("http://{}/", server.address));
    browser.evaluate(&format!(
        "window.seen = []; window.source = new EventSource('{}'); \
         window.source.addEventListener('status', (event) => window.seen.push(JSON.parse(event.data).status));",
        path(&id)
    ));
    browser.until("window.source.readyState === EventSource.CLOSED");
    let seen = browser.evaluate("window.seen");
    let seen = seen.as_array().unwrap();
    let completed = seen.iter().filter(|status| **status == "completed");
    assert_eq!(
        (seen.last().unwrap(), completed.count()),
        (&json!("completed"), 1)
    );
}
