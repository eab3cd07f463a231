// Every error code of the API in words for people: what happened, and what they can do. A test keeps it complete.

const WORDS = {
  INVALID_URL: ["That is not a link this server can read", "Copy the address of a post or reel on Instagram, or its shortcode."],
  INVALID_USERNAME: ["That cannot be a name on Instagram", "A name has up to 30 letters, digits, dots and underscores."],
  INVALID_LIMIT: ["That many cannot be listed at once", "Ask for 1 to 50."],
  INVALID_QUALITY: ["There is no such quality", "Choose another quality."],
  INVALID_PARAMETER: ["This cannot be had in that way", "Choose another type or format."],
  INVALID_REQUEST: ["The server did not understand the request", "Reload the page and try again."],
  EMPTY_BATCH: ["There is nothing in the list", "Paste at least one link."],
  UNAUTHORIZED: ["Only the operator may do this", "It wants the operator’s token."],
  ACCOUNT_PRIVATE: ["This account is private", "Its owner shows it to followers only, so there is nothing to download."],
  POST_PRIVATE: ["This post is private", "Its owner shows it to followers only, so it cannot be downloaded."],
  REEL_PRIVATE: ["This reel is private", "Its owner shows it to followers only, so it cannot be downloaded."],
  POST_DELETED: ["This post was deleted", "It is no longer on Instagram."],
  STORIES_DISABLED: ["This account does not show its stories", "There is nothing to download."],
  STORIES_UNAVAILABLE: ["There are no stories right now", "Stories disappear after 24 hours."],
  AGE_RESTRICTED: ["This content is age-restricted on Instagram", "Age-restricted content cannot be downloaded."],
  LOGIN_REQUIRED: ["Instagram shows this only after logging in", "This server cannot see it, so it cannot be downloaded."],
  REGION_BLOCKED: ["Instagram does not show this here", "It is not shown in the country where this server runs."],
  FORBIDDEN_HOST: ["This server does not answer to this address", "Open it as localhost, or ask the operator to allow the name."],
  FORBIDDEN_ORIGIN: ["Requests from other websites are refused", "Open this page directly."],
  NOT_FOUND: ["There is nothing at this address", "Reload the page and try again."],
  PROFILE_NOT_FOUND: ["There is no such account", "Check the spelling. It may also have been renamed or removed."],
  POST_NOT_FOUND: ["There is no such post", "Check the link. The post may also have been deleted."],
  REEL_NOT_FOUND: ["There is no such reel", "Check the link. The reel may also have been deleted."],
  JOB_NOT_FOUND: ["This download is over", "The server keeps downloads for 30 minutes. Start it again."],
  FILE_NOT_FOUND: ["This file is gone", "The server keeps files for 30 minutes. Download it again."],
  METHOD_NOT_ALLOWED: ["The server does not do this here", "Reload the page and try again."],
  FILE_EXPIRED: ["This file is gone", "The server keeps files for 30 minutes. Download it again."],
  FILE_TOO_LARGE: ["The file is too large for this server", "Choose a smaller quality."],
  PAYLOAD_TOO_LARGE: ["That is too much at once", "Paste fewer lines."],
  URI_TOO_LONG: ["That is too long", "Paste only the link."],
  RANGE_NOT_SATISFIABLE: ["The file has no such part", "Download it from the beginning."],
  RATE_LIMIT: ["A little slower, please", "You have asked more often than this server allows in a minute."],
  SERVER_ERROR: ["Something went wrong in this server", "Try again in a moment. If it stays, tell the operator the request id below."],
  CONVERSION_FAILED: ["The file could not be converted", "Choose the original format."],
  CONVERSION_UNAVAILABLE: ["This server cannot convert files", "Choose the original format, or ask the operator to install ffmpeg."],
  UPSTREAM_UNAVAILABLE: ["Instagram did not answer", "It may be down, or not reachable from here. Try again in a moment."],
  EXTRACTOR_FAILED: ["Instagram’s answer could not be read", "Instagram may have changed. The operator can put a new plugin in place."],
  UPSTREAM_RATE_LIMITED: ["Instagram is rate-limiting this server", "This server has sent Instagram too many requests. It will resume automatically."],
  SERVER_BUSY: ["This server is busy", "Try again in a moment."],
  STORAGE_FULL: ["This server has no room for more files", "Room comes back when older files expire, within half an hour."],
  // Not the API's: there was no answer at all.
  UNREACHABLE: ["This server cannot be reached", "Check that it is running, and try again."],
  // A fault of this page.
  PAGE_FAULT: ["This page could not show the answer", "Reload it. If it stays, tell the operator what stands below."],
};

/** Codes behind which `details` say more than the words here. */
const TELLING = new Set(["INVALID_PARAMETER", "INVALID_REQUEST", "INVALID_URL"]);

/** Codes that may pass by themselves. */
const PASSING = new Set([
  "RATE_LIMIT", "SERVER_ERROR", "UPSTREAM_UNAVAILABLE", "UPSTREAM_RATE_LIMITED", "SERVER_BUSY", "STORAGE_FULL",
  "UNREACHABLE", "EXTRACTOR_FAILED",
]);

/** What to tell about a refusal: a title, a sentence, and whether trying again may help. */
export function words({ code, message, details }) {
  const [title, advice] = WORDS[code] ?? [message || "That did not work", details ?? ""];
  const text = TELLING.has(code) && details && !details.startsWith("See ") ? `${sentence(details)} ${advice}` : advice;
  return { title, text, again: PASSING.has(code) };
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
