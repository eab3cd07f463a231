//! A key whose signatures are trusted, and the check of a minisign signature. The only file that uses minisign.

use std::fmt;

use minisign_verify::{PublicKey, Signature};

/// Maximum length of a signature, bytes. Those of minisign have about 300.
const SIGNATURE_BYTES_MAX: usize = 4096;

/// A key whose signatures are trusted.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    key: PublicKey,
    text: String,
}

impl TrustedKey {
    /// Parses the second line of a minisign `.pub` file.
    ///
    /// # Errors
    /// If it is not such a line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let key = PublicKey::from_base64(line.trim()).map_err(|error| error.to_string())?;
        let text = line.trim().to_owned();
        Ok(Self { key, text })
    }

    /// Returns whether this key has signed these bytes.
    pub(crate) fn has_signed(&self, bytes: &[u8], signature: &Minisign) -> bool {
        self.key.verify(bytes, &signature.0, false).is_ok()
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A signature, as in a `.minisig` file.
pub(crate) struct Minisign(Signature);

impl Minisign {
    /// # Errors
    /// If the text is not such a signature, or is too long.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > SIGNATURE_BYTES_MAX {
            return Err(format!(
                "its signature has more than {SIGNATURE_BYTES_MAX} bytes"
            ));
        }
        let signature = Signature::decode(text);
        signature
            .map(Self)
            .map_err(|error| format!("its signature is not a minisign signature: {error}"))
    }
}
