//! Who vouches for a component: a minisign signature in its last section, over every byte before it.

use std::fmt;

use minisign_verify::{PublicKey, Signature};

use super::package::{self, SIGNATURE};

/// Longest signature, bytes; minisign's have about 300.
const BYTES_MAX: usize = 4096;

/// A key whose signature is believed.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    key: PublicKey,
    text: String,
}

impl TrustedKey {
    /// From the second line of a minisign `.pub` file.
    ///
    /// # Errors
    /// It is not such a line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let key = PublicKey::from_base64(line.trim()).map_err(|error| error.to_string())?;
        let text = line.trim().to_owned();
        Ok(Self { key, text })
    }
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether one of `keys` signed the component; anything goes where there are none.
///
/// # Errors
/// Why it is not believed, in words.
pub(super) fn check(component: &[u8], keys: &[TrustedKey]) -> Result<(), String> {
    if keys.is_empty() {
        return Ok(());
    }
    let sections = package::sections(component)?;
    let Some((_, data)) = sections.iter().find(|(name, _)| *name == SIGNATURE) else {
        return Err("is not signed, and this server takes signed plugins only".to_owned());
    };
    let mut section = Vec::new();
    package::append(&mut section, SIGNATURE, data);
    let Some(signed) = component.strip_suffix(section.as_slice()) else {
        return Err("has more behind its signature".to_owned());
    };
    let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
    let signature = parse(text)?;
    let believed = keys
        .iter()
        .find(|it| it.key.verify(signed, &signature, false).is_ok());
    match believed {
        Some(key) => {
            tracing::debug!(key = key.text, "signed");
            Ok(())
        }
        None => Err("is signed by none of the trusted keys, or was changed since".to_owned()),
    }
}

/// `component` with this signature (the text of a `.minisig` file) as its last section.
///
/// # Errors
/// It is not such a text, or the component is signed already.
pub(super) fn attach(component: &[u8], signature: &str) -> Result<Vec<u8>, String> {
    parse(signature)?;
    let sections = package::sections(component)?;
    if sections.iter().any(|(name, _)| *name == SIGNATURE) {
        return Err("is signed already: pack it again first".to_owned());
    }
    let mut signed = component.to_vec();
    package::append(&mut signed, SIGNATURE, signature.as_bytes());
    Ok(signed)
}

fn parse(text: &str) -> Result<Signature, String> {
    if text.len() > BYTES_MAX {
        return Err(format!("its signature has more than {BYTES_MAX} bytes"));
    }
    Signature::decode(text).map_err(|error| format!("its signature is none of minisign: {error}"))
}

#[cfg(test)]
mod tests {
    //! Keys are made for each test.
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::io::Cursor;

    use minisign::KeyPair;

    use super::*;

    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

    fn signed(component: &[u8], pair: &KeyPair) -> Vec<u8> {
        let signature = minisign::sign(None, &pair.sk, Cursor::new(component), None, None).unwrap();
        attach(component, &signature.to_string()).unwrap()
    }

    fn key(pair: &KeyPair) -> TrustedKey {
        TrustedKey::parse(&pair.pk.to_base64()).unwrap()
    }

    #[test]
    fn only_what_a_trusted_key_signed_is_believed() {
        let (ours, theirs) = (
            KeyPair::generate_unencrypted_keypair().unwrap(),
            KeyPair::generate_unencrypted_keypair().unwrap(),
        );
        let component = signed(COMPONENT, &ours);
        let refused = |component: &[u8], keys: &[TrustedKey]| check(component, keys).unwrap_err();
        check(COMPONENT, &[]).unwrap();
        check(&component, &[key(&theirs), key(&ours)]).unwrap();
        assert!(refused(&component, &[key(&theirs)]).contains("none of the trusted keys"));
        assert!(refused(COMPONENT, &[key(&ours)]).contains("is not signed"));
        let mut longer = component.clone();
        package::append(&mut longer, "gramhost:settings", b"a = 1");
        assert!(refused(&longer, &[key(&ours)]).contains("behind its signature"));
    }

    #[test]
    fn a_changed_byte_ends_the_belief() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let mut component = COMPONENT.to_vec();
        package::append(&mut component, "gramhost:settings", b"a = 1");
        let mut component = signed(&component, &pair);
        let digit = component.iter().position(|byte| *byte == b'1').unwrap();
        component[digit] = b'2';
        assert!(check(&component, &[key(&pair)]).is_err());
    }

    #[test]
    fn what_is_no_signature_or_no_key_is_refused() {
        assert!(
            attach(COMPONENT, "hello")
                .unwrap_err()
                .contains("none of minisign")
        );
        assert!(TrustedKey::parse("hello").is_err());
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let twice = attach(&signed(COMPONENT, &pair), &{
            let made = minisign::sign(None, &pair.sk, Cursor::new(COMPONENT), None, None);
            made.unwrap().to_string()
        });
        assert!(twice.unwrap_err().contains("already"));
    }
}
