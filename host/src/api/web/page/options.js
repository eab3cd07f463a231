// The download form: what the record has and `/instagram/formats` offers. One press is enough; all choices have a default.

import { busy, choice, fill, h, icon } from "./dom.js";
import { dimensions } from "./format.js";
import { remember, remembered } from "./store.js";
import { n, t } from "./text.js";

/** The form. `start(path, body)` is called with the chosen options; the button ignores clicks while it runs. */
export function options(shown, formats, start) {
  const state = { ticks: null, pictureWidth: null };
  // A single story cannot be asked for, so stories have no ticks.
  if (shown.several && shown.kind === "post") state.ticks = new Set(shown.item ? [shown.item] : shown.parts.map((_, place) => place + 1));
  const types = typesOf(shown);
  state.type = types.find(({ key }) => key === remembered("type")) ?? types[0];
  const chosen = h("div", { class: "chosen" });
  const rows = h("div", { class: "choices" });
  const extra = h("div", { class: "extra" });
  const label = h("span", {});
  const button = h("button", { type: "submit", class: "main wide" }, icon("down"), label);
  const form = h("form", { class: "options", "aria-label": t("options") });

  const draw = () => {
    const now = present(shown, state);
    const before = new FormData(form);
    fill(chosen, state.ticks ? picker(shown, state.ticks, draw) : null);
    fill(rows, quality(shown, formats, state, now), format(formats, now));
    // A choice stays as long as it is still offered; a new form begins with what was chosen last.
    for (const select of rows.querySelectorAll("select")) {
      const wanted = before.get(select.name) ?? remembered(memory(select.name, now));
      if ([...select.options].some(({ value }) => value === wanted)) select.value = wanted;
      select.addEventListener("change", () => remember(memory(select.name, now), select.value));
    }
    const metadata = form.querySelector("[name=metadata]")?.checked ?? remembered("metadata") !== "no";
    fill(extra, now.metadata ? tick(metadata) : null);
    label.textContent = now.label;
    button.disabled = now.media.length === 0;
  };
  form.append(types.length > 1 ? typeChoice(types, state, draw) : "", chosen, rows, extra, button);
  draw();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    await busy(button, () => start(present(shown, state).path, bodyOf(shown, state, fields)));
  });
  return {
    element: form,
    ticks: state.ticks,
    draw,
    /** Takes the size of the largest picture once it has loaded, so that larger sizes are not offered. */
    sized(width, height) {
      state.pictureWidth = width;
      state.original = `${width}x${height}`;
      draw();
    },
  };
}

/** The name under which a choice is remembered: formats of pictures say nothing about those of videos. */
function memory(name, { media }) {
  return name === "quality" ? name : `${name}.${media.join("-")}`;
}

/** The types of download: what is asked for, and what the file will contain, which decides the qualities and formats. */
function typesOf(shown) {
  const media = [...new Set(shown.parts.map(({ video }) => (video ? "video" : "image")))].sort();
  if (shown.kind === "story") return storyTypes(shown, media);
  if (shown.several) return carouselTypes(shown);
  const [{ video, sound }] = shown.parts;
  const path = `/instagram/download/${shown.kind}`;
  const type = (key, medium, value) => ({ key, path, media: [medium], body: { download_type: value } });
  if (!video) return [type("picture", "image", "media"), ...(shown.song ? [type("music", "audio", "audio_only")] : [])];
  const reel = shown.kind === "reel";
  return [
    type("video", "video", reel ? "video" : "media"),
    ...(sound ? [type("sound", "audio", "audio_only"), type("silent", "video", reel ? "video_only" : "video_silent")] : []),
    type("cover", "image", reel ? "cover" : "image_only"),
  ];
}

function storyTypes(shown, media) {
  const path = "/instagram/download/story";
  const files = { key: shown.several ? "files" : "story", path, media, body: { format: "individual" } };
  return shown.several ? [{ key: "zip", path, media, body: { format: "zip" } }, files] : [files];
}

/** Several files come as one ZIP unless somebody wants them one by one. */
function carouselTypes(shown) {
  const path = "/instagram/download/post";
  const types = [
    { key: "zip", path: "/instagram/download/carousel", body: {}, metadata: true },
    { key: "files", path, body: { download_type: "media" } },
  ];
  if (shown.parts.some(({ video, sound }) => video && sound)) types.push({ key: "sound", path, media: ["audio"], body: { download_type: "audio_only" } });
  else if (shown.song) types.push({ key: "music", path, media: ["audio"], body: { download_type: "audio_only" } });
  return types;
}

