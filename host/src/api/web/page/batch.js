// Several pasted lines: how each one was understood, and one batch download for all of them.

import { busy, choice, fill, h, icon } from "./dom.js";
import { counted } from "./format.js";

const KINDS = [["post", "Post"], ["reel", "Reel"], ["story", "Stories"]];

/**
 * The card for targets with their `text`. `start(body)` is called with the body of `/instagram/download/batch`, which
 * takes at most `max` items.
 */
export function batch(targets, formats, max, start) {
  // A profile itself cannot be downloaded, but its stories can.
  const items = targets.map((target) => (target.kind === "profile" ? { ...target, kind: "story" } : target));
  const valid = items.filter((entry) => entry.kind);
  const excess = valid.length - max;
  const rows = h("div", { class: "choices" });
  const draw = () => fill(rows, choice("Quality", "quality", [[null, qualities(valid, formats)]]), format(formats));
  const list = items.map((entry) => row(entry, draw));
  const ready = valid.length > 0 && excess <= 0;
  const button = h("button", { type: "submit", class: "main wide", disabled: !ready }, icon("down"), `Download ${counted(valid.length, "link")}`);
  const form = h(
    "form",
    { class: "options" },
    rows,
    h("label", { class: "tick-box" }, h("input", { type: "checkbox", name: "on", checked: true }), h("span", {}, "Continue with the other links if one fails")),
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(form));
    const body = {
      items: valid.map(({ kind, value }) => ({ url: value, type: kind })),
      quality: fields.quality,
      continue_on_error: fields.on === "on",
      ...(fields.output_format ? { output_format: fields.output_format } : {}),
    };
    await busy(button, () => start(body));
  });
  draw();
  const invalid = items.length - valid.length;
  return [
    h("header", { class: "owner" }, h("div", {}, h("h2", {}, `${counted(items.length, "line")} pasted`), h("p", { class: "quiet-text" }, invalid ? h("span", {}, `${counted(invalid, "line")} cannot be downloaded`) : h("span", {}, "All lines were recognized")))),
    excess > 0 ? h("p", { class: "notice" }, `A batch has at most ${max} links: remove ${counted(excess, "line")}.`) : null,
    h("ol", { class: "lines" }, list),
    form,
  ];
}

function row(entry, draw) {
  if (!entry.kind) {
    return h("li", { class: "bad" }, h("span", { class: "line" }, entry.text), h("span", { class: "why" }, entry.why));
  }
  const offered = entry.kind === "story" ? KINDS.slice(2) : KINDS.slice(0, 2);
  if (offered.length === 1) {
    return h("li", {}, h("span", { class: "line" }, entry.text), h("span", { class: "kind" }, `Stories of @${entry.name}`));
  }
  const select = h("select", { "aria-label": `Type of ${entry.text}` }, offered.map(([value, text]) => h("option", { value, selected: value === entry.kind }, text)));
  select.addEventListener("change", () => {
    entry.kind = select.value;
    draw();
  });
  return h("li", {}, h("span", { class: "line" }, entry.text), select);
}

/** The qualities that every kind in the list supports. */
function qualities(items, formats) {
  const known = {
    post: formats.post_formats.image.qualities,
    reel: formats.reel_formats.video.qualities,
    story: formats.story_formats.qualities,
  };
  const lists = [...new Set(items.map(({ kind }) => kind))].map((kind) => known[kind]);
  const shared = (lists[0] ?? [{ name: "best" }]).filter(({ name }) => lists.every((list) => list.some((entry) => entry.name === name)));
  return shared.map(({ name }) => [name, name === "best" ? "Best available" : name[0].toUpperCase() + name.slice(1)]);
}

function format(formats) {
  const supported = formats.supported_output_formats;
  const list = (medium) => supported[medium].map((name) => [name, name.toUpperCase()]);
  return choice("Format", "output_format", [[null, [["", "Original"]]], ["Pictures", list("image")], ["Videos", list("video")]]);
}
