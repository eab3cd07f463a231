//! The name of a published file: letters, digits and a known extension, so that it cannot lead to any other place.

use std::fmt;

/// The maximum length of a name, bytes: an account name of 30, an id of 41, a counter and an extension.
const BYTES_MAX: usize = 128;
/// All extensions that published files can have.
const ENDINGS: [&str; 13] = [
    "jpg", "png", "webp", "heic", "avif", "mp4", "mkv", "mov", "m4a", "aac", "mp3", "wav", "zip",
];

/// A checked file name: `[A-Za-z0-9_-][A-Za-z0-9._-]*` with a known extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Returns the name if it has the form of one that this server creates.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, ending) = text.rsplit_once('.')?;
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let fits = text.len() <= BYTES_MAX
            && !stem.is_empty()
            && !stem.starts_with('.')
            && stem.bytes().all(is_part)
            && ENDINGS.contains(&ending);
        fits.then(|| Self(text.to_owned()))
    }

    /// The name as it appears in a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a suffix before its extension, for example `a.jpg` becomes `a_x1.jpg`.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Option<Self> {
        let (stem, ending) = self.0.rsplit_once('.')?;
        Self::parse(&format!("{stem}_{suffix}.{ending}"))
    }

    /// The extension, without the dot.
    #[must_use]
    pub fn ending(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, ending)| ending)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
