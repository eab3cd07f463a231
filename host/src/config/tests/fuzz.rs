//! Damaged settings files.

use super::*;

#[test]
fn damaged_settings() {
    let seeds = [
        "listen = '127.0.0.1:1'\nrate_limit = 1\ncache_ttl = 1\nhardening = true\n",
        "allowed_hosts = ['API.example.com', '[::1]']\ntrusted_proxies = ['10.0.0.0/8', 'fd00::/8']\n",
        "proxy = 'http://me:secret@proxy:3128'\nfile_delivery = 'x-accel-redirect:/files/'\n",
        "upstream_hosts = ['*.instagram.com']\nrequest_headers = ['x-ig-app-id']\nlog = 'info,gramhost::plugin=debug'\n",
        "[limits]\nplugin_calls_max = 4\nrequest_body_bytes_max = 65536\npicture_bytes_max = 1024\n",
        "data = 'elsewhere'\nplugins = '/plugins'\nreplay = 'fixtures'\ncookies = 'c.txt'\nadmin_listen = 'off'\n",
    ];
    let seeds = seeds.map(|seed| seed.as_bytes().to_vec());
    ::fuzz::target("settings", &seeds, |input| {
        let text = String::from_utf8_lossy(input);
        match compose(&text, &[], &Flags::default()) {
            // Every setting of what is accepted can be shown, and no password with it.
            Ok(config) => {
                let settings = config.settings();
                assert_eq!(settings.len(), setting::SETTINGS.len());
                let proxy = settings.iter().find(|it| it.key == "proxy").unwrap();
                assert!(!proxy.value.as_deref().unwrap_or_default().contains('@'));
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}
