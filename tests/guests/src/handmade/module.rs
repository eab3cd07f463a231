//! The core module of a handmade extractor.

use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection,
    MemoryType, Module, RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};
use wit_parser::{
    LiftLowerAbi, ManglingAndAbi, Resolve, SizeAlign, Type, WasmExport, WasmExportKind, WorldId,
    WorldItem, WorldKey,
    abi::{AbiVariant, WasmSignature, WasmType},
};

use super::{
    Flaw,
    body::{Body, describe, extract, realloc, spin},
    image::{ARGUMENTS, write_manifest, write_outcome},
};

/// How many pages of memory there are for arguments.
const PAGES: u64 = 8;

const ABI: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// The parts of a module while it is made.
#[derive(Default)]
struct Parts {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    count: u32,
    imported: u32,
}

impl Parts {
    fn signature(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let at = self.types.len();
        let [params, results] = [params, results].map(|types| types.iter().copied());
        self.types.ty().function(params, results);
        at
    }

    fn import(&mut self, module: &str, name: &str, params: &[ValType], results: &[ValType]) {
        let of = self.signature(params, results);
        self.imports.import(module, name, EntityType::Function(of));
        self.count += 1;
        self.imported += 1;
    }

    /// Adds a function with one more local, and returns its number.
    fn add(&mut self, params: &[ValType], results: &[ValType], body: Body) -> u32 {
        let of = self.signature(params, results);
        self.functions.function(of);
        let mut function = Function::new([(1, ValType::I32)]);
        for instruction in &body {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        self.code.function(&function);
        self.count += 1;
        self.count - 1
    }

    fn export(&mut self, name: &str, params: &[ValType], results: &[ValType], body: Body) {
        let function = self.add(params, results, body);
        self.exports.export(name, ExportKind::Func, function);
    }
}

/// The core module of an extractor with this flaw.
pub(super) fn module(resolve: &Resolve, world: WorldId, plugin: &str, flaw: Flaw) -> Vec<u8> {
    let mut parts = Parts::default();
    let mut image = vec![0; 4096];
    write_manifest(&mut image, plugin);
    import(&mut parts, flaw);
    parts.export(
        &resolve.wasm_export_name(ABI, WasmExport::Realloc),
        &[ValType::I32; 4],
        &[ValType::I32],
        realloc(flaw),
    );
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let interface = &resolve.interfaces[*id];
        if let Some(step) = interface.types.get("step") {
            let mut sizes = SizeAlign::default();
            sizes.fill(resolve);
            write_outcome(&mut image, sizes.align(&Type::Id(*step)), flaw);
        }
        for function in interface.functions.values() {
            let name = |kind| {
                let interface = Some(key);
                let func = function;
                resolve.wasm_export_name(
                    ABI,
                    WasmExport::Func {
                        interface,
                        func,
                        kind,
                    },
                )
            };
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            export(&mut parts, (key, &function.name), &signature, name, flaw);
        }
    }
    finish(
        parts,
        &resolve.wasm_export_name(ABI, WasmExport::Memory),
        &image,
        flaw,
    )
}

fn import(parts: &mut Parts, flaw: Flaw) {
    match flaw {
        Flaw::Handles | Flaw::WriteBeyond | Flaw::WriteMuch => {
            parts.import("wasi:cli/stderr@0.2.12", "get-stderr", &[], &[ValType::I32]);
        }
        Flaw::Import(interface) => parts.import(interface, "ask", &[], &[]),
        _ => {}
    }
    if matches!(flaw, Flaw::WriteBeyond | Flaw::WriteMuch) {
        let write = "[method]output-stream.blocking-write-and-flush";
        parts.import("wasi:io/streams@0.2.12", write, &[ValType::I32; 4], &[]);
    }
}

fn export(
    parts: &mut Parts,
    (_, function): (&WorldKey, &str),
    signature: &WasmSignature,
    name: impl Fn(WasmExportKind) -> String,
    flaw: Flaw,
) {
    let value = |kind: &WasmType| match kind {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        _ => ValType::I32,
    };
    let params: Vec<_> = signature.params.iter().map(value).collect();
    let results: Vec<_> = signature.results.iter().map(value).collect();
    let body = match function {
        "describe" => describe(flaw),
        "extract" => extract(flaw),
        _ => vec![Instruction::Unreachable],
    };
    parts.export(&name(WasmExportKind::Normal), &params, &results, body);
    if flaw == Flaw::SpinInPostReturn && function == "extract" {
        parts.export(&name(WasmExportKind::PostReturn), &results, &[], spin());
    }
}

fn finish(mut parts: Parts, memory: &str, image: &[u8], flaw: Flaw) -> Vec<u8> {
    let start = (flaw == Flaw::SpinInStart).then(|| parts.add(&[], &[], spin()));
    let mut tables = TableSection::new();
    if flaw == Flaw::HugeTable {
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            minimum: 10_000_000,
            maximum: None,
            table64: false,
            shared: false,
        });
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: if flaw == Flaw::HugeMemory {
            65_536
        } else {
            PAGES
        },
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let next = GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    };
    globals.global(next, &ConstExpr::i32_const(ARGUMENTS));
    parts.exports.export(memory, ExportKind::Memory, 0);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(0), image.iter().copied());
    let mut module = Module::new();
    module.section(&parts.types);
    if parts.imported > 0 {
        module.section(&parts.imports);
    }
    module.section(&parts.functions);
    if !tables.is_empty() {
        module.section(&tables);
    }
    module
        .section(&memories)
        .section(&globals)
        .section(&parts.exports);
    if let Some(function_index) = start {
        module.section(&StartSection { function_index });
    }
    module.section(&parts.code).section(&data);
    module.finish()
}
