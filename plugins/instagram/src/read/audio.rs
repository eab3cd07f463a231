//! Reads the sound of a reel: licensed music or the original sound.

use crate::json::Value;

use crate::contract::records::Audio;
use crate::read::field;

/// The sound of an XDT, POLARIS or mobile v1 node.
pub(super) fn audio(node: &Value<'_>) -> Option<Audio> {
    let (clips, metadata) = (&node["clips_metadata"], &node["music_metadata"]);
    [clips, metadata].into_iter().find_map(|parent| {
        music(&parent["music_info"]).or_else(|| original(&parent["original_sound_info"]))
    })
}

/// The sound of a legacy node.
pub(super) fn legacy_audio(node: &Value<'_>) -> Option<Audio> {
    let sound = &node["clips_music_attribution_info"];
    stated(Audio {
        id: field::id(&sound["audio_id"]),
        title: field::filled(&sound["song_name"]),
        artist: field::filled(&sound["artist_name"]),
        url: None,
        is_original: field::flag(&sound["uses_original_audio"]),
        clip_duration_ms: None,
        start_ms: None,
    })
}

fn music(info: &Value<'_>) -> Option<Audio> {
    let (asset, use_of_it) = (&info["music_asset_info"], &info["music_consumption_info"]);
    stated(Audio {
        id: ["audio_cluster_id", "audio_asset_id", "id"]
            .into_iter()
            .find_map(|key| field::id(&asset[key])),
        title: field::filled(&asset["title"]),
        artist: field::filled(&asset["display_artist"]),
        url: field::url(&asset["progressive_download_url"]),
        is_original: Some(false),
        clip_duration_ms: field::count(&use_of_it["overlap_duration_in_ms"])
            .filter(|length| *length > 0),
        start_ms: field::count(&use_of_it["audio_asset_start_time_in_ms"]),
    })
}

fn original(info: &Value<'_>) -> Option<Audio> {
    stated(Audio {
        id: field::id(&info["audio_asset_id"]),
        title: field::filled(&info["original_audio_title"]),
        artist: field::filled(&info["ig_artist"]["username"]),
        url: field::url(&info["progressive_download_url"]),
        is_original: Some(true),
        clip_duration_ms: field::count(&info["overlap_duration_in_ms"])
            .filter(|length| *length > 0),
        start_ms: field::count(&info["audio_asset_start_time_in_ms"]),
    })
}

/// Returns the sound only if it states more than its type.
fn stated(audio: Audio) -> Option<Audio> {
    (audio.id.is_some() || audio.title.is_some() || audio.artist.is_some() || audio.url.is_some())
        .then_some(audio)
}
