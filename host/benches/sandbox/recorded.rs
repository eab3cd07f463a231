//! Recorded answers, where `GRAMHOST_RECORDINGS` names their folder.

use cases::recordings::{Recording, recordings};
use gramhost::contract::{Query, Target};

use crate::{Step, answers::settings, native::reading};

/// Size from which a recording is worth a line, bytes.
const BYTES_MIN: usize = 12_000;

pub(crate) fn steps() -> Vec<Step> {
    let recordings = recordings().unwrap_or_default().into_iter();
    recordings
        .filter(|recording| recording.body.len() >= BYTES_MIN)
        .filter_map(step)
        .collect()
}

fn step(recording: Recording) -> Option<Step> {
    let code = recording.facts["media"][0]["shortcode"].as_str();
    let code = Target::Shortcode(code.unwrap_or("DAbcdefghij").to_owned());
    let owner = recording.owner().0;
    let stated = recording.facts["users"][0]["username"].as_str();
    let username = owner
        .or(stated.map(str::to_owned))
        .unwrap_or("somebody".to_owned());
    let query = match recording.folder.as_str() {
        "post" => Query::post(code),
        "reel" => Query::reel(code),
        "profile" => Query::profile(username),
        "timeline" => Query::posts(username, 12, None),
        "reels_tab" => Query::reels(username, 12, None),
        "stories" => Query::story(username),
        _ => return None,
    };
    let name = format!("{}/{}", recording.folder, recording.name);
    let name = name.get(..56).unwrap_or(&name);
    let settings = settings(query.kind());
    Some(reading(name, query, &settings, recording.body))
}
