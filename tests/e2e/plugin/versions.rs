//! Managing versions by hand: put, roll back, promote, discard; who may do it, and what survives a restart.

use serde_json::{Value, json};

use super::{MOVABLE, POST, variant};
use crate::harness::{server::Server, workshop::Workshop};

const FLAGS: [&str; 2] = [
    "--replay",
    concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures"),
];

async fn post_plugin(server: &Server) -> Value {
    let plugins = server.admin("/plugins").await.json;
    let mut all = plugins.as_array().unwrap().iter();
    all.find(|it| it["name"] == "post").unwrap().clone()
}

fn write(author: &Workshop, contents: &[u8]) {
    std::fs::write(author.path("post.wasm"), contents).unwrap();
}

#[tokio::test]
async fn three_versions_stay_and_can_come_back_also_after_a_restart() {
    let server = Server::start(&FLAGS);
    let author = Workshop::new(&server, MOVABLE);
    let embedded = post_plugin(&server).await["digest"].clone();
    let mut digests = vec![embedded];
    for mark in [1, 2, 3] {
        write(&author, &variant(POST, mark));
        author.done(&["put", "post.wasm"]);
        digests.push(post_plugin(&server).await["digest"].clone());
    }
    let earlier = |post: &Value| {
        let all = post["earlier"].as_array().unwrap().iter();
        all.map(|it| it["digest"].clone()).collect::<Vec<_>>()
    };
    let server = server.crash_and_restart(&FLAGS);
    let author = author.of(&server);
    let post = post_plugin(&server).await;
    assert_eq!(post["digest"], digests[3]);
    assert_eq!(earlier(&post), [digests[2].clone(), digests[1].clone()]);

    author.done(&["rollback", "post", "--why", "a hunch"]);
    assert_eq!(post_plugin(&server).await["digest"], digests[2]);
    author.done(&["rollback", "post"]);
    assert_eq!(post_plugin(&server).await["digest"], digests[1]);
    let server = server.crash_and_restart(&FLAGS);
    let author = author.of(&server);
    assert_eq!(post_plugin(&server).await["digest"], digests[1]);

    let third = digests[3].as_str().unwrap();
    author.done(&["promote", "post", "--digest", third]);
    assert_eq!(post_plugin(&server).await["digest"], third);
    let history = author.done(&["history", "post"]);
    assert!(
        history.contains("a hunch") && history.contains("operator"),
        "{history}"
    );
}

#[tokio::test]
async fn what_is_refused_leaves_everything_as_it_was() {
    let server = Server::start(&FLAGS);
    let author = Workshop::new(&server, MOVABLE);
    let before = post_plugin(&server).await["digest"].clone();
    write(&author, b"garbage");
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(code == 1 && words.contains("is not a component"), "{words}");
    write(&author, &[&MOVABLE[..4], b"garbage"].concat());
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(code == 5, "{words}");
    // It requests other pages than those in the built-in cases.
    write(&author, MOVABLE);
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(
        code == 5 && words.contains("post/") && words.contains("not recorded"),
        "{words}"
    );
    assert_eq!(post_plugin(&server).await["digest"], before);
    assert!(!server.folder.path().join("data/plugins/post.wasm").exists());
    let (code, words) = author.refused(&["rollback", "post"]);
    assert!(code == 1 && words.contains("no such version"), "{words}");
    let (code, _) = author.refused(&["discard", "nobody"]);
    assert_eq!(code, 2);
}

#[tokio::test]
async fn only_what_a_trusted_key_signed_is_let_in() {
    let ours = minisign::KeyPair::generate_unencrypted_keypair().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("plugin_keys = [\"{}\"]\n", ours.pk.to_base64());
    std::fs::write(folder.path().join("gramhost.toml"), settings).unwrap();
    let server = Server::start_in(folder, &FLAGS);
    let author = Workshop::new(&server, MOVABLE);
    let packed = author.pack("");
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(code == 5 && words.contains("is not signed"), "{words}");
    let sign = |pair: &minisign::KeyPair| {
        let signature = minisign::sign(None, &pair.sk, packed.as_slice(), None, None).unwrap();
        std::fs::write(author.path("post.wasm"), &packed).unwrap();
        std::fs::write(author.path("post.wasm.minisig"), signature.to_string()).unwrap();
        author.done(&["sign", "post.wasm"]);
    };
    sign(&minisign::KeyPair::generate_unencrypted_keypair().unwrap());
    let (code, words) = author.refused(&["put", "post.wasm"]);
    assert!(
        code == 5 && words.contains("not signed by a trusted key"),
        "{words}"
    );
    sign(&ours);
    author.done(&["put", "post.wasm"]);
    let post = post_plugin(&server).await;
    assert_eq!(
        (&post["source"], &post["refused"]["step"]),
        (&json!("post.wasm"), &json!("signature"))
    );
}
