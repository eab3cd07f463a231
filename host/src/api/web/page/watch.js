// Live progress by server-sent events. Few streams are open at once, because all tabs of a browser share six connections to one
// server.

import { get } from "./api.js";

/** Streams that this page opens at once; other jobs wait for a free one. */
const STREAMS_MAX = 3;
/** Pause before a broken stream is opened again, if the server does not state one, seconds. */
const PAUSE_S = 3;

const waiting = [];
const open = new Map();

const FINAL = new Set(["completed", "failed", "cancelled"]);

/** Calls `onstatus` with each status of a job until it ends, and `onlost(refusal, final)` when the status is unavailable. */
export function watch(id, onstatus, onlost) {
  if (open.has(id) || waiting.some((one) => one.id === id)) return;
  waiting.push({ id, onstatus, onlost });
  fillPlaces();
}

/** Stops following a job. */
export function unwatch(id) {
  close(id);
  const place = waiting.findIndex((one) => one.id === id);
  if (place >= 0) waiting.splice(place, 1);
}

// A hidden page leaves its connections to visible ones.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return fillPlaces();
  for (const one of [...open.values()]) {
    close(one.id);
    waiting.unshift(one);
  }
});

function fillPlaces() {
  while (!document.hidden && open.size < STREAMS_MAX && waiting.length) begin(waiting.shift());
}

function close(id) {
  open.get(id)?.source?.close();
  open.delete(id);
}

function begin(one) {
  const source = new EventSource(`/instagram/status/${one.id}/events`);
  open.set(one.id, { ...one, source });
  const told = ({ data }) => {
    const status = JSON.parse(data);
    if (FINAL.has(status.status)) end(one.id);
    one.onstatus(status);
  };
  source.addEventListener("status", told);
  source.addEventListener("message", told);
  source.addEventListener("error", () => {
    // The browser reopens a broken connection by itself. It does not reopen a refused one, and does not say why it was refused.
    if (source.readyState === EventSource.CLOSED) ask(one);
    else one.onlost({ code: "UNREACHABLE" }, false);
  });
}

function end(id) {
  close(id);
  fillPlaces();
}

async function ask(one) {
  try {
    const status = await get(`/instagram/status/${one.id}`);
    one.onstatus(status);
    if (FINAL.has(status.status)) return end(one.id);
    later(one, PAUSE_S);
  } catch (refusal) {
    const gone = refusal.code === "JOB_NOT_FOUND";
    one.onlost(refusal, gone);
    if (gone) return end(one.id);
    later(one, refusal.retryAfter ?? PAUSE_S);
  }
}

/** Tries again later; the job keeps its place in the meantime. */
function later(one, seconds) {
  setTimeout(() => {
    if (!open.has(one.id)) return;
    close(one.id);
    waiting.unshift(one);
    fillPlaces();
  }, seconds * 1000);
}
