//! The client of the running server: requests to its admin listener, with the token from the data folder.

use std::{net::SocketAddr, path::Path};

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::form_urlencoded::Serializer;

use super::{
    super::{Exit, fail, print},
    pack,
};
use crate::{config::Config, contract::PluginName, data::Folder, server::token};

/// Maximum size of a response of the admin listener, bytes.
const RESPONSE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A response of the server.
struct Response {
    status: u16,
    body: Value,
}

/// `GET /plugins` of the running server; `None` if no server is running.
pub(super) async fn plugins(config: &Config) -> anyhow::Result<Option<Value>> {
    let Some(address) = config.admin_listen else {
        return Ok(None);
    };
    let Ok(stream) = TcpStream::connect(address).await else {
        return Ok(None);
    };
    let response = exchange(config, stream, address, "GET /plugins", &[]).await?;
    if response.status != 200 {
        bail!(
            "{address} responded with {}: is it the server of this --data folder?",
            response.status
        );
    }
    Ok(Some(response.body))
}

/// `PUT /plugins/{name}` with the file.
pub(super) async fn put(config: &Config, file: &Path, json: bool) -> anyhow::Result<Exit> {
    let component = pack::component(file)?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    if let Err(unknown) = name.parse::<PluginName>() {
        let why = format_args!("{}: {unknown}", file.display());
        return Ok(fail(Exit::Misused, &why));
    }
    let response = send(config, &format!("PUT /plugins/{name}"), &component).await?;
    report(&response, json)
}

/// `POST /plugins/{name}/{what}`.
pub(super) async fn decide(
    config: &Config,
    name: &str,
    what: &str,
    words: &[(&str, Option<String>)],
    json: bool,
) -> anyhow::Result<Exit> {
    let mut query = Serializer::new(String::new());
    for (key, value) in words {
        if let Some(value) = value {
            query.append_pair(key, value);
        }
    }
    let target = format!("POST /plugins/{name}/{what}?{}", query.finish());
    report(&send(config, &target, &[]).await?, json)
}

/// `GET /plugins/history`.
pub(super) async fn history(
    config: &Config,
    name: Option<String>,
    json: bool,
) -> anyhow::Result<Exit> {
    let mut query = Serializer::new(String::new());
    if let Some(name) = &name {
        query.append_pair("plugin", name);
    }
    let target = format!("GET /plugins/history?{}", query.finish());
    let Response { status, body } = send(config, &target, &[]).await?;
    if status != 200 {
        return report(&Response { status, body }, json);
    }
    if json {
        return Ok(print(&serde_json::to_string_pretty(&body)?));
    }
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = body.as_array().into_iter().flatten().map(|event| {
        format!(
            "{:.19}  {:<8}{:<12}{:<8}{:.8}  {:<9} {}",
            text(&event["at"]),
            text(&event["plugin"]),
            text(&event["action"]),
            text(&event["version"]),
            text(&event["digest"]),
            text(&event["who"]),
            text(&event["why"]),
        )
    });
    Ok(print(&lines.collect::<Vec<_>>().join("\n")))
}

/// Prints the response, successful or not: as JSON on standard output, or in words.
fn report(response: &Response, json: bool) -> anyhow::Result<Exit> {
    if json {
        print(&serde_json::to_string_pretty(&response.body)?);
    }
    Ok(match response.status {
        200 if json => Exit::Done,
        200 => print(&serving(&response.body)),
        422 => fail(Exit::Extractor, &why(&response.body)),
        404 => fail(Exit::Misused, &why(&response.body)),
        _ => fail(Exit::Failed, &why(&response.body)),
    })
}

/// The serving version and the candidate, on one line.
fn serving(plugin: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let version = |it: &Value| format!("{} {:.8}", text(&it["version"]), text(&it["digest"]));
    let mut line = format!("{} serves {}", text(&plugin["name"]), version(plugin));
    if plugin["candidate"].is_object() {
        line += &format!("; candidate {}", version(&plugin["candidate"]));
    }
    line
}

/// The reason of a failed request, with the failed cases of a rejected component.
fn why(body: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
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

async fn send(config: &Config, target: &str, body: &[u8]) -> anyhow::Result<Response> {
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
async fn exchange(
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
