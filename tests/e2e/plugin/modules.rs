//! Components with one more core module, which nothing uses: one that needs a proposal that is switched off, or one that
//! is hard to compile. The rest of each is a plugin that compiles in no time, and finds nothing.

use std::time::{Duration, Instant};

use gramhost::{
    contract::PluginName,
    plugin::{Error, Registry},
};
use guests::{Flaw, handmade};
use wasm_encoder::{
    BlockType, CodeSection, ComponentSection, ComponentTypeSection, ConstExpr, ExportSection,
    FieldType, Function, FunctionSection, GlobalSection, GlobalType, HeapType, Instruction as I,
    MemorySection, MemoryType, Module, ModuleSection, PrimitiveValType, StorageType, TagKind,
    TagSection, TagType, TypeSection, ValType,
};

use super::{config, serving_answers};
use crate::harness::server::Server;

/// The component with one more module.
fn with(component: &[u8], module: &Module) -> Vec<u8> {
    with_section(component, &ModuleSection(module))
}

fn with_section(component: &[u8], section: &impl ComponentSection) -> Vec<u8> {
    let mut component = component.to_vec();
    section.append_to_component(&mut component);
    component
}

/// A module with one function without parameters, and these locals.
fn function(locals: u32, body: &[I<'_>]) -> Module {
    functions(1, locals, body)
}

fn functions(count: u32, locals: u32, body: &[I<'_>]) -> Module {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    let mut code = CodeSection::new();
    types.ty().function([], []);
    for _ in 0..count {
        functions.function(0);
        let mut function = Function::new([(locals, ValType::I32)]);
        for instruction in body {
            function.instruction(instruction);
        }
        function.instruction(&I::End);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&functions);
    module.section(&ExportSection::new()).section(&code);
    module
}

fn memories(each: &[MemoryType]) -> Module {
    let mut memories = MemorySection::new();
    for memory in each {
        memories.memory(*memory);
    }
    let mut module = Module::new();
    module.section(&memories);
    module
}

const MEMORY: MemoryType = MemoryType {
    minimum: 1,
    maximum: Some(1),
    memory64: false,
    shared: false,
    page_size_log2: None,
};

fn tag() -> Module {
    let (mut types, mut tags) = (TypeSection::new(), TagSection::new());
    types.ty().function([], []);
    tags.tag(TagType {
        kind: TagKind::Exception,
        func_type_idx: 0,
    });
    let mut module = Module::new();
    module.section(&types).section(&tags);
    module
}

fn structure() -> Module {
    let mut types = TypeSection::new();
    types.ty().struct_([FieldType {
        element_type: StorageType::Val(ValType::I32),
        mutable: true,
    }]);
    let mut module = Module::new();
    module.section(&types);
    module
}

fn global() -> Module {
    let mut globals = GlobalSection::new();
    let kind = GlobalType {
        val_type: ValType::I32,
        mutable: false,
        shared: false,
    };
    let sum = ConstExpr::extended([I::I32Const(1), I::I32Const(2), I::I32Add]);
    globals.global(kind, &sum);
    let mut module = Module::new();
    module.section(&globals);
    module
}

fn continuation() -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().cont(&wasm_encoder::ContType(0));
    let mut module = Module::new();
    module.section(&types);
    module
}

/// Each proposal that is switched off, a module that needs it, and words of the rejection.
fn proposals() -> [(&'static str, Module, &'static str); 12] {
    let vectors = [
        I::V128Const(0),
        I::V128Const(0),
        I::I8x16RelaxedSwizzle,
        I::Drop,
    ];
    let wide = [
        I::I64Const(1),
        I::I64Const(1),
        I::I64Const(1),
        I::I64Const(1),
        I::I64Add128,
        I::Drop,
        I::Drop,
    ];
    let called = [I::RefNull(HeapType::Concrete(0)), I::CallRef(0)];
    [
        (
            "threads",
            memories(&[MemoryType {
                shared: true,
                ..MEMORY
            }]),
            "threads",
        ),
        (
            "memory64",
            memories(&[MemoryType {
                memory64: true,
                ..MEMORY
            }]),
            "memory64",
        ),
        ("several memories", memories(&[MEMORY, MEMORY]), "memories"),
        (
            "page sizes",
            memories(&[MemoryType {
                page_size_log2: Some(0),
                ..MEMORY
            }]),
            "page size",
        ),
        ("tail calls", function(0, &[I::ReturnCall(0)]), "tail calls"),
        ("exceptions", tag(), "exceptions"),
        ("garbage collection", structure(), "gc"),
        (
            "function references",
            function(0, &called),
            "function references",
        ),
        ("relaxed vectors", function(0, &vectors), "relaxed"),
        ("wide arithmetic", function(0, &wide), "wide arithmetic"),
        ("extended constants", global(), "constant expression"),
        ("stack switching", continuation(), "stack switching"),
    ]
}

/// Types of components that are switched off.
fn types() -> [(&'static str, ComponentTypeSection, &'static str); 3] {
    let (mut stream, mut future, mut fixed) = (
        ComponentTypeSection::new(),
        ComponentTypeSection::new(),
        ComponentTypeSection::new(),
    );
    stream
        .defined_type()
        .stream(Some(PrimitiveValType::U8.into()));
    future
        .defined_type()
        .future(Some(PrimitiveValType::U8.into()));
    fixed
        .defined_type()
        .fixed_length_list(PrimitiveValType::U8, 4);
    [
        ("streams", stream, "async"),
        ("futures", future, "async"),
        ("lists of fixed length", fixed, "fixed"),
    ]
}

async fn refused(registry: &Registry, name: PluginName, component: Vec<u8>) -> String {
    match registry.put(name, component.into()).await {
        Err(Error::Rejected(rejection)) => rejection.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_proposal_that_is_switched_off_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::open(config(folder.path()), None).await.unwrap();
    let mut names = PluginName::ALL.into_iter().cycle();
    let mut refuse = async |what: &str, add: &dyn Fn(&[u8]) -> Vec<u8>, words: &str| {
        let name = names.next().unwrap();
        let component = add(&handmade(name.as_str(), Flaw::None));
        let reason = refused(&registry, name, component).await;
        println!("{what}: {reason}");
        assert!(reason.to_lowercase().contains(words), "{what}: {reason}");
        assert!(!folder.path().join(format!("{name}.wasm")).exists());
    };
    for (what, module, words) in proposals() {
        refuse(what, &|component| with(component, &module), words).await;
    }
    for (what, types, words) in types() {
        refuse(what, &|component| with_section(component, &types), words).await;
    }
    // Vectors are switched on, so it is not the module that is refused.
    let vectors = function(0, &[I::V128Const(0), I::Drop]);
    let component = with(&handmade("story", Flaw::None), &vectors);
    let reason = refused(&registry, PluginName::Story, component).await;
    assert!(reason.starts_with("replay: "), "{reason}");
    assert!(serving_answers(&registry).await);
}

/// Blocks within blocks, without a value.
fn nested(depth: usize) -> Vec<I<'static>> {
    let begin = std::iter::repeat_n(I::Block(BlockType::Empty), depth);
    begin.chain(std::iter::repeat_n(I::End, depth)).collect()
}

/// One that is stopped: each of many locals may come from each of many branches.
fn branching(locals: u32, branches: u32) -> Module {
    let mut body = Vec::new();
    for branch in 0..branches {
        let (from, to) = (branch % locals, (branch * 7 + 1) % locals);
        body.extend([
            I::LocalGet(from),
            I::If(BlockType::Empty),
            I::LocalGet(to),
            I::LocalGet(from),
            I::I32Add,
            I::LocalSet(to),
            I::End,
        ]);
    }
    function(locals, &body)
}

/// A table of branches with this many targets.
fn table(targets: usize) -> Module {
    let body = [
        I::Block(BlockType::Empty),
        I::I32Const(1),
        I::BrTable(vec![0; targets].into(), 0),
        I::End,
    ];
    function(0, &body)
}

fn many_types(count: u32) -> Module {
    let mut types = TypeSection::new();
    for number in 0..count {
        let params = (0..8).map(|bit| {
            if number >> bit & 1 == 0 {
                ValType::I32
            } else {
                ValType::I64
            }
        });
        types.ty().function(params, []);
    }
    let mut module = Module::new();
    module.section(&types);
    module
}

/// Modules that are hard to compile; the first one is stopped, and the others may as well be compiled.
fn bombs() -> [(&'static str, Module); 6] {
    let long: Vec<_> = std::iter::repeat_n([I::I32Const(1), I::Drop], 200_000)
        .flatten()
        .collect();
    [
        ("many branches", branching(1_000, 20_000)),
        ("many targets", table(200_000)),
        ("many functions", functions(20_000, 0, &[])),
        ("many types", many_types(20_000)),
        ("a long function", function(0, &long)),
        ("deep nesting", function(0, &nested(20_000))),
    ]
}

/// Resident memory of a server without pages that are backed by a file, MiB.
#[cfg(target_os = "linux")]
fn resident_mib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    kib.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .unwrap()
        / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_hard_to_compile_is_stopped_and_nobody_waits_for_it() {
    const PATH: &str = "/instagram/post/info?url_or_code=DfDjNmTDemo";
    let server = Server::start_on_fixtures(tempfile::tempdir().unwrap());
    let before = resident_mib(&server);
    let mut names = PluginName::ALL.into_iter().cycle();
    for (number, (what, module)) in bombs().into_iter().enumerate() {
        let name = names.next().unwrap();
        let component = with(&handmade(name.as_str(), Flaw::None), &module);
        assert!(component.len() < 8 << 20, "{what}: {}", component.len());
        let began = Instant::now();
        let put = server.put_plugin(name.as_str(), &component);
        let (mut longest, mut asked) = (Duration::ZERO, 0);
        let honest = async {
            loop {
                let began = Instant::now();
                assert_eq!(server.get(PATH).await.status, 200, "{what}");
                longest = longest.max(began.elapsed());
                asked += 1;
            }
        };
        let put = tokio::select! {
            put = put => put,
            () = honest => unreachable!(),
        };
        println!(
            "{what}: {} after {:?}; {asked} others, the longest took {longest:?}",
            put.status,
            began.elapsed()
        );
        if number == 0 {
            // Its time, or its memory.
            assert!(put.text.contains("compiling it "), "{}", put.text);
        }
        assert!(longest < Duration::from_secs(5), "{what}: {longest:?}");
    }
    let after = resident_mib(&server);
    println!("{before} MiB before, {after} after");
    assert!(after <= before + 96, "{before} MiB before, {after} after");
}
