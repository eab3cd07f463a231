// The queue: the number of jobs by state, and the status of the latest ones.

import { h } from "/page/dom.js";
import { size } from "/page/format.js";

import { get } from "./admin.js";
import { fold, redraw } from "./live.js";
import { bar, moment, nothing } from "./parts.js";

const STATES = [["running", "running"], ["pending", "waiting"], ["completed", "done"], ["failed", "failed"], ["cancelled", "cancelled"]];
const WORDS = { pending: "waiting", processing: "running", completed: "done", failed: "failed", cancelled: "cancelled" };
const TONES = { completed: "good", failed: "bad", processing: "warn" };

/** The view. */
export function jobs(place) {
  return async () => {
    const seen = await get("/jobs", { limit: "100" });
    return { seen, draw: () => redraw(place, h("h1", {}, "Jobs"), shown(seen)) };
  };
}

function shown({ counts, recent }) {
  const numbers = STATES.map(([key, words]) => h("div", { class: `number ${key === "failed" && counts[key] ? "bad-text" : ""}` }, h("strong", {}, String(counts[key])), h("span", {}, words)));
  const list = recent.length ? h("ul", { class: "card jobs" }, recent.map(job)) : nothing("No jobs. Finished jobs are deleted after half an hour.");
  return [h("div", { class: "numbers" }, numbers), list];
}

function job(one) {
  const { job_id: id, items } = one;
  return h(
    "li",
    { "data-job": id, "data-status": one.status },
    line(one, items ? `Batch of ${items.length}` : `${one.type} ${one.url}`),
    why(one),
    items ? fold(`job:${id}`, `${items.length} items`, h("ul", { class: "items" }, items.map((item) => h("li", {}, line(item, `${item.type} ${item.url}`), why(item))))) : null,
  );
}

function line(one, title) {
  const tone = TONES[one.status] ?? "none";
  return h(
    "div",
    { class: "job-line" },
    h("span", { class: `mark-${tone}` }, WORDS[one.status] ?? one.status),
    h("span", { class: "job-title" }, title),
    one.status === "processing" ? [bar(one.progress / 100, `${one.progress} percent`), h("span", { class: "soft" }, `${one.progress} %, ${one.progress_details?.stage ?? ""}`)] : null,
    h("span", { class: "soft" }, moment(one.created_at), result(one), one.attempt > 1 ? `, attempt ${one.attempt}` : ""),
  );
}

function result({ status, file_count: files, total_size_mb: megabytes, duration_seconds: lasted }) {
  if (status !== "completed") return "";
  return `, ${files} ${files === 1 ? "file" : "files"}, ${size(megabytes)}${lasted ? ` in ${lasted} s` : ""}`;
}

function why({ error, failure }) {
  if (!error) return null;
  const more = failure && failure.details && failure.details !== error.details ? ` (${failure.details})` : "";
  return h("p", { class: "reason" }, h("code", {}, error.code), ` ${error.details}${more}`);
}
