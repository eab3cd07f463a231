// Several links: how each one was understood, and one batch download for all of them.

import { busy, choice, fill, h, icon } from "./dom.js";
import { formatChoice, qualityName } from "./options.js";
import { remember, remembered } from "./store.js";
import { n, t } from "./text.js";

const KINDS = ["post", "reel"];

/**
 * The parts of the card: its head, its form, and its list. `start(body)` is called with the body of
 * `/instagram/download/batch`, which takes at most `max` items; `open(target)` shows one target.
 */
export function batch(targets, formats, max, start, open) {
  // A profile itself cannot be downloaded, but its stories can.
  const items = targets.map((target) => (target.kind === "profile" ? { ...target, kind: "story", profile: target } : target));
  const valid = items.filter((entry) => entry.kind);
  const excess = valid.length - max;
  const rows = h("div", { class: "choices" });
  const draw = () => {
    fill(rows, choice(t("options.quality"), "quality", [[null, qualities(valid, formats)]]), formatChoice(formats, ["image", "video"]));
    for (const select of rows.querySelectorAll("select")) {
      const key = `batch.${select.name}`;
      if ([...select.options].some(({ value }) => value === remembered(key))) select.value = remembered(key);
      select.addEventListener("change", () => remember(key, select.value));
    }
  };
  const list = items.map((entry) => row(entry, draw, open));
  const ready = valid.length > 0 && excess <= 0;
  const button = h("button", { type: "submit", class: "main wide", disabled: !ready }, icon("down"), n("download.links", valid.length));
  const form = h(
    "form",
    { class: "options", "aria-label": t("options") },
    rows,
    h("label", { class: "tick-box" }, h("input", { type: "checkbox", name: "on", checked: true }), h("span", {}, t("batch.continue"))),
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
  const state = invalid ? n("batch.bad", invalid) : t("batch.good");
  return {
    head: [
      h("header", { class: "owner" }, h("div", {}, h("h2", {}, n("batch.title", items.length)), h("p", { class: "quiet-text" }, h("span", {}, state)))),
      excess > 0 ? h("p", { class: "notice" }, n("batch.excess", excess, undefined, { max })) : null,
    ],
    form,
    list: h("ol", { class: "lines" }, list),
  };
}

function row(entry, draw, open) {
  const line = h("span", { class: "line" }, entry.text);
  if (!entry.kind) return h("li", { class: "bad" }, line, h("span", { class: "why" }, entry.why));
  if (entry.profile) {
    const choose = h("button", { type: "button", class: "link", onclick: () => open(entry.profile) }, t("batch.open"));
    return h("li", { class: "explained" }, line, h("span", { class: "kind" }, t("batch.profile", { name: entry.name })), choose);
  }
  if (entry.kind === "story") return h("li", {}, line, h("span", { class: "kind" }, t("batch.story", { name: entry.name })));
  const select = h(
    "select",
    { "aria-label": t("batch.type", { text: entry.text }) },
    KINDS.map((value) => h("option", { value, selected: value === entry.kind }, t(`batch.${value}`))),
  );
  select.addEventListener("change", () => {
    entry.kind = select.value;
    draw();
  });
  return h("li", {}, line, select);
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
  return shared.map(({ name }) => [name, name === "best" ? t("options.best") : qualityName(name)]);
}
