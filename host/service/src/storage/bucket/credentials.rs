//! Where the credentials of a bucket come from: the variables and the file that every tool for S3 reads.
//!
//! They are read once, at the start, and never shown. Short-lived ones of a machine, container or web identity are
//! renewed by the client of the bucket.

#[cfg(test)]
mod tests;

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
};

use object_store::aws::AmazonS3ConfigKey;

use crate::data::{self, Links};

/// What is larger is no credentials file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// The part of the credentials file that is read if `AWS_PROFILE` names no other.
const PROFILE: &str = "default";

/// The variables of a process that have to do with S3. Their values are never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// Picks them out of all variables; empty ones count as absent.
    #[must_use]
    pub fn of<'a>(all: impl Iterator<Item = (&'a OsString, &'a OsString)>) -> Self {
        let text = |text: &'a OsStr| text.to_str().map(str::to_owned);
        Self(
            all.filter_map(|(name, value)| Some((text(name)?, text(value)?)))
                .filter(|(name, value)| {
                    (name.starts_with("AWS_") || name == "HOME") && !value.is_empty()
                })
                .collect(),
        )
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The credentials of a bucket, or how its client gets them. They are never shown.
#[derive(Clone, Default)]
pub struct Credentials {
    /// What the client of the bucket is told.
    pub(super) keys: Vec<(AmazonS3ConfigKey, String)>,
    /// Where they come from, in words.
    source: String,
    /// A file that is read again whenever they are renewed.
    token: Option<PathBuf>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Credentials").field(&self.source).finish()
    }
}

impl Credentials {
    /// Finds them where other tools do, in the same order: two variables, a web identity, the credentials file, the
    /// container, the machine.
    ///
    /// # Errors
    /// What is missing or cannot be read, in one line.
    pub fn find(variables: &Variables) -> Result<Self, String> {
        if let Some(found) = of_variables(variables)? {
            return Ok(found);
        }
        if let Some(found) = of_web_identity(variables) {
            return Ok(found);
        }
        if let Some(found) = of_file(variables)? {
            return Ok(found);
        }
        if let Some(found) = of_container(variables) {
            return Ok(found);
        }
        if variables.get("AWS_EC2_METADATA_DISABLED") == Some("true") {
            return Err("there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put them into ~/.aws/credentials".to_owned());
        }
        Ok(Self {
            source: "the metadata of this machine".to_owned(),
            ..Self::default()
        })
    }

    /// Where they come from, in words.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The file that must stay readable, because it is read again whenever they are renewed.
    #[must_use]
    pub fn token_file(&self) -> Option<&PathBuf> {
        self.token.as_ref()
    }

    /// Whether other servers than the store are asked for them.
    #[must_use]
    pub fn are_renewed(&self) -> bool {
        let is_fixed =
            |(key, _): &(AmazonS3ConfigKey, String)| *key == AmazonS3ConfigKey::SecretAccessKey;
        !self.keys.iter().any(is_fixed)
    }

    fn fixed(key_id: &str, secret: &str, token: Option<&str>, source: String) -> Self {
        let mut keys = vec![
            (AmazonS3ConfigKey::AccessKeyId, key_id.to_owned()),
            (AmazonS3ConfigKey::SecretAccessKey, secret.to_owned()),
        ];
        keys.extend(token.map(|token| (AmazonS3ConfigKey::Token, token.to_owned())));
        Self {
            keys,
            source,
            token: None,
        }
    }
}

