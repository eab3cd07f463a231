//! The data that a component carries beside its code, in custom sections: its cases, its settings, and a label. With
//! everything in one file, there is one digest to check and one file to replace. `gramhost plugin pack` writes the
//! sections, and admission reads them.

pub(crate) mod manifest;
pub(crate) mod permission;
pub(crate) mod settings;
pub(crate) mod signature;

use std::io::{Read as _, Write as _};

use cases::{Case, Expected, Har, Question};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasmparser::{Parser, Payload};

/// JSON, compressed with gzip.
const CASES: &str = "gramhost:cases";
/// TOML. Overrides the plugin's own defaults, and is overridden by the operator's `<name>.toml`.
const SETTINGS: &str = "gramhost:settings";
/// JSON: [`Label`].
const LABEL: &str = "gramhost:manifest";
/// The text of a minisign signature over everything before it. It is the last section.
pub(crate) const SIGNATURE: &str = "gramhost:signature";
/// The prefix of the names of all our sections.
const OURS: &str = "gramhost:";

/// Maximum number of cases that one component carries.
pub(crate) const CASES_MAX: usize = 1000;
/// Maximum size of all its cases, decompressed, bytes.
const CASES_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The data that a component carries.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) cases: Vec<Case>,
    /// TOML.
    pub(crate) settings: Option<String>,
    pub(crate) label: Option<Label>,
}

/// What the component was packed as, so that a file shows where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    /// The version of `gramhost` that packed it.
    pub(crate) packed_by: String,
    /// The plugin's name.
    pub(crate) name: String,
    /// The plugin's version.
    pub(crate) version: String,
    /// The number of cases in it.
    pub(crate) cases: usize,
    /// SHA-256 of the component without our sections, 64 hex digits.
    pub(crate) component: String,
}

/// A case as it is packed.
#[derive(Serialize, Deserialize)]
struct Packed {
    kind: String,
    name: String,
    question: Question,
    har: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Value>,
}

/// Reads what `component` carries. The result is empty if it was never packed.
///
/// # Errors
/// What is wrong with its sections, in words.
pub(crate) fn read(component: &[u8]) -> Result<Package, String> {
    let mut package = Package::default();
    for (name, data) in sections(component)? {
        let words = |error: String| format!("section {name}: {error}");
        match name {
            CASES => package.cases = cases(data).map_err(words)?,
            SETTINGS => {
                let text = std::str::from_utf8(data).map_err(|error| words(error.to_string()))?;
                package.settings = Some(text.to_owned());
            }
            LABEL => {
                let label = serde_json::from_slice(data);
                package.label = Some(label.map_err(|error| words(error.to_string()))?);
            }
            _ => {}
        }
    }
    if let Some(label) = &package.label {
        let component = digest(&bare(component)?);
        if label.component != component {
            return Err("was packed around another component".to_owned());
        }
    }
    Ok(package)
}

/// Returns `component` with this data in it, instead of what it carried before.
///
/// # Errors
/// If it is not a component, or there are too many cases.
pub(crate) fn write(
    component: &[u8],
    (name, version): (&str, &str),
    cases: &[Case],
    settings: Option<&str>,
) -> Result<Vec<u8>, String> {
    if cases.len() > CASES_MAX {
        return Err(format!("more than {CASES_MAX} cases"));
    }
    let mut packed = bare(component)?;
    let label = Label {
        packed_by: env!("CARGO_PKG_VERSION").to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        cases: cases.len(),
        component: digest(&packed),
    };
    let label = serde_json::to_vec(&label).map_err(|error| error.to_string())?;
    append(&mut packed, LABEL, &label);
    if let Some(settings) = settings {
        append(&mut packed, SETTINGS, settings.as_bytes());
    }
    let cases: Vec<_> = cases.iter().map(Packed::of).collect();
    let json = serde_json::to_vec(&cases).map_err(|error| error.to_string())?;
    // The gzip header has no time, so that the same cases give the same bytes.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let json = gzip.write_all(&json).and_then(|()| gzip.finish());
    append(
        &mut packed,
        CASES,
        &json.map_err(|error| error.to_string())?,
    );
    Ok(packed)
}

/// SHA-256 as 64 hex digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds one section at the end.
pub(crate) fn append(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let section = CustomSection {
        name: name.into(),
        data: data.into(),
    };
    section.append_to_component(component);
}

/// The component without our sections.
fn bare(component: &[u8]) -> Result<Vec<u8>, String> {
    let mut bare = component.to_vec();
    // From the last to the first, so that the positions of earlier sections stay valid.
    for (name, data) in sections(component)?.into_iter().rev() {
        let mut section = Vec::new();
        append(&mut section, name, data);
        let end = data.as_ptr_range().end as usize - component.as_ptr() as usize;
        let Some(start) = end.checked_sub(section.len()) else {
            return Err(format!("section {name} is not as it was packed"));
        };
        if bare.get(start..end) != Some(&section) {
            return Err(format!("section {name} is not as it was packed"));
        }
        bare.drain(start..end);
    }
    Ok(bare)
}

/// Returns our sections of the component itself, in order. Those of nested components are ignored: nobody vouches for
/// them.
pub(crate) fn sections(component: &[u8]) -> Result<Vec<(&str, &[u8])>, String> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if depth == 0 && section.name().starts_with(OURS) => {
                if found.iter().any(|(name, _)| *name == section.name()) {
                    return Err(format!("has section {} twice", section.name()));
                }
                found.push((section.name(), section.data()));
            }
            _ => {}
        }
    }
    Ok(found)
}

fn cases(gzip: &[u8]) -> Result<Vec<Case>, String> {
    let mut json = Vec::new();
    GzDecoder::new(gzip)
        .take(CASES_BYTES_MAX + 1)
        .read_to_end(&mut json)
        .map_err(|error| error.to_string())?;
    if json.len() as u64 > CASES_BYTES_MAX {
        return Err(format!("more than {CASES_BYTES_MAX} bytes of cases"));
    }
    let packed: Vec<Packed> = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    if packed.len() > CASES_MAX {
        return Err(format!("more than {CASES_MAX} cases"));
    }
    packed.into_iter().map(Packed::case).collect()
}

impl Packed {
    fn of(case: &Case) -> Self {
        let (record, refusal) = match &case.expected {
            Expected::Record(record) => (Some(record.clone()), None),
            Expected::Refusal(refusal) => (None, Some(refusal.clone())),
            Expected::NoFailure => (None, None),
        };
        Self {
            kind: case.kind.clone(),
            name: case.name.clone(),
            question: case.question.clone(),
            har: case.har.to_json(),
            record,
            refusal,
        }
    }

    fn case(self) -> Result<Case, String> {
        let har = Har::parse(self.har.as_bytes())
            .map_err(|error| format!("{}/{}: {error}", self.kind, self.name))?;
        Ok(Case {
            kind: self.kind,
            name: self.name,
            question: self.question,
            har,
            expected: match (self.record, self.refusal) {
                (Some(record), _) => Expected::Record(record),
                (None, Some(refusal)) => Expected::Refusal(refusal),
                (None, None) => Expected::NoFailure,
            },
        })
    }
}

#[cfg(test)]
mod tests;
