//! The steps of each kind of download at which a server is killed.

use serde_json::{Value, json};

use super::IMAGE;

pub(super) const MIXED: &str = "De0N5pLMixd";
const REEL: &str = "DfF-eHzReel";
const STORY: &str = "story.legacy";

/// A request, the place and the number of its occurrence where the server is killed, and the maximum number of media
/// requests of both processes (four for a carousel: one of its videos has two parts).
pub(crate) struct Step(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) u32,
    pub(crate) usize,
);

/// In the order in which a job reaches them.
pub(super) const STEPS: [Step; 40] = [
    // F1: the client was not told of the job, and the job does not exist.
    Step("post", "job.insert", 1, 1),
    Step("post", "job.commit", 1, 1),
    // F2: the job exists and runs, although the client was not told.
    Step("post", "job.inserted", 1, 1),
    // F4.
    Step("post", "job.claimed", 1, 1),
    Step("post", "job.resolved", 1, 1),
    // F5; for each tenth of a file, see `a_crash_at_each_tenth_of_a_file_ends_with_the_whole_file`.
    Step("post", "fetch.create", 1, 1),
    Step("post", "fetch.write", 1, 2),
    // F6.
    Step("post", "fetch.flush", 1, 2),
    Step("post", "job.staged", 1, 2),
    Step("zip", "storage.measure", 1, 8),
    Step("post", "storage.fsync", 1, 2),
    // F7.
    Step("post", "storage.rename", 1, 2),
    // F8: there is a file without a row in the database.
    Step("post", "storage.renamed", 1, 2),
    Step("post", "file.published", 1, 2),
    Step("post", "file.keep", 1, 2),
    // F9: everything is stored, so nothing is fetched again.
    Step("post", "file.kept", 1, 1),
    Step("post", "job.finish", 1, 1),
    // F10.
    Step("post", "job.finished", 1, 1),
    // One or two of three files have a row in the database.
    Step("three", "file.kept", 1, 8),
    Step("three", "storage.renamed", 3, 8),
    // F12.
    Step("zip", "zip.create", 1, 8),
    Step("zip", "zip.entry", 2, 8),
    Step("zip", "zip.finish", 1, 8),
    Step("zip", "file.kept", 1, 4),
    // F11: the same places when ffmpeg joins two links, and when it encodes.
    Step("film", "job.claimed", 1, 2),
    Step("film", "fetch.flush", 2, 4),
    Step("film", "media.child", 1, 4),
    Step("film", "storage.fsync", 1, 4),
    Step("film", "storage.renamed", 1, 4),
    Step("film", "file.kept", 1, 2),
    Step("film", "job.finish", 1, 2),
    Step("sound", "media.child", 1, 2),
    Step("sound", "storage.renamed", 1, 2),
    Step("sound", "file.kept", 1, 1),
    // The stories of an account, as files and as a ZIP.
    Step("story", "storage.renamed", 1, 2),
    Step("story", "file.kept", 1, 1),
    Step("story", "job.finish", 1, 1),
    Step("stories", "zip.entry", 1, 2),
    Step("stories", "zip.finish", 1, 2),
    // F13: some of fifty jobs have ended.
    Step("batch", "job.finish", 23, 60),
];

/// The endpoint and the body of each kind.
pub(super) fn asked(kind: &str) -> (&'static str, Value) {
    let item = json!({ "url": IMAGE, "type": "post" });
    match kind {
        "post" => ("/instagram/download/post", json!({ "url": IMAGE })),
        "three" => ("/instagram/download/post", json!({ "url": MIXED })),
        "zip" => ("/instagram/download/carousel", json!({ "url": MIXED })),
        "film" => (
            "/instagram/download/reel",
            json!({ "url": REEL, "quality": "1080p" }),
        ),
        "sound" => (
            "/instagram/download/reel",
            json!({ "url": REEL, "download_type": "audio_only", "audio_format": "mp3" }),
        ),
        "story" => ("/instagram/download/story", json!({ "username": STORY })),
        "stories" => (
            "/instagram/download/story",
            json!({ "username": STORY, "format": "zip" }),
        ),
        _ => (
            "/instagram/download/batch",
            json!({ "items": vec![item; 50] }),
        ),
    }
}
