//! Commands for plugin authors: testing, checking, packing and signing a component, and watching its sources.

pub(crate) mod inspection;
pub(crate) mod packing;
pub(crate) mod sources;
pub(crate) mod trial;
