//! How many of something each client holds, so that one client cannot take all of it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::rate_limit::client_key;

/// What each client holds. Clients are told apart as the rate limit does it.
#[derive(Default)]
pub(super) struct Shares(Mutex<HashMap<IpAddr, usize>>);

/// One that a client holds, until it is dropped.
pub(super) struct Share {
    shares: Arc<Shares>,
    client: IpAddr,
}

impl Shares {
    /// Takes one more, if the client holds fewer than `max`.
    pub(super) fn take(shares: &Arc<Self>, client: IpAddr, max: usize) -> Option<Share> {
        let client = client_key(client);
        let mut counts = shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(client).or_default();
        (*count < max).then(|| {
            *count += 1;
            Share {
                shares: Arc::clone(shares),
                client,
            }
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut counts = self.shares.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    //! Nobody holds more than a share, whatever the number of addresses.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn an_ipv6_client_has_one_share_for_all_of_its_addresses() {
        let shares = Arc::default();
        let take = |address: &str| Shares::take(&shares, address.parse().unwrap(), 2);
        let held = [take("2001:db8::1"), take("2001:db8::ffff:2")];
        assert!(held.iter().all(Option::is_some));
        assert!(take("2001:db8::3").is_none());
        assert!(take("2001:db8:0:1::1").is_some() && take("192.0.2.1").is_some());
        drop(held);
        assert!(take("2001:db8::3").is_some());
    }
}
