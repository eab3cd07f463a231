//! Takes responses from HAR files instead of the network.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use cases::Har;
use url::Url;

use super::Error;
use crate::contract::{Answer, FetchError, Method, Request, Response, recorded};

/// Every exchange of every HAR file below a folder.
#[derive(Debug)]
pub(super) struct Replay(Har);

impl Replay {
    /// Reads the files in the order of their paths. The first exchange that matches a request is used.
    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let wrong =
            |path: &Path, what: String| Error::Config(format!("replay {}: {what}", path.display()));
        let mut files = Vec::new();
        collect(folder, &mut files).map_err(|error| wrong(folder, error.to_string()))?;
        if files.is_empty() {
            return Err(wrong(folder, "no *.har below it".into()));
        }
        files.sort();
        let mut entries = Vec::new();
        for file in &files {
            let bytes = fs::read(file).map_err(|error| wrong(file, error.to_string()))?;
            let har = Har::parse(&bytes).map_err(|error| wrong(file, error.to_string()))?;
            entries.extend(har.entries);
        }
        Ok(Self(Har { entries }))
    }

    /// Returns a media file by its URL alone.
    pub(super) fn media(&self, url: &Url) -> Option<Bytes> {
        let request = Request {
            method: Method::Get,
            url: url.to_string(),
            headers: Vec::new(),
            body: None,
            session: false,
        };
        self.answer(&request).ok().map(|response| response.body)
    }

    pub(super) fn answer(&self, request: &Request) -> Result<Response, FetchError> {
        match recorded::answer(&self.0, request) {
            Some(Answer::Response(response)) => Ok(response),
            Some(Answer::Failed(error)) => Err(error),
            None => Err(FetchError::HttpRequestDenied("not recorded".into())),
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A capture or case that is being written has a hidden name.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        } else if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "har") {
            files.push(path);
        }
    }
    Ok(())
}
