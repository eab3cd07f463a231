//! `gramhost plugin explain`: what changed between earlier good answers and a capture, and a draft of what to do about it.

use clap::Args;
use serde_json::{Value, json};

use super::{
    super::{Exit, print},
    captures,
};
use crate::{
    capture::{Capture, Compared, Explanation, Suggestion},
    config::Config,
    plugin::RunResult,
};

/// Arguments of `gramhost plugin explain`.
#[derive(Args, Debug)]
pub(in crate::command) struct Explain {
    /// The id of the capture, from `gramhost plugin captures`
    id: String,
    /// Draft the line of the settings, or the change of the reader, for the first suggestion
    #[arg(long)]
    suggest: bool,
    /// Print everything as JSON
    #[arg(long, conflicts_with = "suggest")]
    json: bool,
}

impl Explain {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<Exit> {
        let captures = captures::captures(config)?;
        let capture = captures.get(&self.id)?.capture;
        let explanation = captures.explain(&self.id).await?;
        if self.json {
            return Ok(print(&serde_json::to_string_pretty(&explanation)?));
        }
        print(&shown(&capture, &explanation));
        if self.suggest {
            print(&match explanation.suggestions.first() {
                None => "\nNothing to draft: no place is like what is gone.".to_owned(),
                Some(first) => draft(config, &capture, first).await,
            });
        }
        Ok(Exit::Done)
    }
}

fn shown(capture: &Capture, explanation: &Explanation) -> String {
    let Explanation {
        answers,
        unknown,
        suggestions,
    } = explanation;
    let mut lines = vec![format!("{}  {}", capture.plugin, capture.reason)];
    lines.extend(answers.iter().map(Compared::to_string));
    if answers.is_empty() {
        lines.push(
            "no good answer to any of its requests is known, so nothing can be compared".to_owned(),
        );
    } else if !unknown.is_empty() {
        lines.push(format!(
            "not compared, because no good answer is known: {}",
            unknown.join(", ")
        ));
    }
    for (place, suggestion) in suggestions.iter().enumerate() {
        lines.push(format!("{}. {suggestion}", place + 1));
    }
    lines.join("\n")
}

/// The change that a suggestion asks for, as far as it can be written.
async fn draft(config: &Config, capture: &Capture, first: &Suggestion) -> String {
    let name = capture.plugin.split('@').next().unwrap_or_default();
    let file = format!("{name}.toml");
    if first.is_of_a_request() {
        return format!(
            "\n# {file}, in the plugin folder. The present number is in a request of Instagram's web page.\n{} = \"…\"",
            first.now
        );
    }
    if let Some((old, new)) = first
        .rename
        .as_ref()
        .filter(|_| first.fits(&capture.settings))
    {
        let mut settings = capture.settings.clone();
        settings["rename"][old] = json!(new);
        let tried = captures::replayed(config, &capture.id, settings).await;
        let tried = match tried {
            Ok(result) => with_it(capture, &result),
            Err(error) => format!("not tried: {error:#}"),
        };
        return format!("\n# {file}, in the plugin folder; {tried}\nrename.{old:?} = {new:?}");
    }
    let (old, new) = match &first.rename {
        Some((old, new)) => (old.clone(), new.clone()),
        None => (first.was.replace("[]", "[0]"), first.now.clone()),
    };
    let (old, new) = (indexed(&old), indexed(&new));
    let since = capture.at.get(..10).unwrap_or_default();
    format!(
        "\n// The reader, in src: `{}` is at `{}` since {since}. Instagram changes one region before the other.\n\
         let value = match &node{new} {{\n    Value::Null => &node{old},\n    value => value,\n}};",
        first.was, first.now
    )
}

/// How the capture ends with the drafted line.
fn with_it(capture: &Capture, result: &RunResult) -> String {
    let field = capture.field.as_deref().unwrap_or_default();
    match result {
        RunResult::Record(record) if capture.class == "drift" => {
            // The paths of fields may begin with the type of the medium.
            let keys = field
                .split('.')
                .skip_while(|key| record.get(*key).is_none());
            match keys.fold(record, |value, key| &value[key]) {
                Value::Null => format!("tried on the capture: the record still lacks {field}"),
                _ => format!("tried on the capture: the record has {field}"),
            }
        }
        RunResult::Record(_) => "tried on the capture: it gives a record".to_owned(),
        RunResult::Refusal(refusal) => format!("tried on the capture: it gives {refusal}"),
        RunResult::Failed(why) => format!("tried on the capture: it still fails: {why}"),
        RunResult::OtherRequest(request) => format!("tried on the capture: it requests {request}"),
    }
}

/// A path as Rust indexes a value: `a.b[0]` becomes `["a"]["b"][0]`.
fn indexed(path: &str) -> String {
    let parts = path.split('.').map(|part| {
        let (key, items) = part.split_at(part.find('[').unwrap_or(part.len()));
        format!("[{key:?}]{items}")
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    //! Paths as code.

    use super::indexed;

    #[test]
    fn a_path_becomes_the_code_that_follows_it() {
        assert_eq!(indexed("caption.text"), "[\"caption\"][\"text\"]");
        assert_eq!(indexed("items[0].code"), "[\"items\"][0][\"code\"]");
    }
}
