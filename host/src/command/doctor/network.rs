//! Checks of the network: whether the ports are free, and whether Instagram responds.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::net::TcpListener;

use super::{Finding, machine::SET_CLOCK};
use crate::{
    config::Config,
    contract::{Answer, Header, Method, Request},
    upstream::Client,
};

/// How long Instagram may take to respond.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A small file that contains nothing about any person.
const URL: &str = "https://www.instagram.com/robots.txt";
/// Maximum harmless difference of the clocks, seconds. Above it, certificates and links may seem invalid.
const SKEW_S_MAX: u64 = 120;
/// The state of a listening socket in `/proc/net/tcp`.
const LISTENS: &str = "0A";

pub(super) async fn ports(config: &Config) -> [Finding; 2] {
    [
        port("port", Some(config.listen)).await,
        port("admin port", config.admin_listen).await,
    ]
}

async fn port(what: &'static str, address: Option<SocketAddr>) -> Finding {
    let Some(address) = address else {
        return Finding::good(what, "off");
    };
    let error = match TcpListener::bind(address).await {
        Ok(_) => return Finding::good(what, format!("{address} is free")),
        Err(error) => error,
    };
    let port = address.port();
    let who = match holder(Path::new("/proc"), port) {
        Some(who) if who.starts_with("gramhost ") => {
            format!("used by {who}, which is already serving")
        }
        Some(who) => format!("used by {who}: stop it or choose another address"),
        None if cfg!(target_os = "macos") && port == 5000 => {
            "AirPlay Receiver uses port 5000: switch it off or choose another --listen".to_owned()
        }
        None => format!("find the process with lsof -nP -iTCP:{port}"),
    };
    Finding::bad(what, format!("{address}: {error}; {who}"))
}

/// Returns the name and id of the process that listens on a port. `None` if it belongs to another user, or there is no
/// `/proc`.
fn holder(proc: &Path, port: u16) -> Option<String> {
    let sockets: Vec<_> = ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(proc.join(table)).ok())
        .flat_map(|table| listening(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if sockets.is_empty() {
        return None;
    }
    let processes = fs::read_dir(proc).ok()?.flatten();
    for process in processes.map(|entry| entry.path()) {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten();
        let holds = files
            .flatten()
            .filter_map(|file| fs::read_link(file.path()).ok())
            .any(|to| sockets.iter().any(|socket| to == Path::new(socket)));
        if holds {
            let name = fs::read_to_string(process.join("comm")).ok()?;
            let number = process.file_name()?.to_string_lossy().into_owned();
            return Some(format!("{} (process {number})", name.trim()));
        }
    }
    None
}

/// The inodes of the sockets that listen on a port.
fn listening(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    let listens = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let is_it = words.get(1)?.ends_with(&wanted) && *words.get(3)? == LISTENS;
        is_it.then(|| words.get(9).map(|inode| (*inode).to_owned()))?
    };
    table.lines().skip(1).filter_map(listens).collect()
}

/// Requests one file from Instagram, through the proxy and under the rules of every request, but without the session.
pub(super) async fn instagram(config: &Config) -> Finding {
    const WHAT: &str = "Instagram";
    if config.upstream.replay.is_some() {
        return Finding::good(WHAT, "not contacted: responses are recorded");
    }
    let client = match Client::new(config.upstream.clone()) {
        Ok(client) => client,
        Err(error) => return Finding::bad(WHAT, error.to_string()),
    };
    let request = Request {
        method: Method::Get,
        url: URL.to_owned(),
        headers: Vec::new(),
        body: None,
        session: false,
    };
    let began = Instant::now();
    let hosts = ["www.instagram.com".to_owned()];
    let through = if config.upstream.proxy.is_some() {
        " through the proxy"
    } else {
        ""
    };
    match client.fetch(request, &hosts, began + TIMEOUT).await {
        Answer::Response(response) => {
            let ms = began.elapsed().as_millis();
            let said = format!("responded with {} in {ms} ms{through}", response.status);
            match skew_s(&response.headers) {
                Some(skew) if skew > SKEW_S_MAX => {
                    let said = format!(
                        "{said}; its clock and the clock of this machine differ by {skew} s"
                    );
                    Finding::note(WHAT, said).get(SET_CLOCK.0, SET_CLOCK.1)
                }
                _ => Finding::good(WHAT, said),
            }
        }
        Answer::Failed(error) => Finding::note(
            WHAT,
            format!("not reachable{through} ({error}): check the network, or set --proxy"),
        ),
    }
}

/// Difference between the clock of this machine and the one of the responding server, seconds.
fn skew_s(headers: &[Header]) -> Option<u64> {
    let date = headers.iter().find(|header| header.name == "date")?;
    let theirs = OffsetDateTime::parse(&date.value, &Rfc2822).ok()?;
    Some(
        (OffsetDateTime::now_utc() - theirs)
            .whole_seconds()
            .unsigned_abs(),
    )
}

#[cfg(test)]
mod tests {
    use super::listening;

    #[test]
    fn sockets_that_listen_on_a_port_are_found() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0\n\
             1: 0100007F:1388 0100007F:9999 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0\n\
             2: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0\n";
        assert_eq!(listening(table, 5000), ["4711"]);
        assert!(listening(table, 80).is_empty());
    }
}
