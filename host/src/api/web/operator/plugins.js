// The plugins: what serves and how it fares, what could serve, what was not let in, and the decisions about it.

import { h } from "/page/dom.js";
import { counted, plain } from "/page/format.js";

import { get, post } from "./admin.js";
import { decide } from "./decide.js";
import { rates, warning } from "./drift.js";
import { fold, redraw } from "./live.js";
import { chip, digest, moment, version } from "./parts.js";
import { putting } from "./put.js";
import { comparisons, refused, verdicts } from "./refused.js";

/** Plugin calls end in one of these; the first two are as they should be. */
const ENDINGS = [
  ["record", "records", "good"],
  ["refused", "refusals", "good"],
  ["upstream", "Instagram failed", ""],
  ["changed", "changed", "bad"],
  ["fault", "faults", "bad"],
  ["rules", "broke the rules", "bad"],
];

/** The view: a form that stays, and cards that are drawn anew. */
export function plugins(place, live) {
  const cards = h("div", { class: "stack" });
  place.append(putting(() => live.now()), cards);
  return async () => {
    const [all, fill] = await Promise.all([get("/plugins"), get("/drift/rates")]);
    return { seen: [all, fill], draw: () => redraw(cards, all.map((one) => card(one, fill, live))) };
  };
}

function card(plugin, fill, live) {
  const { name, digest: serving, candidate, refused: refusal, drift = [] } = plugin;
  if (!serving) return stranger(plugin);
  const state = candidate?.held ? "waits" : candidate ? "shadow" : drift.length ? "drifts" : "";
  return h(
    "article",
    { class: "card plugin", "data-plugin": name, "data-state": state },
    h("div", { class: "head" }, h("h2", {}, name), h("p", { class: "version" }, version(plugin)), h("p", { class: "soft since" }, "loaded ", moment(plugin.since))),
    endings(plugin),
    settings(plugin.settings),
    drift.map((one) => warning(one)),
    candidate ? candidacy(name, candidate, live) : null,
    refusal ? fold(`refused:${name}`, ["Last refusal: ", h("span", { class: "bad-text" }, `${refusal.step}`), " ", moment(refusal.at)], refused(refusal, name)) : null,
    fields(name, plugin, fill),
    earlier(plugin, live),
  );
}

function stranger({ name, refused: refusal }) {
  return h("article", { class: "card plugin" }, h("div", { class: "head" }, h("h2", {}, name), h("p", { class: "soft" }, "a file that is no plugin")), refused(refusal, name));
}

function endings({ calls, endings: ended }) {
  const seen = ENDINGS.filter(([key, , tone]) => ended[key] || tone === "good" || tone === "bad");
  return h(
    "p",
    { class: "chips" },
    h("span", { class: "chip calls" }, h("b", {}, plain(calls)), calls === 1 ? " call" : " calls"),
    seen.map(([key, words, tone]) => chip(words, ended[key] ?? 0, tone)),
  );
}

function settings({ file, error }) {
  if (error) return h("p", { class: "notice" }, `Its settings file is not in force: ${error}`);
  return file ? h("p", { class: "soft" }, "With a settings file of its own.") : null;
}

function candidacy(name, candidate, live) {
  const { held, wanted, shadow } = candidate;
  const which = { name, digest: candidate.digest, version: candidate.version };
  const progress = h("progress", { max: String(Math.max(1, wanted)), value: String(shadow.compared), "aria-label": "Compared so far" });
  return h(
    "section",
    { class: `candidate ${held ? "held" : ""}` },
    h("h3", {}, "Candidate ", h("span", { class: "version" }, version(candidate))),
    held ? h("p", { class: "why-held" }, `Waits for your word: ${held}.`) : h("p", { class: "soft" }, `Runs beside what serves: ${shadow.compared} of ${counted(wanted, "extraction")} compared.`),
    held ? null : progress,
    shadow.compared ? verdicts(shadow, chip) : null,
    comparisons(shadow, `candidate:${name}`),
    h(
      "div",
      { class: "actions" },
      h("button", { type: "button", class: "main", "data-key": `promote:${name}`, onclick: () => promote(which, live) }, "Promote"),
      h("button", { type: "button", "data-key": `discard:${name}`, onclick: () => discard(which, live) }, "Discard"),
    ),
  );
}

function fields(name, { digest: serving }, fill) {
  const own = fill.filter((one) => one.version.startsWith(`${name}@`) && serving.startsWith(one.version.split("+")[1] ?? "-"));
  if (own.length === 0) return null;
  const partly = own.filter((one) => one.stated && one.stated < one.asked).length;
  const never = own.filter((one) => !one.stated).length;
  const words = `How often each field is stated: ${own.length - partly - never} always, ${partly} at times, ${never} never`;
  return fold(`fields:${name}`, words, rates(own, fill, `rates:${name}`));
}

function earlier({ name, digest: serving, earlier: before = [] }, live) {
  if (before.length === 0) return null;
  const [first, ...others] = before;
  const line = (one, button) => h("li", {}, h("span", {}, version(one)), h("span", { class: "soft" }, "loaded ", moment(one.since)), button);
  const back = h("button", { type: "button", "data-key": `rollback:${name}`, onclick: () => rollBack({ name, digest: serving }, first, live) }, "Roll back");
  const again = (one) => h("button", { type: "button", "data-key": `again:${name}:${one.digest}`, onclick: () => promote({ name, ...one }, live) }, "Serve again");
  return h("section", {}, h("h3", {}, "Earlier versions"), h("ul", { class: "versions" }, line(first, back), others.map((one) => line(one, again(one)))));
}

/** Asks, and goes back to the version before, unless something else serves by then. */
export function rollBack({ name, digest: serving }, to, live) {
  decide({
    title: `Roll ${name} back?`,
    text: ["It goes back to ", version(to), ". What serves now may not return by itself; extractions at work finish on the version they began on."],
    button: "Roll back",
    danger: true,
    act: async (why) => {
      await post(`/plugins/${name}/rollback`, { digest: serving, why });
      await live.now();
    },
    done: `${name} is rolled back`,
  });
}

function promote({ name, digest: sha, version: named }, live) {
  decide({
    title: `Let ${name} ${named} serve?`,
    text: ["Every extraction that begins from now on runs on ", digest(sha), ". What serves now stays at hand."],
    button: "Promote",
    act: async (why) => {
      await post(`/plugins/${name}/promote`, { digest: sha, why });
      await live.now();
    },
    done: `${name} ${named} serves`,
  });
}

function discard({ name, digest: sha, version: named }, live) {
  decide({
    title: `Discard ${name} ${named}?`,
    text: ["The candidate ", digest(sha), " is dropped. Its file stays in the plugin folder, but is not taken in again."],
    button: "Discard",
    danger: true,
    act: async (why) => {
      await post(`/plugins/${name}/discard`, { digest: sha, why });
      await live.now();
    },
    done: `${name} ${named} is discarded`,
  });
}
