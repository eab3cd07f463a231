//! The table of error codes: status, name, message and advice of each.

use axum::http::StatusCode;

/// Every error code of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Code {
    InvalidUrl,
    InvalidUsername,
    InvalidLimit,
    InvalidQuality,
    InvalidParameter,
    InvalidRequest,
    EmptyBatch,
    Unauthorized,
    AccountPrivate,
    PostPrivate,
    ReelPrivate,
    PostDeleted,
    StoriesDisabled,
    StoriesUnavailable,
    AgeRestricted,
    LoginRequired,
    RegionBlocked,
    ForbiddenHost,
    ForbiddenOrigin,
    NotFound,
    ProfileNotFound,
    PostNotFound,
    ReelNotFound,
    JobNotFound,
    FileNotFound,
    MethodNotAllowed,
    SlowBody,
    FileExpired,
    PreconditionFailed,
    FileTooLarge,
    PayloadTooLarge,
    UriTooLong,
    NotJson,
    NoSuchVersion,
    PluginRefused,
    RangeNotSatisfiable,
    RateLimit,
    HeadTooLarge,
    ServerError,
    ConversionFailed,
    ConversionUnavailable,
    UpstreamUnavailable,
    ExtractorFailed,
    UpstreamRateLimited,
    ServerBusy,
    StorageFull,
}

