// Drift: fields whose fill rate has dropped, and the fill rate of every field by version.

import { busy, h } from "/page/dom.js";

import { get, post } from "./admin.js";
import { decide } from "./decide.js";
import { fold, redraw } from "./live.js";
import { bar, labelled, moment, nothing, sparkline } from "./parts.js";

/** The view. */
export function drift(place, live) {
  return async () => {
    const [warnings, fill] = await Promise.all([get("/drift"), get("/drift/rates")]);
    return { seen: [warnings, fill], draw: () => redraw(place, h("h1", {}, "Drift"), warningList(warnings, live), groups(fill)) };
  };
}

function warningList(warnings, live) {
  if (warnings.length === 0) return h("p", { class: "calm" }, "No drift: every field is present as often as usual.");
  const button = h("button", { type: "button", "data-key": "accept", onclick: () => busy(button, () => accept(live)) }, "Accept the current rates");
  return h("section", { class: "stack" }, warnings.map((one) => warning(one)), h("div", { class: "actions" }, button));
}

function accept(live) {
  decide({
    title: "Accept the current rates?",
    text: "The current fill rates become the usual ones. The warnings end, and return only if a field becomes rarer still.",
    button: "Accept",
    reason: false,
    act: async () => {
      await post("/drift/accept");
      await live.now();
    },
    done: "Current rates accepted",
  });
}

/** One drift warning. */
export function warning({ kind, door, field, before_percent: before, after_percent: after, since, version }) {
  return h(
    "div",
    { class: "warning" },
    h("p", {}, h("code", { class: "field" }, field), " is present in ", h("strong", {}, `${after} %`), ` of the records, usually in ${before} %.`),
    h("p", { class: "soft" }, `${kind}, door ${door}, read by `, labelled(version), ", first seen ", moment(since * 1000)),
  );
}

function groups(fill) {
  if (fill.length === 0) return nothing("No records yet.");
  return [...grouped(fill)].map(([name, all]) => h("section", { class: "card" }, h("h2", {}, name), rates(all, all, `rates:${name}`)));
}

function key({ kind, door }) {
  return `${kind}, door ${door}`;
}

function grouped(fill) {
  const groups = new Map();
  for (const one of fill) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

/** One row per field of `own`, with a bar for each version in `all` that reads it. Fields that are sometimes present come
 * first, then those that always are; those that never are can be unfolded. */
export function rates(own, all, place) {
  const same = (one, other) => one.kind === other.kind && one.door === other.door && one.field === other.field;
  const seen = new Set();
  const fields = own.filter((one) => {
    const name = `${one.kind} ${one.door} ${one.field}`;
    return !seen.has(name) && seen.add(name);
  });
  const several = new Set(own.map(key)).size > 1;
  const row = (versions) => {
    const [field] = versions;
    return h(
      "li",
      {},
      h("code", { class: "field" }, field.field, several ? h("span", { class: "soft" }, ` ${key(field)}`) : null),
      h("span", { class: "rates" }, versions.map((one) => rate(one, versions.length > 1)), sparkline(field.windows)),
    );
  };
  const read = fields.map((field) => all.filter((one) => same(one, field)));
  const always = (versions) => versions.every((one) => one.stated === one.asked);
  const never = (versions) => versions.every((one) => one.stated === 0);
  const list = (some) => (some.length ? h("ul", { class: "bars" }, some.map(row)) : null);
  const rest = read.filter(never);
  return [
    list(read.filter((one) => !always(one) && !never(one))),
    list(read.filter(always)),
    rest.length ? fold(`${place}:never`, `Never present (${rest.length})`, list(rest)) : null,
  ];
}

function rate({ version, stated, asked }, named) {
  const share = asked ? stated / asked : 0;
  const percent = Math.round(share * 100);
  const words = `${stated} of ${asked}`;
  return h(
    "span",
    { class: "rate" },
    named ? h("span", { class: "of" }, labelled(version)) : null,
    bar(share, `${percent} percent, ${words}`, share === 0 ? "none" : ""),
    h("span", { class: "percent", title: words }, `${percent} %`),
    h("span", { class: "soft" }, words),
  );
}
