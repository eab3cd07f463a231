//! Who is dialled, whom the server believes, and what the other side may do: in a network of the test's own, with its
//! name server, its certificates, and its server at every address.
#![cfg(target_os = "linux")]

mod addresses;
mod certificates;
mod http2;
mod names;
mod namespace;
mod origin;
mod tls;

use std::{fs, sync::Arc, time::Duration};

use rustls::ServerConfig;
use tokio::time::{interval, timeout};

use crate::harness::{
    cdn::Cdn,
    server::{Answer, Server},
};
use certificates::{Authority, GOOD};
use names::Names;
use origin::{Origin, encrypted, forward};

/// A post that the stand-in for Instagram knows.
const INFO: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
/// An address of the internet, as an address of Instagram is.
const PUBLIC: &str = "157.240.0.174";
/// How long the log may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the server waits for an answer in most of these tests, milliseconds: longer than an answer takes here.
const LONG_MS: u32 = 5_000;
/// The same where no answer comes.
const SHORT_MS: u32 = 300;

/// Nothing is remembered, nobody waits for longer than this, and no host is left alone.
fn settings(wait_ms: u32) -> String {
    format!(
        "cache_ttl = 0\nrate_limit = 0\n[limits]\nupstream_spacing_ms_min = 0\nupstream_breaker_failures = 1000\n\
         upstream_connect_ms_max = {wait_ms}\nupstream_first_byte_ms_max = {wait_ms}\nupstream_idle_ms_max = {wait_ms}\n"
    )
}

/// The server under test, and the whole internet around it.
struct World {
    names: Names,
    origin: Origin,
    authority: Authority,
    /// Instagram behind its certificate.
    instagram: Arc<ServerConfig>,
    stand_in: String,
    _cdn: Cdn,
    server: Server,
}

impl World {
    async fn start(wait_ms: u32, variables: &[(&str, &str)]) -> Self {
        let (names, origin, authority) = (Names::start(), Origin::start(), Authority::new());
        let cdn = Cdn::start().await;
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("gramhost.toml"), settings(wait_ms)).unwrap();
        let trusted = authority.file();
        let variables = [variables, &[("SSL_CERT_FILE", &*trusted)]].concat();
        let world = Self {
            instagram: authority.server(GOOD, &["http/1.1"]),
            stand_in: cdn.flags()[1].trim_start_matches("http://").to_owned(),
            names,
            origin,
            authority,
            _cdn: cdn,
            server: Server::start_with(folder, &variables, &[]),
        };
        world.be_honest();
        world
    }

    /// From now on, Instagram answers at every address.
    fn be_honest(&self) {
        let (instagram, stand_in) = (Arc::clone(&self.instagram), self.stand_in.clone());
        self.origin.treat(move |stream| {
            // A client that leaves early is what many of these tests want to see.
            let _left = encrypted(stream, &instagram).and_then(|it| forward(it, &stand_in));
        });
    }

    /// Asks for the post.
    async fn ask(&self) -> Answer {
        self.server.get(INFO).await
    }

    /// Checks that the post is served soon, so that nothing before has broken the server.
    async fn serves(&self, after: &str) {
        self.be_honest();
        self.names.lead_to(&[PUBLIC]);
        let served = async { while self.ask().await.status != 200 {} };
        let served = timeout(PATIENCE, served).await;
        assert!(served.is_ok(), "after {after}: {}", self.server.log());
        self.origin.dialled();
    }

    /// Checks that the post is not served because Instagram could not be asked, and that the log says why.
    async fn is_refused(&self, what: &str, why: &str) {
        let before = self.server.log().len();
        let answer = self.ask().await;
        assert_eq!(
            (answer.status, answer.json["error"]["code"].as_str()),
            (502, Some("UPSTREAM_UNAVAILABLE")),
            "{what}: {}",
            answer.text
        );
        // The log comes a little later.
        let mut looks = interval(Duration::from_millis(5));
        let said = async {
            while !self.server.log()[before..].contains(why) {
                looks.tick().await;
            }
        };
        let said = timeout(PATIENCE, said).await;
        assert!(said.is_ok(), "{what}: {}", &self.server.log()[before..]);
    }
}
