// The ledger as auditors have it: whole, verifiable, without arguments, and kept when those are deleted.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { download, verify } from "../harness/ledger.mjs";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

const POLICY = `holdpoint = 1
[kinds.note]
severity = "low"
[[criteria]]
id = "all"
category = "public words"
kinds = ["note"]
when = "true"
then = "audit"
[desks.main]
reviewers = 1000
undo = "0s"
keep = "2s"
valid = "3s"
[desks.seniors]
undo = "0s"
`;

let shop;
before(async () => (shop = await Shop.open({ policy: POLICY })));
after(() => shop.close());

const head = async (desk) => (await shop.ask("GET", `/v1/ledger/head${desk ? `?desk=${desk}` : ""}`, { key: shop.auditor })).json;
const entries = (text) => text.trim().split("\n").map((line) => JSON.parse(line));

/** A little of everything that can happen at a desk. */
async function happenings() {
  const [one, two, three, four] = await Promise.all([1, 2, 3, 4].map((amount) => shop.hold("refund", { amount, iban: "DE89-canary" })));
  await shop.decide(shop.ana, one, "approve", { note: "canary in a note" });
  await shop.decide(shop.ana, two, "reject", { reason: "other" });
  await shop.decide(shop.ana, three, "edit", { args: { amount: 30, iban: "DE90-canary" } });
  await shop.to(four, "withdraw");
  const { permit } = (await shop.read(three)).json;
  await shop.to(three, "redeem", { permit });
  await shop.to(three, "outcome", { outcome: "done" });
  const moved = await shop.hold("refund", { amount: 5 });
  await shop.ask("POST", `/v1/cases/${moved.id}/move`, { key: shop.ana, body: { desk: "seniors" } });
  const note = (await shop.propose("note", { text: "canary" })).json;
  await shop.decide(shop.ben, note, "overturn", { reason: "other", args: { text: "canary too" } });
  return { one, two, three, four, moved, note };
}

describe("a desk's ledger", () => {
  test("tells everything that happened, in order, and no arguments", async () => {
    const { one, three, moved, note } = await happenings();
    const text = await download(shop.holdpoint, shop.auditor, "main");
    const told = (id) => entries(text).filter(({ subject }) => subject === id).map(({ type }) => type);
    assert.deepEqual(told(one.id), ["held", "decided"]);
    assert.deepEqual(told(three.id), ["held", "decided", "redeemed", "reported"]);
    assert.deepEqual(told(moved.id), ["held", "moved"]);
    assert.deepEqual(told(note.id), ["sampled", "decided"]);
    const received = entries(await download(shop.holdpoint, shop.auditor, "seniors"));
    assert.deepEqual(received.map(({ type, subject }) => [type, subject]), [["received", moved.id]]);
    assert.ok(!text.includes("canary"), "neither arguments nor notes");
    assert.ok(!text.includes(one.digest.slice(7)), "a plain digest would give small arguments away");
  });

  test("goes on behind a number, and ends where its head says", async () => {
    const all = entries(await download(shop.holdpoint, shop.auditor, "main"));
    const rest = await shop.ask("GET", "/v1/ledger?desk=main&after=3", { key: shop.auditor });
    assert.match(rest.headers.get("content-type"), /^application\/jsonl/);
    assert.deepEqual(entries(rest.text).map(({ seq }) => seq), all.slice(3).map(({ seq }) => seq));
    assert.equal((await head("main")).seq, all.length);
    for (const path of ["/v1/ledger?desk=main&after=x", "/v1/ledger?desk=main&after=-1"]) {
      refused(await shop.ask("GET", path, { key: shop.auditor }), "invalid", 422);
    }
    refused(await shop.ask("GET", "/v1/ledger?desk=nowhere", { key: shop.auditor }), "not_found", 404);
    const elsewhere = (await shop.holdpoint.key("auditor", { name: "elsewhere", desks: ["seniors"] })).key;
    refused(await shop.ask("GET", "/v1/ledger?desk=main", { key: elsewhere }), "not_found", 404);
  });

  test("is verified by the command, which finds what was changed, dropped, swapped or cut off", async () => {
    const text = await download(shop.holdpoint, shop.auditor, "main");
    const kept = await head("main");
    const check = (changed, given = kept) => verify(shop.holdpoint.directory, changed, given);
    const good = check(text);
    assert.equal(good.code, 0, good.said);
    assert.match(good.said, new RegExp(`${kept.seq} entries, whole`));
    const lines = text.trim().split("\n");
    const without = (at) => lines.toSpliced(at, 1).join("\n");
    for (const [what, changed] of [
      ["a flipped byte", text.replace("approve", "apprOve")],
      ["a dropped entry", without(2)],
      ["the first dropped", without(0)],
      ["swapped entries", [lines[1], lines[0], ...lines.slice(2)].join("\n")],
      ["cut off", without(lines.length - 1)],
      ["nothing left", ""],
    ]) {
      const broken = check(changed);
      assert.equal(broken.code, 1, `${what}: ${broken.said}`);
    }
    assert.match(check(without(lines.length - 1)).said, /ends at entry/);
    await shop.hold("refund", { amount: 6 });
    assert.equal(check(await download(shop.holdpoint, shop.auditor, "main")).code, 0, "it has grown since");
  });
});

