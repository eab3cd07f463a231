// What a pasted text names: posts, reels, stories and profiles. The server reads it.

import { post } from "./api.js";
import { t } from "./text.js";

/** An address as people write one: a host with a dot, perhaps a scheme before it. */
const ADDRESS = /^\W*(?:[a-z]+:\/\/)?([\w-]+(?:\.[\w-]+)+)(?:[/?#:]|$)/i;

/** The distinct lines of a text that are not empty. */
function lines(text) {
  const found = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(found.filter(Boolean))];
}

/**
 * What a text names, each once: `{ text, kind: "post" | "reel" | "story" | "profile", value, name?, item?, or }`, where
 * `value` is its address and `or` lists other possible meanings; or `{ text, kind: null, why }`. Words beside an address are
 * no targets.
 */
export async function read(text, signal) {
  const { targets } = await post("/targets", { texts: lines(text) }, signal);
  const all = unique(targets.map(target));
  const good = all.filter(({ kind }) => kind);
  if (!good.length) return all.slice(0, 1);
  return all.filter(({ kind, text: part, reason }) => kind || isMeant(part, reason));
}

function target({ text, meanings, reason }) {
  const [first, ...or] = meanings.map(({ kind, address, username, item }) => ({ kind, value: address, name: username, item }));
  if (first) return { text, ...first, or };
  const host = text.match(ADDRESS)?.[1] ?? text.split("/")[0];
  return { text, kind: null, reason, why: t(reason === "foreign" && !ADDRESS.test(text) ? "unread.word" : `unread.${reason}`, { host }) };
}

/** Whether a part without a target was meant as one: an address is, and so is a single word alone in its line. */
function isMeant(text, reason) {
  return reason === "word" ? !/\s/.test(text) && text.length > 2 : ADDRESS.test(text);
}

function unique(targets) {
  const seen = new Set();
  return targets.filter(({ kind, value, text }) => {
    const key = kind ? `${kind} ${value}` : text;
    return !seen.has(key) && seen.add(key);
  });
}

/** The name of a target within a sentence. */
export function called({ kind, name }) {
  return t(`kind.${kind}`, { name });
}
