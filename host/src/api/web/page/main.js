// The entry point of the page: the form, and which card is shown for the pasted text.

import { get, once, refusalOf } from "./api.js";
import { batch } from "./batch.js";
import { fill, h, say } from "./dom.js";
import { fault } from "./fault.js";
import * as jobs from "./jobs.js";
import { options } from "./options.js";
import { model, preview, title } from "./preview.js";
import { profile } from "./profile.js";
import { called, lines, read } from "./target.js";

const form = document.getElementById("ask");
const what = document.getElementById("what");
const hint = document.getElementById("hint");
const view = document.getElementById("view");
const usual = hint.textContent;

/** Maximum height of the text field, rows. */
const ROWS_MAX = 8;

/** Aborts the current request when another one starts. */
let pending = new AbortController();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = lines(what.value);
  if (pasted.length === 0) return showError("Paste a link first.");
  if (pasted.length > 1) return showBatch(pasted);
  ask(pasted[0]);
});

what.addEventListener("input", () => {
  what.rows = Math.min(ROWS_MAX, Math.max(1, what.value.split("\n").length));
  clearError();
});

// Enter submits, as in any field. In a text of several lines it adds a line, and Ctrl or Cmd with Enter submits.
what.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
  if (what.value.includes("\n") && !event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  form.requestSubmit();
});

function showError(text) {
  hint.textContent = text;
  hint.classList.add("wrong");
  what.setAttribute("aria-invalid", "true");
  what.focus();
  say(text);
}

function clearError() {
  hint.textContent = usual;
  hint.classList.remove("wrong");
  what.removeAttribute("aria-invalid");
}

/** Ends what was asked for before, and returns the signal that aborts when the user asks for something else. */
function begin() {
  pending.abort();
  pending = new AbortController();
  clearError();
  view.setAttribute("aria-busy", "true");
  return pending.signal;
}

/** Shows a placeholder, and returns the signal of `begin`. */
function turn(waiting) {
  const signal = begin();
  view.hidden = false;
  fill(view, h("div", { class: "card skeleton", "aria-hidden": "true" }, h("div", { class: "bar" }), h("div", { class: "block" }), h("div", { class: "bar short" })));
  say(waiting);
  return signal;
}

function showResult(...children) {
  view.hidden = false;
  view.removeAttribute("aria-busy");
  fill(view, children);
}

/** Shows what one pasted line names. */
async function ask(line) {
  const signal = begin();
  try {
    const [target] = await read([line], signal);
    if (signal.aborted) return;
    if (target.kind) return show(target);
    view.removeAttribute("aria-busy");
    showError(target.why);
  } catch (thrown) {
    if (signal.aborted) return;
    showResult(fault(refusalOf(thrown), { again: () => ask(line) }));
  }
}

/** Shows the content that a target names. */
async function show(target) {
  const signal = turn(`Loading ${called(target)}`);
  try {
    await (target.kind === "profile" ? showProfile(target, signal) : showMedia(target, signal));
  } catch (thrown) {
    if (signal.aborted) return;
    const refusal = refusalOf(thrown);
    showResult(fault(refusal, { again: () => show(target), others: others(target, refusal) }));
  }
}

/** Buttons for the other meanings of the same text, if nothing was found. */
function others({ or = [] }, { code }) {
  if (!["POST_NOT_FOUND", "REEL_NOT_FOUND", "PROFILE_NOT_FOUND", "UPSTREAM_UNAVAILABLE"].includes(code)) return [];
  return or.map((target) => [`Look for ${called(target)}`, () => show(target)]);
}

const INFO = {
  post: ["/instagram/post/info", "url_or_code"],
  reel: ["/instagram/reel/info", "url_or_id"],
  story: ["/instagram/story/info", "username"],
};

function open(target) {
  what.value = target.name ? `@${target.name}` : `https://www.instagram.com/${target.kind === "reel" ? "reel" : "p"}/${target.value}/`;
  what.rows = 1;
  window.scrollTo({ top: 0 });
  show(target);
}

async function showProfile(target, signal) {
  const account = await get("/instagram/profile/info", { username: target.value }, signal);
  if (signal.aborted) return;
  showResult(h("article", { class: "card" }, profile(account, open)));
  say(`Profile of ${account.display_name || account.username}`);
}

async function showMedia(target, signal) {
  const [path, parameter] = INFO[target.kind];
  const [info, formats] = await Promise.all([get(path, { [parameter]: target.value }, signal), once("/instagram/formats")]);
  if (signal.aborted) return;
  const shown = { ...model(info), item: target.item };
  if (shown.parts.length === 0) return noStories(shown);
  const place = h("div", { class: "trouble" });
  const choices = options(shown, formats, (at, body) => start({ title: title(shown), poster: shown.parts[0].poster, path: at, body }, place));
  const openName = (name) => open({ kind: "profile", value: name, name });
  showResult(h("article", { class: "card" }, preview(shown, { openName, onsize: choices.sized }), choices.element, place));
  say(title(shown));
}

function noStories({ code, active }) {
  const text = active === false ? `@${code} has no stories right now. Stories disappear after 24 hours.` : `Instagram does not say whether @${code} has stories right now.`;
  const button = h("button", { type: "button", onclick: () => open({ kind: "profile", value: code, name: code }) }, "Show the profile");
  showResult(h("div", { class: "card fault calm" }, h("h2", {}, "No stories"), h("p", {}, text), h("div", { class: "actions" }, button)));
  say(text);
}

async function showBatch(pasted) {
  const signal = turn(`Reading ${pasted.length} lines`);
  try {
    const [targets, formats, about] = await Promise.all([read(pasted, signal), once("/instagram/formats"), once("/instagram/info")]);
    if (signal.aborted) return;
    const place = h("div", { class: "trouble" });
    const entries = pasted.map((text, place) => ({ text, ...targets[place] }));
    const download = (body) => start({ title: `${body.items.length} links`, poster: null, path: "/instagram/download/batch", body }, place);
    showResult(h("article", { class: "card" }, batch(entries, formats, about.limits.max_batch_size, download), place));
    say(`${pasted.length} lines pasted`);
  } catch (thrown) {
    if (signal.aborted) return;
    showResult(fault(refusalOf(thrown), { again: () => showBatch(pasted) }));
  }
}

/** Starts a download; a refusal is shown in `place`. */
async function start(job, place) {
  fill(place);
  try {
    await jobs.start(job);
  } catch (thrown) {
    fill(place, fault(refusalOf(thrown), { again: () => start(job, place) }));
    place.scrollIntoView({ block: "nearest" });
  }
}

jobs.begin();
