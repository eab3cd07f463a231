//! The values of settings as the operator sees them, without credentials.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use url::Url;

use super::FileNames;
use crate::{
    api::FileDelivery,
    database,
    plugin::TrustedKey,
    storage::{BucketAddress, Endpoint},
};

/// A field of the configuration that can be shown.
pub(super) trait Shown {
    /// Returns the value as text; `None` if it is not set.
    fn shown(&self) -> Option<String>;
}

/// Implements [`Shown`] for types whose `Display` is what the operator wants to read.
macro_rules! shown_by_display {
    ($($type:ty),+) => {
        $(impl Shown for $type {
            fn shown(&self) -> Option<String> {
                Some(self.to_string())
            }
        })+
    };
}

shown_by_display!(
    u32,
    u64,
    usize,
    String,
    SocketAddr,
    database::Address,
    IpNet,
    BucketAddress,
    Endpoint,
    FileDelivery,
    FileNames,
    TrustedKey
);

impl Shown for bool {
    fn shown(&self) -> Option<String> {
        Some(if *self { "on" } else { "off" }.to_owned())
    }
}

impl Shown for PathBuf {
    fn shown(&self) -> Option<String> {
        Some(Path::display(self).to_string())
    }
}

impl Shown for Url {
    fn shown(&self) -> Option<String> {
        let mut url = self.clone();
        // These fail only if the URL cannot have credentials.
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
