// The confirmation dialog for a decision about versions: it says what will happen, and asks for a reason for the history.

import { refusalOf } from "/page/api.js";
import { busy, fill, h, say } from "/page/dom.js";

import { trouble } from "./parts.js";

/** Asks for confirmation, then calls `act(why)`. `danger` styles the button; `done` is announced to screen readers. */
export function decide({ title, text, button, danger = false, reason = true, act, done }) {
  const before = document.activeElement;
  const why = reason ? h("input", { id: "why", type: "text", maxlength: "200", autocomplete: "off" }) : null;
  const place = h("div", { class: "told" });
  const sure = h("button", { type: "submit", class: danger ? "main danger" : "main" }, button);
  const dialog = h(
    "dialog",
    { "aria-labelledby": "decide-title" },
    h(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          busy(sure, async () => {
            try {
              await act(why?.value.trim() ?? "");
              say(done);
              dialog.close();
            } catch (thrown) {
              fill(place, trouble(refusalOf(thrown)));
            }
          });
        },
      },
      h("h2", { id: "decide-title" }, title),
      h("p", {}, text),
      why ? h("label", { class: "why-field" }, h("span", {}, "Reason (for the history)"), why) : null,
      place,
      h("div", { class: "actions" }, sure, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel")),
    ),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.({ preventScroll: true });
  });
  document.body.append(dialog);
  dialog.showModal();
  (why ?? sure).focus();
}
