//! A server on the recorded answers of the fixtures, and requests that other clients would not send.

use std::path::PathBuf;

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::server::Server;

impl Server {
    /// Starts a server that needs no network, has no rate limit and keeps no answer.
    pub(crate) fn start_on_fixtures(folder: TempDir) -> Self {
        let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let fixtures = fixtures.to_str().unwrap();
        let flags = [
            "--replay",
            fixtures,
            "--rate-limit",
            "0",
            "--cache-ttl",
            "0",
        ];
        Self::start_in(folder, &flags)
    }

    /// The whole answer to a `GET` of exactly this target; other clients would tidy it up.
    pub(crate) async fn raw(&self, target: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}
