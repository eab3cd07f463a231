// Formats numbers, sizes, durations and dates in the language of the texts.

import { locale, n } from "./text.js";

const COMPACT = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const PLAIN = new Intl.NumberFormat(locale);
const ONE = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
const DAY = new Intl.DateTimeFormat(locale, { dateStyle: "long" });

/** 12.8K */
export function compact(number) {
  return COMPACT.format(number);
}

/** 12,840 */
export function plain(number) {
  return PLAIN.format(number);
}

/** "3 files", "1 file" */
export function counted(number, one, many = `${one}s`) {
  return `${PLAIN.format(number)} ${number === 1 ? one : many}`;
}

/** 12.8 */
export function decimal(number) {
  return ONE.format(number);
}

/** Seconds as 0:21 or 1:02:03. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Seconds as "5 seconds" or "4 minutes"; at least "1 second". */
export function span(seconds) {
  if (seconds < 90) return n("second", Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return n("minute", Math.round(seconds / 60));
  return n("hour", Math.round(seconds / 3600));
}

/** Megabytes of 1,000,000 bytes, the unit of the API. */
export function size(megabytes) {
  if (megabytes < 0.001) return `${PLAIN.format(Math.round(megabytes * 1e6))} B`;
  if (megabytes < 1) return `${PLAIN.format(Math.max(1, Math.round(megabytes * 1000)))} kB`;
  return `${ONE.format(megabytes)} MB`;
}

/** Seconds since 1970 as a day. */
export function day(seconds) {
  return DAY.format(new Date(seconds * 1000));
}

/** image/jpeg as JPEG. */
export function kind(mediaType) {
  const known = { "video/x-matroska": "MKV", "video/quicktime": "MOV", "audio/mp4": "M4A", "audio/mpeg": "MP3" };
  return known[mediaType] ?? mediaType.split("/").pop().replace(/^x-/, "").toUpperCase();
}

/** "1080x1350" as 1080 × 1350. */
export function dimensions(text) {
  return text ? text.replace("x", "\u202f×\u202f") : null;
}
