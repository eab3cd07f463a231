//! A stand-in for both Instagram and its media servers: API responses from the fixtures, media made by ffmpeg, faults
//! on demand.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use cases::{
    har::{Answer, Har},
    load_all,
};

use serde_json::Value;

use super::upstream::{Reply, Seen, Upstream, reply};

/// Media that tests fetch, by the end of the path of their link.
static MEDIA: LazyLock<HashMap<&'static str, Vec<u8>>> = LazyLock::new(make);

/// The misbehaviour of a media link, if any; called first, with the number of earlier requests for the link.
pub(crate) type Fault = Arc<dyn Fn(&Seen, usize, &[u8]) -> Option<Reply> + Send + Sync>;

/// The stand-in.
pub(crate) struct Cdn {
    upstream: Upstream,
    fault: Arc<Mutex<Option<Fault>>>,
}

impl Cdn {
    pub(crate) async fn start() -> Self {
        Self::start_as(<[u8]>::to_vec).await
    }

    /// Makes every carousel longer: its items are repeated under new names, `count` in all.
    pub(crate) async fn start_with_carousels_of(count: usize) -> Self {
        Self::start_as(move |body| longer(body, count)).await
    }

    /// Changes what Instagram says: `told` gets each of its answers.
    pub(crate) async fn start_as(told: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let har = har();
        let fault: Arc<Mutex<Option<Fault>>> = Arc::default();
        let faults = Arc::clone(&fault);
        let asked: Mutex<HashMap<String, usize>> = Mutex::default();
        let upstream = Upstream::start(move |seen| {
            if !is_media(seen) {
                return recorded(&har, seen, &told);
            }
            let body = media(&seen.path);
            let before = {
                let mut asked = asked.lock().unwrap();
                let count = asked.entry(seen.path.clone()).or_default();
                *count += 1;
                *count - 1
            };
            // A fault may take long, and other requests must be answered meanwhile.
            let fault = faults.lock().unwrap().clone();
            let faulty = fault.and_then(|fault| fault(seen, before, body));
            faulty.unwrap_or_else(|| honest(seen, body))
        })
        .await;
        Self { upstream, fault }
    }

    /// Flags for a server that uses this stand-in.
    pub(crate) fn flags(&self) -> [String; 4] {
        [
            "--upstream-override",
            &self.upstream.origin(),
            "--rate-limit",
            "0",
        ]
        .map(str::to_owned)
    }

    pub(crate) fn misbehave(
        &self,
        fault: impl Fn(&Seen, usize, &[u8]) -> Option<Reply> + Send + Sync + 'static,
    ) {
        *self.fault.lock().unwrap() = Some(Arc::new(fault));
    }

    /// The number of requests for media.
    pub(crate) fn media_requests(&self) -> usize {
        self.upstream
            .seen()
            .iter()
            .filter(|seen| is_media(seen))
            .count()
    }

    /// The number of requests for anything else.
    pub(crate) fn other_requests(&self) -> usize {
        self.upstream.seen().len() - self.media_requests()
    }
}

/// The bytes of a media link.
pub(crate) fn media(path: &str) -> &'static [u8] {
    let path = path.split('?').next().unwrap();
    let made = MEDIA.iter().find(|(end, _)| path.ends_with(**end));
    made.map(|(_, bytes)| bytes.as_slice())
        .unwrap_or_else(|| panic!("no media for {path}"))
}

fn is_media(seen: &Seen) -> bool {
    seen.host.ends_with("fbcdn.net") || seen.host.ends_with("cdninstagram.com")
}

/// The whole file, or the rest of it if a range is requested, of any version or of this one.
pub(crate) fn honest(seen: &Seen, body: &[u8]) -> Reply {
    let tag = [
        ("etag", "\"v1\""),
        ("content-type", "application/octet-stream"),
    ];
    let from = seen.header("range").and_then(|range| {
        range
            .strip_prefix("bytes=")?
            .strip_suffix('-')?
            .parse::<usize>()
            .ok()
    });
    let same = seen.header("if-range").is_none_or(|tag| tag == "\"v1\"");
    match from.filter(|from| same && *from < body.len()) {
        None => reply(200, &tag, body),
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
            let headers = [tag[0], tag[1], ("content-range", range.as_str())];
            reply(206, &headers, &body[from..])
        }
    }
}

fn har() -> Har {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/instagram");
    let entries = load_all(&folder)
        .unwrap()
        .into_iter()
        .flat_map(|case| case.har.entries);
    Har {
        entries: entries.collect(),
    }
}

