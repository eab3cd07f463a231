//! The pool of connections, which is replaced when a request over one of them does not end well.
//!
//! Requests share a connection of HTTP/2. If that is dead without a word, or busy with something that never ends, every
//! request over it would be in vain, and no request would ever open another one.

use std::{fmt, sync::Arc};

use arc_swap::ArcSwap;

use super::Error;

type Make = dyn Fn() -> Result<reqwest::Client, Error> + Send + Sync;

/// The pool. Its client does not decode bodies.
pub(super) struct Pool {
    client: ArcSwap<reqwest::Client>,
    make: Box<Make>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(
        make: impl Fn() -> Result<reqwest::Client, Error> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Error> {
        Ok(Arc::new(Self {
            client: ArcSwap::from_pointee(make()?),
            make: Box::new(make),
        }))
    }

    /// Lends the connections for one request.
    pub(super) fn lend(self: &Arc<Self>) -> Lent {
        Lent {
            pool: Arc::clone(self),
            client: self.client.load_full(),
            is_back: false,
        }
    }

    /// Replaces all connections, unless another request has already done so. Requests in progress keep theirs.
    fn renew(&self, old: &Arc<reqwest::Client>) {
        if !Arc::ptr_eq(&self.client.load(), old) {
            return;
        }
        // It could be made before, with the same settings.
        if let Ok(new) = (self.make)() {
            self.client.compare_and_swap(old, Arc::new(new));
        }
    }
}

/// The connections, for one request. Nobody gets them again unless they are given back: a request that was given up may
/// have been in vain because of its connection.
#[derive(Debug)]
pub(super) struct Lent {
    pool: Arc<Pool>,
    client: Arc<reqwest::Client>,
    is_back: bool,
}

impl Lent {
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Says that the request has ended well, or its connection has ended.
    pub(super) fn give_back(&mut self) {
        self.is_back = true;
    }

    /// Says that nothing came over the connection for too long.
    pub(super) fn give_up(&mut self) {
        self.is_back = false;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_back {
            self.pool.renew(&self.client);
        }
    }
}
