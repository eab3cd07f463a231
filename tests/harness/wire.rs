//! A wire between two programs on loopback that a test can cut, or silence as a lost network does.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// What happens to the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// They arrive.
    Whole,
    /// They do not arrive, and nobody is told.
    Silent,
    /// All connections end, and new ones are closed at once.
    Cut,
}

/// The wire.
pub(crate) struct Wire {
    port: u16,
    state: Arc<watch::Sender<State>>,
}

impl Wire {
    /// A wire to a port on 127.0.0.1.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = Arc::new(watch::Sender::new(State::Whole));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(connect(near, port, shared.subscribe()));
            }
        });
        Self { port: own, state }
    }

    /// Its near end.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

async fn connect(near: TcpStream, port: u16, state: watch::Receiver<State>) {
    if *state.borrow() == State::Cut {
        return;
    }
    let far = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(far) = TcpStream::connect(far).await else {
        return;
    };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pass(near_in, far_out, state.clone()) => {}
        () = pass(far_in, near_out, state.clone()) => {}
        () = until(state, State::Cut) => {}
    }
}

/// Passes bytes on until one side ends.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, state: watch::Receiver<State>) {
    let mut piece = vec![0; 16 << 10];
    while let Ok(read) = from.read(&mut piece).await {
        if read == 0 {
            return;
        }
        until(state.clone(), State::Whole).await;
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

async fn until(mut state: watch::Receiver<State>, wanted: State) {
    // An error means that the test is over.
    let _over = state.wait_for(|state| *state == wanted).await;
}
