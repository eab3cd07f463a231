// The API: one function a method; whatever goes wrong is a `Refusal` with one of the documented codes.

/** Longer than the server takes for anything but a file. */
const PATIENCE_MS = 40_000;

/** Why there is no answer. */
export class Refusal extends Error {
  constructor({ code, message = "", details = "", request_id: requestId = null }, retryAfter = null) {
    super(message);
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    /** Seconds until it may be tried again, where that is known. */
    this.retryAfter = retryAfter;
  }
}

/** Anything that was thrown as a refusal: what is none is a fault of this page, told like one. */
export function refusalOf(thrown) {
  if (thrown instanceof Refusal) return thrown;
  console.error(thrown);
  return new Refusal({ code: "PAGE_FAULT", message: String(thrown) });
}

/** `GET` with query parameters. */
export function get(path, parameters = {}, signal) {
  const query = new URLSearchParams(parameters).toString();
  return ask(query ? `${path}?${query}` : path, { signal });
}

/** `POST` of a JSON body. */
export function post(path, body) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** `DELETE`. */
export function remove(path) {
  return ask(path, { method: "DELETE" });
}

const kept = new Map();

/** `GET` of what does not change while the page is open; a failure is not kept. */
export function once(path) {
  if (!kept.has(path)) {
    const asked = get(path);
    asked.catch(() => kept.delete(path));
    kept.set(path, asked);
  }
  return kept.get(path);
}

async function ask(path, { signal, ...request }) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signals = signal ? [signal, patience] : [patience];
  let response;
  try {
    response = await fetch(path, { ...request, signal: AbortSignal.any(signals), credentials: "omit" });
    if (response.ok) return await response.json();
  } catch (error) {
    // Somebody asked for something else meanwhile: that is no failure.
    if (signal?.aborted) throw error;
    throw new Refusal({ code: "UNREACHABLE", message: String(error) });
  }
  const waited = Number(response.headers.get("Retry-After"));
  const body = await response.json().catch(() => null);
  throw new Refusal(body?.error ?? { code: "SERVER_ERROR", message: `HTTP ${response.status}` }, waited || null);
}
