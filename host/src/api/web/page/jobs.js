// The downloads of this browser: started, followed, saved, and started again. The newest one stands in its card.

import { post, refusalOf, remove } from "./api.js";
import { fill, h, say } from "./dom.js";
import { words } from "./fault.js";
import { counts, draw as drawRow, isExpired, isRunning, tick } from "./row.js";
import { saveAll, saveWhenVisible } from "./save.js";
import * as store from "./store.js";
import { n, t } from "./text.js";
import { unwatch, watch } from "./watch.js";

let jobs = store.load();
/** The rows by job id, so that a new status redraws one row and not the whole list. */
const shown = new Map();
/** Downloads that this tab started: their files save themselves here, and in no other tab. */
const own = new Set();
/** The list in the present card, and the downloads that were started from it. */
let card = { list: null, ids: new Set() };

/** Shows the stored downloads and follows those that are running. */
export function begin() {
  // What was being saved when the page was left is not being saved any more.
  jobs = jobs.map(({ saving: _, ...job }) => job);
  draw();
  jobs.filter(isRunning).forEach(follow);
  setInterval(tickAll, 1000);
  store.onchange(() => {
    jobs = store.load().map(newer);
    draw();
    jobs.filter(isRunning).forEach(follow);
  });
  document.getElementById("tidy").addEventListener("click", () => {
    keep(jobs.filter(isRunning));
    draw();
    say(t("jobs.cleared"));
    document.getElementById("what").focus();
  });
}

/** The place for downloads of a new card; those of the card before go back to the list. */
export function place() {
  card = { list: h("ol", { class: "own" }), ids: new Set() };
  draw();
  return card.list;
}

/**
 * Starts a download. It stands in the present card if it was started from there, at the top of the list otherwise.
 *
 * Throws a `Refusal`.
 */
export async function start({ title, poster, path, body }, here = true) {
  const answer = await post(path, body);
  const id = answer.job_id ?? answer.batch_job_id;
  const job = { id, title, poster, path, body, at: Date.now(), status: { status: "pending", progress: 0 } };
  own.add(id);
  if (here) card.ids = new Set([id]);
  keep([job, ...jobs.filter((other) => other.id !== id)]);
  draw();
  say(t("jobs.started", { title }));
  follow(job);
  shown.get(id).scrollIntoView({ block: "nearest" });
}

/** The newer of a stored download and the one in this tab. Other tabs store downloads, but not their progress. */
function newer(stored) {
  const mine = jobs.find(({ id }) => id === stored.id);
  return mine && (isRunning(stored) || !isRunning(mine)) ? mine : stored;
}

function keep(next) {
  jobs = store.save(next);
}

function follow(job) {
  watch(
    job.id,
    (status) => update(job.id, status),
    (refusal, final) => connectionLost(job.id, refusal, final),
  );
}

/** Changes what is known about a download. Progress is not stored: the page asks for it again after a reload. */
function change(id, changes) {
  const before = jobs.find((job) => job.id === id);
  if (!before) return null;
  const job = { ...before, ...changes };
  jobs = jobs.map((other) => (other.id === id ? job : other));
  if (!isRunning(job)) keep(jobs);
  return job;
}

function update(id, status) {
  const left = status.expires_in_seconds;
  const job = change(id, { status, lost: false, ...(typeof left !== "number" ? {} : { expiresAt: Date.now() + left * 1000 }) });
  if (!job) return;
  redraw(job);
  if (isRunning(job)) return;
  announce(job);
  if (own.delete(id) && status.files?.length === 1) saveItself(job);
}

function saveItself({ id, status }) {
  const [file] = status.files;
  saveWhenVisible(file, () => {
    const job = change(id, { saved: { [file.filename]: true } });
    if (job) redrawWhole(job);
    say(t("save.one", { name: file.filename }));
  });
}

function announce({ title, status }) {
  if (status.status === "completed") say(t("jobs.finished", { title, counts: counts(status) }));
  if (status.status === "failed") say(t("jobs.failed", { title, why: words(status.error).title }));
  if (status.status === "cancelled") say(t("jobs.cancelled", { title }));
}

function connectionLost(id, refusal, final) {
  const job = change(id, final ? { status: { status: "failed", error: { code: refusal.code } } } : { lost: true });
  if (job) redraw(job);
}

function draw() {
  for (const job of jobs) if (!shown.has(job.id)) shown.set(job.id, h("li", { class: "card job", id: `job-${job.id}` }));
  for (const id of [...shown.keys()]) {
    if (jobs.some((job) => job.id === id)) continue;
    shown.delete(id);
    unwatch(id);
  }
  const [here, there] = [[], []];
  for (const job of jobs) (card.list && card.ids.has(job.id) ? here : there).push(shown.get(job.id));
  if (card.list) fill(card.list, here);
  fill(document.getElementById("list"), there);
  jobs.forEach(redraw);
  document.getElementById("jobs").hidden = there.length === 0;
  document.getElementById("tidy").hidden = jobs.every(isRunning);
}

function redraw(job) {
  drawRow(shown.get(job.id), job, { cancel, restart, retry, save });
  document.getElementById("tidy").hidden = jobs.every(isRunning);
}

/** Draws a row although its state is the same. */
function redrawWhole(job) {
  delete shown.get(job.id).dataset.state;
  redraw(job);
}

/** Updates the remaining time of finished downloads. */
function tickAll() {
  for (const job of jobs) {
    if (job.status.status !== "completed") continue;
    const row = shown.get(job.id);
    if (!isExpired(job)) tick(row, job);
    else if (row.dataset.state !== "expired") redraw(job);
  }
}

async function save({ id, title }, files) {
  const marked = (changes) => {
    const job = jobs.find((one) => one.id === id);
    return job && change(id, changes(job));
  };
  redrawWhole(marked(() => ({ saving: {} })));
  const onfile = ({ filename }, good) => {
    const job = marked(({ saved }) => ({ saving: {}, saved: { ...saved, [filename]: good } }));
    if (job) redrawWhole(job);
  };
  const onpause = (pause) => {
    const job = marked(() => ({ saving: { pause } }));
    if (job) tick(shown.get(id), job);
  };
  await saveAll(files, onfile, onpause);
  const job = marked(() => ({ saving: undefined }));
  if (!job) return;
  redrawWhole(job);
  const good = files.filter(({ filename }) => job.saved?.[filename]).length;
  say(`${title}: ${good === files.length ? n("save.all", good) : t("save.some", { done: good, count: files.length })}`);
}

async function cancel(job) {
  try {
    update(job.id, await remove(`/instagram/status/${job.id}`));
    unwatch(job.id);
  } catch (refusal) {
    trouble(job, refusal);
  }
}

/** Starts a download again in place of its row. */
async function restart(job, body = job.body) {
  try {
    await start({ ...job, body }, card.ids.has(job.id));
    keep(jobs.filter((other) => other.id !== job.id));
    draw();
  } catch (refusal) {
    trouble(job, refusal);
  }
}

/** Starts the failed items of a batch again; the row of the others stays. */
async function retry(job) {
  const items = job.body.items.filter((_, at) => job.status.items[at]?.status === "failed");
  try {
    await start({ ...job, title: n("title.links", items.length), body: { ...job.body, items } }, card.ids.has(job.id));
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
