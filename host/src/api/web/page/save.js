// Saves finished files. One file saves itself; several follow each other, as fast as the server's limit allows.

import { refusalOf, Refusal } from "./api.js";
import { h } from "./dom.js";

/** Requests that are left to the page itself while files are saved. */
const REQUESTS_KEPT = 2;
/** Larger files are left to the browser's own download, megabytes: the page would have to hold them. */
const HELD_MB_MAX = 100;
/** How long a held file must stay until the browser has written it, milliseconds. */
const HELD_MS = 60_000;
/** Attempts at a file that the limit refuses. */
const ATTEMPTS_MAX = 5;

/** Files that save themselves once the tab is visible. */
let waiting = [];

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  const ready = waiting;
  waiting = [];
  for (const saved of ready) saved();
});

/** Saves a file now, or when somebody looks at the tab, and then calls `onsaved`. */
export function saveWhenVisible(file, onsaved) {
  const act = () => {
    hand(file.download_url, file.filename);
    onsaved();
  };
  if (document.hidden) waiting.push(act);
  else act();
}

/**
 * Saves several files one after another. `onfile(file, saved)` is called for each file, and `onpause(seconds)` when the limit
 * asks for a pause.
 */
export async function saveAll(files, onfile, onpause) {
  for (const [place, file] of files.entries()) {
    let pause = 0;
    try {
      pause = await saveOne(file, onpause);
      onfile(file, true);
    } catch (thrown) {
      refusalOf(thrown);
      onfile(file, false);
    }
    if (pause && place < files.length - 1) await rest(pause, onpause);
  }
}

/** Saves one file, and returns how many seconds to wait before the next one. */
async function saveOne(file, onpause, attempt = 1) {
  if (file.size_mb > HELD_MB_MAX) {
    hand(file.download_url, file.filename);
    return 0;
  }
  const response = await answer(file.download_url);
  if (response.status === 429 && attempt < ATTEMPTS_MAX) {
    await rest(Number(response.headers.get("Retry-After")) || 1, onpause);
    return saveOne(file, onpause, attempt + 1);
  }
  if (!response.ok) {
    const body = await response.json().catch(() => null);
    throw new Refusal(body?.error ?? { code: "SERVER_ERROR" });
  }
  const held = URL.createObjectURL(await response.blob());
  hand(held, file.filename);
  setTimeout(() => URL.revokeObjectURL(held), HELD_MS);
  return pauseOf(response.headers.get("RateLimit"));
}

async function answer(url) {
  try {
    return await fetch(url, { credentials: "omit" });
  } catch (error) {
    throw new Refusal({ code: "UNREACHABLE", message: String(error) });
  }
}

/** The pause that a `RateLimit` field such as `"default";r=3;t=12` asks for, seconds. */
function pauseOf(field) {
  const left = field?.match(/;\s*r=(\d+)/)?.[1];
  const reset = field?.match(/;\s*t=(\d+)/)?.[1];
  return left !== undefined && Number(left) <= REQUESTS_KEPT ? Number(reset) || 1 : 0;
}

function rest(seconds, onpause) {
  onpause(seconds);
  return new Promise((done) => setTimeout(done, seconds * 1000));
}

/** Hands a file to the browser, which writes it to the folder of downloads. */
function hand(href, filename) {
  h("a", { href, download: filename }).click();
}
