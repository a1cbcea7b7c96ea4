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
  store({ ...kept, [id]: now + SKIP_MS });
}

/** Somebody wants to see it after all. */
export function unskip(id) {
  const { [id]: _, ...kept } = stored();
  store(kept);
}

function store(kept) {
  try {
    localStorage.setItem(STORED, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows it again.
  }
}

/** Forgets them, for whoever signs in next. */
export function forget() {
  store({});
}
