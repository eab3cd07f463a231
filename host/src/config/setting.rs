//! The table of all settings: the key in the file, the valid values, and the field of the configuration.

mod row;

pub(super) use row::Setting;
use row::{list, read, some, whole};

use super::{shown::Shown, value};

pub(super) const SETTINGS: &[Setting] = &[
    read!("listen", listen, value::address),
    read!("admin_listen", admin_listen, value::address_or_off),
    some!("plugins", plugin.folder, value::path),
    read!("data", data, value::path),
    some!("database", database.address, value::postgres),
    whole!("rate_limit", rate_limit, 0..=1_000_000),
    some!("upstream_override", upstream.origin_override, value::origin),
    some!("replay", upstream.replay, value::path),
    some!("cookies", upstream.cookies, value::path),
    some!("proxy", upstream.proxy, value::proxy),
    whole!("cache_ttl", extraction.cache_ttl_s, 0..=86_400),
    whole!("shadow", plugin.shadow, 0..=10_000),
    some!("file_names", file_names, value::file_names),
    some!("files", storage.files, value::bucket),
    // The settings from here on have no flag.
    some!("log", log, value::filter),
    read!("hardening", hardening, value::switch),
    list!("readable", readable, value::path),
    some!("replica_name", fleet.name, value::name),
    read!("egress", fleet.egress, value::name),
    some!(
        "database_password_file",
        database.password_file,
        value::path
    ),
    list!("allowed_hosts", api.allowed_hosts, value::host),
    list!("allowed_origins", api.allowed_origins, value::website),
    list!("trusted_proxies", api.trusted_proxies, value::network),
    some!("s3.endpoint", storage.s3.endpoint, value::endpoint),
    some!("s3.region", storage.s3.region, value::region),
    some!("s3.path_style", storage.s3.path_style, value::switch),
    read!("file_delivery", api.file_delivery, value::file_delivery),
    list!("upstream_hosts", upstream.hosts, value::host_pattern),
    list!("media_hosts", upstream.media_hosts, value::host_pattern),
    list!(
        "request_headers",
        upstream.request_headers,
        value::request_header
    ),
    list!("plugin_keys", plugin.keys, value::minisign_key),
    whole!(
        "limits.database_connections_max",
        database.connections_max,
        1..=1_000
    ),
    whole!(
        "limits.database_connect_ms_max",
        database.connect_ms_max,
        100..=60_000
    ),
    whole!(
        "limits.database_statement_ms_max",
        database.statement_ms_max,
        100..=600_000
    ),
    whole!("limits.rate_limit_ms_max", rate_limit_ms_max, 10..=60_000),
    whole!("limits.handler_ms_max", api.handler_ms_max, 100..=600_000),
    whole!("limits.in_flight_max", api.in_flight_max, 1..=100_000),
    whole!(
        "limits.in_flight_per_client_max",
        api.in_flight_per_client_max,
        1..=100_000
    ),
    whole!("limits.connections_max", api.connections_max, 1..=100_000),
    whole!(
        "limits.connections_per_client_max",
        api.connections_per_client_max,
        1..=100_000
    ),
    whole!("limits.request_head_ms_max", api.head_ms_max, 100..=600_000),
    whole!("limits.request_headers_max", api.headers_max, 1..=1_000),
    whole!(
        "limits.request_head_bytes_max",
        api.head_bytes_max,
        8 * KIB..=MIB
    ),
    // No longer one can be represented.
    whole!(
        "limits.request_uri_bytes_max",
        api.uri_bytes_max,
        256..=65_534
    ),
    whole!(
        "limits.request_body_bytes_max",
        api.body_bytes_max,
        1..=16 * MIB
    ),
    whole!("limits.request_body_ms_max", api.body_ms_max, 100..=600_000),
    whole!(
        "limits.request_body_bytes_per_s_min",
        api.body_bytes_per_s_min,
        0..=16 * MIB
    ),
    whole!("limits.compress_bytes_min", api.compress_bytes_min, 1..=MIB),
    whole!(
        "limits.response_stall_ms_max",
        api.stall_ms_max,
        100..=3_600_000
    ),
    whole!("limits.drain_ms_max", api.drain_ms_max, 0..=600_000),
    whole!(
        "limits.cache_items_max",
        extraction.cache_items_max,
        1..=10_000_000
    ),
    whole!(
        "limits.cache_written_bytes_max",
        extraction.cache_written_bytes_max,
        0..=64 * 1024 * MIB
    ),
    whole!(
        "limits.negative_ttl_s",
        extraction.negative_ttl_s,
        0..=86_400
    ),
    whole!("limits.extraction_rounds_max", driver.rounds_max, 1..=64),
    whole!(
        "limits.extraction_requests_max",
        driver.requests_max,
        1..=64
    ),
    whole!(
        "limits.extraction_requests_at_once_max",
        driver.requests_at_once_max,
        1..=64
    ),
    whole!(
        "limits.extraction_in_flight_max",
        extraction.in_flight_max,
        1..=100_000
    ),
    whole!(
        "limits.extraction_wall_ms_max",
        extraction.wall_ms_max,
        100..=120_000
    ),
    whole!(
        "limits.file_bytes_max",
        download.file_bytes_max,
        1..=64 * 1024 * MIB
    ),
    whole!(
        "limits.picture_bytes_max",
        download.picture_bytes_max,
        1024..=64 * MIB
    ),
    whole!(
        "limits.picture_ms_max",
        download.picture_ms_max,
        100..=600_000
    ),
    whole!("limits.pictures_max", download.pictures_max, 1..=1_000),
    whole!(
        "limits.pictures_per_minute_max",
        api.pictures_per_minute_max,
        0..=1_000_000
    ),
    whole!(
        "limits.video_ms_max",
        download.video_ms_max,
        100..=3_600_000
    ),
    whole!("limits.videos_max", download.videos_max, 1..=1_000),
    whole!(
        "limits.videos_per_minute_max",
        api.videos_per_minute_max,
        0..=1_000_000
    ),
    whole!(
        "limits.media_bytes_per_s_min",
        download.bytes_per_s_min,
        0..=1_000_000_000
    ),
    whole!("limits.file_retention_s", download.retention_s, 1..=604_800),
    whole!("limits.files_bytes_max", storage.quota_bytes, 1..=1 << 50),
    whole!(
        "limits.disk_free_bytes_min",
        storage.free_bytes_min,
        0..=1 << 50
    ),
    whole!(
        "limits.s3_connect_ms_max",
        storage.s3.connect_ms_max,
        10..=120_000
    ),
    whole!("limits.s3_idle_ms_max", storage.s3.idle_ms_max, 1..=600_000),
    whole!(
        "limits.s3_first_byte_ms_max",
        storage.s3.first_byte_ms_max,
        100..=120_000
    ),
    whole!(
        "limits.s3_retry_ms_max",
        storage.s3.retry_ms_max,
        1..=600_000
    ),
    whole!("limits.s3_parts_max", storage.s3.parts_max, 1..=1_024),
    whole!("limits.s3_link_s_max", storage.s3.link_s_max, 1..=3_600),
    whole!("limits.downloads_max", job.workers, 1..=1_000),
    read!("limits.fleet_downloads_max", job.fleet_workers, |text| {
        value::whole(text, 0..=1_000_000).map(|most| (most > 0).then_some(most))
    }),
    whole!("limits.jobs_waiting_max", job.waiting_max, 1..=1_000_000),
    whole!(
        "limits.jobs_waiting_per_client_max",
        job.waiting_per_client_max,
        1..=1_000_000
    ),
    whole!("limits.job_attempts_max", job.attempts_max, 1..=100),
    whole!("limits.job_lease_s", job.lease_s, 3..=3_600),
    whole!("limits.job_wall_s_max", job.wall_s_max, 1..=86_400),
    whole!("limits.job_drain_s_max", job.drain_s_max, 0..=600),
    whole!("limits.conversions_max", media.conversions_max, 1..=64),
    whole!("limits.conversion_s_max", media.wall_s_max, 1..=3_600),
    whole!(
        "limits.image_pixels_max",
        media.pixels_max,
        1..=1_000_000_000
    ),
    whole!("limits.plugin_call_ms_max", plugin.call_ms_max, 10..=60_000),
    whole!(
        "limits.plugin_memory_bytes_max",
        plugin.memory_bytes_max,
        MIB..=1024 * MIB
    ),
    whole!(
        "limits.plugin_memo_bytes_max",
        driver.memo_bytes_max,
        KIB..=64 * MIB
    ),
    whole!("limits.plugin_calls_max", plugin.calls_max, 1..=1_024),
    whole!("limits.plugin_wait_ms_max", plugin.wait_ms_max, 1..=60_000),
    whole!(
        "limits.plugin_component_bytes_max",
        plugin.component_bytes_max,
        KIB..=64 * MIB
    ),
    whole!("limits.captures_max", capture.captures_max, 0..=100_000),
    whole!("limits.captures_bytes_max", capture.bytes_max, 0..=1 << 40),
    whole!(
        "limits.capture_bytes_max",
        capture.one_bytes_max,
        0..=1 << 30
    ),
    whole!(
        "limits.captures_of_one_cause_max",
        capture.of_one_cause_max,
        1..=10_000
    ),
    whole!("limits.plugin_vote_s_max", plugin.vote_s_max, 1..=3_600),
    whole!("limits.shape_every_s", capture.shape_every_s, 0..=86_400),
    whole!(
        "limits.shape_places_max",
        capture.shape_places_max,
        0..=100_000
    ),
    whole!(
        "limits.shape_sample_bytes_max",
        capture.shape_sample_bytes_max,
        0..=64 * MIB
    ),
    whole!("limits.plugin_versions_max", plugin.versions_max, 1..=16),
    whole!("limits.rollback_window", plugin.rollback.window, 1..=10_000),
    whole!(
        "limits.rollback_sample_min",
        plugin.rollback.sample_min,
        1..=10_000
    ),
    whole!(
        "limits.rollback_failures_min",
        plugin.rollback.failures_min,
        1..=10_000
    ),
    whole!(
        "limits.rollback_margin_percent",
        plugin.rollback.margin_percent,
        0..=100
    ),
    whole!(
        "limits.upstream_url_bytes_max",
        upstream.limits.url_bytes_max,
        256..=64 * KIB
    ),
    whole!(
        "limits.upstream_request_headers_max",
        upstream.limits.request_headers_max,
        1..=256
    ),
    whole!(
        "limits.upstream_request_header_bytes_max",
        upstream.limits.request_header_bytes_max,
        1024..=256 * KIB
    ),
    whole!(
        "limits.upstream_request_body_bytes_max",
        upstream.limits.request_body_bytes_max,
        1..=16 * MIB
    ),
    whole!(
        "limits.upstream_redirects_max",
        upstream.limits.redirects_max,
        0..=10
    ),
    whole!(
        "limits.upstream_connect_ms_max",
        upstream.limits.connect_ms_max,
        10..=120_000
    ),
    whole!(
        "limits.upstream_first_byte_ms_max",
        upstream.limits.first_byte_ms_max,
        10..=120_000
    ),
    whole!(
        "limits.upstream_idle_ms_max",
        upstream.limits.idle_ms_max,
        10..=120_000
    ),
    whole!(
        "limits.upstream_response_headers_max",
        upstream.limits.response_headers_max,
        1..=1_000
    ),
    whole!(
        "limits.upstream_body_bytes_max",
        upstream.limits.body_bytes_max,
        1..=64 * MIB
    ),
    whole!(
        "limits.upstream_in_flight_max",
        upstream.limits.in_flight_max,
        1..=1_024
    ),
    whole!(
        "limits.upstream_in_flight_per_host_max",
        upstream.limits.in_flight_per_host_max,
        1..=1_024
    ),
    whole!(
        "limits.upstream_spacing_ms_min",
        upstream.limits.spacing_ms_min,
        0..=60_000
    ),
    whole!(
        "limits.upstream_retry_after_s_max",
        upstream.limits.retry_after_s_max,
        0..=86_400
    ),
    whole!(
        "limits.upstream_breaker_failures",
        upstream.limits.breaker_failures,
        1..=1_000
    ),
    whole!(
        "limits.upstream_breaker_open_ms_min",
        upstream.limits.breaker_open_ms_min,
        1..=3_600_000
    ),
    whole!(
        "limits.upstream_breaker_open_ms_max",
        upstream.limits.breaker_open_ms_max,
        1..=3_600_000
    ),
];

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The name of the environment variable of a setting.
pub(super) fn variable(key: &str) -> String {
    format!("GRAMHOST_{}", key.replace('.', "_").to_uppercase())
}
