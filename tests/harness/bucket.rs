//! Servers whose files are in a bucket of the store of the tests.

use std::mem;

use tempfile::TempDir;
use uuid::Uuid;

use super::{
    cdn::Cdn,
    server::Server,
    store::{BUCKET, KEY_ID, SECRET, Store},
};

/// A place in the bucket that belongs to one test.
pub(crate) struct Place {
    /// The bucket and the prefix.
    pub(crate) path: String,
    /// The endpoint of the store, or of something in front of it.
    endpoint: String,
    /// More variables of its servers.
    variables: Vec<(&'static str, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::behind(Store::shared().endpoint())
    }

    /// A place that servers reach by another endpoint.
    pub(crate) fn behind(endpoint: String) -> Self {
        Self {
            path: format!("{BUCKET}/e2e/{}", Uuid::new_v4()),
            endpoint,
            variables: Vec::new(),
        }
    }

    /// Sets a variable of its servers; in their names, `limits.` and the like are `LIMITS_`.
    pub(crate) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.variables.push((name, value.to_string()));
        self
    }

    /// The setting `files`.
    pub(crate) fn files(&self) -> String {
        format!("s3://{}", self.path)
    }

    /// What a process needs to reach it.
    pub(crate) fn variables(&self) -> Vec<(&str, &str)> {
        let more = self.variables.iter();
        let more = more.map(|(name, value)| (*name, value.as_str()));
        [
            ("AWS_ACCESS_KEY_ID", KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("GRAMHOST_S3_ENDPOINT", self.endpoint.as_str()),
        ]
        .into_iter()
        .chain(more)
        .collect()
    }

    /// Starts a server that downloads from a stand-in.
    pub(crate) fn serve(&self, cdn: &Cdn) -> Server {
        self.serve_in(tempfile::tempdir().unwrap(), cdn)
    }

    /// Starts another one on the folder of a server, which is killed if it still runs.
    pub(crate) fn serve_again(&self, mut before: Server, cdn: &Cdn) -> Server {
        let folder = mem::replace(&mut before.folder, tempfile::tempdir().unwrap());
        drop(before);
        self.serve_in(folder, cdn)
    }

    fn serve_in(&self, folder: TempDir, cdn: &Cdn) -> Server {
        let (files, flags) = (self.files(), cdn.flags());
        let mut flags: Vec<_> = flags.iter().map(String::as_str).collect();
        flags.extend(["--files", &files]);
        Server::start_with(folder, &self.variables(), &flags)
    }

    /// The keys of its complete objects below the prefix, with their lengths.
    pub(crate) fn objects(&self) -> Vec<(String, u64)> {
        let found = Store::shared().objects(&self.path).into_iter();
        let root = format!("/buckets/{}/", self.path);
        found
            .map(|(path, bytes)| (path.strip_prefix(&root).unwrap().to_owned(), bytes))
            .collect()
    }

    /// Deletes them, as nobody should.
    pub(crate) async fn delete_objects(&self) {
        let filer = Store::shared().filer;
        let url = format!("http://{filer}/buckets/{}?recursive=true", self.path);
        let deleted = reqwest::Client::new().delete(url).send().await.unwrap();
        assert!(deleted.status().is_success(), "{}", deleted.status());
    }
}
