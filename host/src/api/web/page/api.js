// The API client: one function per HTTP method. Every failure is thrown as a `Refusal` with one of the documented codes.

/** Longer than the server takes for any response except a file. */
const TIMEOUT_MS = 40_000;

/** Why a request failed. */
export class Refusal extends Error {
  constructor({ code, message = "", details = "", request_id: requestId = null }, retryAfter = null) {
    super(message);
    this.code = code;
    this.details = details;
    this.requestId = requestId;
    /** Seconds until the request may be repeated, if the server said so. */
    this.retryAfter = retryAfter;
  }
}

/** Turns anything thrown into a refusal. Whatever is not a refusal is a bug of this page and is shown as one. */
export function refusalOf(thrown) {
  if (thrown instanceof Refusal) return thrown;
  console.error(thrown);
  return new Refusal({ code: "PAGE_FAULT", message: String(thrown) });
}

/** `GET` with query parameters. */
export function get(path, parameters = {}, signal) {
  const query = new URLSearchParams(parameters).toString();
  return send(query ? `${path}?${query}` : path, { signal });
}

/** `POST` with a JSON body. */
export function post(path, body, signal) {
  return send(path, {
    signal,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** `DELETE`. */
export function remove(path) {
  return send(path, { method: "DELETE" });
}

const cached = new Map();

/** `GET` of a resource that does not change while the page is open. Failures are not cached. */
export function once(path) {
  if (!cached.has(path)) {
    const request = get(path);
    request.catch(() => cached.delete(path));
    cached.set(path, request);
  }
  return cached.get(path);
}

async function send(path, { signal, ...request }) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signals = signal ? [signal, timeout] : [timeout];
  let response;
  try {
    response = await fetch(path, { ...request, signal: AbortSignal.any(signals), credentials: "omit" });
    if (response.ok) return await response.json();
  } catch (error) {
    // The user has asked for something else in the meantime, which is not a failure.
    if (signal?.aborted) throw error;
    throw new Refusal({ code: "UNREACHABLE", message: String(error) });
  }
  const retryAfter = Number(response.headers.get("Retry-After"));
  const body = await response.json().catch(() => null);
  throw new Refusal(body?.error ?? { code: "SERVER_ERROR", message: `HTTP ${response.status}` }, retryAfter || null);
}
