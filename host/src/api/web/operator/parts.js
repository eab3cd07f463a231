// The small parts of every view: tables, digests, times, bars, chips, and what to say when something does not work.

import { refusalOf } from "/page/api.js";
import { SVG, h, say } from "/page/dom.js";
import { technical } from "/page/fault.js";
import { plain, span } from "/page/format.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment, RFC 3339 or milliseconds: how long ago it was, and exactly for whoever points at it. */
export function moment(at) {
  if (!at) return h("span", { class: "soft" }, "–");
  const date = new Date(at);
  return h("time", { datetime: date.toISOString(), title: MOMENT.format(date) }, passed(date));
}

function passed(date) {
  const ago = (Date.now() - date.getTime()) / 1000;
  if (ago > 172_800) return MOMENT.format(date);
  return ago < 5 ? "just now" : `${span(ago)} ago`;
}

/** Says anew how long ago each moment in `place` was. */
export function retime(place) {
  for (const time of place.querySelectorAll("time")) time.textContent = passed(new Date(time.dateTime));
}

/** The beginning of a digest, which is how people call it. */
export function digest(text) {
  return text ? h("code", { class: "digest", title: text }, text.slice(0, 8)) : null;
}

/** `1.0.0 abcdef01 post.wasm` */
export function version({ version: name, digest: sha, source }) {
  return [brief(name, sha), " ", h("span", { class: "soft" }, source)];
}

/** `post@1.0.0+abcdef01`, as the host labels versions, without the plugin's name. */
export function labelled(label) {
  const [, name, sha] = /^[^@]*@([^+]*)\+?(.*)$/.exec(label) ?? [null, label, ""];
  return brief(name, sha);
}

/** `1.0.0 abcdef01`, in one line. */
export function brief(name, sha) {
  return h("span", { class: "brief" }, h("strong", {}, name), " ", digest(sha));
}

/** A number with its name; `tone` is `good`, `bad` or nothing. */
export function chip(name, number, tone = "") {
  return h("span", { class: `chip ${number ? tone : "none"}` }, h("b", {}, String(number)), ` ${name}`);
}

/** The course of a share in percent, oldest first, as a line; nothing where it never changed. */
export function sparkline(percents) {
  if (percents.every((percent) => percent === percents[0])) return null;
  const wide = 72;
  const high = 16;
  const step = wide / (percents.length - 1);
  const points = percents.map((percent, at) => `${(at * step).toFixed(1)},${(high - (percent / 100) * high + 1).toFixed(1)}`);
  const svg = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "polyline");
  svg.setAttribute("class", "sparkline");
  svg.setAttribute("viewBox", `-1 0 ${wide + 2} ${high + 2}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `over time, in percent: ${percents.join(", ")}`);
  line.setAttribute("points", points.join(" "));
  svg.append(line);
  return svg;
}

/** How much of a whole, 0 to 1. */
export function bar(share, words, tone = "") {
  const percent = Math.round(share * 100);
  const filled = h("span", { class: "filled" });
  // Set by the object model, which the policy lets pass, and not by markup.
  filled.style.width = `${percent}%`;
  return h("span", { class: `bar ${tone}`, role: "img", "aria-label": words ?? `${percent} percent` }, filled);
}

/** A table that scrolls by itself where the screen is narrow. */
export function table(heads, rows, { key, label } = {}) {
  const head = h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)));
  const cells = (row) => h("tr", {}, row.map((cell, at) => h("td", { "data-head": heads[at] }, h("div", {}, cell))));
  const made = h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map(cells)));
  return h("div", { class: "scroll", "data-key": key, tabindex: "0", role: "region", "aria-label": label ?? "Table" }, made);
}

/** What stands where there is nothing to show. */
export function nothing(words) {
  return h("p", { class: "empty" }, words);
}

const TITLES = {
  UNAUTHORIZED: "The server does not take this token",
  UNREACHABLE: "The server cannot be reached",
  NO_SUCH_VERSION: "Something else has happened meanwhile",
  NOT_FOUND: "There is no such thing any more",
  PAYLOAD_TOO_LARGE: "The file is too large",
};

/** What to do, where the server's own advice is for those who write programs. */
const ADVICE = {
  NO_SUCH_VERSION: "What you decided about is not there any more, and nothing was done. Close this and look again.",
};

/** A card that says why something did not work. */
export function trouble(thrown) {
  const refusal = refusalOf(thrown);
  const title = TITLES[refusal.code] ?? refusal.message ?? refusal.code;
  const advice = ADVICE[refusal.code] ?? refusal.details;
  say(title);
  const more = technical(refusal);
  more.querySelector("summary").textContent = "Details";
  return h("div", { class: "card fault" }, h("h3", {}, title), advice ? h("p", {}, advice) : null, more);
}

/** Bytes as the settings count them. */
export function bytes(number) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const at = Math.min(units.length - 1, number ? Math.floor(Math.log2(number) / 10) : 0);
  return `${plain(Math.round((number / 1024 ** at) * 10) / 10)} ${units[at]}`;
}

/** JSON as people read it; other text as it is. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Saves what a request answers as a file. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
