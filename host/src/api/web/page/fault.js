// A refusal on the screen: what happened, what may help, and what the operator wants to know.

import { h, icon, say } from "./dom.js";
import { counted } from "./format.js";
import { words } from "./words.js";

/** A card. `again` tries the same once more; `others` are `[text, action]` of what may have been meant. */
export function fault(refusal, { again, others = [] } = {}) {
  const told = words(refusal);
  say(`${told.title}. ${told.text}`);
  const actions = others.map(([text, act]) => h("button", { type: "button", onclick: act }, text));
  if (again && (told.again || refusal.retryAfter)) actions.unshift(patient(again, refusal.retryAfter));
  return h(
    "div",
    { class: "card fault" },
    h("h2", {}, told.title),
    h("p", {}, told.text),
    actions.length ? h("div", { class: "actions" }, actions) : null,
    technical(refusal),
  );
}

/** What a person need not read, for whoever they ask. */
export function technical({ code, message, details, requestId }) {
  const rows = [["Code", code], ["Message", message], ["Details", details], ["Request", requestId]];
  const said = rows.filter(([, value]) => value);
  return h(
    "details",
    { class: "technical" },
    h("summary", {}, "For the operator"),
    h("dl", {}, said.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  );
}

/** A button that opens when the time is up. */
function patient(again, seconds) {
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
