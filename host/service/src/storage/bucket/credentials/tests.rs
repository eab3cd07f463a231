//! The order of the sources, what a wrong one says, and that nothing secret is shown.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;

use object_store::aws::AmazonS3ConfigKey as Key;
use tempfile::TempDir;

use super::*;

fn variables(given: &[(&str, &str)]) -> Variables {
    let given: Vec<(OsString, OsString)> = given
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    Variables::of(given.iter().map(|(name, value)| (name, value)))
}

fn value(found: &Credentials, key: Key) -> Option<&str> {
    let found = found.keys.iter().find(|(known, _)| *known == key);
    found.map(|(_, value)| value.as_str())
}

fn home(text: &str) -> (TempDir, String) {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".aws")).unwrap();
    fs::write(home.path().join(".aws/credentials"), text).unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    (home, path)
}

const FILE: &str = "# of two accounts\n[default]\naws_access_key_id = one\naws_secret_access_key=s=1/+\n\n\
    [other]\r\nAWS_ACCESS_KEY_ID=two\r\naws_secret_access_key = s2 \r\naws_session_token = t2\r\n; the end\n[empty]\n";

#[test]
fn variables_come_first_and_need_each_other() {
    let (_home, home) = home(FILE);
    let both = [
        ("HOME", home.as_str()),
        ("AWS_ACCESS_KEY_ID", "id"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ];
    let found = Credentials::find(&variables(&both)).unwrap();
    assert_eq!(value(&found, Key::AccessKeyId), Some("id"));
    assert_eq!(value(&found, Key::SecretAccessKey), Some("secret"));
    assert_eq!(value(&found, Key::Token), Some("token"));
    assert!(!found.are_renewed());
    let error = Credentials::find(&variables(&both[..2])).unwrap_err();
    assert_eq!(
        error,
        "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
    );
    let error = Credentials::find(&variables(&both[2..])).unwrap_err();
    assert!(error.ends_with("AWS_ACCESS_KEY_ID is not"), "{error}");
}

#[test]
fn a_profile_of_the_file_is_read() {
    let (_home, home) = home(FILE);
    let found = Credentials::find(&variables(&[("HOME", &home)])).unwrap();
    assert_eq!(value(&found, Key::AccessKeyId), Some("one"));
    assert_eq!(value(&found, Key::SecretAccessKey), Some("s=1/+"));
    assert_eq!(value(&found, Key::Token), None);
    assert!(
        found
            .source()
            .ends_with(".aws/credentials, profile default")
    );
    let other = [("HOME", home.as_str()), ("AWS_PROFILE", "other")];
    let found = Credentials::find(&variables(&other)).unwrap();
    assert_eq!(value(&found, Key::AccessKeyId), Some("two"));
    assert_eq!(value(&found, Key::SecretAccessKey), Some("s2"));
    assert_eq!(value(&found, Key::Token), Some("t2"));
    let elsewhere = format!("{home}/.aws/credentials");
    let named = [("AWS_SHARED_CREDENTIALS_FILE", elsewhere.as_str())];
    let found = Credentials::find(&variables(&named)).unwrap();
    assert_eq!(value(&found, Key::AccessKeyId), Some("one"));
}

#[test]
fn what_a_variable_names_must_be_there() {
    let (_home, home) = home(FILE);
    for (name, at, said) in [
        ("AWS_PROFILE", "third", "has no profile third"),
        ("AWS_PROFILE", "empty", "needs aws_access_key_id and"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere", "/nowhere: "),
    ] {
        let given = variables(&[("HOME", &home), (name, at)]);
        let error = Credentials::find(&given).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn short_lived_credentials_are_left_to_the_client() {
    let web = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/token"),
        ("AWS_ROLE_ARN", "arn:role"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2"),
    ];
    let found = Credentials::find(&variables(&web)).unwrap();
    assert_eq!(value(&found, Key::RoleArn), Some("arn:role"));
    assert_eq!(value(&found, Key::ContainerCredentialsRelativeUri), None);
    assert!(found.are_renewed());
    assert_eq!(found.token_file().unwrap().to_str(), Some("/run/token"));
    let found = Credentials::find(&variables(&web[2..])).unwrap();
    assert_eq!(found.source(), "the container");
    let found = Credentials::find(&variables(&[("HOME", "/nowhere")])).unwrap();
    assert_eq!(found.source(), "the metadata of this machine");
    let off = variables(&[("AWS_EC2_METADATA_DISABLED", "true")]);
    let error = Credentials::find(&off).unwrap_err();
    assert!(error.starts_with("there are no credentials"), "{error}");
}

#[test]
fn nothing_secret_is_shown() {
    let given = variables(&[
        ("AWS_ACCESS_KEY_ID", "id-7"),
        ("AWS_SECRET_ACCESS_KEY", "secret-7"),
        ("AWS_SESSION_TOKEN", "token-7"),
        ("PATH", "/bin"),
    ]);
    let found = Credentials::find(&given).unwrap();
    let shown = format!("{given:?} {found:?} {}", found.source());
    assert!(!shown.contains("-7") && !shown.contains("PATH"), "{shown}");
}

#[test]
fn no_text_of_a_file_is_too_much() {
    for text in [
        "",
        "[",
        "[]",
        "[default",
        "=",
        "[default]\n=",
        "[default]\nx",
        "][",
    ] {
        section(text, "default");
    }
    assert_eq!(section("a = b\n[x]\nc = d", "default"), None);
    let twice = section("[x]\na = 1\n[y]\na = 2\n[x]\na = 3\nb", "x").unwrap();
    assert_eq!(twice, [("a".into(), "1".into()), ("a".into(), "3".into())]);
}
