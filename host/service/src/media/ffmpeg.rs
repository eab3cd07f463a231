//! ffmpeg and ffprobe, found once: arguments are only fixed words and paths, the demuxer is forced, and there is no
//! network.

use std::{
    env,
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, copy, sink},
    time::timeout,
};

use super::{
    Abilities, Config, Error, Probe, Type,
    child::{self, Reach},
};
use crate::process::Group;

/// The maximum size of a child's error output that is kept, bytes.
const WORDS_BYTES_MAX: u64 = 16 << 10;
/// The maximum size of a child's standard output, bytes.
const ANSWER_BYTES_MAX: u64 = 256 << 10;
/// The maximum duration of an ffprobe run, seconds.
const PROBE_S_MAX: u64 = 20;
/// The oldest version of ffmpeg that was tested.
const VERSION_MIN: (u32, u32) = (5, 1);
/// The number of threads for each input and for the output.
const THREADS: &str = "2";

/// The paths of the programs, and what they support.
#[derive(Clone, Debug)]
pub(super) struct Ffmpeg {
    ours: PathBuf,
    ffmpeg: PathBuf,
    ffprobe: PathBuf,
    isolation: Isolation,
    abilities: Abilities,
}

/// How the programs are kept from the network; the first that works here is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// They can make no socket, and reach only their own files where the kernel has Landlock.
    Confined,
    /// This program, `unshare` of util-linux, gives them an empty network.
    Unshared(PathBuf),
    /// Only their arguments keep them from it.
    Open,
}

/// The arguments of `unshare` (util-linux): an empty network namespace, in a user namespace, so that root is not
/// required.
const NO_NETWORK: [&str; 4] = ["--user", "--map-root-user", "--net", "--"];

/// The programs that conversions run, as far as they are on the `PATH`.
#[must_use]
pub fn programs() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["ffmpeg", "ffprobe", "unshare"];
    names
        .iter()
        .filter_map(|name| on_path(&path, name))
        .collect()
}

impl Ffmpeg {
    /// Finds programs on the `PATH` that run and are new enough.
    pub(super) async fn find(config: &Config) -> Option<Self> {
        Self::find_in(&env::var_os("PATH")?, config).await
    }

    /// Like [`Ffmpeg::find`], but searches the folders of `path`.
    pub(super) async fn find_in(path: &OsStr, config: &Config) -> Option<Self> {
        let found = Self {
            ours: config.program.clone(),
            ffmpeg: on_path(path, "ffmpeg")?,
            ffprobe: on_path(path, "ffprobe")?,
            isolation: Isolation::Open,
            abilities: Abilities::default(),
        };
        let confined = config.confined.then_some(Isolation::Confined);
        let unshared = on_path(path, "unshare").map(Isolation::Unshared);
        match found.look(confined.into_iter().chain(unshared)).await {
            Ok(found) => {
                let missing = found.abilities.missing();
                if !missing.is_empty() {
                    tracing::warn!(?missing, "ffmpeg cannot read or write some codecs");
                }
                Some(found)
            }
            Err(error) => {
                tracing::warn!(%error, "ffmpeg is there and of no use");
                None
            }
        }
    }

    /// How it is kept from the network.
    pub(super) fn isolation(&self) -> &Isolation {
        &self.isolation
    }

    /// What it can decode and encode.
    pub(super) fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    /// Rejects programs that do not run or are too old. Isolates them in the first way that works here.
    async fn look(self, ways: impl Iterator<Item = Isolation>) -> Result<Self, Error> {
        let mut ways = ways.chain([Isolation::Open]);
        let mut found = Self {
            isolation: ways.next().unwrap_or(Isolation::Open),
            ..self.clone()
        };
        // Both checks run at once, so that the second one does not delay the start of a server.
        let (version, mut codecs) = tokio::join!(self.version(), found.codecs());
        let version = version?;
        for isolation in ways {
            let Err(error) = &codecs else { break };
            // A machine that is busy isolates no worse than others.
            if matches!(error, Error::TookTooLong) {
                break;
            }
            tracing::warn!(%error, isolation = ?found.isolation, "ffmpeg does not run like this; the next way is tried");
            found.isolation = isolation;
            codecs = found.codecs().await;
        }
        found.abilities = Abilities::of(&codecs?, version);
        Ok(found)
    }

    async fn version(&self) -> Result<Option<(u32, u32)>, Error> {
        let answer = self.ask(&self.ffmpeg, &words(&["-version"]), &[]).await?;
        let answer = String::from_utf8_lossy(&answer);
        let version = version(&answer);
        if version.is_some_and(|version| version < VERSION_MIN) {
            let line = answer.lines().next().unwrap_or_default();
            return Err(Error::Failed(format!("too old: {line}")));
        }
        Ok(version)
    }

