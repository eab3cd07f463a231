//! One publication of a file: under which name, with which bytes, by whom.

use super::{FileDigest, Name};

/// What is known of a published file by the row that makes it known.
///
/// A folder leads to its bytes by the name alone. In a bucket all of it is in the key, so that a name can stand for other
/// bytes later, whoever still reads the old ones, and so that nothing that deletes an old publication, however late, can
/// hit a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The name in the URL.
    pub name: Name,
    /// The bytes.
    pub content: FileDigest,
    /// The job that publishes it, a UUID. Nobody else ever writes this publication.
    pub by: String,
}
