// Requests to Holdpoint. Numbers that JavaScript would round keep the digits that were sent.

/** The network is away, or the request did not get through. */
export class Offline extends Error {}

/** A number literal that a JavaScript number does not hold. */
export class Digits {
  constructor(text) {
    this.text = text;
  }
}

/** How far Holdpoint's clock is ahead of this one: deadlines are by that clock. */
let ahead = 0;

/** Now, by Holdpoint's clock. */
export const now = () => Date.now() + ahead;

function keepDigits(_key, value, context) {
  const source = context?.source;
  return typeof value === "number" && source !== undefined && source !== String(value) ? new Digits(source) : value;
}

/** Sends a request and reads the JSON of the answer, if it has any. */
export async function send(method, path, body) {
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      keepalive: method !== "GET",
      signal: AbortSignal.timeout(15_000),
    });
    text = await response.text();
    const time = Date.parse(response.headers.get("holdpoint-time") ?? "");
    if (!Number.isNaN(time)) ahead = time - Date.now();
  } catch {
    throw new Offline();
  }
  let parsed = null;
  try {
    parsed = text === "" ? null : JSON.parse(text, keepDigits);
  } catch {
    // Whatever stands between here and Holdpoint answered in its place.
    return { ok: false, status: response.status, body: null };
  }
  return { ok: response.ok, status: response.status, body: parsed };
}
