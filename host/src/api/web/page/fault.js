// Shows a refusal: what happened, what may help, and the details that the operator needs.

import { h, icon, say } from "./dom.js";
import { counted } from "./format.js";
import { words } from "./words.js";

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
  const rows = [["Code", code], ["Message", message], ["Details", details], ["Request id", requestId]];
  const known = rows.filter(([, value]) => value);
  return h(
    "details",
    { class: "technical" },
    h("summary", {}, "Details for the operator"),
    h("dl", {}, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  );
}

/** A button that is enabled when the waiting time is over. */
function retryButton(again, seconds) {
  const label = h("span", {}, "Try again");
  const button = h("button", { type: "button", class: "main", onclick: again }, icon("again"), label);
  let left = Math.ceil(seconds ?? 0);
  const tick = () => {
    button.disabled = left > 0;
    label.textContent = left > 0 ? `Try again in ${counted(left, "second")}` : "Try again";
    if (left > 0) setTimeout(tick, 1000);
    left -= 1;
  };
  tick();
  return button;
}
