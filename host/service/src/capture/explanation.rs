//! Explains a capture: what of the shape of good answers is gone, what is new, and where in the new answer a value like
//! the missing one stands now. Depends on no plugin: it compares answers, and takes the word of a plugin only for which
//! of several differences matters.

mod candidate;
mod difference;
mod draft;
#[cfg(test)]
mod tests;

use std::fmt;

use cases::{Har, har::Answer};
use serde::Serialize;
use serde_json::Value;

use self::{
    candidate::{Missing, Wanted},
    difference::{Answered, Gone, New},
};
use super::{
    Capture,
    shape::{
        request::{described, field},
        store::{Known, Sample, answered},
    },
};

/// Maximum number of suggestions.
const SUGGESTIONS_MAX: usize = 5;
/// Maximum number of places that are looked for.
const WANTED_MAX: usize = 40;
/// Maximum number of new places that are shown for one answer.
const NEW_MAX: usize = 40;

/// What a capture shows in comparison with earlier good answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The answers of the capture to requests whose good answers are known.
    pub answers: Vec<Compared>,
    /// Requests of the capture without a known good answer.
    pub unknown: Vec<String>,
    /// Where the missing facts may be, the most likely first.
    pub suggestions: Vec<Suggestion>,
}

/// One answer in comparison with earlier good ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The door that the plugin named when it was answered well.
    pub door: String,
    /// The request, without its target.
    pub request: String,
    /// How many good answers are known.
    pub known: u64,
    /// When the last of them was learned, RFC 3339.
    pub at: String,
    /// What the answer has instead of JSON, if it has none.
    pub instead: Option<String>,
    /// The usual places that it does not state, or states with another type.
    pub gone: Vec<Gone>,
    /// The places that no good answer had; at most 40.
    pub new: Vec<New>,
}

/// Where a missing fact may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The door whose answer lacks it.
    pub door: String,
    /// Where it was.
    pub was: String,
    /// Where it may be now; for a stale query, the setting.
    pub now: String,
    /// Why.
    pub why: Vec<String>,
    /// How likely it is, in points that mean something only among these suggestions.
    pub points: i32,
    /// The setting that tells a plugin of the move, if it is one key that moved: the old path and the new one.
    pub rename: Option<(String, String)>,
}

/// Compares the exchanges of a capture with what is known of its kind.
pub(super) fn explain(
    capture: &Capture,
    har: &Har,
    known: &[(Known, Option<Sample>)],
) -> Explanation {
    let mut explanation = Explanation::default();
    let mut entries = Vec::new();
    for entry in &har.entries {
        let request = described(entry, &capture.query);
        // Of several pages, the last one is the one that could not be read.
        entries.retain(|(other, _)| *other != request);
        entries.push((request, entry));
    }
    let read = entries.into_iter().map(|(request, entry)| {
        let (answered, of) = (answered(entry), |it: &&(Known, _)| it.0.request == request);
        let known = known.iter().find(of);
        (request.clone(), entry, Answered::new(&answered), known)
    });
    let read: Vec<_> = read.collect();
    let answers: Vec<_> = read.iter().map(|(_, _, answered, _)| answered).collect();
    let mut suggestions = Vec::new();
    for (place, (request, entry, answered, known)) in read.iter().enumerate() {
        let Some((known, sample)) = known else {
            explanation.unknown.push(request.clone());
            continue;
        };
        let gone = difference::gone(&known.shape, answered);
        let stale = draft::stale_query(known, capture, field(entry, "doc_id"), answered, &gone);
        suggestions.extend(stale);
        let missing = Missing {
            capture,
            known,
            sample: sample.as_ref(),
        };
        let mut wanted: Vec<_> = gone.iter().map(|gone| missing.wanted(gone)).collect();
        wanted.sort_by_key(|wanted| -wanted.relevance);
        wanted.truncate(WANTED_MAX);
        for Wanted { gone, relevance } in wanted {
            let found = missing.candidates(gone, &answers, place);
            suggestions.extend(found.into_iter().map(|mut suggestion| {
                suggestion.points += relevance;
                suggestion
            }));
        }
        explanation.answers.push(Compared {
            door: known.door.clone(),
            request: request.clone(),
            known: known.shape.answers,
            at: known.at.clone(),
            instead: answered.is_empty().then(|| instead(&entry.answer)),
            gone,
            new: difference::new(&known.shape, answered, NEW_MAX),
        });
    }
    suggestions.sort_by_key(|suggestion| -suggestion.points);
    suggestions.truncate(SUGGESTIONS_MAX);
    explanation.suggestions = suggestions;
    explanation
}

/// What an answer without JSON is.
fn instead(answer: &Answer) -> String {
    match answer {
        Answer::Failed(name) => name.clone(),
        Answer::Response { status, body, .. } if body.trim_ascii_start().starts_with(b"<") => {
            format!("HTTP {status}, a page")
        }
        Answer::Response { status, body, .. } => format!("HTTP {status}, {} bytes", body.len()),
    }
}

impl Suggestion {
    /// Whether it is the setting of a request, and not a place in an answer.
    #[must_use]
    pub fn is_of_a_request(&self) -> bool {
        self.now.starts_with("door.")
    }

    /// Whether the settings of the plugin that failed can tell it of moves.
    #[must_use]
    pub fn fits(&self, settings: &Value) -> bool {
        self.rename.is_some() && settings["rename"].is_object()
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            door,
            request,
            known,
            at,
            ..
        } = self;
        write!(f, "{door}: {request}")?;
        let answers = if *known == 1 { "answer" } else { "answers" };
        write!(
            f,
            "\n  compared with {known} good {answers}, the last at {at:.19}"
        )?;
        if let Some(instead) = &self.instead {
            return write!(f, "\n  no JSON: {instead}");
        }
        for gone in &self.gone {
            write!(f, "\n  gone  {gone}")?;
        }
        for New { place, types } in &self.new {
            write!(f, "\n  new   {place}  {types}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { was, now, why, .. } = self;
        write!(f, "{was}\n     -> {now}\n        {}", why.join(", "))
    }
}
