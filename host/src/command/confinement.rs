//! What a server keeps when it gives up everything else: its folders, its ports, and the programs that it runs.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use url::Url;

use crate::{
    config::Config,
    data::{Access, make_folder},
    database::Address,
    media::programs,
    process::{Bounds, Calls, InForce, MACHINE, NOWHERE, PROGRAMS},
    storage::BucketConfig,
};

/// What finding hosts and checking certificates reads. Not single files: the system replaces them while the server runs.
const NETWORK: [&str; 3] = ["/etc", "/proc", "/System/Library/Keychains"];
/// Where the addresses of name servers are; often a link to another folder.
const NAME_SERVERS: &str = "/etc/resolv.conf";
/// Variables that name other certificate authorities.
const AUTHORITIES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];
/// The ports of HTTPS, and of names whose answers are long.
const PORTS: [u16; 2] = [443, 53];
/// Where a machine or a container tells its credentials.
const METADATA: u16 = 80;
/// The variables that name a proxy for requests to the store of files.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "ALL_PROXY",
    "https_proxy",
    "http_proxy",
    "all_proxy",
];
/// The variables that name a collector of spans, anywhere.
const COLLECTORS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];

/// Gives up what a server does not need, unless `hardening` is off. `None`: nothing was given up.
pub(super) fn enforce(config: &Config) -> Option<InForce> {
    if !config.hardening {
        return None;
    }
    // They must exist to be kept. If they cannot be created, the server will say so in its own words.
    make_folder(&config.data, Access::Private).ok()?;
    if let Some(plugins) = &config.plugin.folder {
        fs::create_dir_all(plugins).ok()?;
    }
    Some(bounds(config).enforce())
}

/// What a server with these settings keeps.
pub(super) fn bounds(config: &Config) -> Bounds {
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let mut readable = paths(&MACHINE);
    readable.extend(paths(&NETWORK));
    readable.extend(parent_of_real(Path::new(NAME_SERVERS)));
    readable.extend(
        AUTHORITIES
            .iter()
            .filter_map(env::var_os)
            .map(PathBuf::from),
    );
    readable.extend(config.readable.iter().cloned());
    readable.extend(config.upstream.replay.clone());
    readable.extend(config.upstream.cookies.clone());
    readable.extend(config.database.password_file.clone());
    let database = config.database.address.iter();
    readable.extend(database.flat_map(|address| address.files.clone()));
    // The token of a web identity is replaced while the server runs.
    let token = config.storage.s3.credentials.token_file();
    readable.extend(token.and_then(|token| token.parent()).map(Path::to_owned));
    readable.extend(token.and_then(|token| parent_of_real(token)));
    let mut runnable = paths(&PROGRAMS);
    runnable.push(config.media.program.clone());
    for program in programs() {
        runnable.extend(parent_of_real(&program));
        runnable.push(program);
    }
    let mut writable = vec![config.data.clone(), NOWHERE.into()];
    writable.extend(config.plugin.folder.clone());
    writable.extend(links(&config.data));
    let listens = [Some(config.listen), config.admin_listen];
    let listens = listens.into_iter().flatten().map(|address| address.port());
    Bounds {
        readable,
        runnable,
        writable,
        listens: Some(listens.collect()),
        connects: connects(config),
        calls: Calls::Serve,
    }
}

/// The ports of everything that the server asks; `None` if that is not known.
fn connects(config: &Config) -> Option<Vec<u16>> {
    let collected =
        cfg!(feature = "otel") && COLLECTORS.iter().any(|name| env::var_os(name).is_some());
    if collected {
        return None;
    }
    let named = [&config.upstream.origin_override, &config.upstream.proxy];
    let named = named.into_iter().flatten().filter_map(|url| {
        // The crate knows the ports of the schemes of websites.
        let socks = url.scheme().starts_with("socks").then_some(1080);
        url.port_or_known_default().or(socks)
    });
    let database = config.database.address.as_ref().and_then(Address::port);
    let known = PORTS.into_iter().chain(named).chain(database);
    Some(match config.storage.files {
        Some(_) => known.chain(of_store(&config.storage.s3)).collect(),
        None => known.collect(),
    })
}

/// The ports of the store of files, of whoever tells its credentials, and of proxies before it.
fn of_store(store: &BucketConfig) -> Vec<u16> {
    let proxy = |name: &&str| {
        let url = Url::parse(&env::var(name).ok()?).ok()?;
        url.port_or_known_default()
    };
    let metadata = store.credentials.are_renewed().then_some(METADATA);
    let proxies = PROXIES.iter().filter_map(proxy);
    store
        .port()
        .into_iter()
        .chain(metadata)
        .chain(proxies)
        .collect()
}

/// The links in a folder: an operator may keep the files on another disk.
fn links(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let links = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink()));
    links.map(|link| link.path()).collect()
}

/// The folder of the file that a path leads to in the end.
fn parent_of_real(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()?.parent().map(Path::to_owned)
}
