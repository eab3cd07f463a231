// The pictures and videos of a card: one on a stage, several in a strip. A video plays in its place, through this server.

import { fill, h, icon, picture } from "./dom.js";
import { clock } from "./format.js";
import { n, t } from "./text.js";

/** The only part. `onsize` gets the size of a picture once it is there. */
export function stage(shown, onsize) {
  const [part] = shown.parts;
  const shape = shown.size ? shapeOf(...shown.size) : "portrait";
  const sized = (width, height) => {
    if (!shown.size) place.className = `stage ${shapeOf(width, height)}`;
    if (!part.video) onsize?.(width, height);
  };
  const place = h("div", { class: `stage ${shape}` });
  place.append(...view(part, describe(part), { lazy: false, onsize: sized, label: t("media.play") }));
  return place;
}

/** All parts, side by side. `ticks` is the set of chosen numbers, or null if they cannot be chosen; `ontick` is told of changes. */
export function strip(shown, ticks, ontick) {
  const shape = shown.kind === "story" ? "tall" : "portrait";
  // Instagram crops all parts of a carousel to the shape of the first.
  const sized = (width, height) => row.classList.replace(shape, shapeOf(width, height));
  const tiles = shown.parts.map((part, place) => {
    const count = shown.parts.length;
    const number = place + 1;
    return h(
      "li",
      {},
      view(part, describe(part, number, count), {
        lazy: place > 1,
        onsize: place ? null : sized,
        label: t("media.play.part", { number }),
        number: `${number}/${count}`,
      }),
      ticks ? tick(number, ticks, ontick) : null,
    );
  });
  const row = h("ol", { class: `strip ${shape}`, tabindex: "0", "aria-label": n("media.strip", shown.parts.length) }, tiles);
  return h("div", { class: "carousel" }, row, arrows(row));
}

/** One of a few shapes, so that the layout changes at most once when the picture arrives. */
function shapeOf(width, height) {
  const ratio = width / height;
  if (ratio < 0.68) return "tall";
  if (ratio < 0.9) return "portrait";
  return ratio < 1.25 ? "square" : "wide";
}

function describe(part, number, count) {
  const kind = t(part.video ? "media.video" : "media.picture");
  const what = number ? t("media.part", { what: kind, number, count }) : kind;
  return part.alt ? t("media.described", { what, text: part.alt }) : what;
}

/** A picture, or the poster of a video with a button that plays it. */
function view(part, description, { lazy, onsize, label, number }) {
  const poster = picture(part.poster, description, { lazy, onsize });
  const made = [poster, badges(part, number)];
  if (part.film) made.push(h("button", { type: "button", class: "play round", "aria-label": label, onclick: ({ currentTarget }) => play(part, currentTarget) }, icon("play")));
  return made;
}

/** Replaces the poster by the video, which the browser loads part by part. */
function play(part, button) {
  const place = button.parentElement;
  const film = h("video", {
    controls: true,
    autoplay: true,
    loop: true,
    playsinline: true,
    "aria-label": t("media.video"),
    poster: part.poster ? `/picture?url=${encodeURIComponent(part.poster)}` : null,
    src: `/video?url=${encodeURIComponent(part.film)}`,
    onerror: () => fill(stand, h("p", { class: "word" }, t("media.broken"))),
  });
  const stand = h("span", { class: "picture" }, film);
  place.querySelector(".picture").replaceWith(stand);
  place.querySelector(".badges")?.remove();
  button.remove();
  film.focus();
}

function badges(part, number) {
  const words = [];
  if (part.video) words.push(h("span", { class: "badge" }, icon("play"), part.duration ? clock(part.duration) : t("media.video")));
  if (part.video && !part.sound) words.push(h("span", { class: "badge" }, t("media.silent")));
  if (part.left > 0) words.push(h("span", { class: "badge" }, t("media.hours", { count: Math.ceil(part.left / 3600) })));
  if (number) words.push(h("span", { class: "badge number", "aria-hidden": "true" }, number));
  return h("span", { class: "badges" }, words);
}

function tick(number, ticks, ontick) {
  const box = h("input", {
    type: "checkbox",
    checked: ticks.has(number),
    "aria-label": t("media.tick", { number }),
    "data-part": String(number),
    onchange: () => {
      if (box.checked) ticks.add(number);
      else ticks.delete(number);
      ontick();
    },
  });
  return h("label", { class: "part-tick" }, box);
}

function arrows(row) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const move = (direction) => row.scrollBy({ left: direction * row.clientWidth * 0.8, behavior: calm ? "instant" : "smooth" });
  const back = h("button", { type: "button", class: "round back", "aria-label": t("media.back"), onclick: () => move(-1) }, icon("left"));
  const on = h("button", { type: "button", class: "round on", "aria-label": t("media.forward"), onclick: () => move(1) }, icon("right"));
  const ends = () => {
    back.disabled = row.scrollLeft < 4;
    on.disabled = row.scrollLeft + row.clientWidth > row.scrollWidth - 4;
  };
  row.addEventListener("scroll", ends, { passive: true });
  new ResizeObserver(ends).observe(row);
  return [back, on];
}
