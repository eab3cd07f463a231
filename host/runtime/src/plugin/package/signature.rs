//! The signature of a component: a minisign signature in its last section, over every byte before it.

use super::{SIGNATURE, append, sections};
use crate::plugin::config::{Minisign, TrustedKey};

/// Checks that one of `keys` signed the component. Without keys, no signature is required.
///
/// # Errors
/// Why the component is not trusted, in words.
pub(crate) fn check(component: &[u8], keys: &[TrustedKey]) -> Result<(), String> {
    if keys.is_empty() {
        return Ok(());
    }
    let found = sections(component)?;
    let Some((_, data)) = found.iter().find(|(name, _)| *name == SIGNATURE) else {
        return Err("is not signed, and this server accepts only signed plugins".to_owned());
    };
    let mut section = Vec::new();
    append(&mut section, SIGNATURE, data);
    let Some(signed) = component.strip_suffix(section.as_slice()) else {
        return Err("has more data after its signature".to_owned());
    };
    let text = std::str::from_utf8(data).map_err(|error| error.to_string())?;
    let signature = Minisign::parse(text)?;
    match keys.iter().find(|key| key.has_signed(signed, &signature)) {
        Some(key) => {
            tracing::debug!(%key, "signed");
            Ok(())
        }
        None => {
            Err("is not signed by a trusted key, or was changed after it was signed".to_owned())
        }
    }
}

/// Returns `component` with this signature (the text of a `.minisig` file) as its last section.
///
/// # Errors
/// If the text is not a signature, or the component is already signed.
pub(crate) fn attach(component: &[u8], signature: &str) -> Result<Vec<u8>, String> {
    Minisign::parse(signature)?;
    let found = sections(component)?;
    if found.iter().any(|(name, _)| *name == SIGNATURE) {
        return Err("is already signed: pack it again first".to_owned());
    }
    let mut signed = component.to_vec();
    append(&mut signed, SIGNATURE, signature.as_bytes());
    Ok(signed)
}

#[cfg(test)]
mod tests {
    //! The keys are generated for each test.
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
    fn only_a_component_signed_by_a_trusted_key_is_accepted() {
        let (ours, theirs) = (
            KeyPair::generate_unencrypted_keypair().unwrap(),
            KeyPair::generate_unencrypted_keypair().unwrap(),
        );
        let component = signed(COMPONENT, &ours);
        let refused = |component: &[u8], keys: &[TrustedKey]| check(component, keys).unwrap_err();
        check(COMPONENT, &[]).unwrap();
        check(&component, &[key(&theirs), key(&ours)]).unwrap();
        assert!(refused(&component, &[key(&theirs)]).contains("not signed by a trusted key"));
        assert!(refused(COMPONENT, &[key(&ours)]).contains("is not signed"));
        let mut longer = component.clone();
        append(&mut longer, "gramhost:settings", b"a = 1");
        assert!(refused(&longer, &[key(&ours)]).contains("after its signature"));
    }

    #[test]
    fn a_changed_byte_breaks_the_signature() {
        let pair = KeyPair::generate_unencrypted_keypair().unwrap();
        let mut component = COMPONENT.to_vec();
        append(&mut component, "gramhost:settings", b"a = 1");
        let mut component = signed(&component, &pair);
        let digit = component.iter().position(|byte| *byte == b'1').unwrap();
        component[digit] = b'2';
        assert!(check(&component, &[key(&pair)]).is_err());
    }

    #[test]
    fn text_that_is_not_a_signature_or_key_is_rejected() {
        assert!(
            attach(COMPONENT, "hello")
                .unwrap_err()
                .contains("not a minisign signature")
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
