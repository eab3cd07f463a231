//! Serves a finished file: the whole file, one range of it, or its headers only.

#[cfg(test)]
mod tests;

use std::ops::Range;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use http_range_header::parse_range_header;
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{
    api::http::{
        answer::Bytes,
        conditional::{Condition, condition, last_modified},
        delivery::FileDelivery,
        document::{Endpoint, LIMIT_ERRORS, described},
        error::{ApiError, Code},
    },
    app::App,
    download::{AvailableFile, Downloads, FileError},
};

/// No browser may run the file as a page of this server, whatever it contains.
const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'";
/// A file with this name may be another one later.
const CACHE_CONTROL: &str = "no-cache";
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// Tells nginx which of its internal locations sends the body.
const X_ACCEL_REDIRECT: HeaderName = HeaderName::from_static("x-accel-redirect");

/// `GET /instagram/download/file/{filename}` in the document.
const ENDPOINT: Endpoint = Endpoint {
    examples: &[],
    errors: &[
        &[
            Code::FileNotFound,
            Code::FileExpired,
            Code::PreconditionFailed,
            Code::RangeNotSatisfiable,
        ],
        LIMIT_ERRORS,
    ],
};

/// Its route.
pub(in crate::api) fn route() -> UtoipaMethodRouter<App> {
    described(routes!(file), ENDPOINT)
}

#[utoipa::path(get, path = "/instagram/download/file/{filename}", operation_id = "getFile", tag = "File Download",
    summary = "Get a downloaded file",
    params(("filename" = String, Path, description = "As in the status of a finished job", example = "DfF-eHzReel_video.mp4"),
        ("Range" = Option<String>, Header, description = "One range of bytes", example = "bytes=0-999"),
        ("If-Match" = Option<String>, Header, description = "Only these versions, by their ETag"),
        ("If-None-Match" = Option<String>, Header, description = "Not these versions, by their ETag"),
        ("If-Modified-Since" = Option<String>, Header, description = "Only a version written after this date"),
        ("If-Unmodified-Since" = Option<String>, Header, description = "Only a version written until this date")),
    responses((status = 200, description = "The file", body = Bytes, content_type = "*/*"),
        (status = 206, description = "The asked range of it", body = Bytes, content_type = "*/*"),
        (status = 302, description = "The store of files sends it: follow the link at once"),
        (status = 304, description = "The client already has this version")))]
async fn file(
    State(downloads): State<Downloads>,
    Path(filename): Path<String>,
    delivery: FileDelivery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let found = downloads.file(&filename).await?;
    let whole = found.row.bytes;
    let tag = format!("\"{}\"", &found.row.sha256);
    let written = found.stat().modified;
    let modified = last_modified(written);
    match condition(&headers, &tag, Some(written)) {
        Condition::Met => {}
        Condition::Failed => return Err(Code::PreconditionFailed.into()),
        Condition::Unchanged => {
            let fields = [
                (header::ETAG, tag.as_str()),
                (header::LAST_MODIFIED, &modified),
                (header::CACHE_CONTROL, CACHE_CONTROL),
            ];
            return Ok((StatusCode::NOT_MODIFIED, fields).into_response());
        }
    }
    let part = wanted(&headers, &tag, whole);
    if let RequestedPart::Nothing = part {
        return Ok(unsatisfiable(whole));
    }
    let mut response = match delivery {
        // nginx would look for a tag of its own in the list.
        FileDelivery::XAccelRedirect(location) if !headers.contains_key(header::IF_MATCH) => {
            [(X_ACCEL_REDIRECT, format!("{location}{}", found.name))].into_response()
        }
        FileDelivery::Presigned if may_redirect(&method, &headers) => {
            match downloads.link(&found).await? {
                Some(link) => return Ok(redirect(&link)),
                None => bytes(&downloads, &found, &method, part).await?,
            }
        }
        _ => bytes(&downloads, &found, &method, part).await?,
    };
    describe(&found, &tag, &modified, response.headers_mut());
    Ok(response)
}

/// Bytes that this server sends itself.
async fn bytes(
    downloads: &Downloads,
    found: &AvailableFile,
    method: &Method,
    part: RequestedPart,
) -> Result<Response, ApiError> {
    let whole = found.row.bytes;
    let (status, part) = match part {
        RequestedPart::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        RequestedPart::Whole | RequestedPart::Nothing => (StatusCode::OK, 0..whole),
    };
    let headers = [
        (header::CONTENT_LENGTH, (part.end - part.start).to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let range = format!(
        "bytes {}-{}/{whole}",
        part.start,
        part.end.saturating_sub(1)
    );
    let range = (status == StatusCode::PARTIAL_CONTENT).then_some(range);
    // Nobody reads the body, and a store is not asked for it.
    let body = match *method == Method::HEAD {
        true => Body::empty(),
        false => Body::from_stream(downloads.read(found, part).await?),
    };
    Ok(match range {
        Some(range) => (status, [(header::CONTENT_RANGE, range)], headers, body).into_response(),
        None => (headers, body).into_response(),
    })
}

/// Whether a store answers this request as this server would. A link is signed for one method, and a store compares
/// conditions with a tag and a date of its own.
fn may_redirect(method: &Method, headers: &HeaderMap) -> bool {
    let of_version = [
        header::IF_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_RANGE,
        header::IF_UNMODIFIED_SINCE,
    ];
    *method == Method::GET && !of_version.iter().any(|name| headers.contains_key(name))
}

/// Sends the client to the store, for this one request.
fn redirect(link: &str) -> Response {
    let fields = [
        (header::LOCATION, link),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::FOUND, fields).into_response()
}

fn unsatisfiable(whole: u64) -> Response {
    let refusal = ApiError::from(Code::RangeNotSatisfiable).into_response();
    let range = [(header::CONTENT_RANGE, format!("bytes */{whole}"))];
    (range, refusal).into_response()
}

/// What part of a file a client requests.
enum RequestedPart {
    Whole,
    Part(Range<u64>),
    Nothing,
}

/// Several ranges, or a range of another version of the file, get the whole file.
fn wanted(headers: &HeaderMap, tag: &str, whole: u64) -> RequestedPart {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let other_version = text(header::IF_RANGE).is_some_and(|version| version != tag);
    let Some(range) = text(header::RANGE).filter(|_| !other_version) else {
        return RequestedPart::Whole;
    };
    let Ok(parsed) = parse_range_header(range) else {
        return RequestedPart::Whole;
    };
    match parsed.validate(whole) {
        Ok(ranges) => match ranges.as_slice() {
            [one] => RequestedPart::Part(*one.start()..one.end() + 1),
            _ => RequestedPart::Whole,
        },
        Err(_) => RequestedPart::Nothing,
    }
}

fn describe(found: &AvailableFile, tag: &str, modified: &str, headers: &mut HeaderMap) {
    let disposition = format!("attachment; filename=\"{}\"", found.name);
    let fields = [
        (header::CONTENT_TYPE, found.row.content_type.as_str()),
        (header::CONTENT_DISPOSITION, &disposition),
        (header::CACHE_CONTROL, CACHE_CONTROL),
        (header::ETAG, tag),
        (header::LAST_MODIFIED, modified),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ];
    for (name, value) in fields {
        // The value is always ASCII.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

impl From<FileError> for ApiError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::NotFound => Code::FileNotFound.into(),
            FileError::Expired => Code::FileExpired.into(),
            FileError::Away => Self::database_away(),
            FileError::Failed(cause) => Self::from(Code::ServerError).caused_by(cause),
        }
    }
}
