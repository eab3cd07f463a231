// The plugins: the serving version and its health, the candidate, the last rejection, and the decisions about them.

import { h } from "/page/dom.js";
import { counted, plain } from "/page/format.js";

import { get, post } from "./admin.js";
import { decide } from "./decide.js";
import { rates, warning } from "./drift.js";
import { fold, redraw } from "./live.js";
import { chip, digest, moment, version } from "./parts.js";
import { uploadForm } from "./put.js";
import { comparisons, rejection, verdicts } from "./refused.js";

/** How extractions end; the first two are normal. */
const ENDINGS = [
  ["record", "records", "good"],
  ["refused", "refusals", "good"],
  ["upstream", "upstream failures", ""],
  ["changed", "changed", "bad"],
  ["fault", "faults", "bad"],
  ["rules", "violations", "bad"],
];

/** The view: a form that stays, and cards that are redrawn. */
export function plugins(place, live) {
  const cards = h("div", { class: "stack" });
  place.append(uploadForm(() => live.now()), cards);
  return async () => {
    const [all, fill] = await Promise.all([get("/plugins"), get("/drift/rates")]);
    return { seen: [all, fill], draw: () => redraw(cards, all.map((one) => card(one, fill, live))) };
  };
}

function card(plugin, fill, live) {
  const { name, digest: serving, candidate, refused: rejected, drift = [] } = plugin;
  if (!serving) return stranger(plugin);
  const state = candidate?.held ? "waits" : candidate ? "shadow" : drift.length ? "drifts" : "";
  return h(
    "article",
    { class: "card plugin", "data-plugin": name, "data-state": state },
    h("div", { class: "head" }, h("h2", {}, name), h("p", { class: "version" }, version(plugin)), h("p", { class: "soft since" }, "loaded ", moment(plugin.since))),
    endings(plugin),
    settings(plugin.settings),
    drift.map((one) => warning(one)),
    plugin.behind ? h("p", { class: "notice" }, `This replica does not do what the fleet does: ${plugin.behind}`) : null,
    plugin.rollout ? checking(plugin.rollout) : null,
    candidate ? candidacy(name, candidate, live) : null,
    rejected ? fold(`refused:${name}`, ["Last rejection: ", h("span", { class: "bad-text" }, `${rejected.step}`), " ", moment(rejected.at)], rejection(rejected, name)) : null,
    fields(name, plugin, fill),
    earlier(plugin, live),
  );
}

/** The version that the replicas of a fleet are checking. */
function checking({ version: name, digest: sha, replica, admitted_by: admitted }) {
  return h("p", { class: "soft" }, `The fleet is checking ${name} ${sha.slice(0, 8)}, put on ${replica}; admitted by ${admitted.join(", ")} so far.`);
}

function stranger({ name, refused: rejected }) {
  return h("article", { class: "card plugin" }, h("div", { class: "head" }, h("h2", {}, name), h("p", { class: "soft" }, "not the name of a plugin")), rejection(rejected, name));
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
  if (error) return h("p", { class: "notice" }, `Its settings file is not active: ${error}`);
  return file ? h("p", { class: "soft" }, "Uses a settings file.") : null;
}

function candidacy(name, candidate, live) {
  const { held, wanted, shadow } = candidate;
  const which = { name, digest: candidate.digest, version: candidate.version };
  const progress = h("progress", { max: String(Math.max(1, wanted)), value: String(shadow.compared), "aria-label": "Extractions compared" });
  return h(
    "section",
    { class: `candidate ${held ? "held" : ""}` },
    h("h3", {}, "Candidate ", h("span", { class: "version" }, version(candidate))),
    held ? h("p", { class: "why-held" }, `Waiting for your decision: ${held}.`) : h("p", { class: "soft" }, `In shadow mode: ${shadow.compared} of ${counted(wanted, "extraction")} compared.`),
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
  const words = `Fill rates of the fields: ${own.length - partly - never} always present, ${partly} sometimes, ${never} never`;
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

/** Asks for confirmation and returns to the previous version, unless another version serves by then. */
export function rollBack({ name, digest: serving }, to, live) {
  decide({
    title: `Roll ${name} back?`,
    text: ["The plugin returns to ", version(to), ". The version that serves now stays rolled back until you promote it. Running extractions finish on the version they started on."],
    button: "Roll back",
    danger: true,
    act: async (why) => {
      await post(`/plugins/${name}/rollback`, { digest: serving, why });
      await live.now();
    },
    done: `${name} was rolled back`,
  });
}

function promote({ name, digest: sha, version: named }, live) {
  decide({
    title: `Promote ${name} ${named}?`,
    text: ["New extractions will run on ", digest(sha), ". The version that serves now is kept, so you can roll back."],
    button: "Promote",
    act: async (why) => {
      await post(`/plugins/${name}/promote`, { digest: sha, why });
      await live.now();
    },
    done: `${name} ${named} is serving`,
  });
}

function discard({ name, digest: sha, version: named }, live) {
  decide({
    title: `Discard ${name} ${named}?`,
    text: ["The candidate ", digest(sha), " is dropped. Its file stays in the plugin folder, but will not be admitted again."],
    button: "Discard",
    danger: true,
    act: async (why) => {
      await post(`/plugins/${name}/discard`, { digest: sha, why });
      await live.now();
    },
    done: `${name} ${named} was discarded`,
  });
}
