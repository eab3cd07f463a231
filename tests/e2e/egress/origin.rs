//! A server at every address of the network, on port 443, that does to a connection what the test says, and remembers
//! who was dialled.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write as _},
    net::{IpAddr, Ipv6Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What happens to a connection.
type Treatment = Arc<dyn Fn(TcpStream) + Send + Sync>;

/// An encrypted connection, as the server of the test sees it.
pub(super) type Encrypted = StreamOwned<ServerConnection, TcpStream>;

/// How long a treatment waits for the other side; longer than any limit of the server under test.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Origin {
    treatment: Arc<Mutex<Treatment>>,
    dialled: Arc<Mutex<BTreeSet<IpAddr>>>,
}

impl Origin {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, 443)).unwrap();
        let treatment: Treatment = Arc::new(drop);
        let origin = Self {
            treatment: Arc::new(Mutex::new(treatment)),
            dialled: Arc::default(),
        };
        let (treatment, dialled) = (Arc::clone(&origin.treatment), Arc::clone(&origin.dialled));
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let here = stream.local_addr().unwrap().ip().to_canonical();
                dialled.lock().unwrap().insert(here);
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                let treatment = treatment.lock().unwrap().clone();
                thread::spawn(move || treatment(stream));
            }
        });
        origin
    }

    /// From now on, connections are treated so.
    pub(super) fn treat(&self, treatment: impl Fn(TcpStream) + Send + Sync + 'static) {
        *self.treatment.lock().unwrap() = Arc::new(treatment);
    }

    /// Who was dialled since this was called last.
    pub(super) fn dialled(&self) -> Vec<String> {
        let dialled = std::mem::take(&mut *self.dialled.lock().unwrap());
        dialled.iter().map(IpAddr::to_string).collect()
    }
}

/// Decrypts what arrives, once the handshake succeeds.
pub(super) fn encrypted(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
) -> io::Result<Encrypted> {
    let mut connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// Answers one request as the plain server at `stand_in` does, whose answers end with the connection.
pub(super) fn forward(mut stream: Encrypted, stand_in: &str) -> io::Result<()> {
    let request = request(&mut stream)?;
    let mut plain = TcpStream::connect(stand_in)?;
    plain.write_all(&request)?;
    io::copy(&mut plain, &mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Reads one request of HTTP/1.
pub(super) fn request(stream: &mut Encrypted) -> io::Result<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece)?;
        bytes.extend(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else {
            if length == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            continue;
        };
        let stated = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let body = stated.map_or(0, |length| length.parse().unwrap());
        if bytes.len() >= head.len() + 4 + body {
            return Ok(bytes);
        }
    }
}
