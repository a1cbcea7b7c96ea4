// Cases that a person has skipped: they do not come back to them for ten minutes, whichever tab they look in.

const STORED = "holdpoint-skipped";
const SKIP_MS = 10 * 60_000;

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "{}");
  } catch {
    return {};
  }
}

/** The ids that are skipped now. */
export function skipped(now) {
  return Object.entries(stored()).filter(([, until]) => until > now).map(([id]) => id);
}

export function skipFor(id, now) {
  const kept = Object.fromEntries(Object.entries(stored()).filter(([, until]) => until > now));
  localStorage.setItem(STORED, JSON.stringify({ ...kept, [id]: now + SKIP_MS }));
}

/** Forgets them, for whoever signs in next. */
export function forget() {
  localStorage.removeItem(STORED);
}
