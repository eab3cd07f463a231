// Keeps a view up to date without losing what the user has unfolded, focused or selected.

import { fill, h } from "/page/dom.js";

import { retime } from "./parts.js";

/** Pause between two updates, milliseconds. */
const EVERY_MS = 3000;

/** The keys of the unfolded elements. */
const unfolded = new Set();

/** A foldable element that keeps its state when the view is redrawn. */
export function fold(key, summary, ...children) {
  const open = unfolded.has(key);
  const ontoggle = ({ target }) => (target.open ? unfolded.add(key) : unfolded.delete(key));
  return h("details", { class: "fold", open, ontoggle }, h("summary", { "data-key": key }, summary), children);
}

/** Replaces the children of `place`. An element with a `data-key` keeps the focus and its scroll position. */
export function redraw(place, ...children) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const held = [...place.querySelectorAll(".scroll[data-key]")].map((it) => [it.dataset.key, it.scrollTop, it.scrollLeft]);
  fill(place, children);
  const find = (name) => [...place.querySelectorAll("[data-key]")].find((it) => it.dataset.key === name);
  for (const [name, top, left] of held) find(name)?.scrollTo(left, top);
  if (key) find(key)?.focus({ preventScroll: true });
}

/** Whether `place` may be redrawn: no text is selected in it, and no dialog is open. */
function idle(place) {
  const selection = getSelection();
  const selecting = selection && !selection.isCollapsed && place.contains(selection.anchorNode);
  return !selecting && !document.querySelector("dialog[open]");
}

/** Calls `look` repeatedly. It returns what it has seen and a function that draws it, which is called when the data has
 * changed. `stop` ends the updates; `now` updates and draws at once. */
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
      if (forced || (text !== drawn && idle(place))) {
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
