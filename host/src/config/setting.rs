//! Every setting: its key in the file, what it takes, and the field it fills.

use super::{Config, value};

/// Fills a field from text, or says what it takes.
pub(super) type Set = fn(&mut Config, &str) -> Result<(), String>;

/// A dot is a table of the file and an underscore of the variable:
/// `limits.plugin_calls_max` is `GRAMHOST_LIMITS_PLUGIN_CALLS_MAX`.
pub(super) const SETTINGS: &[(&str, Set)] = &[
    ("listen", |c, t| put(&mut c.listen, value::address(t))),
    ("admin_listen", |c, t| {
        put(&mut c.admin_listen, value::address_or_off(t))
    }),
    ("plugins", |c, t| {
        put_some(&mut c.plugin.folder, value::path(t))
    }),
    ("data", |c, t| put(&mut c.data, value::path(t))),
    ("rate_limit", |c, t| {
        put(&mut c.rate_limit, value::whole(t, 0..=1_000_000))
    }),
    ("upstream_override", |c, t| {
        put_some(&mut c.upstream.origin_override, value::origin(t))
    }),
    ("replay", |c, t| {
        put_some(&mut c.upstream.replay, value::path(t))
    }),
    ("cookies", |c, t| {
        put_some(&mut c.upstream.cookies, value::path(t))
    }),
    ("proxy", |c, t| {
        put_some(&mut c.upstream.proxy, value::proxy(t))
    }),
    ("cache_ttl", |c, t| {
        put(&mut c.extraction.cache_ttl_s, value::whole(t, 0..=86_400))
    }),
    ("shadow", |c, t| {
        put(&mut c.plugin.shadow, value::whole(t, 0..=10_000))
    }),
    ("file_names", |c, t| {
        put_some(&mut c.file_names, value::file_names(t))
    }),
    // From here on only in the file and in variables.
    ("log", |c, t| put_some(&mut c.log, value::filter(t))),
    ("allowed_hosts", |c, t| {
        put(&mut c.api.allowed_hosts, value::list(t, value::host))
    }),
    ("allowed_origins", |c, t| {
        put(&mut c.api.allowed_origins, value::list(t, value::website))
    }),
    ("trusted_proxies", |c, t| {
        put(&mut c.api.trusted_proxies, value::list(t, value::network))
    }),
    ("upstream_hosts", |c, t| {
        put(&mut c.upstream.hosts, value::list(t, value::host_pattern))
    }),
    ("plugin_keys", |c, t| {
        put(&mut c.plugin.keys, value::list(t, value::minisign_key))
    }),
    ("limits.handler_ms_max", |c, t| {
        put(&mut c.api.handler_ms_max, value::whole(t, 100..=600_000))
    }),
    ("limits.in_flight_max", |c, t| {
        put(&mut c.api.in_flight_max, value::whole(t, 1..=100_000))
    }),
    ("limits.connections_max", |c, t| {
        put(&mut c.api.connections_max, value::whole(t, 1..=100_000))
    }),
    ("limits.connections_per_client_max", |c, t| {
        put(
            &mut c.api.connections_per_client_max,
            value::whole(t, 1..=100_000),
        )
    }),
    ("limits.request_head_ms_max", |c, t| {
        put(&mut c.api.head_ms_max, value::whole(t, 100..=600_000))
    }),
    ("limits.request_headers_max", |c, t| {
        put(&mut c.api.headers_max, value::whole(t, 1..=1_000))
    }),
    ("limits.request_head_bytes_max", |c, t| {
        put(&mut c.api.head_bytes_max, value::whole(t, 8 * KIB..=MIB))
    }),
    ("limits.request_uri_bytes_max", |c, t| {
        put(&mut c.api.uri_bytes_max, value::whole(t, 256..=MIB))
    }),
    ("limits.request_body_bytes_max", |c, t| {
        put(&mut c.api.body_bytes_max, value::whole(t, 1..=16 * MIB))
    }),
    ("limits.response_stall_ms_max", |c, t| {
        put(&mut c.api.stall_ms_max, value::whole(t, 100..=3_600_000))
    }),
    ("limits.drain_ms_max", |c, t| {
        put(&mut c.api.drain_ms_max, value::whole(t, 0..=600_000))
    }),
    ("limits.cache_entries_max", |c, t| {
        put(
            &mut c.extraction.cache_entries_max,
            value::whole(t, 1..=10_000_000),
        )
    }),
    ("limits.negative_ttl_s", |c, t| {
        put(
            &mut c.extraction.negative_ttl_s,
            value::whole(t, 0..=86_400),
        )
    }),
    ("limits.extraction_rounds_max", |c, t| {
        put(&mut c.extraction.rounds_max, value::whole(t, 1..=64))
    }),
    ("limits.extraction_requests_max", |c, t| {
        put(&mut c.extraction.requests_max, value::whole(t, 1..=64))
    }),
    ("limits.extraction_wall_ms_max", |c, t| {
        put(
            &mut c.extraction.wall_ms_max,
            value::whole(t, 100..=120_000),
        )
    }),
    ("limits.file_bytes_max", |c, t| {
        put(
            &mut c.download.file_bytes_max,
            value::whole(t, 1..=64 * 1024 * MIB),
        )
    }),
    ("limits.picture_bytes_max", |c, t| {
        put(
            &mut c.download.picture_bytes_max,
            value::whole(t, 1024..=64 * MIB),
        )
    }),
    ("limits.picture_ms_max", |c, t| {
        put(
            &mut c.download.picture_ms_max,
            value::whole(t, 100..=600_000),
        )
    }),
    ("limits.pictures_max", |c, t| {
        put(&mut c.download.pictures_max, value::whole(t, 1..=1_000))
    }),
    ("limits.pictures_per_minute_max", |c, t| {
        put(
            &mut c.api.pictures_per_minute_max,
            value::whole(t, 0..=1_000_000),
        )
    }),
    ("limits.media_bytes_per_s_min", |c, t| {
        put(
            &mut c.download.bytes_per_s_min,
            value::whole(t, 0..=1_000_000_000),
        )
    }),
    ("limits.file_retention_s", |c, t| {
        put(&mut c.download.retention_s, value::whole(t, 1..=604_800))
    }),
    ("limits.files_bytes_max", |c, t| {
        put(&mut c.storage.quota_bytes, value::whole(t, 1..=1 << 50))
    }),
    ("limits.disk_free_bytes_min", |c, t| {
        put(&mut c.storage.free_bytes_min, value::whole(t, 0..=1 << 50))
    }),
    ("limits.downloads_max", |c, t| {
        put(&mut c.job.workers, value::whole(t, 1..=1_000))
    }),
    ("limits.jobs_waiting_max", |c, t| {
        put(&mut c.job.waiting_max, value::whole(t, 1..=1_000_000))
    }),
    ("limits.jobs_waiting_per_client_max", |c, t| {
        put(
            &mut c.job.waiting_per_client_max,
            value::whole(t, 1..=1_000_000),
        )
    }),
    ("limits.job_attempts_max", |c, t| {
        put(&mut c.job.attempts_max, value::whole(t, 1..=100))
    }),
    ("limits.job_wall_s_max", |c, t| {
        put(&mut c.job.wall_s_max, value::whole(t, 1..=86_400))
    }),
    ("limits.job_drain_s_max", |c, t| {
        put(&mut c.job.drain_s_max, value::whole(t, 0..=600))
    }),
    ("limits.conversions_max", |c, t| {
        put(&mut c.media.conversions_max, value::whole(t, 1..=64))
    }),
    ("limits.conversion_s_max", |c, t| {
        put(&mut c.media.wall_s_max, value::whole(t, 1..=3_600))
    }),
    ("limits.image_pixels_max", |c, t| {
        put(&mut c.media.pixels_max, value::whole(t, 1..=1_000_000_000))
    }),
    ("limits.plugin_call_ms_max", |c, t| {
        put(&mut c.plugin.call_ms_max, value::whole(t, 10..=60_000))
    }),
    ("limits.plugin_memory_bytes_max", |c, t| {
        put(
            &mut c.plugin.memory_bytes_max,
            value::whole(t, MIB..=1024 * MIB),
        )
    }),
    ("limits.plugin_calls_max", |c, t| {
        put(&mut c.plugin.calls_max, value::whole(t, 1..=1_024))
    }),
    ("limits.plugin_wait_ms_max", |c, t| {
        put(&mut c.plugin.wait_ms_max, value::whole(t, 1..=60_000))
    }),
    ("limits.plugin_component_bytes_max", |c, t| {
        put(
            &mut c.plugin.component_bytes_max,
            value::whole(t, KIB..=64 * MIB),
        )
    }),
    ("limits.captures_max", |c, t| {
        put(&mut c.capture.captures_max, value::whole(t, 0..=100_000))
    }),
    ("limits.captures_bytes_max", |c, t| {
        put(&mut c.capture.bytes_max, value::whole(t, 0..=1 << 40))
    }),
    ("limits.capture_bytes_max", |c, t| {
        put(&mut c.capture.one_bytes_max, value::whole(t, 0..=1 << 30))
    }),
    ("limits.captures_of_one_cause_max", |c, t| {
        put(&mut c.capture.of_one_cause_max, value::whole(t, 1..=10_000))
    }),
    ("limits.plugin_versions_max", |c, t| {
        put(&mut c.plugin.versions_max, value::whole(t, 1..=16))
    }),
    ("limits.rollback_window", |c, t| {
        put(&mut c.plugin.rollback.window, value::whole(t, 1..=10_000))
    }),
    ("limits.rollback_sample_min", |c, t| {
        put(
            &mut c.plugin.rollback.sample_min,
            value::whole(t, 1..=10_000),
        )
    }),
    ("limits.rollback_failures_min", |c, t| {
        put(
            &mut c.plugin.rollback.failures_min,
            value::whole(t, 1..=10_000),
        )
    }),
    ("limits.rollback_margin_percent", |c, t| {
        put(
            &mut c.plugin.rollback.margin_percent,
            value::whole(t, 0..=100),
        )
    }),
    ("limits.upstream_url_bytes_max", |c, t| {
        put(
            &mut c.upstream.limits.url_bytes_max,
            value::whole(t, 256..=64 * KIB),
        )
    }),
    ("limits.upstream_request_headers_max", |c, t| {
        put(
            &mut c.upstream.limits.request_headers_max,
            value::whole(t, 1..=256),
        )
    }),
    ("limits.upstream_request_body_bytes_max", |c, t| {
        put(
            &mut c.upstream.limits.request_body_bytes_max,
            value::whole(t, 1..=16 * MIB),
        )
    }),
    ("limits.upstream_redirects_max", |c, t| {
        put(
            &mut c.upstream.limits.redirects_max,
            value::whole(t, 0..=10),
        )
    }),
    ("limits.upstream_connect_ms_max", |c, t| {
        put(
            &mut c.upstream.limits.connect_ms_max,
            value::whole(t, 10..=120_000),
        )
    }),
    ("limits.upstream_first_byte_ms_max", |c, t| {
        put(
            &mut c.upstream.limits.first_byte_ms_max,
            value::whole(t, 10..=120_000),
        )
    }),
    ("limits.upstream_idle_ms_max", |c, t| {
        put(
            &mut c.upstream.limits.idle_ms_max,
            value::whole(t, 10..=120_000),
        )
    }),
    ("limits.upstream_response_headers_max", |c, t| {
        put(
            &mut c.upstream.limits.response_headers_max,
            value::whole(t, 1..=1_000),
        )
    }),
    ("limits.upstream_body_bytes_max", |c, t| {
        put(
            &mut c.upstream.limits.body_bytes_max,
            value::whole(t, 1..=64 * MIB),
        )
    }),
    ("limits.upstream_in_flight_max", |c, t| {
        put(
            &mut c.upstream.limits.in_flight_max,
            value::whole(t, 1..=1_024),
        )
    }),
    ("limits.upstream_in_flight_per_host_max", |c, t| {
        put(
            &mut c.upstream.limits.in_flight_per_host_max,
            value::whole(t, 1..=1_024),
        )
    }),
    ("limits.upstream_spacing_ms_min", |c, t| {
        put(
            &mut c.upstream.limits.spacing_ms_min,
            value::whole(t, 0..=60_000),
        )
    }),
    ("limits.upstream_retry_after_s_max", |c, t| {
        put(
            &mut c.upstream.limits.retry_after_s_max,
            value::whole(t, 0..=86_400),
        )
    }),
    ("limits.upstream_breaker_failures", |c, t| {
        put(
            &mut c.upstream.limits.breaker_failures,
            value::whole(t, 1..=1_000),
        )
    }),
    ("limits.upstream_breaker_open_ms_min", |c, t| {
        put(
            &mut c.upstream.limits.breaker_open_ms_min,
            value::whole(t, 1..=3_600_000),
        )
    }),
    ("limits.upstream_breaker_open_ms_max", |c, t| {
        put(
            &mut c.upstream.limits.breaker_open_ms_max,
            value::whole(t, 1..=3_600_000),
        )
    }),
];

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The name of its variable.
pub(super) fn variable(key: &str) -> String {
    format!("GRAMHOST_{}", key.replace('.', "_").to_uppercase())
}

fn put<T>(field: &mut T, value: Result<T, String>) -> Result<(), String> {
    *field = value?;
    Ok(())
}

fn put_some<T>(field: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *field = Some(value?);
    Ok(())
}
