//! The functions of a handmade extractor.

use wasm_encoder::{BlockType, Instruction, MemArg};

use super::{
    Flaw,
    image::{ARGUMENTS, MANIFEST, OUTCOME, VERSION},
};

/// How many handles are too many: one more than a call may have.
const HANDLES: usize = 257;

pub(super) type Body = Vec<Instruction<'static>>;

/// A loop without end.
pub(super) fn spin() -> Body {
    use Instruction as I;
    vec![I::Loop(BlockType::Empty), I::Br(0), I::End, I::Unreachable]
}

pub(super) fn describe(flaw: Flaw) -> Body {
    use Instruction as I;
    let patch = (VERSION + 4) as i32;
    let at = MemArg {
        offset: 0,
        align: 0,
        memory_index: 0,
    };
    let mut body = match flaw {
        Flaw::SpinInDescribe => return spin(),
        Flaw::CountedDescriptions => vec![
            I::I32Const(patch),
            I::I32Const(patch),
            I::I32Load8U(at),
            I::I32Const(1),
            I::I32Add,
            I::I32Store8(at),
        ],
        _ => Vec::new(),
    };
    body.push(I::I32Const(MANIFEST as i32));
    body
}

pub(super) fn extract(flaw: Flaw) -> Body {
    use Instruction as I;
    let write = |from: i32, length: i32| {
        vec![
            I::Call(0),
            I::I32Const(from),
            I::I32Const(length),
            I::I32Const(3072),
            I::Call(1),
            I::I32Const(OUTCOME as i32),
        ]
    };
    match flaw {
        Flaw::GrowingMemory => vec![
            I::Loop(BlockType::Empty),
            I::I32Const(1),
            I::MemoryGrow(0),
            I::I32Const(0),
            I::I32GeS,
            I::BrIf(0),
            I::End,
            I::Unreachable,
        ],
        Flaw::PointerBeyond => vec![I::I32Const(-16)],
        Flaw::PointerUnaligned => vec![I::I32Const(OUTCOME as i32 + 1)],
        Flaw::Handles => {
            let open = std::iter::repeat_n([I::Call(0), I::Drop], HANDLES).flatten();
            open.chain([I::I32Const(OUTCOME as i32)]).collect()
        }
        Flaw::Hide => with_outcome([take_all(), hide()]),
        Flaw::Seek => with_outcome([take_all(), seek()]),
        Flaw::HideAndSeek => with_outcome([take_all(), hide(), seek()]),
        Flaw::WriteBeyond => write(-64, 64),
        Flaw::WriteMuch => write(0, 262_144),
        _ => vec![I::I32Const(OUTCOME as i32)],
    }
}

/// The end of arguments; what is behind it belongs to nobody.
const FREE: i32 = ARGUMENTS + 65_536;

fn with_outcome<const N: usize>(bodies: [Body; N]) -> Body {
    let outcome = vec![Instruction::I32Const(OUTCOME as i32)];
    bodies.into_iter().chain([outcome]).flatten().collect()
}

/// Grows memory page by page until it is denied.
fn take_all() -> Body {
    use Instruction as I;
    vec![
        I::Loop(BlockType::Empty),
        I::I32Const(1),
        I::MemoryGrow(0),
        I::I32Const(0),
        I::I32GeS,
        I::BrIf(0),
        I::End,
    ]
}

/// The number of bytes behind [`FREE`].
fn free_bytes() -> Body {
    use Instruction as I;
    vec![
        I::MemorySize(0),
        I::I32Const(16),
        I::I32Shl,
        I::I32Const(FREE),
        I::I32Sub,
    ]
}

/// Fills all memory that belongs to nobody.
fn hide() -> Body {
    use Instruction as I;
    let mut body = vec![I::I32Const(FREE), I::I32Const(0xa5)];
    body.extend(free_bytes());
    body.push(I::MemoryFill(0));
    body
}

/// Goes through that memory from its end, and traps at the first word that is not zero.
fn seek() -> Body {
    use Instruction as I;
    let at = MemArg {
        offset: FREE as u64,
        align: 2,
        memory_index: 0,
    };
    let mut body = free_bytes();
    body.extend([
        I::GlobalSet(0),
        I::Loop(BlockType::Empty),
        I::GlobalGet(0),
        I::I32Const(4),
        I::I32Sub,
        I::GlobalSet(0),
        I::GlobalGet(0),
        I::I32Load(at),
        I::If(BlockType::Empty),
        I::Unreachable,
        I::End,
        I::GlobalGet(0),
        I::BrIf(0),
        I::End,
    ]);
    body
}

/// Hands out memory behind what it handed out before, and never takes any back.
pub(super) fn realloc(flaw: Flaw) -> Body {
    use Instruction as I;
    match flaw {
        Flaw::SpinInRealloc => return spin(),
        Flaw::ReallocBeyond => return vec![I::I32Const(-16)],
        Flaw::ReallocUnaligned => return vec![I::I32Const(ARGUMENTS + 1)],
        _ => {}
    }
    let (align, size, at) = (2, 3, 4);
    vec![
        I::GlobalGet(0),
        I::LocalGet(align),
        I::I32Add,
        I::I32Const(1),
        I::I32Sub,
        I::I32Const(0),
        I::LocalGet(align),
        I::I32Sub,
        I::I32And,
        I::LocalTee(at),
        I::LocalGet(size),
        I::I32Add,
        I::GlobalSet(0),
        I::LocalGet(at),
    ]
}
