// Requests to Holdpoint.

import { read, written } from "./json.js";

/** The network is away, or the request did not get through. */
export class Offline extends Error {}

const KEPT_ALIVE = 10_000;

/** How far Holdpoint's clock is ahead of this one: deadlines are by that clock. */
let ahead = 0;

/** Now, by Holdpoint's clock. */
export const now = () => Date.now() + ahead;

/** Learns Holdpoint's time. */
function setClock(time) {
  const at = Date.parse(time ?? "");
  if (!Number.isNaN(at)) ahead = at - Date.now();
}

/** Who this page belongs to: whoever signs in after them does not decide in their place. */
let person;

/** What came with the document, to be shown first. */
export function first() {
  const data = read(document.getElementById("first")?.textContent ?? "{}");
  setClock(data.time);
  person = data.person;
  return data;
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
        ...(person === undefined ? {} : { "holdpoint-person": encodeURIComponent(person) }),
      },
      body: sent,
      credentials: "same-origin",
      cache: "no-store",
      // What outlives the page may have 64 KiB at most, together.
      keepalive: method !== "GET" && (sent?.length ?? 0) < KEPT_ALIVE,
      signal: AbortSignal.timeout(15_000),
    });
    text = await response.text();
    setClock(response.headers.get("holdpoint-time"));
  } catch {
    throw new Offline();
  }
  let parsed = null;
  try {
    parsed = text === "" ? null : read(text);
  } catch {
    // Whatever stands between here and Holdpoint answered in its place.
    if (response.status < 400) throw new Offline();
    return { ok: false, status: response.status, body: null };
  }
  return { ok: response.ok, status: response.status, body: parsed };
}
