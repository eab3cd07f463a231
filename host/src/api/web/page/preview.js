// The preview of a post, a reel or stories: pictures, counts, owner, caption.

import { h, icon, picture } from "./dom.js";
import { clock, compact, counted, day, plain } from "./format.js";

/** Longer captions are folded, characters. */
const CAPTION_MAX = 280;

/** One model for the three responses `/post/info`, `/reel/info` and `/story/info`. */
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
    music: reel ? music(answer) : null,
    counts: reel ? reelCounts(answer) : postCounts(answer),
    parts: parts.map((part) => item(part, answer)),
    size: reel && answer.width ? [answer.width, answer.height] : null,
  };
}

function stories(answer) {
  return {
    kind: "story",
    code: answer.username,
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
  const owner = shown.owner?.username ? `@${shown.owner.username}` : "an unnamed account";
  if (shown.kind === "story") return `Stories of ${owner}`;
  const what = shown.kind === "reel" ? "Reel" : shown.several ? "Carousel" : shown.parts[0].video ? "Video" : "Picture";
  return `${what} by ${owner}`;
}

/** The card. `openName` shows a profile; `onsize` receives the size of a single picture. */
export function preview(shown, { openName, onsize }) {
  return [
    heading(shown, openName),
    shown.several ? strip(shown) : single(shown, onsize),
    facts(shown),
    caption(shown.caption),
  ];
}

function heading(shown, openName) {
  const { username, display_name: name, profile_picture_url: face, is_verified: verified } = shown.owner ?? {};
  const facts = [shown.taken ? day(shown.taken) : null, shown.place].filter(Boolean).join(" · ");
  return h(
    "header",
    { class: "owner" },
    face ? h("span", { class: "face" }, picture(face, "", { lazy: false })) : null,
    h(
      "div",
      {},
      h("h2", {}, title(shown)),
      h(
        "p",
        { class: "quiet-text" },
        username && shown.kind !== "story"
          ? h("button", { type: "button", class: "link", onclick: () => openName(username) }, name || `@${username}`, verified ? h("span", { class: "tick", role: "img", "aria-label": "verified" }, icon("check")) : null)
          : null,
        facts ? h("span", {}, facts) : null,
      ),
    ),
  );
}

function single(shown, onsize) {
  const [part] = shown.parts;
  const shape = shown.size ? shapeOf(...shown.size) : "portrait";
  const stage = h("div", { class: `stage ${shape}` });
  const sized = (width, height) => {
    if (!shown.size) stage.className = `stage ${shapeOf(width, height)}`;
    if (!part.video) onsize?.(width, height);
  };
  stage.append(picture(part.poster, describe(part, shown), { lazy: false, onsize: sized }), badges(part));
  return stage;
}

/** One of a few shapes, so that the layout changes at most once when the picture arrives. */
function shapeOf(width, height) {
  const ratio = width / height;
  if (ratio < 0.68) return "tall";
  if (ratio < 0.9) return "portrait";
  return ratio < 1.25 ? "square" : "wide";
}

function strip(shown) {
  const shape = shown.kind === "story" ? "tall" : "portrait";
  // Instagram crops all parts of a carousel to the shape of the first.
  const sized = (width, height) => row.classList.replace(shape, shapeOf(width, height));
  const tiles = shown.parts.map((part, place) =>
    h(
      "li",
      {},
      picture(part.poster, describe(part, shown, place), { lazy: place > 1, onsize: place ? null : sized }),
      badges(part, `${place + 1}/${shown.parts.length}`),
    ),
  );
  const row = h("ol", { class: `strip ${shape}`, tabindex: "0", "aria-label": `${counted(shown.parts.length, "part")}, side by side` }, tiles);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const move = (direction) => row.scrollBy({ left: direction * row.clientWidth * 0.8, behavior: calm ? "instant" : "smooth" });
  const back = h("button", { type: "button", class: "round back", "aria-label": "Back", onclick: () => move(-1) }, icon("left"));
  const on = h("button", { type: "button", class: "round on", "aria-label": "Forward", onclick: () => move(1) }, icon("right"));
  const ends = () => {
    back.disabled = row.scrollLeft < 4;
    on.disabled = row.scrollLeft + row.clientWidth > row.scrollWidth - 4;
  };
  row.addEventListener("scroll", ends, { passive: true });
  new ResizeObserver(ends).observe(row);
  return h("div", { class: "carousel" }, row, back, on);
}

function describe(part, shown, place) {
  const what = part.video ? "Video" : "Picture";
  const which = place === undefined ? "" : ` ${place + 1} of ${shown.parts.length}`;
  return `${what}${which}${part.alt ? `: ${part.alt}` : ""}`;
}

function badges(part, number) {
  const words = [];
  if (part.video) words.push(h("span", { class: "badge" }, icon("play"), part.duration ? clock(part.duration) : "Video"));
  if (part.video && !part.sound) words.push(h("span", { class: "badge" }, "No sound"));
  if (part.left > 0) words.push(h("span", { class: "badge" }, `${Math.ceil(part.left / 3600)} h left`));
  if (number) words.push(h("span", { class: "badge number", "aria-hidden": "true" }, number));
  return h("span", { class: "badges" }, words);
}

function facts(shown) {
  const counts = shown.counts.map(([name, count]) =>
    h("li", {}, h("strong", { title: plain(count) }, compact(count)), ` ${count === 1 ? name : `${name}s`}`),
  );
  if (shown.music) counts.push(h("li", {}, `♪ ${shown.music}`));
  return counts.length ? h("ul", { class: "facts", "aria-label": "Numbers" }, counts) : null;
}

function caption(text) {
  if (!text) return null;
  const place = h("p", { class: "caption", dir: "auto" }, text);
  if (text.length <= CAPTION_MAX) return place;
  place.classList.add("folded");
  const more = h("button", { type: "button", class: "link", "aria-expanded": "false" }, "More");
  more.addEventListener("click", () => {
    const folded = place.classList.toggle("folded");
    more.textContent = folded ? "More" : "Less";
    more.setAttribute("aria-expanded", String(!folded));
  });
  return h("div", {}, place, more);
}
