//! Whom the server believes to be Instagram, and what it does with a handshake that fails.

use std::{
    collections::BTreeSet,
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use rustls::ServerConfig;

use super::{
    LONG_MS, PUBLIC, SHORT_MS, World,
    certificates::{Authority, GOOD, Stated},
    namespace::entered,
    origin::{encrypted, request},
};

const FAILED: &str = "TLS failed";

#[tokio::test(flavor = "multi_thread")]
async fn only_a_valid_certificate_of_instagram_by_a_known_authority_is_believed() {
    if !entered(
        "egress::tls::only_a_valid_certificate_of_instagram_by_a_known_authority_is_believed",
    ) {
        return;
    }
    let world = World::start(LONG_MS, &[]).await;
    world.serves("the start").await;
    let stranger = Authority::new();
    for (what, authority, stated, alert) in [
        (
            "expired",
            &world.authority,
            Stated {
                valid: ["20200101000000Z", "20210101000000Z"],
                ..GOOD
            },
            "CertificateExpired",
        ),
        (
            "not valid yet",
            &world.authority,
            Stated {
                valid: ["20980101000000Z", "20990101000000Z"],
                ..GOOD
            },
            "CertificateExpired",
        ),
        (
            "of another name",
            &world.authority,
            Stated {
                names: "DNS:instagram.com.example,DNS:*.example",
                ..GOOD
            },
            "BadCertificate",
        ),
        (
            "of the address only",
            &world.authority,
            Stated {
                names: "IP:157.240.0.174",
                ..GOOD
            },
            "BadCertificate",
        ),
        (
            "signed by itself",
            &world.authority,
            Stated {
                is_signed: false,
                ..GOOD
            },
            "UnknownCA",
        ),
        ("by a stranger", &stranger, GOOD, "UnknownCA"),
    ] {
        let config = authority.server(stated, &["http/1.1"]);
        let (alerts, requests) = show(&world, config);
        world.is_refused(what, FAILED).await;
        assert_eq!(
            *alerts.lock().unwrap(),
            BTreeSet::from([alert.to_owned()]),
            "{what}"
        );
        assert_eq!(
            requests.load(Ordering::Relaxed),
            0,
            "{what}: a request was sent"
        );
    }
    world.serves("bad certificates").await;
}

/// From now on, Instagram shows this certificate. Returns what its clients say about it, and how many requests they
/// send nevertheless.
fn show(
    world: &World,
    config: Arc<ServerConfig>,
) -> (Arc<Mutex<BTreeSet<String>>>, Arc<AtomicUsize>) {
    let (alerts, requests) = (Arc::default(), Arc::default());
    let seen: (Arc<Mutex<BTreeSet<String>>>, Arc<AtomicUsize>) =
        (Arc::clone(&alerts), Arc::clone(&requests));
    world.origin.treat(move |stream| {
        let asked = encrypted(stream, &config).and_then(|mut stream| request(&mut stream));
        match asked {
            Ok(_) => {
                seen.1.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
                if let Some(rustls::Error::AlertReceived(alert)) = cause {
                    seen.0.lock().unwrap().insert(format!("{alert:?}"));
                }
            }
        }
    });
    (alerts, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_goes_wrong_ends_in_time() {
    if !entered("egress::tls::a_handshake_that_goes_wrong_ends_in_time") {
        return;
    }
    let world = World::start(SHORT_MS, &[]).await;
    world.names.lead_to(&[PUBLIC]);
    let hello = |stream: &mut TcpStream| stream.read(&mut [0; 4096]).unwrap();
    world.origin.treat(drop);
    world.is_refused("closed at once", "not fetched").await;
    world.origin.treat(move |mut stream| {
        hello(&mut stream);
    });
    world
        .is_refused("cut after the first message", "the connection was cut off")
        .await;
    world.origin.treat(move |mut stream| {
        hello(&mut stream);
        // The beginning of a message that never comes.
        stream.write_all(&[22, 3, 3, 0, 122, 2, 0, 0, 118]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        hello(&mut stream);
    });
    world
        .is_refused("cut within a message", "the connection was cut off")
        .await;
    world.origin.treat(move |mut stream| {
        hello(&mut stream);
        // Until the other side has had enough.
        let _gone = stream.read(&mut [0]);
    });
    world.is_refused("no answer", "no connection in time").await;
    world.origin.treat(move |mut stream| {
        hello(&mut stream);
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
    });
    world.is_refused("no encryption", FAILED).await;
    world.serves("handshakes that went wrong").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_of_tls_are_refused() {
    if !entered("egress::tls::old_versions_of_tls_are_refused") {
        return;
    }
    let world = World::start(SHORT_MS, &[]).await;
    world.names.lead_to(&[PUBLIC]);
    for (version, is_old) in [
        ("-tls1", true),
        ("-tls1_1", true),
        ("-tls1_2", false),
        ("-tls1_3", false),
    ] {
        let _server = OpenSsl::start(&world, version);
        world.origin.treat(|stream| {
            let plain = TcpStream::connect(OpenSsl::ADDRESS).unwrap();
            // Either side may leave.
            let _left = join(stream, plain);
        });
        if is_old {
            world.is_refused(version, FAILED).await;
        } else {
            // What it then answers is not what Instagram answers, if anything.
            let before = world.server.log().len();
            world.ask().await;
            // Its line comes after those of its requests.
            world.server.logged("\"status\"").await;
            let log = &world.server.log()[before..];
            assert!(!log.contains(FAILED), "{version}: {log}");
        }
    }
}

/// Another implementation of TLS, which still has the old versions.
struct OpenSsl(Child);

impl OpenSsl {
    const ADDRESS: &str = "127.0.0.1:8443";

    fn start(world: &World, version: &str) -> Self {
        let server = Command::new("openssl")
            .args(["s_server", "-accept", Self::ADDRESS, version, "-www"])
            .args([
                "-cipher",
                "DEFAULT@SECLEVEL=0",
                "-cert",
                "leaf.pem",
                "-key",
                "leaf.key",
            ])
            .current_dir(world.authority.certify(GOOD))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(Self::ADDRESS).is_err() {
            thread::yield_now();
        }
        Self(server)
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Copies in both directions until both have ended.
fn join(one: TcpStream, other: TcpStream) -> io::Result<()> {
    let (mut from, mut to) = (one.try_clone()?, other.try_clone()?);
    let there = thread::spawn(move || {
        let _left = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    let (mut from, mut to) = (other, one);
    let _left = io::copy(&mut from, &mut to);
    let _gone = to.shutdown(Shutdown::Write);
    let _ended = there.join();
    Ok(())
}