/** What is downloaded with the present choices: a single part of a carousel is a file, and no ZIP. */
function present(shown, { type, ticks }) {
  if (!ticks) {
    const many = type.key === "zip" || type.key === "files";
    return { ...type, label: many ? n(`download.${type.key}`, shown.parts.length) : t(`download.${type.key}`) };
  }
  const parts = shown.parts.filter((_, place) => ticks.has(place + 1));
  const media = [...new Set(parts.map(({ video }) => (video ? "video" : "image")))].sort();
  if (type.media) return { ...type, media: parts.length ? type.media : [], label: t(`download.${type.key}`) };
  if (parts.length !== 1) return { ...type, media, label: n(`download.${type.key}`, parts.length) };
  const label = t(parts[0].video ? "download.video" : "download.picture");
  return { path: "/instagram/download/post", body: { download_type: "media" }, media, label };
}

function typeChoice(types, state, draw) {
  const radios = types.map((type) =>
    h(
      "label",
      { class: "pill" },
      h("input", {
        type: "radio",
        name: "what",
        value: type.key,
        checked: type === state.type,
        onchange: () => {
          state.type = type;
          remember("type", type.key);
          draw();
        },
      }),
      h("span", {}, t(`options.${type.key}`)),
    ),
  );
  return h("fieldset", { class: "pills" }, h("legend", { class: "unseen" }, t("options.what")), radios);
}

/** How many parts are chosen, and buttons that choose all of a kind. */
function picker(shown, ticks, draw) {
  const choose = (wanted) => {
    ticks.clear();
    shown.parts.forEach((part, place) => wanted(part) && ticks.add(place + 1));
    for (const box of document.querySelectorAll("[data-part]")) box.checked = ticks.has(Number(box.dataset.part));
    draw();
  };
  const button = (key, wanted) => h("button", { type: "button", class: "link", onclick: () => choose(wanted) }, t(key));
  const mixed = shown.parts.some(({ video }) => video) && shown.parts.some(({ video }) => !video);
  return [
    h("span", {}, t("options.chosen", { chosen: ticks.size, count: shown.parts.length })),
    button("options.all", () => true),
    mixed ? button("options.pictures", ({ video }) => !video) : null,
    mixed ? button("options.videos", ({ video }) => video) : null,
  ];
}

function quality(shown, formats, state, { media, key }) {
  if (!media.length || media[0] === "audio") return null;
  const video = media.length === 1 && media[0] === "video" && key !== "zip";
  const offered = qualitiesOf(shown.kind, formats, video);
  const side = shown.size ? Math.min(...shown.size) : Infinity;
  const widest = state.pictureWidth ?? Infinity;
  const there = offered.filter(({ name, height, resolution }) => {
    if (name === "best") return true;
    return video && height ? parseInt(height, 10) < side : parseInt(resolution ?? "0", 10) < widest;
  });
  const size = video && shown.size ? shown.size.join("x") : null;
  const original = video ? size : state.original;
  return choice(t("options.quality"), "quality", [[null, there.map((entry) => [entry.name, named(entry, original)])]]);
}

function qualitiesOf(kind, formats, video) {
  if (kind === "story") return formats.story_formats.qualities;
  if (kind === "reel") return video ? formats.reel_formats.video.qualities : [{ name: "best" }];
  return video ? formats.post_formats.video.qualities : formats.post_formats.image.qualities;
}

function named({ name, height, resolution }, original) {
  if (name === "best") return original ? t("options.best.size", { size: dimensions(original) }) : t("options.best");
  const word = qualityName(name);
  return resolution && !height ? t("options.wide", { name: word, pixels: parseInt(resolution, 10) }) : word;
}

/** `high` as a word; `720p` is one already. */
export function qualityName(name) {
  return /^\d/.test(name) ? name : t(`options.${name}`);
}

const MEDIA = { image: "options.pictures", video: "options.videos", audio: "options.sounds" };

function format(formats, { media }) {
  return media.length ? formatChoice(formats, media) : null;
}

/** The formats of these media; with several, each in a group of its own. */
export function formatChoice(formats, media) {
  const supported = formats.supported_output_formats;
  const list = (medium) => supported[medium].map((name) => [name, name.toUpperCase()]);
  const entries = media.length > 1 ? media.map((medium) => [t(MEDIA[medium]), list(medium)]) : [[null, list(media[0])]];
  return choice(t("options.format"), "output_format", [[null, [["", t("options.original")]]], ...entries]);
}

function tick(checked) {
  const box = h("input", { type: "checkbox", name: "metadata", checked, onchange: () => remember("metadata", box.checked ? "yes" : "no") });
  return h("label", { class: "tick-box" }, box, h("span", {}, t("options.metadata")));
}

function bodyOf(shown, state, fields) {
  const now = present(shown, state);
  const target = shown.kind === "story" ? { username: shown.code } : { url: shown.url };
  const body = { ...target, ...now.body };
  if (fields.quality) body.quality = fields.quality;
  if (fields.output_format) body.output_format = fields.output_format;
  if (now.metadata) body.include_metadata = fields.metadata === "on";
  const { ticks } = state;
  if (ticks && ticks.size < shown.parts.length) body.items = [...ticks].sort((one, other) => one - other);
  return body;
}
