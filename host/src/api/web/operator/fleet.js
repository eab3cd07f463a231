// The fleet: every replica with its release and its last heartbeat, who does what for all, and what does not work.

import { h } from "/page/dom.js";
import { plain } from "/page/format.js";

import { get } from "./admin.js";
import { redraw } from "./live.js";
import { digest, moment, nothing, table } from "./parts.js";

/** What each duty is; others are shown by their name. */
const DUTIES = { replicas: "forgets replicas that are gone", sweep: "deletes what has expired" };

/** The view. */
export function fleet(place) {
  return async () => {
    const seen = await get("/fleet");
    return { seen, draw: () => redraw(place, h("h1", {}, "Fleet"), warnings(seen), shown(seen)) };
  };
}

function warnings({ degraded }) {
  return degraded.length ? h("ul", { class: "warning" }, degraded.map((words) => h("li", {}, words))) : null;
}

function shown(seen) {
  if (!seen.database.shared) return h("p", { class: "calm" }, "This server has a database of its own, so there are no other replicas.");
  const alive = seen.replicas.filter((one) => one.alive);
  const running = seen.running?.reduce((sum, one) => sum + one.jobs, 0) ?? "–";
  const numbers = [
    number(alive.length, alive.length === 1 ? "replica is alive" : "replicas are alive"),
    number(releases(alive).size, releases(alive).size === 1 ? "release" : "releases", releases(alive).size > 1),
    number(running, running === 1 ? "job runs" : "jobs run"),
    number(ago(Math.max(0, ...alive.map((one) => one.silent_ms))), "oldest heartbeat"),
  ];
  return [h("div", { class: "numbers" }, numbers), replicas(seen, alive), duties(seen)];
}

function ago(ms) {
  return `${plain(Math.round(ms / 100) / 10)} s`;
}

function number(value, words, bad = false) {
  return h("div", { class: `number ${bad ? "bad-text" : ""}` }, h("strong", {}, String(value)), h("span", {}, words));
}

function releases(replicas) {
  return new Set(replicas.map((one) => one.version));
}

function replicas({ replica: own, replicas: all, running }, alive) {
  const heads = ["Replica", "State", "Release", "Last heartbeat", "Started", "Jobs", "Plugins"];
  const mixed = releases(alive).size > 1;
  const jobs = (one) => running?.find((it) => it.id === one.id)?.jobs ?? one.report.jobs;
  const row = (one) => [
    [h("strong", { title: one.id }, one.name), one.id === own.id ? h("span", { class: "soft" }, " this one") : null, h("div", { class: "soft" }, `egress ${one.egress}`)],
    state(one),
    mixed ? h("span", { class: "mark-warn" }, one.version) : one.version,
    h("span", { class: one.alive ? "" : "bad-text" }, `${ago(one.silent_ms)} ago`),
    moment(one.started_at),
    plain(jobs(one)),
    versions(one, alive),
  ];
  const label = "Replicas";
  return h("section", { class: "card" }, h("h2", {}, label), table(heads, all.map(row), { key: "replicas", label }));
}

function state({ alive, report }) {
  if (!alive) return h("span", { class: "mark-bad" }, "silent");
  return report.draining ? h("span", { class: "mark-warn" }, "draining") : h("span", { class: "mark-good" }, "serves");
}

/** The plugins of a replica; those that are not the same everywhere are named. */
function versions({ report: { plugins } }, alive) {
  const names = Object.keys(plugins);
  if (names.length === 0) return h("span", { class: "soft" }, "–");
  const differs = (name) => new Set(alive.map((one) => one.report.plugins[name]).filter(Boolean)).size > 1;
  const named = names.filter(differs);
  if (named.length === 0) return h("span", { class: "soft" }, alive.length > 1 ? "as everywhere" : `${names.length} serve`);
  return named.map((name) => h("div", { class: "mark-warn" }, `${name} `, digest(plugins[name])));
}

function duties({ duties: all, at }) {
  if (!all) return nothing("Who does what for all is not known while the database does not answer.");
  if (all.length === 0) return null;
  const left = (until) => `${plain(Math.max(0, Math.round((new Date(until) - new Date(at)) / 1000)))} s`;
  const rows = all.map((one) => [DUTIES[one.duty] ?? one.duty, h("span", { title: one.id }, one.name), left(one.until)]);
  const label = "Work that one replica does for all";
  return h("section", { class: "card" }, h("h2", {}, label), table(["What", "Replica", "For at least"], rows, { key: "duties", label }));
}