fn of_variables(variables: &Variables) -> Result<Option<Credentials>, String> {
    const ID: &str = "AWS_ACCESS_KEY_ID";
    const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
    match (variables.get(ID), variables.get(SECRET)) {
        (Some(key_id), Some(secret)) => Ok(Some(Credentials::fixed(
            key_id,
            secret,
            variables.get("AWS_SESSION_TOKEN"),
            format!("the variables {ID} and {SECRET}"),
        ))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{ID} is set, but {SECRET} is not")),
        (None, Some(_)) => Err(format!("{SECRET} is set, but {ID} is not")),
    }
}

fn of_web_identity(variables: &Variables) -> Option<Credentials> {
    let token = variables.get("AWS_WEB_IDENTITY_TOKEN_FILE")?;
    let role = variables.get("AWS_ROLE_ARN")?;
    let mut keys = vec![
        (AmazonS3ConfigKey::WebIdentityTokenFile, token.to_owned()),
        (AmazonS3ConfigKey::RoleArn, role.to_owned()),
    ];
    let more = [
        ("AWS_ROLE_SESSION_NAME", AmazonS3ConfigKey::RoleSessionName),
        ("AWS_ENDPOINT_URL_STS", AmazonS3ConfigKey::StsEndpoint),
    ];
    keys.extend(given(variables, more));
    Some(Credentials {
        keys,
        source: format!("a web identity for {role}"),
        token: Some(token.into()),
    })
}

fn of_container(variables: &Variables) -> Option<Credentials> {
    let keys: Vec<_> = given(
        variables,
        [
            (
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
            ),
            (
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                AmazonS3ConfigKey::ContainerCredentialsFullUri,
            ),
            (
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                AmazonS3ConfigKey::ContainerAuthorizationTokenFile,
            ),
        ],
    )
    .collect();
    let token = variables.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    (!keys.is_empty()).then(|| Credentials {
        keys,
        source: "the container".to_owned(),
        token: token.map(PathBuf::from),
    })
}

/// The variables among these that are set.
fn given<const N: usize>(
    variables: &Variables,
    names: [(&'static str, AmazonS3ConfigKey); N],
) -> impl Iterator<Item = (AmazonS3ConfigKey, String)> {
    names
        .into_iter()
        .filter_map(|(name, key)| Some((key, variables.get(name)?.to_owned())))
}

/// The credentials file. It is an error that it lacks what a variable names, but not that there is none.
fn of_file(variables: &Variables) -> Result<Option<Credentials>, String> {
    let named = variables.get("AWS_SHARED_CREDENTIALS_FILE");
    let home = || Some(PathBuf::from(variables.get("HOME")?).join(".aws/credentials"));
    let Some(path) = named.map(PathBuf::from).or_else(home) else {
        return Ok(None);
    };
    let chosen = variables.get("AWS_PROFILE");
    let profile = chosen.unwrap_or(PROFILE);
    let shown = path.display();
    let text = match data::read(&path, Links::Followed, FILE_BYTES_MAX) {
        Ok(bytes) => {
            String::from_utf8(bytes).map_err(|_| format!("{shown}: the file is not UTF-8"))?
        }
        Err(_) if named.is_none() && chosen.is_none() => return Ok(None),
        Err(error) => return Err(format!("{shown}: {error}")),
    };
    let Some(found) = section(&text, profile) else {
        return match named.or(chosen) {
            None => Ok(None),
            Some(_) => Err(format!("{shown} has no profile {profile}")),
        };
    };
    let value = |name: &str| found.iter().find(|(key, _)| key == name);
    let value = |name: &str| value(name).map(|(_, value)| value.as_str());
    match (value("aws_access_key_id"), value("aws_secret_access_key")) {
        (Some(key_id), Some(secret)) => Ok(Some(Credentials::fixed(
            key_id,
            secret,
            value("aws_session_token"),
            format!("{shown}, profile {profile}"),
        ))),
        _ => Err(format!(
            "{shown}: the profile {profile} needs aws_access_key_id and aws_secret_access_key"
        )),
    }
}

/// The keys, in lower case, and values of a section of an INI file: `[name]`, then `key = value` lines. Lines that begin
/// with `#` or `;` are comments, and a line that is neither is left out. Of two equal keys the first one counts.
fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut found = None;
    let mut is_it = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        let heading = line.strip_prefix('[').and_then(|line| line.split_once(']'));
        if let Some((heading, _)) = heading {
            is_it = heading.trim() == name;
            if is_it {
                found.get_or_insert_with(Vec::new);
            }
        } else if let (true, Some((key, value)), Some(found)) =
            (is_it, line.split_once('='), found.as_mut())
        {
            found.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    found
}
