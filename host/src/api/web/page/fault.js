// Shows a refusal: what happened, what may help, and the details that the operator needs.

import { h, icon, say } from "./dom.js";
import { span } from "./format.js";
import { pair, t } from "./text.js";

/** Codes of failures that may be temporary. */
const TEMPORARY = new Set([
  "RATE_LIMIT", "SERVER_ERROR", "UPSTREAM_UNAVAILABLE", "UPSTREAM_RATE_LIMITED", "SERVER_BUSY", "STORAGE_FULL",
  "UNREACHABLE", "EXTRACTOR_FAILED",
]);

/** The explanation of a refusal: a title, a sentence, and whether trying again may help. */
export function words({ code, message, details }) {
  const [title, text] = pair(`code.${code}`) ?? [message || t("fault.other"), details ?? ""];
  return { title, text, again: TEMPORARY.has(code) };
}

/** The error card. `again` repeats the request; `others` are `[text, action]` pairs for other meanings of the input. */
export function fault(refusal, { again, others = [] } = {}) {
  const explanation = words(refusal);
  say(`${explanation.title}. ${explanation.text}`);
  const actions = others.map(([text, act]) => h("button", { type: "button", onclick: act }, text));
  if (again && (explanation.again || refusal.retryAfter)) actions.unshift(retryButton(again, refusal.retryAfter));
  return h(
    "div",
    { class: "card fault" },
    h("h2", {}, explanation.title),
    h("p", {}, explanation.text),
    actions.length ? h("div", { class: "actions" }, actions) : null,
    technical(refusal),
  );
}

/** Technical details, folded away: for the operator whom a user asks for help. */
export function technical({ code, message, details, requestId }) {
  const rows = [["fault.code", code], ["fault.message", message], ["fault.details", details], ["fault.id", requestId]];
  const known = rows.filter(([, value]) => value);
  return h(
    "details",
    { class: "technical" },
    h("summary", {}, t("fault.technical")),
    h("dl", {}, known.map(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])),
  );
}

/** A button that is enabled when the waiting time is over. */
function retryButton(again, seconds) {
  const label = h("span", {}, t("fault.again"));
  const button = h("button", { type: "button", class: "main", onclick: again }, icon("again"), label);
  let left = Math.ceil(seconds ?? 0);
  const tick = () => {
    button.disabled = left > 0;
    label.textContent = left > 0 ? t("fault.wait", { time: span(left) }) : t("fault.again");
    if (left > 0) setTimeout(tick, 1000);
    left -= 1;
  };
  tick();
  return button;
}
