// The upload of a component: chosen or dropped as a file, and shown in full if it is rejected.

import { busy, fill, h, say } from "/page/dom.js";
import { refusalOf } from "/page/api.js";

import { put } from "./admin.js";
import { trouble } from "./parts.js";
import { rejection } from "./refused.js";

const NAMES = ["profile", "post", "reel", "story"];

/** The steps of admission in short; docs/operators.md has them in full. */
const ADMISSION =
  "Before it serves, a component must pass file, signature, validation, imports, world, compile, describe, package and replay: " +
  "all cases that it carries, or else the built-in ones, and always those that you keep in data/fixtures.";

/** The form; `changed` is called after every upload. */
export function uploadForm(changed) {
  const place = h("div", { class: "told", "aria-live": "polite" });
  const chosen = h("span", { class: "soft chosen" }, "or drop it here");
  const name = h("select", { "aria-label": "Plugin to replace" }, NAMES.map((it) => h("option", { value: it }, it)));
  const input = h("input", { type: "file", accept: ".wasm,application/wasm", class: "unseen", id: "component", onchange: () => chose() });
  const send = h("button", { type: "submit", class: "main", disabled: true }, "Upload");
  let file = null;
  const chose = () => {
    take(input.files[0]);
    // Otherwise the same file could not be chosen again after a new build.
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
      fill(place, h("p", { class: "soft" }, "Checking the component and running its cases…"));
      try {
        const bytes = await file.arrayBuffer().catch(() => null);
        if (!bytes) return fill(place, h("p", { class: "notice" }, "The file has changed since you chose it. Choose it again."));
        fill(place, admitted(await put(`/plugins/${name.value}`, bytes)));
      } catch (thrown) {
        fill(place, failed(refusalOf(thrown)));
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
    h("h2", {}, "Upload a new version"),
    h("p", { class: "soft" }, ADMISSION),
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

function failed(refusal) {
  if (!refusal.refused) return trouble(refusal);
  say("The component was rejected");
  return rejection(refusal.refused, "put");
}

/** Confirms that a component was admitted, and says what happens next. */
function admitted({ name, version, digest, candidate }) {
  const next = candidate?.held ? "It is waiting for your decision below." : candidate ? `It first runs in shadow mode for ${candidate.wanted} extractions.` : "It is serving.";
  const which = candidate ?? { version, digest };
  const words = `${name} ${which.version} ${which.digest.slice(0, 8)} was admitted. ${next}`;
  say(words);
  return h("p", { class: "good-news" }, words);
}
