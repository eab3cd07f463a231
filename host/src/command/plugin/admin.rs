//! What the running server is asked about its plugins, and what becomes of the response.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use cases::Case;
use serde_json::Value;
use tokio::net::TcpStream;
use url::form_urlencoded::Serializer;

use super::super::{
    Exit,
    admin::{Response, exchange, send, text, why},
    fail, print,
};
use crate::config::Config;

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
    let component = fs::read(file).with_context(|| file.display().to_string())?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
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

/// `PUT /cases/{kind}/{name}` with the text of each file: all replicas of a fleet keep the case.
pub(super) async fn keep_case(config: &Config, case: &Case, files: &Value) -> anyhow::Result<Exit> {
    let (kind, name) = (&case.kind, &case.name);
    let target = format!("PUT /cases/{kind}/{name}");
    let response = send(config, &target, files.to_string().as_bytes()).await?;
    Ok(match response.status {
        204 => print(&format!("saved the case {kind}/{name} on all replicas")),
        _ => fail(Exit::Failed, &why(&response.body)),
    })
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
    let version = |it: &Value| format!("{} {:.8}", text(&it["version"]), text(&it["digest"]));
    let mut line = format!("{} serves {}", text(&plugin["name"]), version(plugin));
    if plugin["candidate"].is_object() {
        line += &format!("; candidate {}", version(&plugin["candidate"]));
    }
    line
}
