// The texts for every error code of the API: what happened, and what the user can do. A test checks that none is missing.

const WORDS = {
  INVALID_URL: ["This server does not recognize that link", "Copy the address of a post or reel on Instagram, or its shortcode."],
  INVALID_USERNAME: ["That is not a valid Instagram username", "A username has up to 30 letters, digits, dots and underscores."],
  INVALID_LIMIT: ["That number of items is not allowed", "Ask for 1 to 50."],
  INVALID_QUALITY: ["That quality does not exist", "Choose another quality."],
  INVALID_PARAMETER: ["That combination is not available", "Choose another type or format."],
  INVALID_REQUEST: ["The server did not understand the request", "Reload the page and try again."],
  EMPTY_BATCH: ["The list is empty", "Paste at least one link."],
  UNAUTHORIZED: ["Admin token required", "Only the operator of this server can do this."],
  ACCOUNT_PRIVATE: ["This account is private", "Only its followers can see it, and this server handles public content only."],
  POST_PRIVATE: ["This post is private", "Only followers of its owner can see it, and this server handles public content only."],
  REEL_PRIVATE: ["This reel is private", "Only followers of its owner can see it, and this server handles public content only."],
  POST_DELETED: ["This post was deleted", "It is no longer on Instagram."],
  STORIES_DISABLED: ["This account does not show its stories", "There is nothing to download."],
  STORIES_UNAVAILABLE: ["There are no stories right now", "Stories disappear after 24 hours."],
  AGE_RESTRICTED: ["This content is age-restricted", "Age-restricted content is not supported."],
  LOGIN_REQUIRED: ["Instagram shows this only to logged-in users", "This server has no access to it, so it cannot be downloaded."],
  REGION_BLOCKED: ["Not available in this region", "Instagram does not show it in the country where this server runs."],
  FORBIDDEN_HOST: ["This server does not accept requests under this name", "Open it as localhost, or ask the operator to add the name to allowed_hosts."],
  FORBIDDEN_ORIGIN: ["Requests from other websites are refused", "Open this page directly."],
  NOT_FOUND: ["This address does not exist", "Reload the page and try again."],
  PROFILE_NOT_FOUND: ["Account not found", "Check the spelling. The account may also have been renamed or removed."],
  POST_NOT_FOUND: ["Post not found", "Check the link. The post may also have been deleted."],
  REEL_NOT_FOUND: ["Reel not found", "Check the link. The reel may also have been deleted."],
  JOB_NOT_FOUND: ["This download has expired", "The server keeps downloads for 30 minutes. Start it again."],
  FILE_NOT_FOUND: ["This file has expired", "The server keeps files for 30 minutes. Download it again."],
  METHOD_NOT_ALLOWED: ["This action is not supported here", "Reload the page and try again."],
  REQUEST_TIMEOUT: ["The request took too long", "The connection may be slow. Try again."],
  FILE_EXPIRED: ["This file has expired", "The server keeps files for 30 minutes. Download it again."],
  PRECONDITION_FAILED: ["The file has changed", "Download it again."],
  FILE_TOO_LARGE: ["The file is too large for this server", "Choose a smaller quality."],
  PAYLOAD_TOO_LARGE: ["The request is too large", "Paste fewer lines."],
  URI_TOO_LONG: ["The text is too long", "Paste only the link."],
  RANGE_NOT_SATISFIABLE: ["The file does not have the requested range", "Download it from the beginning."],
  RATE_LIMIT: ["Too many requests", "You have reached the number of requests that this server allows per minute."],
  SERVER_ERROR: ["Something went wrong on this server", "Try again in a moment. If it happens again, give the operator the request id below."],
  CONVERSION_FAILED: ["The file could not be converted", "Choose the original format."],
  CONVERSION_UNAVAILABLE: ["This server cannot convert files", "Choose the original format, or ask the operator to install ffmpeg."],
  UPSTREAM_UNAVAILABLE: ["Instagram did not respond", "It may be down, or unreachable from this server. Try again in a moment."],
  EXTRACTOR_FAILED: ["Instagram’s response could not be read", "Instagram may have changed. The operator can install an updated plugin."],
  UPSTREAM_RATE_LIMITED: ["Instagram is rate-limiting this server", "The server has sent too many requests. It will resume automatically."],
  SERVER_BUSY: ["This server is busy", "Try again in a moment."],
  STORAGE_FULL: ["This server has no space for more files", "Older files expire within half an hour. Try again then."],
  // Not a code of the API: there was no response at all.
  UNREACHABLE: ["This server cannot be reached", "Check that it is running, and try again."],
  // A bug of this page.
  PAGE_FAULT: ["This page could not show the response", "Reload it. If it happens again, give the operator the details below."],
};

/** Codes whose `details` are more specific than the texts here. */
const SPECIFIC = new Set(["INVALID_PARAMETER", "INVALID_REQUEST", "INVALID_URL"]);

/** Codes of failures that may be temporary. */
const TEMPORARY = new Set([
  "RATE_LIMIT", "SERVER_ERROR", "UPSTREAM_UNAVAILABLE", "UPSTREAM_RATE_LIMITED", "SERVER_BUSY", "STORAGE_FULL",
  "UNREACHABLE", "EXTRACTOR_FAILED",
]);

/** The explanation of a refusal: a title, a sentence, and whether trying again may help. */
export function words({ code, message, details }) {
  const [title, advice] = WORDS[code] ?? [message || "The request failed", details ?? ""];
  const text = SPECIFIC.has(code) && details && !details.startsWith("See ") ? `${sentence(details)} ${advice}` : advice;
  return { title, text, again: TEMPORARY.has(code) };
}

function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
