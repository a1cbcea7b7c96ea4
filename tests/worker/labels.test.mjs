// What a case teaches arrives once: across decisions that are taken back, moves, kills, and what is reported later.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { until } from "../harness/holdpoint.mjs";
import { Shop } from "../harness/shop.mjs";

const POLICY = `holdpoint = 1
[desks.main]
reviewers = 1000
undo = "1s"
[desks.seniors]
reviewers = 1000
undo = "1s"
`;

let shop;
before(async () => (shop = await Shop.open({ policy: POLICY })));
after(() => shop.close());

const insights = async () => (await shop.ask("GET", "/v1/insights", { key: shop.holdpoint.admin })).json;
const arrived = (count) =>
  until(`${count} labels`, async () => {
    const told = await insights();
    return told.labels >= count && told;
  });

/** The sums of the confidence bins, as the killed runtime left them. */
function bins() {
  const folder = join(shop.holdpoint.directory, "disk", "tally");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(folder, file), { readOnly: true });
    if (database.prepare("SELECT name FROM sqlite_master WHERE name = 'bins'").all().length === 0) continue;
    return database.prepare("SELECT sum(labelled) AS labelled, sum(wrong) AS wrong, sum(w) AS w FROM bins").get();
  }
  throw new Error("no tally is on disk");
}

test("a decision that was taken back teaches nothing, and the one that stands teaches once", async () => {
  const action = await shop.hold("refund", { amount: 1 }, { confidence: 0.4 });
  await shop.decide(shop.ana, action, "approve", { seen_ms: 4000 });
  assert.equal((await shop.ask("POST", `/v1/cases/${action.id}/undo`, { key: shop.ana })).status, 200);
  await shop.decide(shop.ana, action, "reject", { reason: "other", seen_ms: 5000 });
  const { overrides, vigilance } = await arrived(1);
  assert.deepEqual([overrides.all.held.n, overrides.all.held.k], [1, 1]);
  assert.deepEqual([vigilance.n, vigilance.people[0].seconds], [1, 5], "the look that was taken back is none");
});

test("a case that was moved teaches at the desk where it ended, and what its app reports is told with it", async () => {
  const moved = await shop.hold("refund", { amount: 2 });
  assert.equal((await shop.ask("POST", `/v1/cases/${moved.id}/move`, { key: shop.ana, body: { desk: "seniors" } })).status, 200);
  const shown = await shop.shown(moved);
  await shop.decide(shop.ana, shown, "approve");
  await until("it is released", async () => (await shop.read(moved)).json.may_run);
  assert.equal((await shop.to(moved, "outcome", { outcome: "failed" })).status, 200);
  const told = await until("the outcome is told", async () => {
    const told = await insights();
    return told.overrides.outcome.length > 0 && told;
  });
  assert.deepEqual([told.labels, told.overrides.outcome[0].name, told.overrides.outcome[0].n], [2, "failed", 1]);
  const at = async (desk) => (await shop.ask("GET", `/v1/insights?desk=${desk}`, { key: shop.holdpoint.admin })).json.labels;
  assert.deepEqual([await at("main"), await at("seniors")], [1, 1]);
});

test("kills between decision, release and telling lose no label, and count none twice", async () => {
  let decided = 2;
  for (let kill = 0; kill < 4; kill += 1) {
    const held = await Promise.all(Array.from({ length: 6 }, (_, at) => shop.hold("refund", { kill, at }, { confidence: 0.5 })));
    await Promise.all(held.map((action, at) => shop.decide(shop.ben, action, at % 2 ? "approve" : "reject", at % 2 ? {} : { reason: "other" })));
    decided += held.length;
    // Some labels have left by then, and some have not.
    await new Promise((resolve) => setTimeout(resolve, 850 + kill * 120));
    await shop.holdpoint.kill();
    await shop.holdpoint.run();
  }
  const told = await arrived(decided);
  assert.equal(told.labels, decided);
  assert.equal(told.overrides.all.held.n, decided);
  await shop.holdpoint.kill();
  const { labelled, wrong, w } = bins();
  assert.deepEqual([labelled, wrong, w], [decided, 1 + 12, decided], "sums that are added to, and not only rows that are known");
  await shop.holdpoint.run();
});
