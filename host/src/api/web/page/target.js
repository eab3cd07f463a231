// What pasted lines name: a post, a reel, stories or a profile. The server reads them.

import { post } from "./api.js";

/** The distinct lines of a text that are not empty. */
export function lines(text) {
  const found = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(found.filter(Boolean))];
}

/**
 * For each line `{ kind: "post" | "reel" | "story" | "profile", value, name?, item?, or }`, where `value` is its address
 * and `or` lists other possible meanings; or `{ kind: null, why }`.
 */
export async function read(texts, signal) {
  const { targets } = await post("/targets", { texts }, signal);
  return targets.map(({ meanings, details }) => {
    const [first, ...or] = meanings.map(({ kind, address, username, item }) => ({ kind, value: address, name: username, item }));
    return first ? { ...first, or } : { kind: null, why: details };
  });
}

/** The name of a target within a sentence. */
export function called({ kind, name }) {
  if (kind === "profile") return `the profile @${name}`;
  if (kind === "story") return `the stories of @${name}`;
  return kind === "reel" ? "a reel" : "a post";
}
