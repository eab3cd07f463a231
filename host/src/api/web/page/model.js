// One model of what a record shows, for the three responses `/post/info`, `/reel/info` and `/story/info`.

import { t } from "./text.js";

/** The model: what the card shows, and what can be downloaded. It follows the record, whatever address led to it. */
export function model(answer) {
  if (answer.type === "stories") return stories(answer);
  const reel = answer.type === "reel";
  const listed = answer.carousel_media ?? [];
  const parts = listed.length ? listed : [{ ...answer, type: reel ? "video" : answer.content_type }];
  return {
    kind: reel ? "reel" : "post",
    code: answer.shortcode,
    url: `https://www.instagram.com/${reel ? "reel" : "p"}/${answer.shortcode}/`,
    several: listed.length > 1,
    owner: answer.owner,
    caption: answer.caption,
    taken: answer.taken_at_timestamp,
    place: answer.location?.name,
    music: music(answer),
    song: Boolean(answer.audio?.audio_url),
    counts: reel ? reelCounts(answer) : postCounts(answer),
    parts: parts.map((part) => item(part, answer)),
    size: answer.width && answer.height ? [answer.width, answer.height] : null,
  };
}

function stories(answer) {
  return {
    kind: "story",
    code: answer.username,
    url: `https://www.instagram.com/stories/${answer.username}/`,
    several: answer.stories.length > 1,
    owner: { username: answer.username },
    counts: [],
    parts: answer.stories.map((story) => ({
      ...item({ ...story, type: story.media_type, duration: story.video_duration }, story),
      left: story.time_until_expiry_seconds,
    })),
    active: answer.has_active_stories,
    size: null,
  };
}

function item(part, answer) {
  const urls = part.image_urls ?? {};
  const still = urls.original ?? urls.high_resolution ?? urls.medium ?? part.image_url;
  const video = part.type === "video";
  return {
    video,
    poster: (video ? part.thumbnail_url ?? still : still) ?? part.thumbnail_url ?? answer.display_url ?? null,
    film: video ? part.video_url ?? null : null,
    alt: part.accessibility_caption ?? answer.accessibility_caption ?? null,
    duration: part.duration ?? part.video_duration ?? null,
    sound: part.has_audio !== false,
  };
}

function postCounts(answer) {
  return stated([
    ["like", answer.edge_liked_by?.count],
    ["comment", answer.edge_media_to_comment?.count],
    ["play", answer.play_count],
  ]);
}

function reelCounts(answer) {
  return stated([
    ["view", answer.view_count],
    ["play", answer.view_count === answer.play_count ? null : answer.play_count],
    ["like", answer.like_count],
    ["comment", answer.comment_count],
    ["share", answer.share_count],
    ["save", answer.save_count],
  ]);
}

/** Null is not zero: a count that Instagram does not state is not shown. */
function stated(counts) {
  return counts.filter(([, count]) => typeof count === "number");
}

function music(answer) {
  const { title, artist } = answer.audio ?? {};
  return [title, artist].filter(Boolean).join(" · ") || null;
}

/** A short title such as "Reel by @name". */
export function title(shown) {
  const owner = shown.owner?.username ? `@${shown.owner.username}` : t("title.unnamed");
  if (shown.kind === "story") return t("title.story", { owner });
  if (shown.kind === "reel") return t("title.reel", { owner });
  if (shown.several) return t("title.carousel", { owner });
  return t(shown.parts[0].video ? "title.video" : "title.picture", { owner });
}
