// What a reviewer does by the API: sees what is held, and decides it.

import assert from "node:assert/strict";
import { until } from "./holdpoint.mjs";

export function reviewing(holdpoint, key) {
  const heldAt = async (desk = "main") => (await holdpoint.ask("GET", `/v1/desks/${desk}/cases?status=held&limit=200`, { key })).json.cases;

  /** Waits for as many held cases. */
  const held = (count = 1, desk = "main") =>
    until(`${count} held cases`, async () => {
      const cases = await heldAt(desk);
      return cases.length >= count && cases;
    });

  /** A rejection has the first of the case's reasons, unless it says its own. */
  async function decide(held, decision, more = {}) {
    const reason = decision === "reject" ? { reason: held.reasons[0] } : {};
    const decided = await holdpoint.ask("POST", `/v1/cases/${held.id}/decision`, { key, body: { decision, digest: held.digest, ...reason, ...more } });
    assert.equal(decided.status, 200, decided.text);
  }

  return { heldAt, held, decide };
}
