//! Inputs that ask the converter for more than themselves: other files, other addresses, other programs, and streams,
//! texts and chapters that nobody wants.

use serde_json::Value;

use super::{program, *};

/// The place of a box with this name in a folder of boxes.
fn place(boxes: &[u8], name: &[u8; 4]) -> std::ops::Range<usize> {
    let mut at = 0;
    loop {
        let length = u32::from_be_bytes(boxes[at..at + 4].try_into().unwrap()) as usize;
        if &boxes[at + 4..at + 8] == name {
            return at..at + length;
        }
        at += length;
    }
}

/// Changes the content of the box at this path, and the lengths of all boxes around it.
fn changed(boxes: &[u8], path: &[&[u8; 4]], change: &dyn Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let Some((name, rest)) = path.split_first() else {
        return change(boxes);
    };
    let place = place(boxes, name);
    let content = changed(&boxes[place.start + 8..place.end], rest, change);
    let length = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    let (before, after) = (&boxes[..place.start], &boxes[place.end..]);
    [before, &length, &name[..], &content, after].concat()
}

/// A film whose samples are said to lie in another file, in the form that players of this container have followed.
fn elsewhere(film: &[u8], other: &Path) -> Vec<u8> {
    let path: Vec<&[u8; 4]> = vec![b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"];
    let text = other.to_str().unwrap().replace('/', ":");
    let name = other.file_name().unwrap().to_str().unwrap();
    let padded = |text: &str, length: usize| {
        let mut bytes = vec![text.len() as u8];
        bytes.extend_from_slice(text.as_bytes());
        bytes.resize(length + 1, 0);
        bytes
    };
    changed(film, &path, &|_| {
        let mut alias = [&[0; 4][..], &[0; 10], &padded("disk", 27), &[0; 12]].concat();
        alias.extend(padded(name, 63));
        alias.extend([0; 16]);
        // How many folders up and down; then the whole path, and the end.
        alias.extend([0, 1, 0, 1]);
        alias.extend([0; 16]);
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        alias.extend([&[0, 2], &length[..], text.as_bytes()].concat());
        alias.extend(vec![0; text.len() % 2]);
        alias.extend([0xff, 0xff, 0, 0]);
        let length = u32::try_from(alias.len() + 8).unwrap().to_be_bytes();
        [&[0, 0, 0, 0, 0, 0, 0, 1], &length[..], b"alis", &alias].concat()
    })
}

/// The calls of a program that a tracer saw, one a line.
async fn traced(folder: &TempDir, from: &Path) -> Vec<String> {
    let log = folder.path().join("trace");
    let body = format!(
        "exec strace -f -qq -s 4096 -o {}.$$ -e trace=open,openat,openat2,socket,connect,execve \"$(command -v -p ffmpeg)\" \"$@\"",
        log.display()
    );
    let config = Config {
        // Only its arguments keep it from anything.
        confined: false,
        ..program::config(folder)
    };
    let (media, _) = program::media_within(folder, "5.1", &body, config).await;
    let to = folder.path().join("to");
    // Whether it succeeds does not matter.
    let _film = media.film(from, None, &to, plain(VideoFormat::Mkv)).await;
    let _sound = media.sound(from, &to, AudioFormat::Wav).await;
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("/trace.") {
            let text = fs::read_to_string(&path).unwrap();
            lines.extend(text.lines().map(str::to_owned));
            fs::remove_file(path).unwrap();
        }
    }
    lines
}

/// Whether a traced call stays with the input, the output and what is installed on the machine.
fn is_allowed(call: &str, folder: &Path) -> bool {
    let named = call.split('"').nth(1);
    let own = ["from.mp4", "to"].map(|name| folder.join(name));
    match named {
        // The program itself.
        Some(path) if call.contains("execve(") => path.ends_with("/ffmpeg"),
        Some(path) => {
            let machine = ["/usr/", "/lib", "/etc/", "/proc/", "/sys/", "/dev/"];
            machine.iter().any(|folder| path.starts_with(folder))
                || own.iter().any(|own| own == Path::new(path))
        }
        // Signals and exits; any socket has no name here.
        None => !call.contains("socket(") && !call.contains("connect("),
    }
}

