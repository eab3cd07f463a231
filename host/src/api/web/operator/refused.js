// Differences field by field: of a rejected component, and of a candidate compared with the serving version.

import { h } from "/page/dom.js";
import { counted } from "/page/format.js";

import { fold } from "./live.js";
import { digest, moment, table } from "./parts.js";

/** What each admission step found, in the order of the steps. */
const STEPS = {
  file: "Rejected: the file cannot be used",
  signature: "Rejected: no valid signature",
  validation: "Rejected: not a valid component",
  imports: "Rejected: it imports more than a plugin may use",
  world: "Rejected: it does not fit the contract",
  compile: "Rejected: it does not compile within the limits",
  describe: "Rejected: it does not describe itself correctly",
  package: "Rejected: its packed cases or settings cannot be used",
  replay: "Rejected: it does not pass the recorded cases",
  shadow: "Discarded",
  history: "Not admitted again",
  fleet: "Rejected: not every replica has admitted it",
};

/** Cases of a rejection that are shown unfolded. */
const SHOWN_AT_ONCE = 3;

/** A rejection, case by case and field by field. */
export function rejection({ step, reason, cases = [], file, digest: sha, at, replica }, key) {
  const about = [file, digest(sha), replica ? `on the replica ${replica}` : null, at ? moment(at) : null].filter(Boolean);
  const shown = cases.slice(0, SHOWN_AT_ONCE).map((one) => mismatch(one));
  const rest = cases.slice(SHOWN_AT_ONCE).map((one) => mismatch(one));
  return h(
    "div",
    { class: "refused" },
    h("p", { class: "refused-title" }, h("strong", {}, STEPS[step] ?? `Rejected at the step ${step}`)),
    about.length ? h("p", { class: "about soft" }, about.flatMap((it) => [it, " "])) : null,
    cases.length ? h("p", {}, counted(cases.length, "case"), cases.length === 1 ? " does" : " do", " not give the recorded result.") : h("p", { class: "reason" }, reason),
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
    h("code", { class: "field" }, one.field.replace(/^\./, "") || "whole record"),
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
  return h("p", { class: "chips" }, VERDICTS.map(([name, tone]) => chip(name === "diverged" ? "sent other requests" : name, report[name], tone)));
}

/** The comparisons in which the candidate gave another result. */
export function comparisons(report, key) {
  if (report.shown.length === 0) return null;
  const one = ({ query, verdict, reason, differences }, at) => {
    const asked = JSON.stringify(query);
    return h(
      "section",
      { class: "case" },
      h("h4", {}, h("span", { class: `verdict ${verdict}` }, verdict), " ", h("code", {}, asked)),
      reason ? h("p", { class: "reason" }, reason) : null,
      differences.length ? differing(differences, "Serving version", "Candidate", `${key}:${at}`) : null,
    );
  };
  return fold(`${key}:comparisons`, `Differences in shadow mode (${report.shown.length})`, report.shown.map(one));
}
