// A case's whole story: its entries in the ledgers of the desks at which it was.

import { read } from "./json.js";
import { story as texts } from "./texts.js";

/** A case moves now and then, not for ever. */
const MAX_DESKS = 20;

/** The entries of a desk's ledger of this case; null where they are not for this key. */
async function entriesAt(desk, id) {
  const entries = [];
  for (let after = 0; ; ) {
    const query = new URLSearchParams({ desk, case: id, after });
    const response = await fetch(`/v1/ledger?${query}`, { cache: "no-store" });
    if (!response.ok) return null;
    const lines = (await response.text()).split("\n").filter(Boolean);
    if (lines.length === 0) return entries;
    for (const raw of lines) entries.push({ ...read(raw), raw, desk });
    after = entries.at(-1).seq;
  }
}

/** What happened to a case, in order: `{at, text, by, raw, desk}`; null where ledgers are not for this key. */
export async function storyOf({ id, desk }) {
  const all = [];
  const known = new Set();
  const left = [desk];
  while (left.length > 0 && known.size < MAX_DESKS) {
    const name = left.shift();
    if (known.has(name)) continue;
    known.add(name);
    const entries = await entriesAt(name, id);
    if (entries === null) {
      if (name === desk) return null;
      continue;
    }
    all.push(...entries);
    left.push(...entries.flatMap(({ detail }) => [detail?.from, detail?.to]).filter((other) => typeof other === "string"));
  }
  all.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.seq - b.seq);
  return all.map(({ at, type, by, detail, raw, desk: where }) => {
    const says = texts[type];
    return { at, text: says ? says(detail ?? {}) : type, by, raw, desk: where };
  });
}
