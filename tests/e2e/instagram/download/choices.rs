//! What a client may choose beside quality and format: an item of a carousel, covers, the song of pictures.

use serde_json::json;

use super::{accepted, completed, names, start};

const CAROUSEL: &str = "De0N5pLMixd";

#[tokio::test(flavor = "multi_thread")]
async fn the_url_or_the_body_chooses_one_item_of_a_carousel() {
    let (_cdn, server) = start(&[]).await;
    let url = format!("https://www.instagram.com/p/{CAROUSEL}/?img_index=2&igsh=x");
    let one = completed(&server, "post", json!({ "url": url })).await;
    assert_eq!(names(&one), ["De0N5pLMixd_video_2.mp4"]);
    let other = completed(&server, "post", json!({ "url": url, "item": 3 })).await;
    assert_eq!(names(&other), ["De0N5pLMixd_image_3.jpg"]);
    let all = completed(&server, "post", json!({ "url": url, "item": 0 })).await;
    assert_eq!(names(&all).len(), 3);
    let covered = json!({ "url": url, "include_cover": true });
    let covered = completed(&server, "post", covered).await;
    let covered = names(&covered).join(" ");
    assert!(covered.contains("_video_2") && covered.contains("De0N5pLMixd_cover_2.jpg"));
    let zip = accepted(&server, "carousel", json!({ "url": url })).await;
    assert_eq!(zip["carousel_info"]["item_count"], 1);
    let body = json!({ "url": format!("{CAROUSEL}"), "item": 4 });
    let beyond = server.post("/instagram/download/post", &body).await;
    assert_eq!(beyond.status, 400);
    assert_eq!(beyond.json["error"]["code"], "INVALID_PARAMETER");
    assert_eq!(
        beyond.json["error"]["details"],
        "The post has no item with this number"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_with_music_have_their_song_as_a_file() {
    let (_cdn, server) = start(&[]).await;
    let body =
        json!({ "url": "De2Music0a1", "download_type": "audio_only", "audio_format": "mp3" });
    let status = completed(&server, "post", body).await;
    assert_eq!(names(&status), ["De2Music0a1_audio.mp3"]);
    let post = server
        .get("/instagram/post/info?url_or_code=De2Music0a1")
        .await
        .json;
    assert_eq!(post["audio"]["title"], "Tide Tables");
    assert_eq!(post["music_info"]["music_start_time"], 41.0);
    assert_eq!(post["extra"]["sponsors"][0]["username"], "mira.invented");
    assert_eq!(post["extra"]["paid_partnership"], true);
}
