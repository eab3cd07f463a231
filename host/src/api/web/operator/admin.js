// The client of the admin listener. The token is kept in the session storage of this tab, and sent in one header to the server
// that delivered this page.

import { Refusal } from "/page/api.js";

const KEY = "gramhost.token";
/** Longer than a component takes to be compiled and to pass its cases. */
const TIMEOUT_MS = 120_000;

let token = read();
let onRejected = () => {};

function read() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Whether this tab has a token. */
export function hasToken() {
  return Boolean(token);
}

/** Stores a token; null deletes it. */
export function setToken(next) {
  token = next;
  try {
    if (next) sessionStorage.setItem(KEY, next);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage is forbidden: the token lasts as long as the page.
  }
}

/** Calls the listener when the server no longer accepts the token. */
export function onTokenRejected(listener) {
  onRejected = listener;
}

/** `GET` with a JSON response. */
export async function get(path, parameters = {}) {
  const response = await send("GET", withQuery(path, parameters));
  return response.json();
}

/** `GET` with a response of any type. */
export async function blob(path) {
  const response = await send("GET", path);
  return response.blob();
}

/** `POST` without a body. */
export async function post(path, parameters = {}) {
  const response = await send("POST", withQuery(path, parameters));
  return response.json();
}

/** `PUT` of bytes. */
export async function put(path, bytes) {
  const response = await send("PUT", path, bytes);
  return response.json();
}

function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function send(method, path, body) {
  let response;
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    response = await fetch(path, { method, headers, body, signal, credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw new Refusal({ code: "UNREACHABLE", message: String(error) });
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  const refusal = new Refusal(answer?.error ?? { code: "SERVER_ERROR", message: `HTTP ${response.status}` });
  /** Why a component was rejected: the admission step, the reason, and the cases with their differences. */
  refusal.refused = answer?.refused ?? answer?.error?.refused ?? null;
  if (response.status === 401) onRejected();
  throw refusal;
}
