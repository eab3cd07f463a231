// Stores the downloads and the choices of this browser across reloads. If the browser refuses storage, they last as long as the
// page.

const KEY = "gramhost.downloads";
const CHOICES = "gramhost.choices";
/** Number of downloads that are stored. */
const DOWNLOADS_MAX = 30;
/** How long a download stays in the list, so that it can be started again after its files expired, milliseconds. */
const AGE_MS_MAX = 24 * 3600 * 1000;

/** The newest first: `{ id, title, poster, path, body, at, status, expiresAt, saved }`, times in milliseconds. */
export function load() {
  const stored = read(KEY);
  if (!Array.isArray(stored)) return [];
  return stored.filter((job) => typeof job?.id === "string" && Date.now() - job.at < AGE_MS_MAX).slice(0, DOWNLOADS_MAX);
}

/** Stores the newest downloads, and returns them. */
export function save(jobs) {
  const newest = jobs.slice(0, DOWNLOADS_MAX);
  write(KEY, newest);
  return newest;
}

/** Calls the listener when another tab has changed the stored downloads. */
export function onchange(listener) {
  addEventListener("storage", ({ key }) => key === KEY && listener());
}

const choices = new Map(Object.entries(read(CHOICES) ?? {}));

/** What was chosen last under this name; undefined if nothing was. */
export function remembered(name) {
  return choices.get(name);
}

/** Keeps a choice for the next form. */
export function remember(name, value) {
  choices.set(name, value);
  write(CHOICES, Object.fromEntries(choices));
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage is full or forbidden. The page still works, but a reload forgets it.
  }
}
