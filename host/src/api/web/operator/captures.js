// The captures: a list of the stored failures, each with its details and its exchanges.

import { refusalOf } from "/page/api.js";
import { busy, fill, h } from "/page/dom.js";
import { size } from "/page/format.js";

import { blob, get } from "./admin.js";
import { redraw } from "./live.js";
import { bytes as memory, brief, moment, nothing, pretty, save, trouble } from "./parts.js";

/** Longest body that is shown, characters. The file contains all of it. */
const SHOWN_MAX = 100_000;

/** The id of the open capture, and the files that were loaded. */
let open = null;
const files = new Map();
const explanations = new Map();

/** The view. */
export function captures(place, live) {
  return async () => {
    const all = await get("/captures");
    const list = () => (all.length ? h("ul", { class: "stack" }, all.map((one) => item(one, live))) : nothing("No captures: no plugin has failed."));
    return { seen: all, draw: () => redraw(place, h("h1", {}, "Captures"), list()) };
  };
}

function item(capture, live) {
  const { id, kind, class: sort, reason, field, at, seen, plugin } = capture;
  const shown = open === id;
  const toggle = () => {
    open = shown ? null : id;
    live.now();
  };
  return h(
    "li",
    { class: "card capture", "data-capture": id },
    h(
      "div",
      { class: "head" },
      h("h2", {}, kind, " ", h("span", { class: "mark-bad" }, sort)),
      h("p", { class: "soft" }, moment(at), seen > 1 ? `, seen ${seen} times` : ""),
      h("button", { type: "button", "aria-expanded": String(shown), "data-key": `open:${id}`, onclick: toggle }, shown ? "Close" : "Details"),
    ),
    h("p", { class: "reason" }, field ? [h("code", { class: "field" }, field), " "] : null, field ? reason.replace(`${field}: `, "") : reason),
    shown ? details(capture, plugin) : null,
  );
}

function details(capture, plugin) {
  const { id, query, digest: sha, limits, redacted, reproduced, settings, bytes } = capture;
  const rows = [
    ["Query", h("code", {}, JSON.stringify(query))],
    ["Plugin", brief(plugin.split("+")[0], sha)],
    ["Reproduced", reproduced ? "yes, with the redacted exchanges" : "no: the failure depends on a redacted value"],
    ["Redacted", redacted === 1 ? "1 value" : `${redacted} values`],
    ["Limits", `${limits.call_ms_max} ms and ${memory(limits.memory_bytes_max)} per call`],
    ["Settings", Object.keys(settings ?? {}).length ? h("code", {}, JSON.stringify(settings)) : "defaults of the plugin"],
    ["On disk", size(bytes / 1e6)],
    ["Replay", h("code", {}, `gramhost plugin replay ${id}`)],
  ];
  const place = h("div", { class: "exchange" });
  const button = h("button", { type: "button", "data-key": `save:${id}`, onclick: () => busy(button, () => download(id, place)) }, "Download the HAR");
  const changed = h("div", { class: "explanation" });
  explain(id, changed);
  show(id, place);
  return h(
    "div",
    { class: "details" },
    h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    h("div", { class: "actions" }, button),
    changed,
    place,
  );
}

/** What changed since earlier good answers. */
async function explain(id, place) {
  try {
    if (!explanations.has(id)) explanations.set(id, await get(`/captures/${id}/explanation`));
    const { answers, suggestions } = explanations.get(id);
    if (answers.length === 0) return fill(place, h("h3", {}, "What changed"), nothing("No good answer to its requests is known."));
    fill(place, h("h3", {}, "What changed"), suggestions.length ? h("ol", {}, suggestions.map(suggested)) : null, answers.map(compared));
  } catch (thrown) {
    fill(place, trouble(refusalOf(thrown)));
  }
}

function suggested({ was, now, why }) {
  return h("li", {}, h("code", {}, was), " may be ", h("code", {}, now), h("span", { class: "soft" }, ` (${why.join(", ")})`));
}

function compared({ door, request, known, instead, gone, new: found }) {
  const lines = [
    ...gone.map(({ place, types, percent, instead: other }) => `gone  ${place}  ${types}, usually in ${percent} %${other ? `; now ${other}` : ""}`),
    ...found.map(({ place, types }) => `new   ${place}  ${types}`),
  ];
  return h(
    "section",
    { class: "entry" },
    h("p", {}, h("strong", {}, door), " ", h("code", {}, request), h("span", { class: "soft" }, ` compared with ${known} good answers`)),
    instead ? h("p", {}, `no JSON: ${instead}`) : h("pre", { tabindex: "0" }, lines.join("\n") || "no difference"),
  );
}

async function har(id) {
  if (!files.has(id)) files.set(id, await blob(`/captures/${id}/exchange.har`));
  return files.get(id);
}

async function download(id, place) {
  try {
    save(await har(id), `${id}.har`);
  } catch (thrown) {
    fill(place, trouble(refusalOf(thrown)));
  }
}

async function show(id, place) {
  try {
    const text = await (await har(id)).text();
    const { entries } = JSON.parse(text).log;
    fill(place, h("h3", {}, "Exchanges"), entries.map(entry));
  } catch (thrown) {
    fill(place, trouble(refusalOf(thrown)));
  }
}

function entry({ request, response, _error: failure }) {
  const status = response?.status || null;
  const tone = status && status < 400 ? "mark-good" : "mark-bad";
  return h(
    "section",
    { class: "entry" },
    h("p", { class: "request" }, h("strong", {}, request.method), " ", h("code", {}, request.url), " ", h("span", { class: tone }, status ? String(status) : `no response: ${failure ?? "failed"}`)),
    headers("Request headers", request.headers),
    request.postData?.text ? body("Request body", request.postData.text) : null,
    headers("Response headers", response?.headers),
    response?.content ? body("Response body", decoded(response.content)) : null,
  );
}

function headers(title, all = []) {
  if (all.length === 0) return null;
  const lines = all.map(({ name, value }) => `${name}: ${value}`).join("\n");
  return h("details", { class: "fold" }, h("summary", {}, `${title} (${all.length})`), h("pre", { tabindex: "0" }, lines));
}

function decoded({ text = "", encoding }) {
  if (encoding !== "base64") return text;
  try {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return `${text.length} characters of base64`;
  }
}

function body(title, text) {
  const whole = pretty(text);
  const cut = whole.length > SHOWN_MAX ? `${whole.slice(0, SHOWN_MAX)}\n… the rest is in the file` : whole;
  return h("div", {}, h("p", { class: "soft body-title" }, title), h("pre", { class: "body", tabindex: "0" }, cut || "empty"));
}
