//! Parses the values of settings. Each error describes the valid values.

use std::{fmt::Display, net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::FileNames;
use crate::{
    api::FileDelivery,
    database,
    plugin::TrustedKey,
    storage::{BucketAddress, Endpoint},
    upstream::may_be_allowed,
};

/// Maximum length of the part of an invalid value that is shown, characters.
const SHOWN_CHARACTERS_MAX: usize = 100;

pub(super) fn file_names(text: &str) -> Result<FileNames, String> {
    match text {
        "documented" => Ok(FileNames::Documented),
        "capability" => Ok(FileNames::Capability),
        _ => Err("documented or capability".to_owned()),
    }
}

/// `s3://`, a bucket, and perhaps a prefix.
pub(super) fn bucket(text: &str) -> Result<BucketAddress, String> {
    BucketAddress::parse(text)
        .ok_or_else(|| "a bucket and perhaps a prefix, such as s3://my-bucket/gramhost".to_owned())
}

pub(super) fn endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text)
        .ok_or_else(|| "the origin of a store such as https://s3.example.com".to_owned())
}

/// The name of a region, as stores choose them.
pub(super) fn region(text: &str) -> Result<String, String> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match !text.is_empty() && text.bytes().all(is_of_name) {
        true => Ok(text.to_owned()),
        false => Err("the name of a region such as eu-central-1".to_owned()),
    }
}

/// `server`, `presigned`, or `x-accel-redirect:` and the path of a location.
pub(super) fn file_delivery(text: &str) -> Result<FileDelivery, String> {
    match text {
        "server" => return Ok(FileDelivery::Server),
        "presigned" => return Ok(FileDelivery::Presigned),
        _ => {}
    }
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    text.strip_prefix(FileDelivery::X_ACCEL_REDIRECT)
        .filter(|path| path.starts_with('/') && path.ends_with('/') && path.bytes().all(is_part))
        .map(|path| FileDelivery::XAccelRedirect(path.into()))
        .ok_or_else(|| {
            let name = FileDelivery::X_ACCEL_REDIRECT;
            format!(
                "server, presigned, or {name} and the path of a location, such as {name}/gramhost-files/"
            )
        })
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("on or off".to_owned()),
    }
}

/// A whole number in a range.
pub(super) fn whole<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, String> {
    text.parse()
        .ok()
        .filter(|number| range.contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
}

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address with its port, such as 127.0.0.1:5000 or [::1]:5000".to_owned())
}

pub(super) fn address_or_off(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "off" {
        return Ok(None);
    }
    address(text)
        .map(Some)
        .map_err(|accepted| format!("{accepted}, or off"))
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("a path".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// `http://` or `https://` and a host, without path, query or credentials.
pub(super) fn origin(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| "an origin such as http://127.0.0.1:8080".to_owned())
}

/// An origin in the form of the header `Origin`.
pub(super) fn website(text: &str) -> Result<String, String> {
    origin(text)
        .map(|url| url.origin().ascii_serialization())
        .map_err(|_| "a website such as https://example.com".to_owned())
}

/// A short name of letters, digits, dots, hyphens and underscores.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=63).contains(&text.len()) && text.bytes().all(is_part) {
        true => Ok(text.to_owned()),
        false => Err("a name of 1 to 63 letters, digits, dots, hyphens and underscores".to_owned()),
    }
}

/// The URL of a PostgreSQL database.
pub(super) fn postgres(text: &str) -> Result<database::Address, String> {
    text.parse().map_err(|_| {
        "a URL such as postgres://gramhost@db.example.com/gramhost?sslmode=verify-full".to_owned()
    })
}

pub(super) fn proxy(text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| {
            matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host()
        })
        .ok_or_else(|| {
            "a URL that starts with http://, https://, socks5:// or socks5h://".to_owned()
        })
}

/// A filter for log lines.
pub(super) fn filter(text: &str) -> Result<String, String> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(
            "a level (error, warn, info, debug, trace) or a filter such as \
                       info,gramhost::plugin=debug"
                .to_owned(),
        ),
    }
}

/// A header that plugins may set.
pub(super) fn request_header(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    match may_be_allowed(&name) {
        true => Ok(name),
        false => Err(
            "names of request headers such as x-ig-bloks-version-id; those that carry secrets, \
             name the server or frame the message (cookie, authorization, host, …) stay closed"
                .to_owned(),
        ),
    }
}

/// Items separated by commas. The file may also contain an array.
pub(super) fn list<T>(
    text: &str,
    item: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| {
            item(text).map_err(|accepted| format!("a list in which each item is {accepted}"))
        })
        .collect()
}

/// A host name or address without scheme, port or path, in lower case.
pub(super) fn host(text: &str) -> Result<String, String> {
    url::Host::parse(text)
        .map(|host| host.to_string())
        .map_err(|_| "a host name such as api.example.com".to_owned())
}

/// A host name, or `*.` and a name for all its subdomains.
pub(super) fn host_pattern(text: &str) -> Result<String, String> {
    let (star, name) = match text.strip_prefix("*.") {
        Some(name) => ("*.", name),
        None => ("", text),
    };
    match url::Host::parse(name) {
        Ok(url::Host::Domain(name)) => Ok(format!("{star}{name}")),
        _ => Err("a host name such as www.instagram.com or *.instagram.com".to_owned()),
    }
}

/// An address, or a network such as `10.0.0.0/8`.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()))
        .map_err(|_: std::net::AddrParseError| {
            "an address or a network such as 10.0.0.0/8".to_owned()
        })
}

/// An invalid value as an error may show it: shortened, and without the credentials of a URL.
pub(super) fn shown(value: &str) -> String {
    let value = value.rsplit_once('@').map_or(value, |(_, behind)| behind);
    value.chars().take(SHOWN_CHARACTERS_MAX).collect()
}

/// The second line of a minisign `.pub` file.
pub(super) fn minisign_key(text: &str) -> Result<TrustedKey, String> {
    TrustedKey::parse(text).map_err(|_| "the second line of a minisign .pub file".to_owned())
}

/// A TOML value as text, without quotes.
pub(super) fn text(value: &toml::Value) -> Result<String, String> {
    let plain = |value: &dyn Display| Ok(value.to_string());
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => plain(number),
        toml::Value::Boolean(flag) => plain(flag),
        toml::Value::Float(number) => plain(number),
        toml::Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.iter().map(text).collect();
            Ok(items?.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => {
            Err("a string, a number or an array of strings".to_owned())
        }
    }
}
