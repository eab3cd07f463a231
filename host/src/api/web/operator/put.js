// A new component by file: chosen or dropped, named after the plugin it replaces, and told in full when it is refused.

import { busy, fill, h, say } from "/page/dom.js";
import { refusalOf } from "/page/api.js";

import { put } from "./admin.js";
import { trouble } from "./parts.js";
import { refused } from "./refused.js";

const NAMES = ["profile", "post", "reel", "story"];

/** The form; `changed` is called when something was put. */
export function putting(changed) {
  const place = h("div", { class: "told", "aria-live": "polite" });
  const chosen = h("span", { class: "soft chosen" }, "or drop it here");
  const name = h("select", { "aria-label": "Which plugin it replaces" }, NAMES.map((it) => h("option", { value: it }, it)));
  const input = h("input", { type: "file", accept: ".wasm,application/wasm", class: "unseen", id: "component", onchange: () => chose() });
  const send = h("button", { type: "submit", class: "main", disabled: true }, "Put");
  let file = null;
  const chose = () => {
    take(input.files[0]);
    // Else the same file, built anew, could not be chosen again.
    input.value = "";
  };
  const take = (given) => {
    if (!given) return;
    file = given;
    const stem = given.name.replace(/\.wasm$/, "").replace(/[^a-z].*$/, "");
    if (NAMES.includes(stem)) name.value = stem;
    chosen.textContent = given.name;
    send.disabled = false;
    fill(place);
  };
  const submit = (event) => {
    event.preventDefault();
    if (!file) return;
    busy(send, async () => {
      fill(place, h("p", { class: "soft" }, "Checking it, and running its cases…"));
      try {
        const bytes = await file.arrayBuffer().catch(() => null);
        if (!bytes) return fill(place, h("p", { class: "notice" }, "The file has changed since it was chosen. Choose it again."));
        fill(place, taken(await put(`/plugins/${name.value}`, bytes)));
      } catch (thrown) {
        fill(place, told(refusalOf(thrown)));
      }
      await changed();
    });
  };
  const over = (on) => (event) => {
    event.preventDefault();
    form.classList.toggle("over", on);
  };
  const form = h(
    "form",
    {
      class: "card put",
      onsubmit: submit,
      ondragover: over(true),
      ondragleave: over(false),
      ondrop: (event) => {
        over(false)(event);
        take(event.dataTransfer.files[0]);
      },
    },
    h("h2", {}, "A new version"),
    h(
      "div",
      { class: "put-row" },
      input,
      h("label", { for: "component", class: "button" }, "Choose a component"),
      chosen,
      h("span", { class: "put-end" }, h("label", { class: "as" }, "as ", name), send),
    ),
    place,
  );
  return form;
}

function told(refusal) {
  if (!refusal.refused) return trouble(refusal);
  say("The component was rejected");
  return refused(refusal.refused, "put");
}

/** What a component that was let in does now. */
function taken({ name, version, digest, candidate }) {
  const waits = candidate?.held ? "It waits for your word, below." : candidate ? `It runs beside the serving version for ${candidate.wanted} extractions before it serves.` : "It serves.";
  const which = candidate ?? { version, digest };
  const words = `${name} ${which.version} ${which.digest.slice(0, 8)} is let in. ${waits}`;
  say(words);
  return h("p", { class: "good-news" }, words);
}
