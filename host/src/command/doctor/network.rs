//! Who holds the ports, and whether Instagram answers.

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

/// How long Instagram may take; who is offline waits no longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A small file that says nothing of anybody.
const ASKED: &str = "https://www.instagram.com/robots.txt";
/// From where on links and certificates may be judged wrongly, seconds.
const SKEW_S_MAX: u64 = 120;
/// State of a socket in `/proc/net/tcp` that listens.
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
        Some(who) if who.starts_with("gramhost ") => format!("it is {who}, which serves already"),
        Some(who) => format!("it is {who}: end it or give another address"),
        None if cfg!(target_os = "macos") && port == 5000 => {
            "AirPlay Receiver takes 5000: switch it off or give another --listen".to_owned()
        }
        None => format!("lsof -nP -iTCP:{port} says who it is"),
    };
    Finding::bad(what, format!("{address}: {error}; {who}"))
}

/// Name and number of the process that listens on a port; none where it is somebody else's, or there is no `/proc`.
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

/// Inodes of the sockets that listen on a port.
fn listening(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    let listens = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let is_it = words.get(1)?.ends_with(&wanted) && *words.get(3)? == LISTENS;
        is_it.then(|| words.get(9).map(|inode| (*inode).to_owned()))?
    };
    table.lines().skip(1).filter_map(listens).collect()
}

/// Through the proxy and by the rules of every request; without the operator's session.
pub(super) async fn instagram(config: &Config) -> Finding {
    const WHAT: &str = "Instagram";
    if config.upstream.replay.is_some() {
        return Finding::good(WHAT, "not asked: answers are recorded ones");
    }
    let client = match Client::new(config.upstream.clone()) {
        Ok(client) => client,
        Err(error) => return Finding::bad(WHAT, error.to_string()),
    };
    let request = Request {
        method: Method::Get,
        url: ASKED.to_owned(),
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
    match client.fetch(&request, &hosts, began + PATIENCE).await {
        Answer::Response(response) => {
            let ms = began.elapsed().as_millis();
            let said = format!("answers {} in {ms} ms{through}", response.status);
            match skew_s(&response.headers) {
                Some(skew) if skew > SKEW_S_MAX => {
                    let said = format!("{said}; its clock and this one differ by {skew} s");
                    Finding::note(WHAT, said).get(SET_CLOCK.0, SET_CLOCK.1)
                }
                _ => Finding::good(WHAT, said),
            }
        }
        Answer::Failed(error) => Finding::note(
            WHAT,
            format!("not reached{through} ({error}): look at the network, or give a --proxy"),
        ),
    }
}

/// How far this machine's clock is from that of whoever answered, seconds.
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
