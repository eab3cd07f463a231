//! The client of the running server: requests to its admin listener, with the token from the data folder.

use std::net::SocketAddr;

use anyhow::Context;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{config::Config, data::Folder, server::token};

/// Maximum size of a response of the admin listener, bytes.
const RESPONSE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A response of the server.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// A text of a response, or a dash.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

/// The reason of a failed request, with the failed cases of a rejected component.
pub(super) fn why(body: &Value) -> String {
    let error = &body["error"];
    let mut why = format!("{}: {}", text(&error["message"]), text(&error["details"]));
    for case in body["refused"]["cases"].as_array().into_iter().flatten() {
        why += &format!("\n  {}", text(&case["case"]));
        for difference in case["differences"].as_array().into_iter().flatten() {
            why += &format!(
                "\n    {}: expected {}, found {}",
                text(&difference["field"]),
                text(&difference["expected"]),
                text(&difference["found"])
            );
        }
    }
    why
}

/// Sends a request to the server of these settings.
pub(super) async fn send(config: &Config, target: &str, body: &[u8]) -> anyhow::Result<Response> {
    let address = config
        .admin_listen
        .context("admin_listen is off, so no server can be reached")?;
    let stream = TcpStream::connect(address)
        .await
        .with_context(|| format!("no server is listening on {address}"))?;
    exchange(config, stream, address, target, body).await
}

/// Sends one request. It uses HTTP/1.0, so that the response is one head and one body until the end of the connection,
/// which needs no client library.
pub(super) async fn exchange(
    config: &Config,
    mut stream: TcpStream,
    address: SocketAddr,
    target: &str,
    body: &[u8],
) -> anyhow::Result<Response> {
    let token = token::read(&Folder::visit(&config.data))?;
    let length = body.len();
    let head = format!(
        "{target} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    // A server that refuses the request may respond before it has read all of it.
    let _unread = stream.write_all(body).await;
    let mut response = String::new();
    stream
        .take(RESPONSE_BYTES_MAX)
        .read_to_string(&mut response)
        .await?;
    let (head, body) = response
        .split_once("\r\n\r\n")
        .with_context(|| format!("{address} does not speak HTTP"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Response {
        status: status.with_context(|| format!("{address} does not speak HTTP"))?,
        body: serde_json::from_str(body).unwrap_or_default(),
    })
}
