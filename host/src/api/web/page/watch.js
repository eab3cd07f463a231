// Live progress: server-sent events, a few at a time, since a browser has six connections to a server for all its tabs.

import { get } from "./api.js";

/** Streams open at once in this page; others wait for a place. */
const STREAMS_MAX = 3;
/** The pause before a broken stream is opened again where the server names none, seconds. */
const PAUSE_S = 3;

const waiting = [];
const open = new Map();

const FINAL = new Set(["completed", "failed", "cancelled"]);

/** Calls `onstatus` with each status of a job, to its end; `onlost(refusal, final)` where it cannot be seen. */
export function watch(id, onstatus, onlost) {
  if (open.has(id) || waiting.some((one) => one.id === id)) return;
  waiting.push({ id, onstatus, onlost });
  fillPlaces();
}

/** Nobody wants to know any more. */
export function unwatch(id) {
  close(id);
  const place = waiting.findIndex((one) => one.id === id);
  if (place >= 0) waiting.splice(place, 1);
}

// A page that nobody sees leaves its connections to others.
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
  source.addEventListener("status", ({ data }) => {
    const status = JSON.parse(data);
    if (FINAL.has(status.status)) end(one.id);
    one.onstatus(status);
  });
  source.addEventListener("error", () => {
    // A broken connection is opened again by the browser; a refusal is not, and does not say why.
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

/** Keeps its place meanwhile. */
function later(one, seconds) {
  setTimeout(() => {
    if (!open.has(one.id)) return;
    close(one.id);
    waiting.unshift(one);
    fillPlaces();
  }, seconds * 1000);
}
