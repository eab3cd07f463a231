// Chooses the language, and gives the texts of `en.js` and `de.js`. A page without `data-languages` has English ones only.

import de from "./de.js";
import en from "./en.js";

const LANGUAGES = { en, de };

/** The first language of the browser that the page has; English if there is none. */
export const language = choose();

function choose() {
  const offered = (document.documentElement.dataset.languages ?? "en").split(" ");
  const wanted = navigator.languages.map((name) => name.split("-")[0].toLowerCase());
  return wanted.find((name) => offered.includes(name)) ?? "en";
}

/** The tag for numbers and dates: the browser's own region, if it speaks the language of the texts. */
export const locale = navigator.languages.find((name) => name.toLowerCase().split("-")[0] === language) ?? language;

const texts = LANGUAGES[language];
const plural = new Intl.PluralRules(language);
const plain = new Intl.NumberFormat(locale);

/** The text of a key, with its values in place of their names in braces. */
export function t(key, values = {}) {
  return filled(texts[key], values);
}

/** The text of a key for a count. `{count}` is the number, or `shown` in place of it. */
export function n(key, count, shown = plain.format(count), values = {}) {
  const [one, many] = texts[key];
  return filled(plural.select(count) === "one" ? one : many, { ...values, count: shown });
}

/** The two texts of an error code; undefined if there are none. */
export function pair(key) {
  return texts[key];
}

/** The text of a key cut at the first value, to put an element there: what is before, and what is after. */
export function around(key, count) {
  const [one, many] = texts[key];
  return (plural.select(count) === "one" ? one : many).split("{count}");
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Puts the texts into the elements that name their keys: `data-text` is the content, `data-label` the name. */
export function translate(root) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-text]")) element.append(t(element.dataset.text));
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
}
