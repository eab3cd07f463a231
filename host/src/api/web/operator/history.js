// The history of versions, newest first, and the buttons to roll back.

import { h } from "/page/dom.js";

import { get } from "./admin.js";
import { redraw } from "./live.js";
import { brief, digest, moment, nothing, table, version } from "./parts.js";
import { rollBack } from "./plugins.js";

const WORDS = {
  serves: ["serves", "good"],
  "rolled-back": ["rolled back", "bad"],
  refused: ["rejected", "bad"],
  staged: ["held", "warn"],
  shadowed: ["in shadow mode", ""],
  discarded: ["discarded", ""],
};

/** The view. */
export function history(place, live) {
  return async () => {
    const [events, all] = await Promise.all([get("/plugins/history", { limit: "200" }), get("/plugins")]);
    return { seen: [events, all], draw: () => redraw(place, h("h1", {}, "History"), back(all, live), lines(events)) };
  };
}

/** One button for each plugin that can be rolled back. */
function back(all, live) {
  const can = all.filter(({ earlier = [] }) => earlier.length);
  if (can.length === 0) return h("p", { class: "calm" }, "No plugin has an earlier version.");
  const line = (one) =>
    h(
      "li",
      {},
      h("span", {}, h("strong", {}, one.name), " serves ", version(one)),
      h("span", { class: "soft" }, "previous: ", version(one.earlier[0])),
      h("button", { type: "button", "data-key": `back:${one.name}`, onclick: () => rollBack(one, one.earlier[0], live) }, `Roll ${one.name} back`),
    );
  return h("section", { class: "card" }, h("ul", { class: "versions" }, can.map(line)));
}

function lines(events) {
  if (events.length === 0) return nothing("No events yet.");
  const rows = events.map((event) => {
    const [words, tone] = WORDS[event.action] ?? [event.action, ""];
    const which = event.version ? brief(event.version, event.digest) : (digest(event.digest) ?? event.source);
    return [moment(event.at), event.plugin, h("span", { class: `mark-${tone || "none"}` }, words), which, event.who, h("span", { class: "prose" }, event.why)];
  });
  return table(["Time", "Plugin", "Event", "Version", "By", "Reason"], rows, { key: "history", label: "History of versions" });
}