describe("the office's ledger", () => {
  test("tells of keys and policies, verifies as well, and is for auditors", async () => {
    const made = await shop.holdpoint.key("app", { name: "short-lived" });
    await shop.ask("DELETE", `/v1/keys/${made.id}`, { key: shop.holdpoint.admin });
    const text = await download(shop.holdpoint, shop.auditor);
    const types = entries(text).map(({ type }) => type);
    assert.deepEqual([types[0], ...new Set(types)].slice(1).toSorted(), ["key_made", "key_revoked", "policy_stored"]);
    assert.ok(!text.includes("hpk_") && !text.includes(made.key));
    const [policy] = entries(text).filter(({ type }) => type === "policy_stored");
    assert.deepEqual([policy.by, policy.detail.digest], ["admin", (await shop.ask("GET", "/v1/policy", { key: shop.app })).headers.get("etag").slice(1, -1)]);
    const kept = await head();
    assert.equal(kept.desk, null);
    assert.equal(verify(shop.holdpoint.directory, text, kept).code, 0);
    assert.equal(verify(shop.holdpoint.directory, text.replace("short-lived", "long-lived "), kept).code, 1);
    const { versions } = (await shop.ask("GET", "/v1/policy/versions", { key: shop.auditor })).json;
    assert.deepEqual(versions.map(({ digest }) => digest), [policy.detail.digest]);
  });
});

test("keys are on disk as hashes alone", async () => {
  await shop.holdpoint.kill();
  const folder = join(shop.holdpoint.directory, "disk", "office");
  let keys = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(folder, file));
    for (const { name } of database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()) {
      const rows = JSON.stringify(database.prepare(`SELECT * FROM "${name}"`).all());
      if (name === "keys") keys += JSON.parse(rows).length;
      for (const key of [shop.app, shop.ana, shop.holdpoint.admin]) assert.ok(!rows.includes(key) && !rows.includes(key.slice(4)), name);
    }
    database.close();
  }
  assert.ok(keys >= 5, `${keys} keys`);
  await shop.holdpoint.run();
});

describe("what was kept long enough", () => {
  test("loses arguments and context, and the ledger stays whole", async () => {
    const { one, two, three, note } = await happenings();
    const forgotten = await until("all are forgotten", async () => {
      const shown = await Promise.all([one, two, three, note].map((action) => shop.shown(action)));
      return shown.every(({ action }) => action === null) && shown;
    });
    for (const shown of forgotten) {
      assert.deepEqual([shown.title, shown.digest, shown.decision.note ?? null, shown.decision.args], [null, null, null, undefined]);
    }
    assert.deepEqual(forgotten.map(({ status }) => status), ["lapsed", "rejected", "edited", "overturned"]);
    assert.equal(forgotten[1].decision.reason, "other");
    const answer = (await shop.read(two)).json;
    assert.deepEqual([answer.status, answer.action, answer.digest, answer.may_run], ["rejected", null, null, false]);
    const text = await download(shop.holdpoint, shop.auditor, "main");
    assert.equal(entries(text).filter(({ type, subject }) => type === "forgotten" && subject === one.id).length, 1);
    assert.equal(verify(shop.holdpoint.directory, text, await head("main")).code, 0);
    await shop.holdpoint.kill();
    const folder = join(shop.holdpoint.directory, "disk", "desk");
    let found = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".sqlite"))) {
      const database = new DatabaseSync(join(folder, file));
      const tables = database.prepare("SELECT name FROM sqlite_master").all();
      if (!tables.some(({ name }) => name === "cases")) continue;
      const rows = database.prepare("SELECT facts, progress FROM cases WHERE open = 0 AND forget_at IS NULL").all();
      for (const { facts, progress } of rows) assert.ok(!`${facts}${progress}`.includes("canary"));
      found += rows.length;
      database.close();
    }
    assert.ok(found >= 4, `${found} forgotten cases on disk`);
    await shop.holdpoint.run();
  });
});
