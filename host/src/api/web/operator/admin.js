// The admin listener: the token, and one function for every request. The token lives in this tab's session storage and
// goes out in one header, to where this page came from.

import { Refusal } from "/page/api.js";

const KEY = "gramhost.token";
/** Longer than a component takes to be compiled and to pass its cases. */
const PATIENCE_MS = 120_000;

let token = read();
let forgotten = () => {};

function read() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Whether there is a token to show. */
export function known() {
  return Boolean(token);
}

/** Takes a token; null forgets it. */
export function use(next) {
  token = next;
  try {
    if (next) sessionStorage.setItem(KEY, next);
    else sessionStorage.removeItem(KEY);
  } catch {
    // Forbidden: it lives as long as the page.
  }
}

/** Calls back when the server no longer takes the token. */
export function onforgotten(listener) {
  forgotten = listener;
}

/** `GET`, as JSON. */
export async function get(path, parameters = {}) {
  const response = await ask("GET", withQuery(path, parameters));
  return response.json();
}

/** `GET`, as it is. */
export async function blob(path) {
  const response = await ask("GET", path);
  return response.blob();
}

/** `POST` without a body. */
export async function post(path, parameters = {}) {
  const response = await ask("POST", withQuery(path, parameters));
  return response.json();
}

/** `PUT` of bytes. */
export async function put(path, bytes) {
  const response = await ask("PUT", path, bytes);
  return response.json();
}

function withQuery(path, parameters) {
  const said = Object.entries(parameters).filter(([, value]) => value);
  return said.length ? `${path}?${new URLSearchParams(said)}` : path;
}

async function ask(method, path, body) {
  let response;
  try {
    const headers = { Authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    response = await fetch(path, { method, headers, body, signal, credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw new Refusal({ code: "UNREACHABLE", message: String(error) });
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  const refusal = new Refusal(told?.error ?? { code: "SERVER_ERROR", message: `HTTP ${response.status}` });
  /** Of a component: the step, the reason, and the cases with their differences. */
  refusal.refused = told?.refused ?? told?.error?.refused ?? null;
  if (response.status === 401) forgotten();
  throw refusal;
}
