//! The window is exact, per client, and limited in memory.

use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn at(limiter: &RateLimiter, ms: u64) -> Instant {
    limiter.epoch + Duration::from_millis(ms)
}

#[test]
fn thirty_pass_and_the_next_waits_until_the_first_has_left() {
    let limiter = RateLimiter::new(30);
    for used in 1..=30 {
        let decision = limiter.check(HOME, at(&limiter, 0));
        assert!(decision.allowed);
        assert_eq!(decision.remaining, 30 - used);
    }
    for (ms, allowed, reset_s) in [
        (0, false, 60),
        (30_000, false, 30),
        (59_900, false, 1),
        (60_100, true, 60),
    ] {
        let decision = limiter.check(HOME, at(&limiter, ms));
        assert_eq!(
            (decision.allowed, decision.reset_s),
            (allowed, reset_s),
            "at {ms} ms"
        );
    }
}

#[test]
fn clients_do_not_share_but_a_64_does() {
    let limiter = RateLimiter::new(1);
    let allowed = |client: &str| {
        let client = client.parse().unwrap_or(HOME);
        limiter.check(client, at(&limiter, 0)).allowed
    };
    assert!(allowed("192.0.2.1"));
    assert!(allowed("192.0.2.2"));
    assert!(!allowed("::ffff:192.0.2.1"));
    assert!(allowed("2001:db8:0:1::1"));
    assert!(!allowed("2001:db8:0:1:ffff::9"));
    assert!(allowed("2001:db8:0:2::1"));
}

#[test]
fn zero_switches_it_off() {
    let limiter = RateLimiter::new(0);
    assert!((0..1000).all(|_| limiter.check(HOME, at(&limiter, 0)).allowed));
}

#[test]
fn a_flood_of_addresses_is_forgotten() {
    let limiter = RateLimiter::new(30);
    for address in 0..250_000_u32 {
        limiter.check(IpAddr::V4(address.into()), at(&limiter, 0));
    }
    let clients = limiter
        .clients
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    assert!(clients.young.len() + clients.old.len() <= CLIENTS_MAX);
}

proptest! {
    /// For any arrivals: never more than the limit in any window, and no request is rejected without need.
    #[test]
    fn never_more_than_the_limit_in_any_window(gaps in prop::collection::vec(0_u64..40_000, 1..200), limit in 1_u32..6) {
        let limiter = RateLimiter::new(limit);
        let (mut now, mut passed) = (0_u64, Vec::new());
        for gap in gaps {
            now += gap;
            let recent = passed.iter().filter(|at| **at + 60_000 > now).count();
            let decision = limiter.check(HOME, at(&limiter, now));
            prop_assert_eq!(decision.allowed, recent < limit as usize);
            if decision.allowed {
                passed.push(now);
            }
        }
    }
}

#[tokio::test]
async fn where_a_request_was_counted_is_known() {
    let limiter = RateLimiter::new(1);
    for _ in 0..3 {
        limiter.decide(HOME, at(&limiter, 0)).await;
    }
    assert_eq!(Place::ALL.map(|place| limiter.decided(place)), [0, 0, 3]);
    let unlimited = RateLimiter::new(0);
    unlimited.decide(HOME, at(&unlimited, 0)).await;
    assert_eq!(unlimited.decided(Place::Process), 0, "nothing was counted");
}
