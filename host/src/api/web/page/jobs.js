// The list of downloads: progress, files, time left, and a way to start a failed or expired download again.

import { post, refusalOf, remove } from "./api.js";
import { busy, fill, h, icon, picture, say } from "./dom.js";
import { counted, dimensions, kind, size, span } from "./format.js";
import { technical } from "./fault.js";
import { words } from "./words.js";
import * as store from "./store.js";
import { unwatch, watch } from "./watch.js";

/** Pause between two files when all files are saved, milliseconds. Browsers drop downloads that follow each other faster. */
const SAVE_PAUSE_MS = 400;

let jobs = store.load();
/** The list items by job id, so that a new status redraws one item and not the whole list. */
const shown = new Map();

/** Shows the stored downloads and follows those that are running. */
export function begin() {
  draw();
  jobs.filter(running).forEach(follow);
  setInterval(tickAll, 1000);
  store.onchange(() => {
    jobs = store.load().map(newer);
    draw();
    jobs.filter(running).forEach(follow);
  });
  document.getElementById("tidy").addEventListener("click", () => {
    jobs = store.save(jobs.filter(running));
    draw();
    say("List cleared");
    document.getElementById("what").focus();
  });
}

/**
 * Starts a download and adds it at the top of the list.
 *
 * Throws a `Refusal`.
 */
export async function start({ title, poster, path, body }) {
  const answer = await post(path, body);
  const id = answer.job_id ?? answer.batch_job_id;
  const job = { id, title, poster, path, body, at: Date.now(), status: { status: "pending", progress: 0 } };
  keep([job, ...jobs.filter((other) => other.id !== id)]);
  draw();
  say(`Download started: ${title}`);
  follow(job);
  shown.get(id).scrollIntoView({ block: "nearest" });
}

/** The newer of a stored download and the one in this tab. Other tabs store downloads, but not their progress. */
function newer(stored) {
  const own = jobs.find(({ id }) => id === stored.id);
  return own && (running(stored) || !running(own)) ? own : stored;
}

function keep(next) {
  jobs = store.save(next);
}

function running({ status }) {
  return status.status === "pending" || status.status === "processing";
}

function expired(job) {
  return job.status.status === "completed" && job.expiresAt <= Date.now();
}

function follow(job) {
  watch(
    job.id,
    (status) => update(job.id, status),
    (refusal, final) => connectionLost(job.id, refusal, final),
  );
}

function update(id, status) {
  const before = jobs.find((job) => job.id === id);
  if (!before) return;
  const left = status.expires_in_seconds;
  const job = { ...before, status, lost: false, ...(typeof left !== "number" ? {} : { expiresAt: Date.now() + left * 1000 }) };
  jobs = jobs.map((other) => (other.id === id ? job : other));
  // Progress is not stored: the page asks for it again after a reload.
  if (!running(job)) {
    keep(jobs);
    announce(job);
  }
  redraw(job);
}

function announce({ title, status }) {
  if (status.status === "completed") say(`Finished: ${title}, ${counts(status)}`);
  if (status.status === "failed") say(`Failed: ${title}. ${words(status.error).title}`);
  if (status.status === "cancelled") say(`Cancelled: ${title}`);
}

function connectionLost(id, refusal, final) {
  const before = jobs.find((job) => job.id === id);
  if (!before) return;
  const job = final ? { ...before, status: { status: "failed", error: { code: refusal.code } } } : { ...before, lost: true };
  jobs = jobs.map((other) => (other.id === id ? job : other));
  if (final) keep(jobs);
  redraw(job);
}

function draw() {
  const list = document.getElementById("list");
  for (const job of jobs) if (!shown.has(job.id)) shown.set(job.id, h("li", { class: "card job", id: `job-${job.id}` }));
  for (const id of [...shown.keys()]) {
    if (jobs.some((job) => job.id === id)) continue;
    shown.delete(id);
    unwatch(id);
  }
  fill(list, jobs.map((job) => shown.get(job.id)));
  jobs.forEach(redraw);
  document.getElementById("jobs").hidden = jobs.length === 0;
  document.getElementById("tidy").hidden = jobs.every(running);
}

function redraw(job) {
  const place = shown.get(job.id);
  const state = running(job) ? "under-way" : expired(job) ? "expired" : job.status.status;
  // A running download changes only its text and its bar, so that its button keeps the focus.
  if (place.dataset.state === state && state === "under-way") return progress(place, job);
  const focused = place.contains(document.activeElement);
  place.dataset.state = state;
  fill(place, head(job, state), body(job, state));
  if (state === "under-way") progress(place, job);
  document.getElementById("tidy").hidden = jobs.every(running);
  if (focused) place.querySelector("button, a")?.focus();
}

function head(job, state) {
  return h(
    "div",
    { class: "job-head" },
    job.poster ? h("span", { class: "thumb" }, picture(job.poster, "")) : h("span", { class: "thumb many" }, icon("down")),
    h("div", { class: "job-words" }, h("h3", {}, job.title), h("p", { class: "state" }, sentence(job, state))),
    state === "under-way" ? h("button", { type: "button", class: "quiet", "aria-label": `Cancel: ${job.title}`, onclick: ({ currentTarget }) => busy(currentTarget, () => cancel(job)) }, "Cancel") : null,
    state === "completed" && job.status.files.length > 1 ? h("button", { type: "button", onclick: () => saveAll(job) }, "Save all") : null,
  );
}

