//! A local stand-in for Instagram: one function answers every request, honestly or not, and every request is recorded.
//!
//! It writes bytes, not HTTP objects, so that it can also truncate, lie and stall. It serves one request per
//! connection.
#![expect(
    clippy::expect_used,
    unreachable_pub,
    reason = "a part of test binaries"
)]

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A request as received.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method, such as `GET`.
    pub method: String,
    /// The `Host` header: the intended host.
    pub host: String,
    /// The path with the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as long as stated by `content-length`.
    pub body: String,
}

impl Seen {
    /// Returns the first header of this name, in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The reaction to a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends the bytes unchanged, then closes the connection; empty means a dropped connection.
    Bytes(Vec<u8>),
    /// Sends the bytes unchanged, then nothing more, with the connection open.
    Stall(Vec<u8>),
    /// Sends the bytes unchanged, then this many zeros, which are never all in memory.
    Long(Vec<u8>, u64),
}

/// Returns an honest response.
#[must_use]
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        bytes += &format!("{name}: {value}\r\n");
    }
    Reply::Bytes([bytes.as_bytes(), b"\r\n", body].concat())
}

/// Returns a gzip body of `bytes` zeros, created without holding them in memory: some 160 times smaller than the
/// unpacked data.
#[must_use]
pub fn bomb(bytes: usize) -> Vec<u8> {
    let (mut packed, mut held, mut count) = (vec![31, 139, 8, 0, 0, 0, 0, 0, 0, 255], 0_u32, 0);
    let mut push = |bits: &str| {
        for bit in bits.bytes() {
            held |= u32::from(bit == b'1') << count;
            count += 1;
            if count == 8 {
                packed.push(held as u8);
                (held, count) = (0, 0);
            }
        }
    };
    // Last block, fixed codes; a literal zero; then "258 bytes from one byte back" repeatedly; the end.
    push("110");
    push("00110000");
    (0..bytes / 258).for_each(|_| push("1100010100000"));
    push("00000000000000");
    packed.extend([0; 8]);
    packed
}

/// The server; it stops when this handle is dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: JoinHandle<()>,
}

impl Upstream {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answer, log) = (Arc::new(answer), Arc::clone(&seen));
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                tokio::spawn(async move { serve(stream, &*answer, &log).await });
            }
        });
        Self {
            address,
            seen,
            server,
        }
    }

    /// Returns the value for `--upstream-override`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns every request so far.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &(impl Fn(&Seen) -> Reply + ?Sized),
    log: &Mutex<Vec<Seen>>,
) {
    let Some(seen) = read(&mut stream).await else {
        return;
    };
    let reply = answer(&seen);
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(seen);
    let (Reply::Bytes(bytes) | Reply::Stall(bytes) | Reply::Long(bytes, _)) = &reply;
    // The client may have disconnected, as it should for a decompression bomb.
    let sent = stream.write_all(bytes).await;
    match reply {
        Reply::Stall(_) if sent.is_ok() => {
            let _ = stream.read(&mut [0]).await;
        }
        Reply::Long(_, zeros) if sent.is_ok() => {
            // The client may disconnect early.
            let _ = tokio::io::copy(&mut tokio::io::repeat(0).take(zeros), &mut stream).await;
            let _ = stream.shutdown().await;
        }
        _ => {
            let _ = stream.shutdown().await;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break String::from_utf8_lossy(&bytes[..end]).into_owned();
        }
    };
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let mut seen = Seen {
        method: first.next()?.to_owned(),
        path: first.next()?.to_owned(),
        host: String::new(),
        headers: lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: String::new(),
    };
    seen.host = seen.header("host")?.to_owned();
    let length = seen
        .header("content-length")
        .map_or(Some(0), |length| length.parse().ok())?;
    let mut body = bytes.split_off(head.len() + 4);
    while body.len() < length && stream.read_buf(&mut body).await.ok()? > 0 {}
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}
