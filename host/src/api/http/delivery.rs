//! Who sends the bytes of a file: this server, the proxy in front of it, or the store behind it.

use std::{convert::Infallible, fmt, net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use ipnet::IpNet;

use super::Config;

/// Who sends the bytes of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FileDelivery {
    /// This server.
    #[default]
    Server,
    /// nginx in front of this server, from its internal location of this name. It serves the folder of files.
    XAccelRedirect(Arc<str>),
    /// The store of files itself: clients are redirected to a link that is signed for them. Needs files in a bucket.
    Presigned,
}

impl FileDelivery {
    /// What comes before the location in the setting.
    pub const X_ACCEL_REDIRECT: &str = "x-accel-redirect:";
}

impl fmt::Display for FileDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server => f.write_str("server"),
            Self::Presigned => f.write_str("presigned"),
            Self::XAccelRedirect(location) => write!(f, "{}{location}", Self::X_ACCEL_REDIRECT),
        }
    }
}

/// The configured delivery, and the proxies that it is for.
#[derive(Debug)]
struct Configured {
    delivery: FileDelivery,
    proxies: Vec<IpNet>,
}

/// Lets the handlers of `router` ask for the [`FileDelivery`] of a request.
pub(in crate::api) fn with_delivery(router: Router, config: &Config) -> Router {
    router.layer(Extension(Arc::new(Configured {
        delivery: config.file_delivery.clone(),
        proxies: config.trusted_proxies.clone(),
    })))
}

/// A client that does not come through a trusted proxy could do nothing with the name of a location: it gets the bytes
/// from this server.
impl<S: Sync> FromRequestParts<S> for FileDelivery {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let configured = parts.extensions.get::<Arc<Configured>>();
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Anybody can follow a link.
        if configured.is_some_and(|it| it.delivery == Self::Presigned) {
            return Ok(Self::Presigned);
        }
        let Some((configured, peer)) = configured.zip(peer) else {
            return Ok(Self::Server);
        };
        let peer = peer.0.ip().to_canonical();
        let is_proxy = configured.proxies.iter().any(|proxy| proxy.contains(&peer));
        Ok(match is_proxy {
            true => configured.delivery.clone(),
            false => Self::Server,
        })
    }
}
