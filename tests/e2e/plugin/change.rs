//! Versions that change under a request, and versions that change their mind: a request ends on the version on which it
//! began, and one that is honest until it serves goes as soon as it is not.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use futures_util::future::join_all;
use gramhost::contract::{Kind, PluginName};
use guests::misbehaving;
use serde_json::{Value, json};
use tokio::{task::block_in_place, time::interval};

use super::{MOVABLE, hostile::route, query, story::start_without_shadow};
use crate::harness::{
    server::Server,
    upstream::{Upstream, reply},
    workshop::Workshop,
};

async fn entry(server: &Server, name: PluginName) -> Value {
    let plugins = server.admin("/plugins").await.json;
    let mut all = plugins.as_array().unwrap().iter();
    all.find(|it| it["name"] == name.as_str()).unwrap().clone()
}

/// A request whose first call was made by one version, and whose second call comes when another one serves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_extraction_ends_on_the_version_on_which_it_began() {
    let (release, released) = mpsc::channel::<()>();
    let (released, asked) = (Mutex::new(released), Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&asked);
    let upstream = Upstream::start(move |_| {
        flag.store(true, Ordering::Relaxed);
        let _free = block_in_place(|| released.lock().unwrap().recv());
        reply(
            200,
            &[],
            json!({"caption": "Hello", "likes": 7, "owner": "ann"}).to_string(),
        )
    })
    .await;
    let server = Arc::new(start_without_shadow(&upstream.origin()));
    let author = Workshop::new(&server, MOVABLE);
    let versions = ["-1", "-2"].map(|mark| author.pack(&format!("broken_for = \"{mark}\"\n")));
    let mut labels = Vec::new();
    let mut request = None;
    for version in &versions {
        let put = server.put_plugin("post", version).await;
        assert_eq!(put.status, 200, "{}", put.text);
        labels.push(put.json["digest"].as_str().unwrap()[..8].to_owned());
        if request.is_none() {
            let server = Arc::clone(&server);
            let get = async move { server.get("/instagram/post/info?url_or_code=A1").await };
            request = Some(tokio::spawn(get));
            let mut looks = interval(Duration::from_millis(5));
            while !asked.load(Ordering::Relaxed) {
                looks.tick().await;
            }
        }
    }
    assert_eq!(
        entry(&server, PluginName::Post).await["digest"]
            .as_str()
            .map(|it| &it[..8]),
        Some(&*labels[1])
    );
    drop(release);
    let answer = request.unwrap().await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    let label = answer.headers["x-plugin"].to_str().unwrap();
    assert!(label.ends_with(&labels[0]), "{label}: {labels:?}");
    // Not only in name: the other version was never called.
    assert_eq!(entry(&server, PluginName::Post).await["calls"], 0);
    let answer = server.get("/instagram/post/info?url_or_code=A2").await;
    assert!(
        answer.headers["x-plugin"]
            .to_str()
            .unwrap()
            .ends_with(&labels[1])
    );
}

/// What each plugin does after it was honest for a while.
const BOMBS: [(PluginName, &str); 4] = [
    (PluginName::Profile, "flood"),
    (PluginName::Post, "trap"),
    (PluginName::Reel, "spin"),
    (PluginName::Story, "hoard"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_honest_until_it_served_is_rolled_back() {
    let server = Server::start_on_fixtures(tempfile::tempdir().unwrap());
    for (name, bomb) in BOMBS {
        let put = server
            .put_plugin(name.as_str(), &misbehaving(name.as_str()))
            .await;
        assert_eq!(put.status, 200, "{}", put.text);
        let mut kinds = Kind::ALL.into_iter().filter(|kind| kind.plugin() == name);
        let kind = kinds.next().unwrap();
        let ask = async |behaviour: &str, number: usize| {
            let query = query(kind, &format!("{behaviour}_{number}"));
            server
                .get(&format!("/instagram/{}", route(&query)))
                .await
                .status
        };
        let honest = join_all((0..20).map(|number| ask("plain", number))).await;
        assert!(honest.iter().all(|status| *status == 200), "{honest:?}");
        let mut failed = 0;
        while entry(&server, name).await["source"] != "embedded" {
            failed += usize::from(ask(bomb, failed).await == 502);
            assert!(failed < 60, "{name} is not rolled back");
        }
        println!("{name}: rolled back after {failed} failures");
        // Its file is still there, and does not come to serve again.
        let file = server
            .folder
            .path()
            .join(format!("data/plugins/{name}.wasm"));
        assert!(file.exists());
        let why = entry(&server, name).await["refused"]["step"].clone();
        assert!(why.is_null() || why == "history", "{why}");
    }
}
