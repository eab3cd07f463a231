//! `profile/posts` page by page, as a client reads it.

use serde_json::Value;

use super::demo;

const PATH: &str = "/instagram/profile/posts?username=gramhost.demo";

fn codes(page: &Value) -> Vec<String> {
    let posts = page["posts"].as_array().unwrap().iter();
    posts
        .map(|post| post["shortcode"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn cursors_lead_through_every_post_once_and_end() {
    let server = demo();
    let whole = server.get(&format!("{PATH}&limit=20")).await.json;
    assert_eq!(codes(&whole).len(), 14);
    assert_eq!(whole["page_info"]["has_next_page"], false);
    assert_eq!(whole["page_info"]["end_cursor"], Value::Null);

    let first = server.get(&format!("{PATH}&limit=5")).await.json;
    let mut walked = codes(&first);
    assert_eq!(walked.len(), 5);
    let mut page = first;
    while page["page_info"]["has_next_page"] == true {
        let cursor = page["page_info"]["end_cursor"].as_str().unwrap().to_owned();
        page = server
            .get(&format!("{PATH}&limit=12&cursor={cursor}"))
            .await
            .json;
        assert_eq!(page["page_info"]["start_cursor"], cursor.as_str(), "{page}");
        walked.extend(codes(&page));
    }
    assert_eq!(walked, codes(&whole));
}

#[tokio::test]
async fn a_second_question_is_answered_from_memory() {
    let server = demo();
    let first = server.get(PATH).await;
    let second = server.get(PATH).await;
    assert_eq!(first.headers["x-cache"], "miss");
    assert_eq!(second.headers["x-cache"], "hit");
    assert_eq!(first.text, second.text);
    assert!(
        second.headers["cache-control"]
            .to_str()
            .unwrap()
            .starts_with("private, max-age=")
    );
    assert!(
        second.headers["x-plugin"]
            .to_str()
            .unwrap()
            .starts_with("profile@1.0.0+")
    );
}
