//! Extractors that are made instruction by instruction, because no compiler emits what is wrong with them.

mod body;
mod image;
mod module;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, SourceMap, WorldId};

use module::module;

/// What is wrong with a handmade extractor. Without a flaw, it describes itself and finds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// It loops while it is instantiated.
    SpinInStart,
    /// It loops when the host wants room for an argument.
    SpinInRealloc,
    /// It loops when the host has read what it returned.
    SpinInPostReturn,
    /// It loops when it is asked what it is.
    SpinInDescribe,
    /// It takes more memory until it is denied, and traps.
    GrowingMemory,
    /// It begins with 4 GiB of memory.
    HugeMemory,
    /// It begins with a table of ten million entries.
    HugeTable,
    /// The outcome is behind the end of its memory.
    PointerBeyond,
    /// The outcome is at an odd address.
    PointerUnaligned,
    /// A list in the outcome ends behind the end of its memory.
    LengthBeyond,
    /// The end of a text in the outcome is beyond 32 bits.
    LengthOverflow,
    /// It offers room for an argument behind the end of its memory.
    ReallocBeyond,
    /// It offers room for an argument at an odd address.
    ReallocUnaligned,
    /// A text in the outcome is not UTF-8.
    BadUtf8,
    /// A text in the outcome has half of a pair, in UTF-8.
    LoneSurrogate,
    /// A text in the outcome has half of a pair, in UTF-16.
    LoneSurrogateInUtf16,
    /// A step that is none.
    BadStep,
    /// An option that is neither there nor not there.
    BadOption,
    /// A refusal that is none.
    BadRefusal,
    /// A severity that is none.
    BadSeverity,
    /// It opens its standard error 257 times, and closes it never.
    Handles,
    /// It writes what is behind the end of its memory.
    WriteBeyond,
    /// It writes more at once than is allowed.
    WriteMuch,
    /// It takes all memory that it can get, and fills it.
    Hide,
    /// It takes all memory that it can get, and traps if it finds there what [`Self::Hide`] has written.
    Seek,
    /// It does one after the other, and so finds what it seeks.
    HideAndSeek,
    /// It counts how often it was described, in its version.
    CountedDescriptions,
    /// It imports this interface.
    Import(&'static str),
}

impl Flaw {
    /// Those that show in `extract`.
    pub const OF_CALLS: [Self; 19] = [
        Self::SpinInStart,
        Self::SpinInRealloc,
        Self::SpinInPostReturn,
        Self::GrowingMemory,
        Self::PointerBeyond,
        Self::PointerUnaligned,
        Self::LengthBeyond,
        Self::LengthOverflow,
        Self::ReallocBeyond,
        Self::ReallocUnaligned,
        Self::BadUtf8,
        Self::LoneSurrogate,
        Self::LoneSurrogateInUtf16,
        Self::BadStep,
        Self::BadOption,
        Self::BadRefusal,
        Self::BadSeverity,
        Self::Handles,
        Self::WriteBeyond,
    ];

    fn encoding(self) -> StringEncoding {
        match self {
            Self::LoneSurrogateInUtf16 => StringEncoding::UTF16,
            _ => StringEncoding::UTF8,
        }
    }

    /// The lines of its world that import something, and the packages of what they import.
    fn imports(self) -> (String, String) {
        const STDERR: &str = "import wasi:cli/stderr@0.2.12;";
        const STREAMS: &str = "import wasi:io/streams@0.2.12;";
        const WASI: &str = "
            package wasi:io@0.2.12 {
                interface error { resource error; }
                interface streams {
                    use error.{error};
                    variant stream-error { last-operation-failed(error), closed }
                    resource output-stream {
                        blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
                    }
                }
            }
            package wasi:cli@0.2.12 {
                interface stderr {
                    use wasi:io/streams@0.2.12.{output-stream};
                    get-stderr: func() -> output-stream;
                }
            }";
        match self {
            Self::Handles => (STDERR.to_owned(), WASI.to_owned()),
            Self::WriteBeyond | Self::WriteMuch => (format!("{STREAMS} {STDERR}"), WASI.to_owned()),
            Self::Import(name) => {
                let (package, rest) = name.split_once('/').unwrap_or((name, ""));
                let (interface, version) = rest.split_once('@').unwrap_or((rest, "1.0.0"));
                let ask = format!(
                    "package {package}@{version} {{ interface {interface} {{ ask: func(); }} }}"
                );
                (format!("import {name};"), ask)
            }
            _ => (String::new(), String::new()),
        }
    }
}

/// The contract, as it is published.
const WIT: [(&str, &str); 6] = [
    ("exchange.wit", include_str!("../../../wit/exchange.wit")),
    ("kind.wit", include_str!("../../../wit/kind.wit")),
    ("query.wit", include_str!("../../../wit/query.wit")),
    ("record.wit", include_str!("../../../wit/record.wit")),
    ("step.wit", include_str!("../../../wit/step.wit")),
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// The extractor of this name with a flaw.
///
/// # Panics
/// If the contract cannot be read.
#[must_use]
pub fn handmade(plugin: &str, flaw: Flaw) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (imports, packages) = flaw.imports();
    let world = format!(
        "package gramhost:guest;
        world made {{ {imports} include gramhost:extractor/{plugin}-plugin@1.0.0; }}
        {packages}"
    );
    let mut package = None;
    for files in [&WIT[..], &[("made.wit", world.as_str())]] {
        let mut sources = SourceMap::new();
        for (path, text) in files {
            sources.push_str(path, *text);
        }
        let group = sources.parse().map_err(|(_, error)| error);
        package = Some(
            resolve
                .push_group(group.expect("the contract"))
                .expect("the contract"),
        );
    }
    let package = package.expect("a package");
    let world = resolve
        .select_world(&[package], Some("made"))
        .expect("a world");
    component(&resolve, world, plugin, flaw)
}

/// A component for any world that has the contract's functions, or some of them.
///
/// # Panics
/// If it cannot be encoded.
#[must_use]
pub fn component(resolve: &Resolve, world: WorldId, plugin: &str, flaw: Flaw) -> Vec<u8> {
    let mut module = module(resolve, world, plugin, flaw);
    embed_component_metadata(&mut module, resolve, world, flaw.encoding()).expect("metadata");
    let encoder = ComponentEncoder::default()
        .module(&module)
        .expect("a module");
    encoder.validate(true).encode().expect("a component")
}
