//! Creates versions of the movable guest, as an author does: cases in a folder, settings, and the command line.

use std::{fs, path::PathBuf, process::Output};

use cases::{Har, har};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::{Server, gramhost};

/// An author's folder, and the server that receives the author's components.
pub(crate) struct Workshop {
    folder: TempDir,
    data: PathBuf,
    admin: String,
}

impl Workshop {
    /// Creates a folder with one case, in which the caption is at its original key.
    pub(crate) fn new(server: &Server, component: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bare")).unwrap();
        fs::write(folder.path().join("bare/post.wasm"), component).unwrap();
        let workshop = Self {
            data: folder.path().join("data"),
            folder,
            admin: String::new(),
        };
        workshop.case(
            "plain",
            "PLAIN",
            &json!({"caption": "Hello", "likes": 3, "owner": "ann"}),
        );
        let workshop = workshop.of(server);
        let cases = workshop.path("cases");
        workshop.done(&["test", "bare/post.wasm", "--cases", &cases, "--update"]);
        workshop
    }

    /// The same author with another server.
    pub(crate) fn of(self, server: &Server) -> Self {
        Self {
            data: server.folder.path().join("data"),
            admin: server.admin.to_string(),
            ..self
        }
    }

    /// Adds a case without an expected result.
    pub(crate) fn case(&self, name: &str, code: &str, body: &Value) {
        let folder = self.folder.path().join("cases/post").join(name);
        fs::create_dir_all(&folder).unwrap();
        let question = json!({"now": 1_700_000_000, "session": false,
            "query": {"kind": "post", "target": {"shortcode": code}}});
        let url = format!("https://www.instagram.com/p/{code}/?movable");
        let har = Har {
            entries: vec![har::Entry {
                method: "GET".to_owned(),
                url: url.clone(),
                request_headers: Vec::new(),
                request_body: None,
                answer: har::Answer::Response {
                    status: 200,
                    url,
                    headers: Vec::new(),
                    body: body.to_string().into_bytes(),
                },
            }],
        };
        fs::write(folder.join("query.json"), question.to_string()).unwrap();
        fs::write(folder.join("exchange.har"), har.to_json()).unwrap();
    }

    /// Packs the guest with these settings as `post.wasm`; returns its bytes.
    pub(crate) fn pack(&self, settings: &str) -> Vec<u8> {
        fs::write(self.folder.path().join("settings.toml"), settings).unwrap();
        let cases = self.path("cases");
        self.done(&[
            "pack",
            "bare/post.wasm",
            "--cases",
            &cases,
            "--settings",
            "settings.toml",
            "--output",
            "post.wasm",
        ]);
        fs::read(self.folder.path().join("post.wasm")).unwrap()
    }

    /// Runs `gramhost plugin …` with this server.
    pub(crate) fn plugin(&self, arguments: &[&str]) -> Output {
        let data = self.data.to_str().unwrap();
        let mut command = gramhost(self.folder.path());
        command.arg("plugin").args(arguments).args(["--data", data]);
        if !self.admin.is_empty() {
            command.args(["--admin-listen", &self.admin]);
        }
        command.output().unwrap()
    }

    /// Like [`Workshop::plugin`]; must succeed, and returns the output.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.plugin(arguments);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {words}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Like [`Workshop::plugin`]; must fail, and returns the exit code and the error message.
    pub(crate) fn refused(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.plugin(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        let words = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), words)
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}
