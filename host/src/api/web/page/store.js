// The downloads of this browser, kept across reloads. Where storage is refused they live as long as the page.

const KEY = "gramhost.downloads";
/** How many are kept. */
const MOST = 30;
/** How long after its files are gone a download stays in the list, to be started again: milliseconds. */
const KEEP_MS = 24 * 3600 * 1000;

/** The newest first: `{ id, title, poster, path, body, at, status, expiresAt }`, times in milliseconds. */
export function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.filter((job) => typeof job?.id === "string" && Date.now() - job.at < KEEP_MS).slice(0, MOST);
  } catch {
    return [];
  }
}

/** Keeps them; answers which ones found room. */
export function save(jobs) {
  const kept = jobs.slice(0, MOST);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Full or forbidden: the page still works, it only forgets.
  }
  return kept;
}

/** Calls back when another tab has changed them. */
export function onchange(listener) {
  addEventListener("storage", ({ key }) => key === KEY && listener());
}
