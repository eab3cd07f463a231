// The fleet: every replica with its release and its last heartbeat, who does what for all, and what does not work.

import { h } from "/page/dom.js";
import { plain } from "/page/format.js";

import { get } from "./admin.js";
import { redraw } from "./live.js";
import { digest, moment, nothing, table } from "./parts.js";

/** The view. */
export function fleet(place) {
  return async () => {
    const seen = await get("/fleet");
    return { seen, draw: () => redraw(place, h("h1", {}, "Fleet"), warnings(seen), shown(seen)) };
  };
}

function warnings({ degraded }) {
  return degraded.map((words) => h("div", { class: "warning" }, h("p", {}, words)));
}

function shown(seen) {
  if (!seen.database.shared) return h("p", { class: "calm" }, "This server has a database of its own, so there are no other replicas.");
  const alive = seen.replicas.filter((one) => one.alive);
  const running = seen.running?.reduce((sum, one) => sum + one.jobs, 0) ?? "–";
  const numbers = [
    number(alive.length, alive.length === 1 ? "replica is alive" : "replicas are alive"),
    number(releases(alive).size, releases(alive).size === 1 ? "release" : "releases", releases(alive).size > 1),
    number(running, running === 1 ? "job runs" : "jobs run"),
    number(seen.database.away_since ? "away" : "answers", "database", Boolean(seen.database.away_since)),
  ];
  return [h("div", { class: "numbers" }, numbers), replicas(seen, alive), duties(seen)];
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
    h("span", { class: one.alive ? "" : "bad-text" }, `${plain(Math.round(one.silent_ms / 100) / 10)} s ago`),
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
  const rows = all.map((one) => [one.duty, h("span", { title: one.id }, one.name), left(one.until)]);
  const label = "Work that one replica does for all";
  return h("section", { class: "card" }, h("h2", {}, label), table(["Duty", "Replica", "For at least"], rows, { key: "duties", label }));
}
