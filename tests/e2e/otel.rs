//! The spans of one request as a collector receives them; only in builds with the feature `otel`.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
    time::Duration,
};

use rustix::process::Signal;

use crate::harness::server::{Server, gramhost};

/// A field of a protobuf message: its number and, where it has a length, its bytes.
fn fields(mut message: &[u8]) -> Vec<(u64, &[u8])> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut message)).unwrap(),
            5 => 4,
            kind => panic!("no such wire type: {kind}"),
        };
        let (value, rest) = message.split_at(length);
        found.push((key >> 3, value));
        message = rest;
    }
    found
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number without an end")
}

/// All messages in this field.
fn each(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    let fields = fields(message).into_iter();
    fields
        .filter(move |(known, _)| *known == number)
        .map(|(_, value)| value)
}

/// The trace id and name of each span in one export.
fn traces(export: &[u8]) -> Vec<(Vec<u8>, String)> {
    let scopes = each(export, 1).flat_map(|resource| each(resource, 2));
    let spans = scopes.flat_map(|scope| each(scope, 2));
    spans
        .map(|span| {
            let trace = each(span, 1).next().unwrap().to_vec();
            let name = String::from_utf8_lossy(each(span, 5).next().unwrap());
            (trace, name.into_owned())
        })
        .collect()
}

/// A collector that accepts all exports.
fn collector() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, exports) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream
                .set_read_timeout(Some(Duration::from_secs(5)))
                .unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            let body = loop {
                let Ok(read @ 1..) = stream.read(&mut piece) else {
                    break None;
                };
                request.extend_from_slice(&piece[..read]);
                let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
                let length = head
                    .lines()
                    .find_map(|it| it.strip_prefix("content-length: "));
                let length: usize = length.unwrap().parse().unwrap();
                if request.len() == end + 4 + length {
                    break Some((head, request[end + 4..].to_vec()));
                }
            };
            if let Some(export) = body {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).unwrap();
                let _gone = sender.send(export);
            }
        }
    });
    (format!("http://{address}"), exports)
}

#[tokio::test]
async fn the_spans_of_one_request_arrive_as_one_trace() {
    let (endpoint, exports) = collector();
    let fixtures = format!("{}/../fixtures", env!("CARGO_MANIFEST_DIR"));
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_SERVICE_NAME", "a-name-of-its-own"),
    ];
    let mut server = Server::start_with(
        tempfile::tempdir().unwrap(),
        &variables,
        &["--replay", &fixtures],
    );
    let path = "/instagram/post/info?url_or_code=DfDjNmTDemo";
    assert_eq!(server.get(path).await.status, 200);
    // Remaining spans are sent at shutdown.
    server.signal(Signal::TERM);
    assert!(server.wait().success(), "{}", server.log());
    let mut names: BTreeMap<Vec<u8>, BTreeSet<String>> = BTreeMap::new();
    while let Ok((head, export)) = exports.try_recv() {
        assert!(head.starts_with("post /v1/traces "), "{head}");
        assert!(head.contains("application/x-protobuf"), "{head}");
        let name = b"a-name-of-its-own";
        assert!(export.windows(name.len()).any(|it| it == name));
        for (trace, name) in traces(&export) {
            names.entry(trace).or_default().insert(name);
        }
    }
    let whole = ["extraction", "fetch", "plugin_call", "request"].map(str::to_owned);
    let whole = BTreeSet::from(whole);
    assert!(names.values().any(|names| *names == whole), "{names:?}");
}

#[test]
fn without_a_collector_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let output = gramhost(folder.path())
        .args(["plugin", "list", "--admin-listen", "off"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
