// Every active setting; those that differ from their default come first.

import { h } from "/page/dom.js";
import { plain } from "/page/format.js";

import { get } from "./admin.js";
import { redraw } from "./live.js";
import { bytes, table } from "./parts.js";

/** The view. */
export function limits(place) {
  return async () => {
    const all = await get("/limits");
    return { seen: all, draw: () => redraw(place, h("h1", {}, "Limits and settings"), halves(all)) };
  };
}

function halves(all) {
  const changed = all.filter((one) => one.value !== one.default);
  const usual = all.filter((one) => one.value === one.default);
  return [
    h("section", {}, h("h2", {}, "Changed"), changed.length ? rows(changed, true) : h("p", { class: "calm" }, "All settings have their default.")),
    h("section", {}, h("h2", {}, "Defaults"), rows(usual, false)),
  ];
}

function rows(all, both) {
  const heads = both ? ["Setting", "Active", "Default"] : ["Setting", "Active"];
  const row = ({ key, value, default: usual }) => [h("code", {}, key), shown(key, value), shown(key, usual)].slice(0, heads.length);
  return table(heads, all.map(row), { key: `limits:${both}`, label: both ? "Settings that differ from their default" : "Settings with their default" });
}

/** A value with its unit, if the key names one. */
function shown(key, value) {
  if (value === null) return h("span", { class: "soft" }, "not set");
  if (!/^\d+$/.test(value)) return h("span", { class: "prose" }, value);
  const number = Number(value);
  if (/bytes/.test(key)) return [bytes(number), h("span", { class: "soft" }, number >= 1024 ? ` ${plain(number)} bytes` : "")];
  const unit = /_ms_/.test(key) ? " ms" : /(_s_|_s$|ttl)/.test(key) ? " s" : /percent/.test(key) ? " %" : "";
  return `${plain(number)}${unit}`;
}