impl Code {
    /// Status, name, message, and advice to the caller.
    #[rustfmt::skip]
    fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::InvalidUrl => (400, "INVALID_URL", "URL format is invalid", "Give a post or reel URL, a shortcode or a numeric id"),
            Self::InvalidUsername => (400, "INVALID_USERNAME", "Username is invalid or empty", "A username has 1 to 30 letters, digits, dots and underscores"),
            Self::InvalidLimit => (400, "INVALID_LIMIT", "Limit parameter out of range (1-50)", "Give a whole number from 1 to 50"),
            Self::InvalidQuality => (400, "INVALID_QUALITY", "Quality parameter is invalid", "See /instagram/formats"),
            Self::InvalidParameter => (400, "INVALID_PARAMETER", "Query or body parameter is invalid", "Review parameter documentation"),
            Self::InvalidRequest => (400, "INVALID_REQUEST", "The request is malformed", "See /docs"),
            Self::EmptyBatch => (400, "EMPTY_BATCH", "No items in batch", "Give 1 to 50 items"),
            Self::Unauthorized => (401, "UNAUTHORIZED", "Admin token required", "Send `Authorization: Bearer` with the token from the data folder"),
            Self::AccountPrivate => (403, "ACCOUNT_PRIVATE", "This is a private account and content is not publicly accessible", "Only public accounts are supported"),
            Self::PostPrivate => (403, "POST_PRIVATE", "Post is private or from a private account", "Post must be from public account"),
            Self::ReelPrivate => (403, "REEL_PRIVATE", "Reel is from a private account", "Reel must be from public account"),
            Self::PostDeleted => (403, "POST_DELETED", "Post has been deleted", "Content is no longer available"),
            Self::StoriesDisabled => (403, "STORIES_DISABLED", "Stories are disabled or hidden", "The account does not show its stories"),
            Self::StoriesUnavailable => (403, "STORIES_UNAVAILABLE", "Stories are not available", "The account shows no stories"),
            Self::AgeRestricted => (403, "AGE_RESTRICTED", "This content is age-restricted on Instagram", "Age-restricted content is not supported"),
            Self::LoginRequired => (403, "LOGIN_REQUIRED", "Instagram requires a login to show this", "Only public content is supported"),
            Self::RegionBlocked => (403, "REGION_BLOCKED", "Instagram does not show this in the server's country", "Only content that is public in the server's country is supported"),
            Self::ForbiddenHost => (403, "FORBIDDEN_HOST", "Requests for that host name are not accepted", "Use localhost, or ask the operator to allow the name"),
            Self::ForbiddenOrigin => (403, "FORBIDDEN_ORIGIN", "Requests from other websites are not accepted", "Ask the operator to allow the origin"),
            Self::NotFound => (404, "NOT_FOUND", "There is no such path", "See /docs"),
            Self::ProfileNotFound => (404, "PROFILE_NOT_FOUND", "The requested profile does not exist", "Verify username"),
            Self::PostNotFound => (404, "POST_NOT_FOUND", "The requested post does not exist", "Verify URL or shortcode"),
            Self::ReelNotFound => (404, "REEL_NOT_FOUND", "The requested reel does not exist", "Verify URL or reel ID"),
            Self::JobNotFound => (404, "JOB_NOT_FOUND", "Job ID not found or expired", "Jobs expire 30 minutes after they end"),
            Self::FileNotFound => (404, "FILE_NOT_FOUND", "File not found or expired", "Use the download_url of a finished job"),
            Self::MethodNotAllowed => (405, "METHOD_NOT_ALLOWED", "The path does not take this method", "See the Allow header"),
            Self::SlowBody => (408, "REQUEST_TIMEOUT", "The request body did not arrive in time", "Send the body at once"),
            Self::FileExpired => (410, "FILE_EXPIRED", "File has been deleted (expired after 30 minutes)", "Download it again"),
            Self::PreconditionFailed => (412, "PRECONDITION_FAILED", "The file is not the version that was asked for", "Ask without If-Match, or with the ETag of the file"),
            Self::FileTooLarge => (413, "FILE_TOO_LARGE", "The file is larger than this server allows", "Ask for a smaller quality"),
            Self::PayloadTooLarge => (413, "PAYLOAD_TOO_LARGE", "The request body is too large", "Send less"),
            Self::UriTooLong => (414, "URI_TOO_LONG", "The URL is too long", "Send at most 8 KiB"),
            Self::NotJson => (415, "INVALID_REQUEST", "The request body must be JSON", "Send Content-Type: application/json"),
            Self::NoSuchVersion => (409, "NO_SUCH_VERSION", "The plugin has no such version", "GET /plugins lists the versions that can serve"),
            Self::PluginRefused => (422, "PLUGIN_REFUSED", "The component was rejected", "Correct what `refused` names"),
            Self::RangeNotSatisfiable => (416, "RANGE_NOT_SATISFIABLE", "The file has no such bytes", "See the Content-Range header"),
            Self::RateLimit => (429, "RATE_LIMIT", "Rate limit exceeded. Please try again later", "Wait as long as the Retry-After header says"),
            Self::HeadTooLarge => (431, "INVALID_REQUEST", "The request has too many or too large headers", "Send fewer headers"),
            Self::ServerError => (500, "SERVER_ERROR", "Internal server error", "Retry after a moment; the operator finds the request id in the log"),
            Self::ConversionFailed => (500, "CONVERSION_FAILED", "The file could not be converted", "Ask for another format"),
            Self::ConversionUnavailable => (501, "CONVERSION_UNAVAILABLE", "This server cannot convert media", "Ask for the original format, or ask the operator to install ffmpeg"),
            Self::UpstreamUnavailable => (502, "UPSTREAM_UNAVAILABLE", "Instagram did not answer", "Retry after a moment"),
            Self::ExtractorFailed => (502, "EXTRACTOR_FAILED", "Instagram's answer could not be read", "Instagram may have changed; the operator can replace the plugin that the x-plugin header names"),
            Self::UpstreamRateLimited => (503, "UPSTREAM_RATE_LIMITED", "Instagram is rate-limiting this server", "Wait as long as the Retry-After header says"),
            Self::ServerBusy => (503, "SERVER_BUSY", "The server is busy", "Retry after a moment"),
            Self::StorageFull => (503, "STORAGE_FULL", "The server has no room for more files", "Retry when files have expired"),
        }
    }

    pub(in crate::api) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(in crate::api) fn name(self) -> &'static str {
        self.row().1
    }

    pub(in crate::api) fn message(self) -> &'static str {
        self.row().2
    }

    pub(in crate::api) fn advice(self) -> &'static str {
        self.row().3
    }

    /// The code for an error for which a library set only a status.
    pub(in crate::api) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::SlowBody,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::URI_TOO_LONG => Self::UriTooLong,
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Self::HeadTooLarge,
            status if status.is_client_error() => Self::InvalidRequest,
            _ => Self::ServerError,
        }
    }
}