fn recorded(har: &Har, seen: &Seen, told: &dyn Fn(&[u8]) -> Vec<u8>) -> Reply {
    let url = format!("https://{}{}", seen.host, seen.path);
    let body = (!seen.body.is_empty()).then_some(seen.body.as_bytes());
    match har
        .find(&seen.method, &url, body)
        .map(|entry| &entry.answer)
    {
        Some(Answer::Response {
            status,
            headers,
            body,
            ..
        }) => {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
                .collect();
            reply(*status, &headers, told(&fresh(body)))
        }
        _ => reply(404, &[], "{}"),
    }
}

/// The stories of the fixtures expired long ago: here they have an hour left.
fn fresh(body: &[u8]) -> Vec<u8> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut text = String::from_utf8_lossy(body).into_owned();
    for (name, at) in [
        ("\"expiring_at\":", now + 3600),
        ("\"expiring_at_timestamp\":", now + 3600),
        ("\"latest_reel_media\":", now - 60),
    ] {
        let mut parts = text.split(name);
        let mut fresh = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            // 0 means that there is none.
            let stated = rest.len() < part.len() && !part.starts_with("0,");
            fresh += name;
            fresh += &if stated {
                format!("{at}{rest}")
            } else {
                part.to_owned()
            };
        }
        text = fresh;
    }
    text.into_bytes()
}

fn longer(body: &[u8], count: usize) -> Vec<u8> {
    let Ok(mut answer) = serde_json::from_slice::<Value>(body) else {
        return body.to_vec();
    };
    let items = answer
        .pointer_mut("/data/xig_polaris_media/if_not_gated_logged_out/carousel_media")
        .and_then(Value::as_array_mut);
    let Some(items) = items else {
        return body.to_vec();
    };
    let again = |place: usize| {
        let item = &items[place % items.len()];
        let id = item["pk"].as_str().unwrap();
        let own = (id.parse::<u64>().unwrap() + place as u64).to_string();
        let text = item.to_string().replace(id, &own);
        let text = text.replace("_demo_mix", &format!("_demo_{place}_mix"));
        serde_json::from_str(&text).unwrap()
    };
    *items = (0..count).map(again).collect();
    answer.to_string().into_bytes()
}

/// One file for each ending in the links of the fixtures: pictures, a whole video, its pieces.
fn make() -> HashMap<&'static str, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, arguments: &[&str]| {
        let path: PathBuf = folder.path().join(name);
        let status = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-y"])
            .args(arguments)
            .arg(&path)
            .status()
            .expect("ffmpeg, which `make setup` installs");
        assert!(status.success(), "{name}");
        std::fs::read(path).unwrap()
    };
    let picture = |size: &str| format!("testsrc=size={size}:rate=1:duration=1");
    let film = |size: &str| format!("testsrc=size={size}:rate=25:duration=2");
    let sound = "sine=frequency=440:duration=2";
    let whole = |name: &str, size: &str| {
        let film = film(size);
        file(
            name,
            &[
                "-f",
                "lavfi",
                "-i",
                &film,
                "-f",
                "lavfi",
                "-i",
                sound,
                "-pix_fmt",
                "yuv420p",
                "-c:a",
                "aac",
                "-shortest",
            ],
        )
    };
    let silent = |name: &str, size: &str| {
        let film = film(size);
        file(
            name,
            &[
                "-f",
                "lavfi",
                "-i",
                &film,
                "-pix_fmt",
                "yuv420p",
                "-movflags",
                "+frag_keyframe+empty_moov+default_base_moof",
            ],
        )
    };
    let still = |name: &str, size: &str| {
        let picture = picture(size);
        file(name, &["-f", "lavfi", "-i", &picture, "-frames:v", "1"])
    };
    HashMap::from([
        ("_1080_n.jpg", still("a.jpg", "1080x1350")),
        ("_640_n.jpg", still("b.jpg", "640x800")),
        ("_320_n.jpg", still("c.jpg", "320x400")),
        ("_150_n.jpg", still("d.jpg", "150x150")),
        ("_hd_n.mp4", whole("hd.mp4", "720x1280")),
        ("_sd_n.mp4", whole("sd.mp4", "480x854")),
        ("_d1080_n.mp4", silent("d1080.mp4", "1080x1920")),
        ("_d540_n.mp4", silent("d540.mp4", "540x960")),
        (
            "_a64_n.mp4",
            file(
                "a64.mp4",
                &[
                    "-f",
                    "lavfi",
                    "-i",
                    sound,
                    "-c:a",
                    "aac",
                    "-movflags",
                    "+frag_keyframe+empty_moov",
                ],
            ),
        ),
    ])
}