    async fn codecs(&self) -> Result<String, Error> {
        let options = words(&["-hide_banner", "-codecs"]);
        let answer = self.ask(&self.ffmpeg, &options, &[]).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Creates `to` from the inputs, each with its demuxer.
    pub(super) async fn run(
        &self,
        config: &Config,
        inputs: &[(&Path, &str)],
        options: &[&str],
        muxer: &[&str],
        to: &Path,
    ) -> Result<(), Error> {
        let mut arguments = words(&["-nostdin", "-hide_banner", "-loglevel", "error", "-y"]);
        arguments.extend(words(&[
            "-max_alloc",
            "268435456",
            "-filter_threads",
            THREADS,
        ]));
        for (input, demuxer) in inputs {
            // The demuxer is forced, whatever else the file pretends to be: a playlist is not an mp4.
            arguments.extend(words(&["-protocol_whitelist", "file", "-threads", THREADS]));
            arguments.extend(words(&["-f", demuxer, "-i"]));
            arguments.push(file(input)?);
        }
        arguments.extend(words(options));
        arguments.extend(words(&["-sn", "-dn", "-map_metadata", "-1"]));
        arguments.extend(words(&["-map_chapters", "-1", "-threads", THREADS, "-fs"]));
        arguments.push(config.output_bytes_max.to_string().into());
        arguments.extend(words(muxer));
        arguments.push(file(to)?);
        let folder = folder_of(to)?;
        let (wall, bytes) = (config.wall_s_max, config.output_bytes_max);
        let reach = Reach {
            program: Some(self.ffmpeg.clone()),
            inputs: absolute(inputs.iter().map(|(input, _)| *input))?,
            output: Some(std::path::absolute(to)?),
        };
        self.call(&self.ffmpeg, &arguments, &folder, wall, bytes, &reach)
            .await?;
        Ok(())
    }

    /// Measures an mkv that this server wrote, with ffprobe.
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
        arguments.push(file(path)?);
        let answer = self.ask(&self.ffprobe, &arguments, &[path]).await?;
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

    /// Runs a program that reads these files and writes none, and returns its standard output.
    async fn ask(
        &self,
        program: &Path,
        arguments: &[OsString],
        inputs: &[&Path],
    ) -> Result<Vec<u8>, Error> {
        let reach = Reach {
            program: Some(program.to_owned()),
            inputs: absolute(inputs.iter().copied())?,
            output: None,
        };
        let root = Path::new("/");
        self.call(program, arguments, root, PROBE_S_MAX, 0, &reach)
            .await
    }

    /// Runs a program in a folder. Returns its standard output, or its last line of error output. When dropped, the
    /// program and all processes that it started are killed.
    pub(super) async fn call(
        &self,
        program: &Path,
        arguments: &[OsString],
        folder: &Path,
        wall_s_max: u64,
        output_bytes_max: u64,
        reach: &Reach,
    ) -> Result<Vec<u8>, Error> {
        let limited = |program: &Path, reach: Option<&Reach>| {
            child::command(&self.ours, program, folder, output_bytes_max, reach)
        };
        let mut command = match &self.isolation {
            Isolation::Confined => limited(program, Some(reach)),
            Isolation::Unshared(unshare) => {
                let mut command = limited(unshare, None);
                command.args(NO_NETWORK).arg(program);
                command
            }
            Isolation::Open => limited(program, None),
        };
        let mut child = command.args(arguments).spawn()?;
        let group = Group::of(&child);
        // The checks at the start of a server are no step of a job.
        if reach.output.is_some() {
            faults::reached("media.child");
        }
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::Failed("no pipes".to_owned()));
        };
        let talk = async {
            let (answer, words) = tokio::try_join!(
                beginning(stdout, ANSWER_BYTES_MAX),
                beginning(stderr, WORDS_BYTES_MAX)
            )?;
            io::Result::Ok((child.wait().await?, answer, words))
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

/// Returns the first bytes. The rest is read and dropped, because a child whose output is not read would block forever.
async fn beginning(mut from: impl AsyncRead + Unpin, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut beginning = Vec::new();
    (&mut from)
        .take(bytes_max)
        .read_to_end(&mut beginning)
        .await?;
    copy(&mut from, &mut sink()).await?;
    Ok(beginning)
}

/// The numbers in `ffmpeg version 5.1.9-0+deb12u1` or `ffmpeg version n7.0 …`; development builds have none.
fn version(answer: &str) -> Option<(u32, u32)> {
    let word = answer.split_whitespace().nth(2)?;
    let mut numbers = word
        .trim_start_matches('n')
        .split(|character: char| !character.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next().and_then(|minor| minor.parse().ok());
    Some((major, minor.unwrap_or(0)))
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// A file argument that cannot be taken for an option or another protocol. It is absolute, because the child runs in
/// another folder.
fn file(path: &Path) -> io::Result<OsString> {
    let mut file = OsString::from("file:");
    file.push(std::path::absolute(path)?);
    Ok(file)
}

fn absolute<'a>(paths: impl Iterator<Item = &'a Path>) -> io::Result<Vec<PathBuf>> {
    paths.map(std::path::absolute).collect()
}

fn folder_of(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    Ok(path.parent().unwrap_or(&path).to_owned())
}

/// The last line of error output, without paths and control characters.
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

fn on_path(path: &OsStr, name: &str) -> Option<PathBuf> {
    env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_absolute() && file.is_file())
}
