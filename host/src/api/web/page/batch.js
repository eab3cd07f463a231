// Many lines at once: what each one is taken for, and one download of them all.

import { busy, choice, fill, h, icon } from "./dom.js";
import { counted } from "./format.js";
import { read } from "./target.js";

const KINDS = [["post", "Post"], ["reel", "Reel"], ["story", "Stories"]];

/** The card. `start(body)` is called with the body of `/instagram/download/batch`; `most` lines are taken at once. */
export function batch(texts, formats, most, start) {
  const items = texts.map((text) => item(text));
  const good = items.filter((entry) => entry.kind);
  const left = good.length - most;
  const rows = h("div", { class: "choices" });
  const draw = () => fill(rows, choice("Quality", "quality", [[null, qualities(good, formats)]]), format(formats));
  const list = items.map((entry) => row(entry, draw));
  const ready = good.length > 0 && left <= 0;
  const button = h("button", { type: "submit", class: "main wide", disabled: !ready }, icon("down"), `Download ${counted(good.length, "link")}`);
  const form = h(
    "form",
    { class: "options" },
    rows,
    h("label", { class: "tick-box" }, h("input", { type: "checkbox", name: "on", checked: true }), h("span", {}, "Go on with the others when one fails")),
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const body = {
      items: good.map(({ kind, value }) => ({ url: value, type: kind })),
      quality: fields.quality,
      continue_on_error: fields.on === "on",
      ...(fields.output_format ? { output_format: fields.output_format } : {}),
    };
    await busy(button, () => start(body));
  });
  draw();
  const ignored = items.length - good.length;
  return [
    h("header", { class: "owner" }, h("div", {}, h("h2", {}, `${counted(items.length, "line")} pasted`), h("p", { class: "quiet-text" }, ignored ? h("span", {}, `${counted(ignored, "line")} cannot be downloaded`) : h("span", {}, "Everything is understood")))),
    left > 0 ? h("p", { class: "notice" }, `At most ${most} at once: take out ${counted(left, "line")}.`) : null,
    h("ol", { class: "lines" }, list),
    form,
  ];
}

function item(text) {
  const found = read(text);
  if (found.kind !== "profile") return { text, ...found };
  // A profile is no download; its stories are.
  return { text, ...found, kind: "story" };
}

function row(entry, draw) {
  if (!entry.kind) {
    return h("li", { class: "bad" }, h("span", { class: "line" }, entry.text), h("span", { class: "why" }, entry.why));
  }
  const offered = entry.kind === "story" ? KINDS.slice(2) : KINDS.slice(0, 2);
  if (offered.length === 1) {
    return h("li", {}, h("span", { class: "line" }, entry.text), h("span", { class: "kind" }, `Stories of @${entry.value}`));
  }
  const select = h("select", { "aria-label": `Type of ${entry.text}` }, offered.map(([value, text]) => h("option", { value, selected: value === entry.kind }, text)));
  select.addEventListener("change", () => {
    entry.kind = select.value;
    draw();
  });
  return h("li", {}, h("span", { class: "line" }, entry.text), select);
}

/** The names that every kind in the list knows. */
function qualities(items, formats) {
  const known = {
    post: formats.post_formats.image.qualities,
    reel: formats.reel_formats.video.qualities,
    story: formats.story_formats.qualities,
  };
  const lists = [...new Set(items.map(({ kind }) => kind))].map((kind) => known[kind]);
  const shared = (lists[0] ?? [{ name: "best" }]).filter(({ name }) => lists.every((list) => list.some((entry) => entry.name === name)));
  return shared.map(({ name }) => [name, name === "best" ? "Best there is" : name[0].toUpperCase() + name.slice(1)]);
}

function format(formats) {
  const supported = formats.supported_output_formats;
  const list = (medium) => supported[medium].map((name) => [name, name.toUpperCase()]);
  return choice("Format", "output_format", [[null, [["", "As they are"]]], ["Pictures", list("image")], ["Videos", list("video")]]);
}
