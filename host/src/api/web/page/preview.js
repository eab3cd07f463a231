// The words of a card: title, owner, counts, caption.

import { fill, h, icon, picture, say } from "./dom.js";
import { compact, day, plain } from "./format.js";
import { away, linked } from "./linked.js";
import { title } from "./model.js";
import { around, t } from "./text.js";

/** Longer captions are folded, characters. */
const CAPTION_MAX = 280;

/** The title and the owner. `openName` shows a profile. */
export function heading(shown, openName) {
  const { username, display_name: name, profile_picture_url: face, is_verified: verified } = shown.owner ?? {};
  const facts = [shown.taken ? day(shown.taken) : null, shown.place].filter(Boolean).join(" · ");
  return h(
    "header",
    { class: "owner" },
    face ? h("span", { class: "face" }, picture(face, "", { lazy: false })) : null,
    h(
      "div",
      {},
      h("h2", {}, title(shown)),
      h(
        "p",
        { class: "quiet-text" },
        username && shown.kind !== "story"
          ? h("button", { type: "button", class: "link", onclick: () => openName(username) }, name || `@${username}`, verified ? tickMark() : null)
          : null,
        facts ? h("span", {}, facts) : null,
      ),
    ),
  );
}

/** The mark of a verified account. */
export function tickMark() {
  return h("span", { class: "tick", role: "img", "aria-label": t("verified") }, icon("check"));
}

/** The counts, the caption, and the way to the original. */
export function about(shown, openName) {
  const music = shown.music ? [h("li", {}, `♪ ${shown.music}`)] : [];
  return [
    numbers(shown.counts, music),
    caption(shown.caption, openName),
    h(
      "p",
      { class: "links" },
      shown.caption ? copy(shown.caption) : null,
      away(shown.url, icon("out"), t("original")),
    ),
  ];
}

/** Counts such as `[["like", 12]]` as a list; null if there are none. */
export function numbers(counts, more = []) {
  const items = counts.map(([key, count]) => {
    const [before, after] = around(key, count);
    return h("li", {}, before, h("strong", { title: plain(count) }, compact(count)), after);
  });
  const all = [...items, ...more];
  return all.length ? h("ul", { class: "facts", "aria-label": t("numbers") }, all) : null;
}

/** A text of an account, with its links. */
export function prose(text, openName) {
  return h("p", { class: "caption", dir: "auto" }, linked(text, openName));
}

function caption(text, openName) {
  if (!text) return null;
  const place = prose(text, openName);
  if (text.length <= CAPTION_MAX) return place;
  place.classList.add("folded");
  const more = h("button", { type: "button", class: "link", "aria-expanded": "false" }, t("caption.more"));
  more.addEventListener("click", () => {
    const folded = place.classList.toggle("folded");
    more.textContent = t(folded ? "caption.more" : "caption.less");
    more.setAttribute("aria-expanded", String(!folded));
  });
  return h("div", {}, place, more);
}

function copy(text) {
  const label = h("span", {}, t("caption.copy"));
  const act = async () => {
    // Without https, browsers have no clipboard for pages.
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    const told = t(done ? "caption.copied" : "caption.failed");
    fill(label, told);
    say(told);
  };
  return h("button", { type: "button", class: "link", onclick: act }, icon("copy"), label);
}
