//! An answer whose side fields are odd, as users of such tools report them: the post is served without those fields.

use std::fs;

use cases::{Har, har::Answer};
use serde_json::{Value, json};

use super::fixtures;
use crate::harness::server::Server;

const CASE: &str = "instagram/post/image-xdt-location-tags-coauthors/exchange.har";
const PATH: &str = "/instagram/post/info?url_or_code=DeX5VATXdt1";
const ANONYMOUS: &str = "http://images.ak.instagram.com/profiles/anonymousUser.jpg";

/// Replays the case, whose last answer is the post, after this change of it.
fn altered(change: impl FnOnce(&mut Value)) -> Server {
    let mut har = Har::parse(&fs::read(fixtures().join(CASE)).unwrap()).unwrap();
    let Some(Answer::Response { body, .. }) = har.entries.last_mut().map(|it| &mut it.answer)
    else {
        panic!("the case has an answer");
    };
    let mut answer: Value = serde_json::from_slice(body).unwrap();
    change(&mut answer["data"]["xdt_api__v1__media__shortcode__web_info"]["items"][0]);
    *body = answer.to_string().into_bytes();
    let folder = tempfile::tempdir().unwrap();
    let replayed = folder.path().join("replayed");
    fs::create_dir(&replayed).unwrap();
    fs::write(replayed.join("exchange.har"), har.to_json()).unwrap();
    let replayed = replayed.to_str().unwrap().to_owned();
    Server::start_in(folder, &["--replay", &replayed, "--rate-limit", "0"])
}

async fn served(change: impl FnOnce(&mut Value)) -> (Server, Value) {
    let server = altered(change);
    let answer = server.get(PATH).await;
    assert_eq!(answer.status, 200, "{} {}", answer.text, server.log());
    (server, answer.json)
}

#[tokio::test]
async fn odd_side_fields_cost_only_themselves() {
    let (_server, mut plain) = served(|_| ()).await;
    let (server, odd) = served(|post| {
        // instagrapi#2286
        post["usertags"]["in"][0]["user"]["profile_pic_url"] = json!(ANONYMOUS);
        post["coauthor_producers"][0]["profile_pic_url"] = json!(" ");
        post["user"]["profile_pic_url"] = json!("https://scontent.cdninstagram.com:8443/a.jpg");
        // instaloader#1349, instaloader#2212
        post["location"]["lat"] = json!(151.2);
        post["location"]["lng"] = json!(-33.8);
        post["taken_at"] = json!(1_791_763_200_123_u64);
        post["image_versions2"]["candidates"][1]["url"] = json!("https://example.com/a.jpg");
    })
    .await;
    for (path, value) in [
        ("/tagged_users/0/profile_picture_url", json!(null)),
        ("/owner/profile_picture_url", json!(null)),
        ("/coauthors/0/profile_picture_url", json!(null)),
    ] {
        *plain.pointer_mut(path).unwrap() = value;
    }
    for (name, value) in plain.as_object().unwrap() {
        if name != "image_urls" {
            assert_eq!(odd[name], *value, "{name}");
        }
    }
    let words = "location.lat dropped: out of range";
    server.logged(words).await;
    let metrics = server.admin("/metrics").await.text;
    let mut lines = metrics.lines();
    let is_count = |line: &&str| {
        line.starts_with("gramhost_plugin_trimmed_records_total") && line.contains("\"post\"")
    };
    let line = lines.find(is_count).unwrap_or_default();
    assert!(line.ends_with(" 1"), "{metrics}");
}
