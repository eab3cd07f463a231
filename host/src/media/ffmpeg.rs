//! ffmpeg and ffprobe, found once: argument vectors of our own words and paths alone, one forced demuxer, no network.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tokio::{io::AsyncReadExt as _, time::timeout};

use super::{Config, Error, Probe, Type, child};
use crate::process::Group;

/// Of a child's own words, bytes.
const WORDS_BYTES_MAX: u64 = 16 << 10;
/// Of ffprobe's answer, bytes.
const ANSWER_BYTES_MAX: u64 = 256 << 10;
/// How long ffprobe may take, seconds.
const PROBE_S_MAX: u64 = 20;

/// Where they are.
#[derive(Clone, Debug)]
pub(super) struct Ffmpeg {
    ours: PathBuf,
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    /// Takes the network away, where this machine lets it.
    unshare: Option<PathBuf>,
}

/// util-linux's `unshare`: a network namespace without a network, in a user namespace so that nobody need be root.
const NO_NETWORK: [&str; 4] = ["--user", "--map-root-user", "--net", "--"];

impl Ffmpeg {
    /// On the path, and able to run.
    pub(super) async fn find(config: &Config) -> Option<Self> {
        let found = Self {
            ours: config.program.clone(),
            ffmpeg: on_path("ffmpeg")?,
            ffprobe: on_path("ffprobe")?,
            unshare: None,
        };
        let isolated = Self {
            unshare: on_path("unshare"),
            ..found.clone()
        };
        // Both at once: a server starts no later for it.
        let (plain, isolates) = tokio::join!(found.runs(), isolated.runs());
        if isolated.unshare.is_some() && isolates.is_ok() {
            return Some(isolated);
        }
        match plain {
            Ok(()) => {
                tracing::debug!("conversions run without a network namespace");
                Some(found)
            }
            Err(error) => {
                tracing::warn!(%error, "ffmpeg is there and does not run");
                None
            }
        }
    }

    async fn runs(&self) -> Result<(), Error> {
        let version = ["-version".into()];
        self.call(&self.ffmpeg, &version, PROBE_S_MAX, 1)
            .await
            .map(drop)
    }

    pub(super) async fn run(
        &self,
        config: &Config,
        inputs: &[&Path],
        options: &[&str],
        muxer: &[&str],
        to: &Path,
    ) -> Result<(), Error> {
        let mut arguments: Vec<OsString> = words(&[
            "-nostdin",
            "-hide_banner",
            "-loglevel",
            "error",
            "-y",
            "-max_alloc",
            "268435456",
            "-threads",
            "2",
        ]);
        for input in inputs {
            // Whatever else it pretends to be: a playlist is no mp4.
            arguments.extend(words(&["-protocol_whitelist", "file", "-f", "mov", "-i"]));
            arguments.push(file(input));
        }
        arguments.extend(words(options));
        arguments.extend(words(&[
            "-sn",
            "-dn",
            "-map_metadata",
            "-1",
            "-map_chapters",
            "-1",
            "-fs",
        ]));
        arguments.push(config.output_bytes_max.to_string().into());
        arguments.extend(words(muxer));
        arguments.push(file(to));
        self.call(
            &self.ffmpeg,
            &arguments,
            config.wall_s_max,
            config.output_bytes_max,
        )
        .await?;
        Ok(())
    }

    /// What ffprobe says of an mkv of ours.
    pub(super) async fn probe(&self, path: &Path) -> Result<Probe, Error> {
        let mut arguments = words(&[
            "-v",
            "error",
            "-protocol_whitelist",
            "file",
            "-f",
            "matroska",
            "-show_streams",
            "-show_format",
            "-of",
            "json",
        ]);
        arguments.push(file(path));
        let answer = self.call(&self.ffprobe, &arguments, PROBE_S_MAX, 1).await?;
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|error| Error::NotMedia(error.to_string()))?;
        let streams = answer["streams"].as_array().map_or(&[][..], Vec::as_slice);
        let stream = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
        let codec = |kind: &str| Some(stream(kind)?["codec_name"].as_str()?.to_owned());
        let pixels = |side: &str| u32::try_from(stream("video")?[side].as_u64()?).ok();
        Ok(Probe {
            kind: Type::Mkv,
            width: pixels("width"),
            height: pixels("height"),
            duration_s: answer["format"]["duration"]
                .as_str()
                .and_then(|text| text.parse().ok()),
            video_codec: codec("video"),
            audio_codec: codec("audio"),
        })
    }

    /// Runs one of them; what it prints, or its last words.
    async fn call(
        &self,
        program: &Path,
        arguments: &[OsString],
        wall_s_max: u64,
        output_bytes_max: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut command = match &self.unshare {
            None => child::command(&self.ours, program, output_bytes_max),
            Some(unshare) => {
                let mut command = child::command(&self.ours, unshare, output_bytes_max);
                command.args(NO_NETWORK).arg(program);
                command
            }
        };
        let mut child = command.args(arguments).spawn()?;
        let group = Group::of(&child);
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::Failed("no pipes".to_owned()));
        };
        let talk = async {
            let (mut answer, mut words) = (Vec::new(), Vec::new());
            let (mut stdout, mut stderr) =
                (stdout.take(ANSWER_BYTES_MAX), stderr.take(WORDS_BYTES_MAX));
            tokio::try_join!(
                stdout.read_to_end(&mut answer),
                stderr.read_to_end(&mut words)
            )?;
            std::io::Result::Ok((child.wait().await?, answer, words))
        };
        let ended = timeout(Duration::from_secs(wall_s_max), talk).await;
        drop(group);
        let (status, answer, words) = ended.map_err(|_| Error::TookTooLong)??;
        if status.success() {
            Ok(answer)
        } else {
            Err(Error::Failed(last_words(&words)))
        }
    }
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Never an option, never another protocol.
fn file(path: &Path) -> OsString {
    let mut file = OsString::from("file:");
    file.push(path);
    file
}

/// The last line, without paths and control characters.
fn last_words(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let line = words
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or("no words");
    let line = line.rsplit('/').next().unwrap_or(line);
    line.replace(char::is_control, " ")
        .chars()
        .take(200)
        .collect()
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_absolute() && file.is_file())
}
