// The download options: those that the record has and `/instagram/formats` offers.

import { busy, choice, fill, h, icon } from "./dom.js";
import { dimensions } from "./format.js";

/** The form. `start(path, body)` is called with the chosen options; the button ignores clicks while it runs. */
export function options(shown, formats, start) {
  const types = typesOf(shown);
  const state = { type: types[0], pictureWidth: null };
  const rows = h("div", { class: "choices" });
  const extra = h("div", { class: "extra" });
  const button = h("button", { type: "submit", class: "main wide" }, icon("down"), h("span", {}, "Download"));
  const form = h("form", { class: "options", "aria-label": "Download" });

  const draw = () => {
    const chosen = new FormData(form);
    const metadata = form.querySelector("[name=metadata]")?.checked ?? true;
    fill(rows, quality(shown, formats, state), format(formats, state.type));
    // A chosen value stays chosen as long as it is still offered.
    for (const select of rows.querySelectorAll("select")) {
      const before = chosen.get(select.name);
      if ([...select.options].some(({ value }) => value === before)) select.value = before;
    }
    fill(extra, state.type.metadata ? tick("metadata", "Include caption and counts in the ZIP as metadata.json", metadata) : null);
  };
  form.append(types.length > 1 ? typeChoice(types, state, draw) : "", rows, extra, button);
  draw();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    await busy(button, () => start(state.type.path, bodyOf(shown, state.type, fields)));
  });
  return {
    element: form,
    /** Takes the size of the largest picture once it has loaded, so that larger sizes are not offered. */
    sized(width, height) {
      state.pictureWidth = width;
      state.original = `${width}x${height}`;
      draw();
    },
  };
}

/** The types of download; `media` says what the file will contain, which decides the qualities and formats. */
function typesOf(shown) {
  const videos = shown.parts.filter((part) => part.video).length;
  const pictures = shown.parts.length - videos;
  if (shown.kind === "story") {
    const media = [pictures ? "image" : null, videos ? "video" : null].filter(Boolean);
    const path = "/instagram/download/story";
    const types = [{ text: shown.several ? "One by one" : "The story", path, media, body: { format: "individual" } }];
    if (shown.several) types.push({ text: "One ZIP", path, media, body: { format: "zip" } });
    return types;
  }
  return shown.kind === "reel" ? reelTypes(shown) : postTypes(shown, pictures, videos);
}

function reelTypes(shown) {
  const path = "/instagram/download/reel";
  const types = [{ text: "Video", path, media: ["video"], body: { download_type: "video" } }];
  if (shown.parts[0].sound) {
    types.push({ text: "Sound only", path, media: ["audio"], body: { download_type: "audio_only" } });
    types.push({ text: "Video without sound", path, media: ["video"], body: { download_type: "video_only" } });
  }
  return types;
}

function postTypes(shown, pictures, videos) {
  const path = "/instagram/download/post";
  const image = { path, media: ["image"], body: { download_type: "image_only" } };
  const video = { path, media: ["video"], body: { download_type: "video_only" } };
  if (!shown.several) {
    const whole = { path, body: { download_type: "media" } };
    if (!videos) return [{ ...whole, text: "Picture", media: ["image"] }];
    return [{ ...whole, text: "Video", media: ["video"] }, { ...image, text: "Cover picture" }];
  }
  const media = [pictures ? "image" : null, videos ? "video" : null].filter(Boolean);
  const types = [
    { text: "One by one", path, media, body: { download_type: "media" } },
    { text: "One ZIP", path: "/instagram/download/carousel", media, body: {}, metadata: true, images: true },
  ];
  // The link chooses one part, which is then the first choice here too.
  const part = shown.parts[shown.item - 1];
  if (part) types.unshift({ text: `Part ${shown.item} only`, path, media: [part.video ? "video" : "image"], body: { download_type: "media", item: shown.item } });
  if (pictures && videos) types.push({ ...image, text: "Pictures only" }, { ...video, text: "Videos only" });
  return types;
}

function typeChoice(types, state, draw) {
  const radios = types.map((type, place) =>
    h(
      "label",
      { class: "pill" },
      h("input", {
        type: "radio",
        name: "what",
        value: String(place),
        checked: place === 0,
        onchange: () => {
          state.type = type;
          draw();
        },
      }),
      h("span", {}, type.text),
    ),
  );
  return h("fieldset", { class: "pills" }, h("legend", {}, "Content"), radios);
}

function quality(shown, formats, state) {
  const { type } = state;
  if (type.media[0] === "audio") return null;
  const video = type.media.length === 1 && type.media[0] === "video" && !type.images;
  const offered = qualitiesOf(shown.kind, formats, video);
  const side = shown.size ? Math.min(...shown.size) : Infinity;
  const widest = state.pictureWidth ?? Infinity;
  const there = offered.filter(({ name, height, resolution }) => {
    if (name === "best") return true;
    return video && height ? parseInt(height, 10) < side : parseInt(resolution ?? "0", 10) < widest;
  });
  const original = video ? (shown.size ? shown.size.join("x") : null) : state.original;
  return choice("Quality", "quality", [[null, there.map((entry) => [entry.name, named(entry, original)])]]);
}

function qualitiesOf(kind, formats, video) {
  if (kind === "story") return formats.story_formats.qualities;
  if (kind === "reel") return formats.reel_formats.video.qualities;
  return video ? formats.post_formats.video.qualities : formats.post_formats.image.qualities;
}

function named({ name, height, resolution, description }, original) {
  if (name === "best") return original ? `Best · ${dimensions(original)}` : "Best available";
  if (height) return description && !description.includes("quality") ? `${name} · ${description}` : name;
  const word = name[0].toUpperCase() + name.slice(1);
  return resolution ? `${word} · ${parseInt(resolution, 10)} pixels wide` : word;
}

const MEDIA = { image: "Pictures", video: "Videos", audio: "Sound" };

function format(formats, type) {
  const supported = formats.supported_output_formats;
  const list = (medium) => supported[medium].map((name) => [name, name.toUpperCase()]);
  const [only, second] = type.media;
  const entries = second ? type.media.map((medium) => [MEDIA[medium], list(medium)]) : [[null, list(only)]];
  return choice("Format", "output_format", [[null, [["", "Original"]]], ...entries]);
}

function tick(name, text, checked) {
  return h("label", { class: "tick-box" }, h("input", { type: "checkbox", name, checked }), h("span", {}, text));
}

function bodyOf(shown, type, fields) {
  const target = shown.kind === "story" ? { username: shown.code } : { url: shown.url };
  const body = { ...target, ...type.body };
  if (fields.quality) body.quality = fields.quality;
  if (fields.output_format) body.output_format = fields.output_format;
  if (type.metadata) body.include_metadata = fields.metadata === "on";
  return body;
}
