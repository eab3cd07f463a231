//! The state of one host with a simulated clock, and the queue with paused time.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits {
        spacing_ms_min: 100,
        ..Limits::default()
    }
}

#[test]
fn requests_are_spaced_with_jitter() {
    let (mut host, now) = (Host::default(), Instant::now());
    let starts = [0.0, 1.0, 0.0].map(|jitter| host.admit(&limits(), 1, now, jitter).unwrap() - now);
    assert_eq!(starts.map(|start| start.as_millis()), [0, 100, 250]);
    // A request to an idle host starts at once.
    assert_eq!(
        host.admit(&limits(), 1, now + SECOND, 0.0),
        Ok(now + SECOND)
    );
}

#[test]
fn a_throttled_host_is_left_alone_as_long_as_it_asked() {
    let (mut host, now) = (Host::default(), Instant::now());
    host.ended(&limits(), now, HostResult::Throttled(429, 30 * SECOND));
    let later = now + 29 * SECOND;
    assert_eq!(
        host.admit(&limits(), 1, later, 0.0),
        Err(Pause::Throttled(429, SECOND))
    );
    assert!(host.admit(&limits(), 1, now + 30 * SECOND, 0.0).is_ok());
}

#[test]
fn an_absurd_retry_after_is_cut() {
    let (mut host, now) = (Host::default(), Instant::now());
    host.ended(
        &limits(),
        now,
        HostResult::Throttled(429, 99_999_999 * SECOND),
    );
    assert!(host.admit(&limits(), 1, now + 3_600 * SECOND, 0.0).is_ok());
}

#[test]
fn the_breaker_opens_after_five_failures_in_a_row_and_lets_one_probe_through() {
    let (mut host, now) = (Host::default(), Instant::now());
    for _ in 0..4 {
        host.ended(&limits(), now, HostResult::Failed);
    }
    host.ended(&limits(), now, HostResult::Answered);
    for _ in 0..4 {
        host.ended(&limits(), now, HostResult::Failed);
        assert!(host.admit(&limits(), 1, now, 0.0).is_ok());
    }
    host.ended(&limits(), now, HostResult::Failed);
    assert_eq!(host.admit(&limits(), 1, now, 0.0), Err(Pause::Broken));

    let probe = now + SECOND;
    assert!(host.admit(&limits(), 1, probe, 0.0).is_ok());
    assert_eq!(host.admit(&limits(), 1, probe, 0.0), Err(Pause::Broken));
    host.ended(&limits(), probe, HostResult::Answered);
    assert!(host.admit(&limits(), 1, probe, 0.0).is_ok());
}

#[test]
fn every_further_failure_doubles_the_pause_up_to_a_minute() {
    let (mut host, mut now) = (Host::default(), Instant::now());
    let mut pauses = Vec::new();
    for _ in 0..13 {
        host.ended(&limits(), now, HostResult::Failed);
        if let Some(until) = host.open_until {
            pauses.push((until - now).as_secs());
            now = until;
        }
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}

#[test]
fn our_own_limits_do_not_blame_the_host() {
    assert_eq!(
        HostResult::failed(&FetchError::ConnectionTimeout),
        HostResult::Failed
    );
    assert_eq!(
        HostResult::failed(&FetchError::HttpResponseBodySize(None)),
        HostResult::Answered
    );
    assert_eq!(
        HostResult::failed(&FetchError::HttpRequestDenied(String::new())),
        HostResult::Answered
    );
}

#[tokio::test(start_paused = true)]
async fn a_host_has_only_so_many_requests_at_once() {
    let pacing = Pacing::new(limits(), false);
    let mut turns = Vec::new();
    for _ in 0..6 {
        turns.push(pacing.turn("a").await.unwrap());
    }
    let seventh = tokio::time::timeout(SECOND, pacing.turn("a"));
    assert!(seventh.await.is_err());
    assert!(pacing.turn("b").await.is_ok());
    pacing.ended(turns.pop().unwrap(), HostResult::Answered);
    assert!(pacing.turn("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn unpaced_hosts_are_never_held() {
    let pacing = Pacing::new(limits(), false);
    for _ in 0..9 {
        let turn = pacing.turn("a").await.unwrap();
        pacing.ended(turn, HostResult::Failed);
    }
    let started = Instant::now();
    assert!(pacing.turn("a").await.is_ok());
    assert_eq!(Instant::now(), started);
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten() {
    let pacing = Pacing::new(limits(), true);
    let busy = pacing.turn("busy").await.unwrap();
    for number in 0..2 * HOSTS_MAX {
        let turn = pacing.turn(&number.to_string()).await.unwrap();
        pacing.ended(turn, HostResult::Answered);
        tokio::time::advance(SECOND).await;
    }
    let hosts = pacing.hosts.lock().unwrap();
    assert!(hosts.len() <= HOSTS_MAX && hosts.contains_key("busy"));
    drop(busy);
}

#[test]
fn processes_that_share_an_address_send_together_what_one_may_send_alone() {
    let now = Instant::now();
    let mut host = Host::default();
    let starts = [0; 3].map(|_| host.admit(&limits(), 4, now, 0.0).unwrap() - now);
    let spacing = Duration::from_millis(limits().spacing_ms_min);
    assert_eq!(starts, [Duration::ZERO, 4 * spacing, 8 * spacing]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_another_process_was_asked_for_is_kept_and_told() {
    let pacing = Pacing::new(limits(), true);
    assert_eq!(pacing.pauses(), []);
    pacing.pause("a.example", Some(429), 30 * SECOND);
    // An older report does not shorten it.
    pacing.pause("a.example", Some(503), 5 * SECOND);
    pacing.pause("b.example", None, 10 * SECOND);
    let mut pauses = pacing.pauses();
    pauses.sort_by(|one, other| one.host.cmp(&other.host));
    let told: Vec<_> = pauses
        .iter()
        .map(|it| (it.host.as_str(), it.status, it.left))
        .collect();
    assert_eq!(
        told,
        [
            ("a.example", Some(429), 30 * SECOND),
            ("b.example", None, 10 * SECOND)
        ]
    );
    assert!(matches!(
        pacing.turn("a.example").await,
        Err(Pause::Throttled(429, _))
    ));
    assert!(matches!(pacing.turn("b.example").await, Err(Pause::Broken)));
    tokio::time::advance(31 * SECOND).await;
    assert!(pacing.turn("a.example").await.is_ok());
    assert_eq!(pacing.pauses(), []);
}
