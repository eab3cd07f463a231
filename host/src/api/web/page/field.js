// The form, and the ways to fill it: typing, pasting or dropping anywhere on the page, the clipboard button, the keyboard.

import { fill, h, say } from "./dom.js";
import { t } from "./text.js";

/** Maximum height of the text field, rows. */
const ROWS_MAX = 4;

const form = document.getElementById("ask");
const what = document.getElementById("what");
const hint = document.getElementById("hint");
const paste = document.getElementById("paste");
const clear = document.getElementById("clear");

/** Starts the form. `onask(text)` is called with what is asked for, and `onclear()` when the field is emptied. */
export function begin({ onask, onclear }) {
  forget();
  drawn();
  // Without https, browsers have no clipboard for pages.
  paste.hidden = !navigator.clipboard?.readText;
  paste.addEventListener("click", () => pasteFromClipboard(onask));
  clear.addEventListener("click", () => empty(onclear));
  document.getElementById("help").addEventListener("click", help);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (what.value.trim()) asked(onask);
    else complain(t("ask.empty"));
  });
  what.addEventListener("input", () => {
    drawn();
    forget();
  });
  what.addEventListener("keydown", (event) => {
    // Enter submits, as in any field. In a text of several lines it adds a line, and Ctrl or Cmd with Enter submits.
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    if (what.value.includes("\n") && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  document.addEventListener("paste", (event) => pasted(event, onask));
  drop(onask);
  shortcuts(onclear);
}

/** Shows a text in the field, as if it had been typed. */
export function show(text) {
  what.value = text;
  drawn();
}

/** Says beside the field what is wrong with it. */
export function complain(text) {
  fill(hint, text);
  hint.classList.add("wrong");
  what.setAttribute("aria-invalid", "true");
  what.focus();
  say(text);
}

/** Takes back what was said. */
export function forget() {
  fill(hint, t("ask.hint"));
  hint.classList.remove("wrong");
  what.removeAttribute("aria-invalid");
}

/** The height and the buttons that suit the text. */
function drawn() {
  what.rows = Math.min(ROWS_MAX, Math.max(1, what.value.split("\n").length));
  clear.hidden = !what.value;
  paste.classList.toggle("unneeded", Boolean(what.value));
}

function take(text, onask) {
  show(text.trim());
  asked(onask);
}

/** Asks for what the field holds, of which the beginning is in sight. On a phone, the keyboard would cover the result. */
function asked(onask) {
  what.scrollLeft = 0;
  if (matchMedia("(pointer: coarse)").matches) what.blur();
  onask(what.value);
}

/** A paste shows what it names at once. Into a field that has a text already, it adds to that text, as anywhere. */
function pasted(event, onask) {
  const text = event.clipboardData?.getData("text/plain").trim();
  const elsewhere = event.target !== what;
  if (!text || (elsewhere && isField(event.target))) return;
  const whole = what.selectionStart === 0 && what.selectionEnd === what.value.length;
  if (!elsewhere && what.value && !whole) return;
  event.preventDefault();
  take(text, onask);
}

async function pasteFromClipboard(onask) {
  const text = await navigator.clipboard.readText().catch(() => null);
  if (text === null) return complain(t("ask.clipboard"));
  if (text.trim()) take(text, onask);
  else complain(t("ask.empty"));
}

function drop(onask) {
  const body = document.body;
  body.dataset.drop = t("ask.drop");
  const holds = ({ dataTransfer }) => dataTransfer && [...dataTransfer.types].some((type) => type.startsWith("text/"));
  const over = (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    body.classList.add("dropping");
  };
  addEventListener("dragenter", over);
  addEventListener("dragover", over);
  addEventListener("dragleave", (event) => event.relatedTarget || body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    body.classList.remove("dropping");
    if (!holds(event)) return;
    event.preventDefault();
    const text = event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain");
    if (text.trim()) take(text, onask);
  });
}

function empty(onclear) {
  show("");
  forget();
  onclear();
  what.focus();
}

function isField(element) {
  return element instanceof Element && element.matches("input:not([type=radio], [type=checkbox]), textarea, select");
}

/** Single keys act only outside of fields, and never together with Ctrl, Alt or Cmd. */
function shortcuts(onclear) {
  const acts = {
    "/": () => what.focus(),
    d: () => document.querySelector("#view .options button.main")?.click(),
    "?": help,
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === what) return empty(onclear);
    if (isField(event.target) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!acts[event.key] || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    acts[event.key]();
  });
}

/** The list of shortcuts. */
function help() {
  const rows = [["Ctrl V", "keys.paste"], ["/", "keys.focus"], ["D", "keys.download"], ["Esc", "keys.clear"], ["?", "keys.help"]];
  const list = rows.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(text))]);
  const close = h("button", { type: "button", class: "main", onclick: () => dialog.close() }, t("keys.close"));
  const dialog = h("dialog", { class: "card", "aria-labelledby": "keys-title", onclose: () => dialog.remove() }, h("h2", { id: "keys-title" }, t("keys.title")), h("dl", { class: "keys" }, list), close);
  document.body.append(dialog);
  dialog.showModal();
}
