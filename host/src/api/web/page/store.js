// Stores the downloads of this browser across reloads. If the browser refuses storage, they last as long as the page.

const KEY = "gramhost.downloads";
/** Number of downloads that are stored. */
const DOWNLOADS_MAX = 30;
/** How long a download stays in the list, so that it can be started again after its files expired, milliseconds. */
const AGE_MS_MAX = 24 * 3600 * 1000;

/** The newest first: `{ id, title, poster, path, body, at, status, expiresAt }`, times in milliseconds. */
export function load() {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.filter((job) => typeof job?.id === "string" && Date.now() - job.at < AGE_MS_MAX).slice(0, DOWNLOADS_MAX);
  } catch {
    return [];
  }
}

/** Stores the newest downloads, and returns them. */
export function save(jobs) {
  const newest = jobs.slice(0, DOWNLOADS_MAX);
  try {
    localStorage.setItem(KEY, JSON.stringify(newest));
  } catch {
    // Storage is full or forbidden. The page still works, but a reload forgets the list.
  }
  return newest;
}

/** Calls the listener when another tab has changed the stored downloads. */
export function onchange(listener) {
  addEventListener("storage", ({ key }) => key === KEY && listener());
}
