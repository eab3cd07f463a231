// What a pasted line names: a post, a reel, stories, a profile. The server checks it again; this only sorts.

const HOST = /^(www\.|m\.)?instagram\.com$|^(www\.)?instagr\.am$|^((www|d|g)\.)?ddinstagram\.com$/;
const NAME = /^[A-Za-z0-9._]{1,30}$/;
const CODE = /^[A-Za-z0-9_-]{5,40}$/;
const RESERVED = new Set([
  "about", "accounts", "api", "archive", "challenge", "developer", "direct", "directory", "explore", "graphql", "legal",
  "locations", "popular", "p", "reel", "reels", "share", "stories", "tv", "web",
]);

/** The lines of a text that say something, each once. */
export function lines(text) {
  const found = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(found.filter(Boolean))];
}

/**
 * `{ kind: "post" | "reel" | "story" | "profile", value, name?, or? }`, where `or` lists what it may mean instead;
 * or `{ kind: null, why }`.
 */
export function read(text) {
  const line = text.trim();
  if (line.startsWith("@")) return NAME.test(line.slice(1)) ? named("profile", line.slice(1)) : unknown("That cannot be a name on Instagram.");
  const url = address(line);
  if (url) return HOST.test(url.hostname) ? linked(url, line) : unknown("That is not a link to Instagram.");
  if (/^\d{15,25}(_\d+)?$/.test(line)) return { kind: "post", value: line, or: [{ kind: "reel", value: line }] };
  return bare(line);
}

/** Without a scheme too: that is how people copy. */
function address(line) {
  const whole = /^https?:\/\//i.test(line) ? line : /^[\w.-]+\.[a-z]+\//i.test(line) ? `https://${line}` : null;
  return whole && URL.canParse(whole) ? new URL(whole) : null;
}

function linked(url, line) {
  const [first, second, third] = url.pathname.split("/").filter(Boolean);
  const value = /^https?:/i.test(line) ? line : url.href;
  if (!first) return unknown("That is Instagram’s front page. Open a post and copy its link.");
  if (first === "p" || first === "tv") return second ? { kind: "post", value } : unknown("The link ends too early.");
  if (first === "reel" || (first === "reels" && second)) return { kind: "reel", value };
  if (first === "share") return { kind: second === "reel" ? "reel" : "post", value };
  if (first === "stories") {
    if (second === "highlights") return unknown("Instagram shows highlights only after logging in.");
    return second ? named("story", second) : unknown("The link ends too early.");
  }
  if (third && (second === "p" || second === "tv")) return { kind: "post", value };
  if (third && (second === "reel" || second === "reels")) return { kind: "reel", value };
  if (RESERVED.has(first) || !NAME.test(first)) return unknown("That link leads to no post, reel, story or profile.");
  return named("profile", first);
}

/** Names are lower case; a shortcode of 10 or more characters without one capital is rarer than one in five hundred. */
function bare(line) {
  const name = NAME.test(line) ? named("profile", line) : null;
  const likely = CODE.test(line) && /[A-Z]/.test(line) && line.length >= 10;
  if (CODE.test(line) && (likely || !name)) {
    const or = [{ kind: "reel", value: line }, ...(name ? [name] : [])];
    return { kind: "post", value: line, or };
  }
  if (!name) return unknown("That is neither a link, nor a shortcode, nor a name.");
  return CODE.test(line) ? { ...name, or: [{ kind: "post", value: line }] } : name;
}

function named(kind, name) {
  return { kind, value: name, name };
}

function unknown(why) {
  return { kind: null, why };
}

/** How a target is called in a sentence. */
export function called({ kind, name }) {
  if (kind === "profile") return `the profile @${name}`;
  if (kind === "story") return `the stories of @${name}`;
  return kind === "reel" ? "a reel" : "a post";
}
