//! A bare axum server that answers each path with the bytes of one file, as fast as axum and tokio can: the yardstick of
//! `make bench-peers`.
//!
//! `bare /path=file …` prints `listening on http://…`, with a free port of 127.0.0.1.
#![expect(clippy::print_stdout, reason = "its address is its output")]

use std::{env, fs};

use anyhow::Context as _;
use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use bytes::Bytes;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut router = Router::new();
    for argument in env::args().skip(1) {
        let (path, file) = argument.split_once('=').context("/path=file")?;
        let body = Bytes::from(fs::read(file).with_context(|| file.to_owned())?);
        let answer = async move || ([(CONTENT_TYPE, "application/json")], body);
        router = router.route(path, get(answer));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
