//! What a plugin asks the host to send although it may not; the number of a behaviour chooses one.

/// Addresses that no plugin may ask for, each written to look like one that it may.
pub const URLS: [&str; 15] = [
    "https://example.com/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://2130706433/",
    "https://0x7f.1/",
    "http://www.instagram.com/",
    "https://www.instagram.com:8443/",
    "https://www.instagram.com@example.com/",
    "https://user:password@www.instagram.com/",
    "https://www.instagram.com.example.com/",
    "https://localhost/",
    "file:///etc/passwd",
    "https://www.instagram.com\\@example.com/",
    "www.instagram.com",
];

/// Headers that no plugin may set.
pub const HEADERS: [(&str, &str); 13] = [
    ("x-forwarded-for", "1.1.1.1"),
    ("host", "example.com"),
    ("cookie", "sessionid=1"),
    ("authorization", "Bearer 1"),
    ("proxy-authorization", "Basic MTox"),
    ("transfer-encoding", "chunked"),
    ("content-length", "5"),
    ("connection", "upgrade"),
    ("user-agent", "a\r\nhost: example.com"),
    ("user-agent", "a\0b"),
    ("accept\r\nhost", "example.com"),
    ("Accept", "*/*"),
    ("", "1"),
];