#[tokio::test]
async fn an_input_makes_the_converter_open_nothing_else() {
    let tracer = Command::new("strace").args(["-qq", "true"]).status();
    if !tracer.is_ok_and(|status| status.success()) {
        println!("skipped: strace cannot trace here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(film(&folder, "whole.mp4", &[])).unwrap();
    let secret = folder.path().join("secret.mp4");
    fs::copy(folder.path().join("whole.mp4"), &secret).unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let lists = [
        format!("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/a.ts\n"),
        format!("ffconcat version 1.0\nfile {}\n", secret.display()),
        format!("concat:{}|{}", secret.display(), secret.display()),
        format!("subfile,,start,0,end,9,,:{}", secret.display()),
    ];
    let begins = b"\0\0\0\x10ftypisom\0\0\0\0".as_slice();
    let mut inputs = vec![
        ("an honest film", whole.clone()),
        ("samples in another file", elsewhere(&whole, &secret)),
    ];
    inputs.extend(
        lists
            .iter()
            .map(|list| ("a list", [begins, list.as_bytes(), &whole].concat())),
    );
    let mut seen = 0;
    for (what, bytes) in inputs {
        let from = put(&folder, "from.mp4", &bytes);
        let calls = traced(&folder, &from).await;
        seen += calls.len();
        for call in &calls {
            assert!(is_allowed(call, folder.path()), "{what}: {call}");
        }
        if what == "an honest film" {
            assert!(calls.iter().any(|call| call.contains("from.mp4")));
        }
    }
    println!("{seen} calls");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "it connected");
}

#[tokio::test]
async fn only_the_picture_and_the_sound_of_an_input_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let media = program::media(&folder).await;
    let plain_film = film(&folder, "film.mp4", &[]);
    let cover = put(&folder, "cover.png", &picture(16, 16, Format::Png));
    let texts = put(
        &folder,
        "texts",
        b";FFMETADATA1\ntitle=a secret title\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=a secret chapter\n",
    );
    let from = folder.path().join("from.mp4");
    let mut adding = Command::new("ffmpeg");
    adding.args(["-nostdin", "-loglevel", "error", "-y"]);
    for input in [&plain_film, &texts, &cover] {
        adding.arg("-i").arg(input);
    }
    adding.args(["-map", "0:v", "-map", "2:v"]);
    for _ in 0..300 {
        adding.args(["-map", "0:a"]);
    }
    adding.args(["-map_metadata", "1", "-map_chapters", "1", "-c", "copy"]);
    adding.args(["-disposition:v:1", "attached_pic"]).arg(&from);
    assert!(adding.status().unwrap().success());
    assert!(seen(&from)["streams"].as_array().unwrap().len() > 300);
    for (name, kinds) in [
        ("to.mp4", &["video", "audio"][..]),
        ("to.mkv", &["video", "audio"]),
        ("to.mp3", &["audio"]),
        ("to.m4a", &["audio"]),
    ] {
        let to = folder.path().join(name);
        let made = match name {
            "to.mp4" => media.film(&from, None, &to, plain(VideoFormat::Mp4)).await,
            "to.mkv" => media.film(&from, None, &to, plain(VideoFormat::Mkv)).await,
            "to.mp3" => media.sound(&from, &to, AudioFormat::Mp3).await,
            _ => media.sound(&from, &to, AudioFormat::M4a).await,
        };
        assert!(made.is_ok(), "{name}: {made:?}");
        let seen = seen(&to);
        let streams = seen["streams"].as_array().unwrap().iter();
        let found: Vec<_> = streams
            .map(|stream| stream["codec_type"].as_str().unwrap())
            .collect();
        assert_eq!(found, kinds, "{name}");
        assert_eq!(seen["chapters"], Value::Array(Vec::new()), "{name}");
        let bytes = fs::read(&to).unwrap();
        assert!(!bytes.windows(6).any(|six| six == b"secret"), "{name}");
    }
}

/// What ffprobe says of a file.
fn seen(path: &Path) -> Value {
    let show = ["-show_streams", "-show_chapters", "-show_format"];
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-of", "json"])
        .args(show)
        .arg(path)
        .output();
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}
