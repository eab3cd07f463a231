//! Tests of the precedence of sources, and of errors that name the setting.
#![expect(clippy::unwrap_used, reason = "tests")]

mod fuzz;

use super::*;

fn compose(file: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Config, Error> {
    let variables = variables
        .iter()
        .map(|(name, text)| ((*name).into(), (*text).into()));
    Config::compose(
        "/bin/gramhost".into(),
        Some(("g.toml", file)),
        variables,
        flags,
    )
}

fn error(file: &str, variables: &[(&str, &str)]) -> String {
    compose(file, variables, &Flags::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn a_flag_wins_over_a_variable_and_a_variable_over_the_file() {
    let file = "listen = '127.0.0.1:1'\nrate_limit = 1\ncache_ttl = 1";
    let variables = [("GRAMHOST_RATE_LIMIT", "2"), ("GRAMHOST_CACHE_TTL", "2")];
    let flags = Flags {
        cache_ttl: Some("3".to_owned()),
        ..Flags::default()
    };
    let config = compose(file, &variables, &flags).unwrap();
    assert_eq!(config.listen.port(), 1);
    assert_eq!(config.rate_limit, 2);
    assert_eq!(config.extraction.cache_ttl_s, 3);
}

#[test]
fn defaults_follow_the_data_folder() {
    let config = compose("data = 'elsewhere'", &[], &Flags::default()).unwrap();
    assert_eq!(
        config.plugin.folder.unwrap(),
        Path::new("elsewhere/plugins")
    );
    assert_eq!(config.plugin.cache, Path::new("elsewhere/compiled"));
    assert_eq!(config.admin_listen.unwrap().to_string(), "127.0.0.1:5001");
}

#[test]
fn every_flag_is_also_a_setting() {
    let text = Some(String::new());
    let flags = Flags {
        config: None,
        listen: text.clone(),
        admin_listen: text.clone(),
        plugins: text.clone(),
        data: text.clone(),
        database: text.clone(),
        rate_limit: text.clone(),
        upstream_override: text.clone(),
        replay: text.clone(),
        cookies: text.clone(),
        proxy: text.clone(),
        cache_ttl: text.clone(),
        shadow: text.clone(),
        file_names: text.clone(),
        files: text,
    };
    assert_eq!(flags.given().count(), 14);
    for (key, _) in flags.given() {
        assert!(setting::SETTINGS.iter().any(|known| known.key == key));
    }
}

#[test]
fn an_unknown_key_or_variable_is_an_error_that_names_it() {
    assert_eq!(
        error("lisen = 1", &[]),
        "g.toml: lisen is not a setting; did you mean listen?"
    );
    assert_eq!(
        error("", &[("GRAMHOST_LIMITS_PLUGIN_CALL_MAX", "1")]),
        "GRAMHOST_LIMITS_PLUGIN_CALL_MAX is not a setting; did you mean GRAMHOST_LIMITS_PLUGIN_CALLS_MAX?"
    );
    assert!(
        error("colour = 1", &[])
            .starts_with("g.toml: colour is not a setting; known settings are listen,")
    );
    assert!(error("[limits]\nx = 1", &[]).starts_with("g.toml: limits.x is not"));
    assert!(error("[limits.x]\ny = 1", &[]).starts_with("g.toml: limits.x "));
    assert!(error("", &[("GRAMHOST_LISEN", "")]).starts_with("GRAMHOST_LISEN is not a setting"));
}

#[test]
fn other_programs_variables_and_the_recordings_are_left_alone() {
    let variables = [("PATH", "/bin"), ("GRAMHOST_RECORDINGS", "/recordings")];
    assert!(compose("", &variables, &Flags::default()).is_ok());
}

#[test]
fn an_invalid_value_is_an_error_that_describes_the_valid_ones() {
    assert_eq!(
        error("rate_limit = 'many'", &[]),
        "g.toml: rate_limit cannot be \"many\"; expected a whole number from 0 to 1000000"
    );
    assert_eq!(
        error("", &[("GRAMHOST_LIMITS_PLUGIN_CALLS_MAX", "0")]),
        "GRAMHOST_LIMITS_PLUGIN_CALLS_MAX cannot be \"0\"; expected a whole number from 1 to 1024"
    );
    assert!(error("listen = 5000", &[]).contains("expected an address with its port"));
    assert!(error("admin_listen = 'on'", &[]).ends_with(", or off"));
    assert!(error("log = 'a=b=c'", &[]).contains("log cannot be"));
    assert!(error("upstream_override = 'http://h/path'", &[]).contains("expected an origin"));
    assert!(error("trusted_proxies = ['10.0.0.0/33']", &[]).contains("each item is an address"));
    assert!(error("upstream_hosts = ['*.1.2.3.4']", &[]).contains("each item is a host name"));
    assert!(error("data = ''", &[]).contains("expected a path"));
    assert!(error("data = 2026-01-01", &[]).contains("expected a string"));
    assert!(error("data =", &[]).starts_with("g.toml: TOML parse error"));
}

/// Limits that 0 switches off, or for which it means none or at once.
const MAY_BE_ZERO: [&str; 20] = [
    "limits.request_body_bytes_per_s_min",
    "limits.drain_ms_max",
    "limits.cache_written_bytes_max",
    "limits.negative_ttl_s",
    "limits.pictures_per_minute_max",
    "limits.videos_per_minute_max",
    "limits.media_bytes_per_s_min",
    "limits.disk_free_bytes_min",
    "limits.fleet_downloads_max",
    "limits.job_drain_s_max",
    "limits.captures_max",
    "limits.captures_bytes_max",
    "limits.capture_bytes_max",
    "limits.shape_every_s",
    "limits.shape_places_max",
    "limits.shape_sample_bytes_max",
    "limits.rollback_margin_percent",
    "limits.upstream_redirects_max",
    "limits.upstream_spacing_ms_min",
    "limits.upstream_retry_after_s_max",
];

#[test]
fn every_limit_refuses_what_is_no_number_in_its_range_and_is_named() {
    let limits = setting::SETTINGS.iter().map(|setting| setting.key);
    let limits: Vec<_> = limits.filter(|key| key.starts_with("limits.")).collect();
    assert!(limits.len() > 60, "{}", limits.len());
    let mut may_be_zero = Vec::new();
    for key in limits {
        let (_, name) = key.split_once('.').unwrap();
        for wrong in [
            "9223372036854775807",
            "'99999999999999999999'",
            "-1",
            "'many'",
            "1.5",
            "true",
            "[]",
            "''",
        ] {
            let error = error(&format!("[limits]\n{name} = {wrong}"), &[]);
            assert!(error.contains(key), "{key} = {wrong}: {error}");
        }
        let zero = compose(&format!("[limits]\n{name} = 0"), &[], &Flags::default());
        if zero.is_ok() {
            may_be_zero.push(key);
        }
    }
    assert_eq!(may_be_zero, MAY_BE_ZERO);
}

#[test]
fn credentials_in_an_invalid_url_are_not_shown() {
    let error = error("proxy = 'ftp://me:secret@proxy:21'", &[]);
    assert!(!error.contains("secret"), "{error}");
    assert!(error.contains("proxy:21"), "{error}");
}

#[test]
fn every_setting_is_shown_with_its_active_value_and_without_credentials() {
    let file = "rate_limit = 7\nproxy = 'http://me:secret@proxy:3128'\nallowed_hosts = ['a.example', 'b.example']";
    let settings = compose(file, &[], &Flags::default()).unwrap().settings();
    assert_eq!(settings.len(), setting::SETTINGS.len());
    let find = |key: &str| settings.iter().find(|it| it.key == key).unwrap();
    let both = |key: &str| {
        let it = find(key);
        (it.value.clone(), it.default.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(both("rate_limit"), (some("7"), some("30")));
    assert_eq!(both("proxy"), (some("http://proxy:3128/"), None));
    assert_eq!(both("allowed_hosts"), (some("a.example, b.example"), None));
    assert_eq!(both("file_names"), (some("documented"), some("documented")));
    assert_eq!(
        both("plugins"),
        (some("data/plugins"), some("data/plugins"))
    );
    let shown = format!("{settings:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("me@"),
        "{shown}"
    );
}

#[test]
fn hardening_is_on_and_can_be_switched_off() {
    let hardened = |file: &str| {
        let config = compose(file, &[], &Flags::default()).unwrap();
        [
            config.hardening,
            config.plugin.confined,
            config.media.confined,
        ]
    };
    assert_eq!(hardened(""), [true; 3]);
    assert_eq!(hardened("hardening = 'off'"), [false; 3]);
    assert_eq!(hardened("hardening = false"), [false; 3]);
    assert_eq!(hardened("hardening = 'on'"), [true; 3]);
    assert!(error("hardening = 'maybe'", &[]).ends_with("expected on or off"));
}

#[test]
fn lists_are_arrays_in_the_file_and_separated_by_commas_in_variables() {
    let file = "allowed_hosts = ['API.example.com', '[::1]']\ntrusted_proxies = ['10.0.0.0/8']";
    let config = compose(file, &[], &Flags::default()).unwrap();
    assert_eq!(config.api.allowed_hosts, ["api.example.com", "[::1]"]);
    assert_eq!(config.api.trusted_proxies[0].to_string(), "10.0.0.0/8");
    let variables = [("GRAMHOST_TRUSTED_PROXIES", "10.0.0.1, fd00::/8")];
    let config = compose("", &variables, &Flags::default()).unwrap();
    assert_eq!(config.api.trusted_proxies.len(), 2);
}

#[test]
fn files_are_handed_over_only_to_a_proxy() {
    let rule = "file_delivery = 'x-accel-redirect:/files/'";
    assert!(error(rule, &[]).contains("needs trusted_proxies"));
    let file = format!("{rule}\ntrusted_proxies = ['10.0.0.1']");
    let config = compose(&file, &[], &Flags::default()).unwrap();
    assert_eq!(
        config.api.file_delivery.to_string(),
        "x-accel-redirect:/files/"
    );
    for other in [
        "nginx",
        "x-accel-redirect:files/",
        "x-accel-redirect:/files",
        "x-accel-redirect:/a b/",
    ] {
        let found = error(&format!("file_delivery = \"{other}\""), &[]);
        assert!(
            found.contains("expected server, presigned, or x-accel-redirect:"),
            "{found}"
        );
    }
}

#[test]
fn the_admin_listener_can_be_switched_off() {
    let config = compose("admin_listen = 'off'", &[], &Flags::default()).unwrap();
    assert_eq!(config.admin_listen, None);
}

#[test]
fn listening_to_other_machines_needs_the_names_that_clients_use() {
    let file = "listen = '0.0.0.0:5000'";
    assert!(error(file, &[]).contains("set allowed_hosts"));
    let named = [("GRAMHOST_ALLOWED_HOSTS", "api.example.com")];
    assert!(compose(file, &named, &Flags::default()).is_ok());
}

#[test]
fn files_in_a_bucket_need_what_reaches_it() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "an-id"),
        ("AWS_SECRET_ACCESS_KEY", "a-secret"),
    ];
    let file = "files = 's3://my-bucket/a'\nfile_delivery = 'presigned'\n\
        [s3]\nendpoint = 'http://127.0.0.1:8333'\nregion = 'eu-central-1'\npath_style = 'off'";
    let config = compose(file, &keys, &Flags::default()).unwrap();
    let shown = config.settings();
    let shown = |key: &str| {
        let found = shown.iter().find(|setting| setting.key == key);
        found.unwrap().value.clone()
    };
    for (key, value) in [
        ("files", "s3://my-bucket/a"),
        ("file_delivery", "presigned"),
        ("s3.endpoint", "http://127.0.0.1:8333"),
        ("s3.region", "eu-central-1"),
        ("s3.path_style", "off"),
    ] {
        assert_eq!(shown(key).as_deref(), Some(value), "{key}");
    }
    let all = format!("{config:?}");
    assert!(!all.contains("an-id") && !all.contains("a-secret"), "{all}");
    let none = [("AWS_EC2_METADATA_DISABLED", "true")];
    let found = error("files = 's3://my-bucket'", &none);
    assert!(
        found.starts_with("files = s3://my-bucket: there are no credentials"),
        "{found}"
    );
    // Nobody asks for credentials where files are in a folder.
    compose("", &none, &Flags::default()).unwrap();
}

#[test]
fn files_are_delivered_by_somebody_who_can_open_them() {
    let found = error("file_delivery = 'presigned'", &[]);
    assert!(
        found.starts_with("file_delivery = presigned needs files in a bucket"),
        "{found}"
    );
    let both = "files = 's3://my-bucket'\ntrusted_proxies = ['10.0.0.1']\n\
        file_delivery = 'x-accel-redirect:/files/'";
    let keys = [("AWS_ACCESS_KEY_ID", "i"), ("AWS_SECRET_ACCESS_KEY", "s")];
    let found = error(both, &keys);
    assert!(found.contains("needs files in the data folder"), "{found}");
    for (line, said) in [
        (
            "files = 'bucket'",
            "expected a bucket and perhaps a prefix, such as s3://",
        ),
        ("files = 's3://id:secret@bucket'", "expected a bucket"),
        (
            "s3.endpoint = 's3.example.com'",
            "expected the origin of a store",
        ),
        ("s3.region = 'a b'", "expected the name of a region"),
        ("s3.path_style = 'yes'", "expected on or off"),
    ] {
        let found = error(line, &[]);
        assert!(found.contains(said) && !found.contains("secret"), "{found}");
    }
}
