// The row of one download in the list: what it does, its files, and what can be done with it.

import { busy, fill, h, icon, picture } from "./dom.js";
import { decimal, dimensions, kind, size, span } from "./format.js";
import { technical, words } from "./fault.js";
import { n, t } from "./text.js";

/** The state that decides what a row shows. */
export function stateOf(job) {
  if (isRunning(job)) return "under-way";
  return isExpired(job) ? "expired" : job.status.status;
}

export function isRunning({ status }) {
  return status.status === "pending" || status.status === "processing";
}

export function isExpired(job) {
  return job.status.status === "completed" && job.expiresAt <= Date.now();
}

/** Draws a row. `act` has what the buttons do: `cancel`, `restart`, `retry`, `save`. */
export function draw(place, job, act) {
  const state = stateOf(job);
  // A running download changes only its text and its bar, so that its button keeps the focus.
  if (place.dataset.state === state && state === "under-way") return progress(place, job);
  const focused = place.contains(document.activeElement);
  place.dataset.state = state;
  fill(place, head(job, state, act), body(job, state, act));
  if (state === "under-way") progress(place, job);
  if (focused) place.querySelector("button, a")?.focus();
}

/** Writes the remaining time of a finished download. */
export function tick(place, job) {
  const text = done(job);
  const state = place.querySelector(".state");
  if (state.textContent !== text) state.textContent = text;
}

/** How many files there are, and how many are not. */
export function counts(status) {
  const failed = status.failed_count ? t("row.missed", { count: status.failed_count }) : null;
  const missing = status.missing_files?.length ? t("row.missing", { count: status.missing_files.length }) : null;
  return [n("row.file", status.file_count), failed, missing].filter(Boolean).join(", ");
}

function head(job, state, act) {
  return h(
    "div",
    { class: "job-head" },
    job.poster ? h("span", { class: "thumb" }, picture(job.poster, "")) : h("span", { class: "thumb many" }, icon("down")),
    h("div", { class: "job-words" }, h("h3", {}, job.title), h("p", { class: "state" }, sentence(job, state))),
    state === "under-way" ? acting("quiet", t("row.cancel"), () => act.cancel(job), t("row.cancel.of", { title: job.title })) : null,
    state === "completed" ? saveButton(job, act) : null,
  );
}

function acting(style, text, action, label) {
  return h("button", { type: "button", class: style, "aria-label": label, onclick: ({ currentTarget }) => busy(currentTarget, action) }, text);
}

/** Several files are saved by a button, and after that the ones that were not. */
function saveButton(job, act) {
  const { files } = job.status;
  if (files.length < 2 || job.saving) return null;
  const rest = unsaved(job);
  if (!rest.length) return acting("", t("save.again"), () => act.save(job, files));
  const key = rest.length < files.length ? "save.rest" : "save.files";
  return acting("main", n(key, rest.length), () => act.save(job, rest));
}

/** The files that were not saved yet. */
function unsaved({ status, saved = {} }) {
  return status.files.filter(({ filename }) => saved[filename] !== true);
}

function sentence(job, state) {
  const { status } = job;
  if (state === "completed") return done(job);
  if (state === "expired") return t("row.expired");
  const some = status.completed_count ? t("row.some", { done: status.completed_count, count: status.batch_size }) : null;
  if (state === "cancelled") return some ? `${t("row.cancelled")} ${some}` : t("row.cancelled");
  if (state === "failed") return status.batch_size ? some ?? t("row.none") : words(status.error).title;
  return "";
}

function done(job) {
  const { status, saved = {}, saving } = job;
  const count = status.files.length;
  const good = count - unsaved(job).length;
  if (saving?.pause) return t("save.pause", { done: good, count, time: span(saving.pause) });
  if (saving) return t("save.busy", { done: good, count });
  if (count > 1 && Object.keys(saved).length && good < count) return t("save.some", { done: good, count });
  const time = span(Math.max(1, (job.expiresAt - Date.now()) / 1000));
  return t(good === count && count ? "row.saved" : "row.done", { counts: counts(status), size: size(status.total_size_mb), time });
}

