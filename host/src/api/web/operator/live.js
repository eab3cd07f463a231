// Keeps a view up to date while somebody looks at it, without taking from them what they opened, reached or marked.

import { fill, h } from "/page/dom.js";

import { retime } from "./parts.js";

/** Between two looks, milliseconds. */
const EVERY_MS = 3000;

/** The keys of what is unfolded. */
const unfolded = new Set();

/** Something that can be unfolded, and stays so when the view is drawn anew. */
export function fold(key, summary, ...children) {
  const open = unfolded.has(key);
  const ontoggle = ({ target }) => (target.open ? unfolded.add(key) : unfolded.delete(key));
  return h("details", { class: "fold", open, ontoggle }, h("summary", { "data-key": key }, summary), children);
}

/** Puts children in place of what `place` holds; whoever is on a `data-key` stays on it. */
export function redraw(place, ...children) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const held = [...place.querySelectorAll(".scroll[data-key]")].map((it) => [it.dataset.key, it.scrollTop, it.scrollLeft]);
  fill(place, children);
  const find = (name) => [...place.querySelectorAll("[data-key]")].find((it) => it.dataset.key === name);
  for (const [name, top, left] of held) find(name)?.scrollTo(left, top);
  if (key) find(key)?.focus({ preventScroll: true });
}

/** Whether somebody is marking text in `place`, or decides something in a dialog. */
function undisturbed(place) {
  const marked = getSelection();
  const marking = marked && !marked.isCollapsed && place.contains(marked.anchorNode);
  return !marking && !document.querySelector("dialog[open]");
}

/** Runs `look` again and again: it answers what it saw and how to draw it, which is done when something else is seen
 * than before. `stop` ends it, `now` looks and draws at once. */
export function live(place, look, { onlook = () => {}, onerror = () => {} } = {}) {
  let timer = null;
  let ended = false;
  let round = 0;
  let drawn = null;
  const turn = async (forced = false) => {
    clearTimeout(timer);
    round += 1;
    const mine = round;
    try {
      const { seen, draw } = await look();
      if (ended || mine !== round) return;
      const text = JSON.stringify(seen);
      if (forced || (text !== drawn && undisturbed(place))) {
        draw();
        drawn = text;
      }
      retime(place);
      onlook();
    } catch (thrown) {
      if (ended || mine !== round) return;
      onerror(thrown);
    }
    if (!document.hidden) timer = setTimeout(turn, EVERY_MS, false);
  };
  const visible = () => (document.hidden ? clearTimeout(timer) : turn());
  document.addEventListener("visibilitychange", visible);
  turn(true);
  return {
    now: () => turn(true),
    stop: () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", visible);
    },
  };
}
