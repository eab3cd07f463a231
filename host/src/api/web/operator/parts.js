// The building blocks of the views: tables, digests, times, bars, chips, and error cards.

import { refusalOf } from "/page/api.js";
import { SVG, h, say } from "/page/dom.js";
import { technical } from "/page/fault.js";
import { plain, span } from "/page/format.js";

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A time, RFC 3339 or milliseconds: shown as its age, with the exact time as a tooltip. */
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

/** Updates the age of every time in `place`. */
export function retime(place) {
  for (const time of place.querySelectorAll("time")) time.textContent = passed(new Date(time.dateTime));
}

/** The first characters of a digest, with the whole of it as a tooltip. */
export function digest(text) {
  return text ? h("code", { class: "digest", title: text }, text.slice(0, 8)) : null;
}

/** `1.0.0 abcdef01 post.wasm` */
export function version({ version: name, digest: sha, source }) {
  return [brief(name, sha), " ", h("span", { class: "soft" }, source)];
}

/** A version label of the host such as `post@1.0.0+abcdef01`, without the name of the plugin. */
export function labelled(label) {
  const [, name, sha] = /^[^@]*@([^+]*)\+?(.*)$/.exec(label) ?? [null, label, ""];
  return brief(name, sha);
}

/** `1.0.0 abcdef01`, on one line. */
export function brief(name, sha) {
  return h("span", { class: "brief" }, h("strong", {}, name), " ", digest(sha));
}

/** A count with its name; `tone` is `good`, `bad` or empty. */
export function chip(name, number, tone = "") {
  return h("span", { class: `chip ${number ? tone : "none"}` }, h("b", {}, String(number)), ` ${name}`);
}

/** A line of percentages over time, oldest first; null if the percentage never changed. */
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

/** A bar that shows a share, 0 to 1. */
export function bar(share, words, tone = "") {
  const percent = Math.round(share * 100);
  const filled = h("span", { class: "filled" });
  // The content security policy forbids style attributes in markup, but allows this.
  filled.style.width = `${percent}%`;
  return h("span", { class: `bar ${tone}`, role: "img", "aria-label": words ?? `${percent} percent` }, filled);
}

/** A table that scrolls on its own on narrow screens. */
export function table(heads, rows, { key, label } = {}) {
  const head = h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)));
  const cells = (row) => h("tr", {}, row.map((cell, at) => h("td", { "data-head": heads[at] }, h("div", {}, cell))));
  const made = h("table", {}, h("thead", {}, head), h("tbody", {}, rows.map(cells)));
  return h("div", { class: "scroll", "data-key": key, tabindex: "0", role: "region", "aria-label": label ?? "Table" }, made);
}

/** The text of an empty list. */
export function nothing(words) {
  return h("p", { class: "empty" }, words);
}

const TITLES = {
  UNAUTHORIZED: "The server does not accept this token",
  UNREACHABLE: "The server cannot be reached",
  NO_SUCH_VERSION: "The version has changed in the meantime",
  NOT_FOUND: "This item no longer exists",
  PAYLOAD_TOO_LARGE: "The file is too large",
};

/** Advice that replaces the server's own, which is written for programmers. */
const ADVICE = {
  NO_SUCH_VERSION: "Your decision was about a version that is no longer there, so nothing was done. Close this dialog and check again.",
};

/** A card that explains why an action failed. */
export function trouble(thrown) {
  const refusal = refusalOf(thrown);
  const title = TITLES[refusal.code] ?? refusal.message ?? refusal.code;
  const advice = ADVICE[refusal.code] ?? refusal.details;
  say(title);
  const more = technical(refusal);
  more.querySelector("summary").textContent = "Details";
  return h("div", { class: "card fault" }, h("h3", {}, title), advice ? h("p", {}, advice) : null, more);
}

/** Bytes with a binary unit, as in the settings. */
export function bytes(number) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const at = Math.min(units.length - 1, number ? Math.floor(Math.log2(number) / 10) : 0);
  return `${plain(Math.round((number / 1024 ** at) * 10) / 10)} ${units[at]}`;
}

/** Indented JSON; other text unchanged. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Saves a response as a file. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