function body(job, state, act) {
  const { status } = job;
  if (state === "under-way") return h("progress", { max: "100", "aria-label": t("row.progress", { title: job.title }) });
  const again = h("button", { type: "button", onclick: ({ currentTarget }) => busy(currentTarget, () => act.restart(job)) }, icon("again"), t("row.again"));
  const retry = status.failed_count ? acting("", [icon("again"), t("row.failed")], () => act.retry(job)) : null;
  const actions = (...buttons) => h("div", { class: "actions" }, buttons);
  if (state === "completed") {
    if (status.items) return [retry ? actions(retry) : null, items(status.items, job)];
    return [files(status.files, job), missing(status), status.missing_files?.length ? actions(again) : null];
  }
  if (state === "failed") {
    const why = status.batch_size ? items(status.items, job) : h("p", {}, words(status.error).text);
    return [why, actions(again), status.batch_size ? null : technical(status.error)];
  }
  return [state === "cancelled" && status.items ? items(status.items, job) : null, actions(again)];
}

function files(list, { saved = {} }) {
  if (!list.length) return null;
  return h("ul", { class: "files" }, list.map((file) => h("li", {}, link(file, saved[file.filename]))));
}

/** The files that could not be had, each with the reason. */
function missing({ missing_files: list }) {
  if (!list?.length) return null;
  const one = ({ name, error }) => h("p", {}, h("span", { class: "line" }, name), h("span", { class: "why" }, words(error).title));
  return h("ul", { class: "parts" }, list.map((file) => h("li", { class: "bad" }, one(file))));
}

function link(file, saved) {
  const facts = [kind(file.media_type), dimensions(file.dimensions), size(file.size_mb)].filter(Boolean).join(" · ");
  const mark = saved === undefined ? null : h("span", { class: saved ? "good" : "why" }, ` · ${t(saved ? "save.good" : "save.bad")}`);
  return h(
    "a",
    { href: file.download_url, download: file.filename, "data-saved": saved === undefined ? null : String(saved) },
    icon(saved ? "check" : "down"),
    h("span", { class: "name" }, file.filename),
    h("span", { class: "about" }, facts, mark),
  );
}

/** The items of a batch, each with its files or the reason why there are none. */
function items(list, job) {
  return h(
    "ol",
    { class: "parts" },
    list.map((item) => {
      const good = item.status === "completed";
      const why = item.status === "failed" ? words(item.error).title : t("row.skipped");
      return h("li", { class: good ? "" : "bad" }, h("p", {}, h("span", { class: "line" }, item.url), good ? null : h("span", { class: "why" }, why)), good ? [files(item.files, job), missing(item)] : null);
    }),
  );
}

const STAGES = new Set(["pending", "resolving", "downloading", "processing", "publishing"]);

function progress(place, { status, lost }) {
  const bar = place.querySelector("progress");
  const waiting = lost || (status.status === "pending" && !status.progress);
  // A progress bar without a value shows that nothing is known: the job waits, or the server does not answer.
  if (waiting) bar.removeAttribute("value");
  else bar.value = status.progress;
  const stage = status.progress_details?.stage;
  const facts = [
    t(STAGES.has(stage) ? `stage.${stage}` : "stage.pending"),
    status.batch_size ? t("row.items", { done: status.completed_count + status.failed_count, count: status.batch_size }) : null,
    waiting ? null : `${Math.round(status.progress)}\u202f%`,
    status.file_size_mb ? size(status.file_size_mb) : null,
    status.speed_mbps ? t("row.speed", { speed: decimal(status.speed_mbps) }) : null,
    status.estimated_completion_seconds ? t("row.left", { time: span(status.estimated_completion_seconds) }) : null,
  ];
  // Numbers of before would be wrong by now.
  place.querySelector(".state").textContent = lost ? t("row.lost") : facts.filter(Boolean).join(" · ");
}
