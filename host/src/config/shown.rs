//! What a setting holds, as the operator is shown it: without credentials.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use url::Url;

use super::FileNames;
use crate::plugin::TrustedKey;

/// A field of the configuration, in words.
pub(super) trait Shown {
    /// None: it holds nothing.
    fn shown(&self) -> Option<String>;
}

/// Types that say of themselves what a person wants to read.
macro_rules! as_it_is {
    ($($type:ty),+) => {
        $(impl Shown for $type {
            fn shown(&self) -> Option<String> {
                Some(self.to_string())
            }
        })+
    };
}

as_it_is!(
    u32, u64, usize, String, SocketAddr, IpNet, FileNames, TrustedKey
);

impl Shown for PathBuf {
    fn shown(&self) -> Option<String> {
        Some(Path::display(self).to_string())
    }
}

impl Shown for Url {
    fn shown(&self) -> Option<String> {
        let mut url = self.clone();
        // Refused only where a URL cannot have them.
        let _none = url.set_username("");
        let _none = url.set_password(None);
        Some(url.to_string())
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> Option<String> {
        self.as_ref().and_then(T::shown)
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> Option<String> {
        let items: Vec<_> = self.iter().filter_map(T::shown).collect();
        (!items.is_empty()).then(|| items.join(", "))
    }
}
