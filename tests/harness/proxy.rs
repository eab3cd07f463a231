//! Stands in front of the store, passes requests on, and breaks those that a test wants broken.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Another answer: a status and a body.
    Answer(u16, &'static str),
    /// The connection is closed without an answer.
    Closed,
    /// There is no answer, and the connection stays open.
    Stalled,
    /// It is passed on after a while.
    Late(Duration),
    /// The answer is passed on up to this byte of its body, then the connection is closed.
    CutAt(usize),
}

/// The method of a request, and the number of earlier ones.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) before: usize,
}

type Faults = Arc<Mutex<Box<dyn Fn(&Asked) -> Option<Fault> + Send>>>;

/// The proxy; it stops when this handle is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    faults: Faults,
    server: AbortHandle,
}

impl Proxy {
    /// Starts it in front of `store`.
    pub(crate) async fn start(store: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let faults: Faults = Arc::new(Mutex::new(Box::new(|_| None)));
        let asked = Arc::new(Mutex::new(0));
        let rules = Arc::clone(&faults);
        let server = tokio::spawn(async move {
            let mut running = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (rules, asked) = (Arc::clone(&rules), Arc::clone(&asked));
                // A connection that breaks is what a test wants, or what the store does.
                running.spawn(async move { pass(client, store, &rules, &asked).await.ok() });
            }
        });
        Self {
            address,
            faults,
            server: server.abort_handle(),
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks requests from now on.
    pub(crate) fn misbehave(&self, fault: impl Fn(&Asked) -> Option<Fault> + Send + 'static) {
        *self.faults.lock().unwrap() = Box::new(fault);
    }

    /// Passes everything on from now on.
    pub(crate) fn behave(&self) {
        self.misbehave(|_| None);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Handles the one request of a connection.
async fn pass(
    mut client: TcpStream,
    store: SocketAddr,
    faults: &Faults,
    asked: &Mutex<usize>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let fault = {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let asked = Asked {
            method: head.split(' ').next().unwrap_or_default(),
            before: *asked - 1,
        };
        (faults.lock().unwrap())(&asked)
    };
    let mut left = usize::MAX;
    match fault {
        None => {}
        Some(Fault::Late(time)) => sleep(time).await,
        Some(Fault::Closed) => return Ok(()),
        Some(Fault::Stalled) => {
            tokio::io::copy(&mut client, &mut tokio::io::sink()).await?;
            return Ok(());
        }
        Some(Fault::Answer(status, body)) => {
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // The whole request first: a client that still sends would not see the answer.
            drain(&mut client, &head, bytes.len() - end - 4).await?;
            return client.write_all(answer.as_bytes()).await;
        }
        Some(Fault::CutAt(at)) => left = at,
    }
    let mut server = TcpStream::connect(store).await?;
    // One request a connection.
    server.write_all(&bytes[..end]).await?;
    server.write_all(b"\r\nconnection: close").await?;
    server.write_all(&bytes[end..]).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let sending = tokio::spawn(async move {
        tokio::io::copy(&mut from_client, &mut to_server).await.ok();
    });
    let mut answer = Vec::new();
    while from_server.read_buf(&mut answer).await? > 0 {
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head {
            // From here on only the body is counted.
            let body = answer.split_off(end + 4);
            to_client.write_all(&answer).await?;
            answer = body;
            break;
        }
    }
    loop {
        let passed = answer.len().min(left);
        to_client.write_all(&answer[..passed]).await?;
        left -= passed;
        answer.clear();
        if left == 0 || from_server.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    sending.abort();
    Ok(())
}

/// Reads the rest of a request of which `read` bytes of the body are there.
async fn drain(client: &mut TcpStream, head: &str, read: usize) -> std::io::Result<()> {
    let lower = head.to_ascii_lowercase();
    let length = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|text| text.trim().parse().ok());
    let rest = u64::try_from(length.unwrap_or(0_usize).saturating_sub(read)).unwrap_or_default();
    tokio::io::copy(&mut client.take(rest), &mut tokio::io::sink()).await?;
    Ok(())
}
