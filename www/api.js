// Requests to Holdpoint. Numbers that JavaScript would round keep the digits that were sent.

/** The network is away, or the request did not get through. */
export class Offline extends Error {}

/** A number literal that a JavaScript number does not hold. */
export class Digits {
  constructor(text) {
    this.text = text;
  }
}

/** JSON text in which every number has the digits that it came with. */
export function written(value) {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`).join(",")}}`;
}

const KEPT_ALIVE = 10_000;

/** How far Holdpoint's clock is ahead of this one: deadlines are by that clock. */
let ahead = 0;

/** Now, by Holdpoint's clock. */
export const now = () => Date.now() + ahead;

function keepDigits(_key, value, context) {
  const source = context?.source;
  return typeof value === "number" && source !== undefined && source !== String(value) ? new Digits(source) : value;
}

/** Sends a request and reads the JSON of the answer, if it has any. With a name, sent again it acts no more. */
export async function send(method, path, body, name) {
  const sent = body === undefined ? undefined : written(body);
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(name === undefined ? {} : { "idempotency-key": name }),
      },
      body: sent,
      credentials: "same-origin",
      cache: "no-store",
      // What outlives the page may have 64 KiB at most, together.
      keepalive: method !== "GET" && (sent?.length ?? 0) < KEPT_ALIVE,
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
    if (response.status < 400) throw new Offline();
    return { ok: false, status: response.status, body: null };
  }
  return { ok: response.ok, status: response.status, body: parsed };
}