function sentence(job, state) {
  const { status } = job;
  if (state === "completed") return done(job);
  if (state === "expired") return "The files have expired: the server keeps them for half an hour.";
  const some = status.completed_count ? `${status.completed_count} of ${status.batch_size} downloaded.` : null;
  if (state === "cancelled") return some ? `Cancelled. ${some}` : "Cancelled.";
  if (state === "failed") return status.batch_size ? some ?? "None of them could be downloaded." : words(status.error).title;
  return "";
}

function done({ status, expiresAt }) {
  const left = Math.max(1, (expiresAt - Date.now()) / 1000);
  return `${counts(status)} · ${size(status.total_size_mb)} · ${span(left)} left`;
}

/** How many files there are, and how many are not. */
function counts(status) {
  const failed = status.failed_count ? `, ${status.failed_count} failed` : "";
  const absent = status.missing_files?.length ? `, ${status.missing_files.length} missing` : "";
  return `${counted(status.file_count, "file")}${failed}${absent}`;
}

function body(job, state) {
  const { status } = job;
  if (state === "under-way") return h("progress", { max: "100", "aria-label": `Progress of ${job.title}` });
  const again = h("button", { type: "button", onclick: ({ currentTarget }) => busy(currentTarget, () => restart(job)) }, icon("again"), "Download again");
  if (state === "completed") return [files(status.items ? [] : status.files), status.items ? parts(status.items) : missing(status)];
  if (state === "failed") {
    const why = status.batch_size ? parts(status.items) : h("p", {}, words(status.error).text);
    return [why, h("div", { class: "actions" }, again), status.batch_size ? null : technical(status.error)];
  }
  return [state === "cancelled" && status.items ? parts(status.items) : null, h("div", { class: "actions" }, again)];
}

function files(list) {
  if (!list.length) return null;
  return h("ul", { class: "files" }, list.map((file) => h("li", {}, link(file))));
}

/** The files that could not be had, each with the reason. */
function missing({ missing_files: list }) {
  if (!list?.length) return null;
  const one = ({ name, error }) => h("p", {}, h("span", { class: "line" }, name), h("span", { class: "why" }, error.details));
  return h("ul", { class: "parts" }, list.map((file) => h("li", { class: "bad" }, one(file))));
}

function link(file) {
  const facts = [kind(file.media_type), dimensions(file.dimensions), size(file.size_mb)].filter(Boolean).join(" · ");
  return h("a", { href: file.download_url, download: file.filename }, icon("down"), h("span", { class: "name" }, file.filename), h("span", { class: "about" }, facts));
}

/** The items of a batch, each with its files or the reason why there are none. */
function parts(items) {
  return h(
    "ol",
    { class: "parts" },
    items.map((item) => {
      const good = item.status === "completed";
      const why = item.status === "failed" ? words(item.error).title : item.status;
      return h("li", { class: good ? "" : "bad" }, h("p", {}, h("span", { class: "line" }, item.url), good ? null : h("span", { class: "why" }, why)), good ? [files(item.files), missing(item)] : null);
    }),
  );
}

function progress(place, { status, lost: unseen }) {
  const bar = place.querySelector("progress");
  const waiting = status.status === "pending" && !status.progress;
  // A progress bar without a value shows that the job is waiting.
  if (waiting) bar.removeAttribute("value");
  else bar.value = status.progress;
  const facts = [
    unseen ? "Connection lost, reconnecting" : (status.message ?? "Waiting in the queue").replace(/\.+$/, ""),
    status.batch_size ? `${status.completed_count + status.failed_count} of ${status.batch_size}` : null,
    waiting ? null : `${Math.round(status.progress)}\u202f%`,
    status.file_size_mb ? size(status.file_size_mb) : null,
    status.speed_mbps ? `${status.speed_mbps} Mbit/s` : null,
    status.estimated_completion_seconds ? `${span(status.estimated_completion_seconds)} left` : null,
  ];
  place.querySelector(".state").textContent = facts.filter(Boolean).join(" · ");
}

/** Updates the remaining time of finished downloads. */
function tickAll() {
  for (const job of jobs) {
    if (job.status.status !== "completed") continue;
    const place = shown.get(job.id);
    if (expired(job)) {
      if (place.dataset.state !== "expired") redraw(job);
    } else {
      const text = done(job);
      const state = place.querySelector(".state");
      if (state.textContent !== text) state.textContent = text;
    }
  }
}

async function cancel(job) {
  try {
    update(job.id, await remove(`/instagram/status/${job.id}`));
    unwatch(job.id);
  } catch (refusal) {
    trouble(job, refusal);
  }
}

async function restart(job) {
  try {
    await start(job);
    keep(jobs.filter((other) => other.id !== job.id));
    draw();
  } catch (refusal) {
    trouble(job, refusal);
  }
}

/** Shows why an action on a download failed. */
function trouble(job, thrown) {
  const { title, text } = words(refusalOf(thrown));
  shown.get(job.id).querySelector(".state").textContent = `${title}. ${text}`;
  say(`${title}. ${text}`);
}

function saveAll({ status }) {
  status.files.forEach((file, place) => {
    setTimeout(() => h("a", { href: file.download_url, download: file.filename }).click(), place * SAVE_PAUSE_MS);
  });
  say(`Saving ${counted(status.files.length, "file")}`);
}
