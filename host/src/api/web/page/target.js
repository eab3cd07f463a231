// Recognizes what a pasted line names: a post, a reel, stories or a profile. The server validates it again.

const HOST = /^(www\.|m\.)?instagram\.com$|^(www\.)?instagr\.am$|^((www|d|g)\.)?ddinstagram\.com$/;
const NAME = /^[A-Za-z0-9._]{1,30}$/;
const CODE = /^[A-Za-z0-9_-]{5,40}$/;
const RESERVED = new Set([
  "about", "accounts", "api", "archive", "challenge", "developer", "direct", "directory", "explore", "graphql", "legal",
  "locations", "popular", "p", "reel", "reels", "share", "stories", "tv", "web",
]);

/** The distinct lines of a text that are not empty. */
export function lines(text) {
  const found = text.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(found.filter(Boolean))];
}

/**
 * `{ kind: "post" | "reel" | "story" | "profile", value, name?, or? }`, where `or` lists other possible meanings;
 * or `{ kind: null, why }`.
 */
export function read(text) {
  const line = text.trim();
  if (line.startsWith("@")) return NAME.test(line.slice(1)) ? named("profile", line.slice(1)) : unknown("That is not a valid Instagram username.");
  const url = address(line);
  if (url) return HOST.test(url.hostname) ? linked(url, line) : unknown("That is not an Instagram link.");
  if (/^\d{15,25}(_\d+)?$/.test(line)) return { kind: "post", value: line, or: [{ kind: "reel", value: line }] };
  return bare(line);
}

/** Accepts links without a scheme too, because people copy them that way. */
function address(line) {
  const whole = /^https?:\/\//i.test(line) ? line : /^[\w.-]+\.[a-z]+\//i.test(line) ? `https://${line}` : null;
  return whole && URL.canParse(whole) ? new URL(whole) : null;
}

function linked(url, line) {
  const [first, second, third] = url.pathname.split("/").filter(Boolean);
  const value = /^https?:/i.test(line) ? line : url.href;
  if (!first) return unknown("That is Instagram’s front page. Open a post and copy its link.");
  if (first === "p" || first === "tv") return second ? { kind: "post", value } : unknown("The link is incomplete.");
  if (first === "reel" || (first === "reels" && second)) return { kind: "reel", value };
  if (first === "share") return { kind: second === "reel" ? "reel" : "post", value };
  if (first === "stories") {
    if (second === "highlights") return unknown("Instagram shows highlights only after logging in.");
    return second ? named("story", second) : unknown("The link is incomplete.");
  }
  if (third && (second === "p" || second === "tv")) return { kind: "post", value };
  if (third && (second === "reel" || second === "reels")) return { kind: "reel", value };
  if (RESERVED.has(first) || !NAME.test(first)) return unknown("That link is not a post, reel, story or profile.");
  return named("profile", first);
}

/** Usernames are lower case, and fewer than one in 500 shortcodes of ten or more characters have no capital letter. */
function bare(line) {
  const name = NAME.test(line) ? named("profile", line) : null;
  const likely = CODE.test(line) && /[A-Z]/.test(line) && line.length >= 10;
  if (CODE.test(line) && (likely || !name)) {
    const or = [{ kind: "reel", value: line }, ...(name ? [name] : [])];
    return { kind: "post", value: line, or };
  }
  if (!name) return unknown("That is not a link, shortcode or username.");
  return CODE.test(line) ? { ...name, or: [{ kind: "post", value: line }] } : name;
}

function named(kind, name) {
  return { kind, value: name, name };
}

function unknown(why) {
  return { kind: null, why };
}

/** The name of a target within a sentence. */
export function called({ kind, name }) {
  if (kind === "profile") return `the profile @${name}`;
  if (kind === "story") return `the stories of @${name}`;
  return kind === "reel" ? "a reel" : "a post";
}
