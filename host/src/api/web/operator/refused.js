// Differences field by field: of a component that is not let in, and of a candidate beside the version that serves.

import { h } from "/page/dom.js";
import { counted } from "/page/format.js";

import { fold } from "./live.js";
import { digest, moment, table } from "./parts.js";

const STEPS = {
  file: "the file itself",
  signature: "the signature",
  validation: "being a component",
  imports: "what it imports",
  world: "the contract",
  compile: "compiling",
  describe: "describing itself",
  package: "what is packed with it",
  replay: "the recorded cases",
};

/** Steps that come after a component was looked at. */
const LATER = { shadow: "Dropped", history: "Not let in again" };

/** Cases of a refusal that are unfolded by themselves. */
const SHOWN_AT_ONCE = 3;

/** A refusal, case by case and field by field. */
export function refused({ step, reason, cases = [], file, digest: sha, at }, key) {
  const about = [file, digest(sha), at ? moment(at) : null].filter(Boolean);
  const shown = cases.slice(0, SHOWN_AT_ONCE).map((one) => mismatch(one));
  const rest = cases.slice(SHOWN_AT_ONCE).map((one) => mismatch(one));
  return h(
    "div",
    { class: "refused" },
    h("p", { class: "refused-title" }, h("strong", {}, LATER[step] ?? `Not let in: it fails at ${STEPS[step] ?? step}`)),
    about.length ? h("p", { class: "about soft" }, about.flatMap((it) => [it, " "])) : null,
    cases.length ? h("p", {}, counted(cases.length, "case ends", "cases end"), " otherwise than recorded.") : h("p", { class: "reason" }, reason),
    shown,
    rest.length ? fold(`${key}:rest`, counted(rest.length, "more case"), rest) : null,
  );
}

function mismatch({ case: name, reason, differences = [] }) {
  return h(
    "section",
    { class: "case" },
    h("h4", {}, name),
    differences.length ? differing(differences, "Recorded", "This component", name) : h("p", { class: "reason" }, reason),
  );
}

function differing(differences, expected, found, name) {
  const rows = differences.map((one) => [
    h("code", { class: "field" }, one.field.replace(/^\./, "") || "all of it"),
    value(one.expected, "was"),
    value(one.found, "is"),
  ]);
  return table(["Field", expected, found], rows, { key: `differences:${name}`, label: `Differences of ${name}` });
}

function value(text, kind) {
  return h("code", { class: `${kind} ${text === "nothing" || text === "null" ? "absent" : ""}` }, text);
}

const VERDICTS = [["same", "good"], ["differs", ""], ["better", "good"], ["worse", "bad"], ["diverged", "bad"]];

/** The chips of a shadow report. */
export function verdicts(report, chip) {
  return h("p", { class: "chips" }, VERDICTS.map(([name, tone]) => chip(name === "diverged" ? "asked something else" : name, report[name], tone)));
}

/** The comparisons of a candidate that were not the same. */
export function comparisons(report, key) {
  if (report.shown.length === 0) return null;
  const one = ({ query, verdict, reason, differences }, at) => {
    const asked = JSON.stringify(query);
    return h(
      "section",
      { class: "case" },
      h("h4", {}, h("span", { class: `verdict ${verdict}` }, verdict), " ", h("code", {}, asked)),
      reason ? h("p", { class: "reason" }, reason) : null,
      differences.length ? differing(differences, "What serves", "The candidate", `${key}:${at}`) : null,
    );
  };
  return fold(`${key}:comparisons`, `Where it was not the same (${report.shown.length})`, report.shown.map(one));
}
