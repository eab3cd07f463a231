// Creates DOM elements for the other files. Text is never parsed as markup, so nothing that comes from Instagram can become code.

import { t } from "./text.js";

/** The XML namespace of SVG elements. */
export const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  down: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  play: "M8 5.5v13l11-6.5z",
  left: "M14.5 6l-6 6 6 6",
  right: "M9.5 6l6 6-6 6",
  again: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4.5h-4.5",
  out: "M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
};

/** Creates an element. Attributes named `on…` become event listeners; `true` and `false` mean present and absent. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...present(children));
  return element;
}

/** The children to append; null, false and undefined mean none. */
function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== false && child !== undefined);
}

/** Replaces the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

/** An icon that screen readers ignore. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** One of Instagram's pictures, loaded through this server; a short text on a plain background if it cannot be loaded. */
export function picture(url, alt, { lazy = true, onsize } = {}) {
  const frame = h("span", { class: "picture" });
  const missing = (word) => {
    frame.classList.remove("loading");
    frame.classList.add("missing");
    fill(frame, h("span", { class: "word" }, word), h("span", { class: "unseen" }, alt));
  };
  if (!url) {
    missing(t("picture.none"));
    return frame;
  }
  const image = h("img", {
    alt,
    decoding: "async",
    loading: lazy ? "lazy" : "eager",
    onload: () => {
      frame.classList.remove("loading");
      onsize?.(image.naturalWidth, image.naturalHeight);
    },
    onerror: () => missing(t("picture.gone")),
  });
  image.src = `/picture?url=${encodeURIComponent(url)}`;
  frame.classList.add("loading");
  frame.append(image);
  return frame;
}

/** A labelled select box; `groups` is `[[title or null, [[value, text], …]], …]`. */
export function choice(label, name, groups, onchange) {
  const options = ([value, text]) => h("option", { value }, text);
  const select = h("select", { name, onchange });
  for (const [title, entries] of groups) {
    const made = entries.map(options);
    select.append(...(title ? [h("optgroup", { label: title }, made)] : made));
  }
  return h("label", { class: "choice" }, h("span", {}, label), select);
}

/** Runs at most one action of a button at a time. The button is not disabled, because that would take the focus away. */
export async function busy(button, action) {
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  try {
    await action();
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

let spoken = 0;

/** Announces a text to screen readers. */
export function say(text) {
  const place = document.getElementById("say");
  // A repeated sentence must differ from the one before, or it is not announced again.
  spoken += 1;
  place.textContent = spoken % 2 ? text : `${text}\u00a0`;
}
