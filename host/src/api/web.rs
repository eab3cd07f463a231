//! What browsers and load balancers load: the page, the operator's page, the documentation, pictures, videos, targets, health checks.

mod asset;
pub(in crate::api) mod docs;
pub(in crate::api) mod health;
pub(in crate::api) mod operator;
pub(in crate::api) mod page;
pub(in crate::api) mod picture;
pub(in crate::api) mod targets;
pub(in crate::api) mod video;
