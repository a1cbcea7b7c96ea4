// Requests that carry an Idempotency-Key: the same again does not act again, whatever broke in between.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

let shop;
before(async () => (shop = await Shop.open()));
after(() => shop.close());

const named = (key = randomUUID()) => ({ headers: { "idempotency-key": key } });

describe("a proposal that is repeated", () => {
  test("is the same action, as it now stands", async () => {
    const once = named();
    const first = await shop.propose("refund", { amount: 400 }, once);
    const again = await shop.propose("refund", { amount: 400 }, once);
    assert.deepEqual([again.status, again.json], [first.status, first.json]);
    await shop.decide(shop.ana, first.json, "approve");
    const later = await shop.propose("refund", { amount: 400 }, once);
    assert.deepEqual([later.status, later.json.id, later.json.status, later.json.may_run], [200, first.json.id, "approved", true]);
  });

  test("waits along, and Prefer is not compared", async () => {
    const once = named();
    const first = await shop.propose("refund", { amount: 401 }, once);
    const waiting = shop.propose("refund", { amount: 401 }, { headers: { ...once.headers, prefer: "wait=30" } });
    await shop.decide(shop.ana, first.json, "reject", { reason: "wrong amount" });
    assert.deepEqual([(await waiting).json.id, (await waiting).json.status], [first.json.id, "rejected"]);
  });

  test("at once, twenty times, is one case", async () => {
    const once = named();
    const marker = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.propose("refund", { amount: 402, marker }, once)));
    assert.equal(new Set(answers.map(({ json }) => json.id)).size, 1);
    assert.ok(answers.every(({ status }) => status === 202));
    const cases = (await shop.ask("GET", "/v1/desks/main/cases?status=held&limit=200", { key: shop.ana })).json.cases;
    assert.equal(cases.filter(({ action }) => action.args.marker === marker).length, 1);
  });

  test("that proceeds or is blocked keeps its id and its verdict", async () => {
    for (const [kind, args] of [["get_order", {}], ["refund", { amount: 1, to: "nobody" }], ["note", { audit: true }]]) {
      const once = named();
      const first = await shop.propose(kind, args, once);
      const again = await shop.propose(kind, args, once);
      assert.deepEqual([again.status, again.json], [first.status, first.json]);
    }
  });

  test("keeps its verdict although the policy changed meanwhile", async () => {
    const once = named();
    const first = await shop.propose("get_stock", {}, once);
    assert.equal(first.json.status, "proceed");
    const policy = (await shop.ask("GET", "/v1/policy", { key: shop.app })).text;
    await shop.holdpoint.putPolicy(policy.replace('severity = "none"', 'severity = "critical"'));
    await until("the policy is in force", async () => (await shop.propose("get_stock")).json.status === "held");
    assert.deepEqual((await shop.propose("get_stock", {}, once)).json, first.json);
    await shop.holdpoint.putPolicy(policy);
  });

  test("with another body is refused, by the same key holder alone", async () => {
    const once = named();
    const first = await shop.propose("refund", { amount: 403 }, once);
    const other = await shop.propose("refund", { amount: 404 }, once);
    refused(other, "invalid", 422);
    assert.match(other.json.detail, /another request/);
    const holder = (await shop.holdpoint.key("app", { name: "another holder" })).key;
    const theirs = await shop.propose("refund", { amount: 404 }, { ...once, key: holder });
    assert.equal(theirs.status, 202);
    assert.notEqual(theirs.json.id, first.json.id);
  });

  test("that could not be read leaves its key free", async () => {
    const once = named();
    refused(await shop.propose("refund", { amount: 405 }, { ...once, severity: "terrible" }), "invalid", 422);
    assert.equal((await shop.propose("refund", { amount: 405 }, once)).status, 202);
  });

  test("with a key that is none is refused", async () => {
    for (const key of ["with space", "x".repeat(256), ""]) {
      refused(await shop.propose("refund", { amount: 406 }, named(key)), "invalid", 422);
    }
  });
});

describe("other requests that are repeated", () => {
  const decide = (action, decision, once, more) => shop.decide(shop.ana, action, decision, { ...once, ...more });

  test("a decision counts once and is answered as it now stands", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const once = named();
    const first = await decide(action, "approve", once);
    const again = await decide(action, "approve", once);
    assert.deepEqual([again.status, again.json.case.decision], [200, first.json.case.decision]);
    refused(await decide(action, "approve"), "conflict", 409);
    refused(await shop.decide(shop.ana, action, "reject", { ...once, reason: "wrong amount" }), "invalid", 422);
  });

  test("an edit counts once, also where the policy would block it by now", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const once = named();
    const edit = (name) => shop.decide(shop.ana, action, "edit", { ...name, args: { amount: 77 } });
    assert.equal((await edit(once)).json.case.status, "edited");
    const policy = (await shop.ask("GET", "/v1/policy", { key: shop.app })).text;
    await shop.holdpoint.putPolicy(`${policy}\n[[criteria]]\nid = "no-77"\ncategory = "seventy-seven"\nwhen = "has(args.amount) && args.amount == 77"\nthen = "block"\n`);
    await until("the policy is in force", async () => (await shop.propose("refund", { amount: 77 })).json.status === "blocked");
    const again = await edit(once);
    assert.deepEqual([again.status, again.json.case.status], [200, "edited"]);
    refused(await edit(named()), "invalid", 422);
    await shop.holdpoint.putPolicy(policy);
  });

  test("one of several approvals counts once", async () => {
    const action = await shop.hold("wire", { amount: 1 });
    const once = named();
    for (const _ of [1, 2, 3]) assert.deepEqual((await decide(action, "approve", once)).json.case.approvals, { needed: 2, given: 1 });
  });

  test("a redemption, a withdrawal, an outcome, a move and an undo", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const [move, withdraw, redeem, outcome] = [named(), named(), named(), named()];
    const moveIt = () => shop.ask("POST", `/v1/cases/${action.id}/move`, { key: shop.ana, body: { desk: "seniors" }, ...move });
    assert.equal((await moveIt()).status, 200);
    const again = await moveIt();
    assert.deepEqual([again.status, again.json.case.desk], [200, "seniors"]);
    refused(await shop.ask("POST", `/v1/cases/${action.id}/move`, { key: shop.ana, body: { desk: "seniors" }, ...named() }), "invalid", 422);
    const withdrawIt = () => shop.to(action, "withdraw", undefined, withdraw);
    assert.deepEqual([(await withdrawIt()).status, (await withdrawIt()).status], [200, 200]);
    const approved = await shop.hold("refund", { amount: 400 });
    await shop.decide(shop.ana, approved, "approve");
    const { permit } = (await shop.read(approved)).json;
    const redeemIt = (once) => shop.to(approved, "redeem", { permit }, once);
    const redeemed = await redeemIt(redeem);
    assert.deepEqual([redeemed.status, (await redeemIt(redeem)).json], [200, redeemed.json]);
    refused(await redeemIt(named()), "conflict", 409);
    const report = () => shop.to(approved, "outcome", { outcome: "failed", detail: "no funds" }, outcome);
    assert.deepEqual([(await report()).status, (await report()).status], [200, 200]);
    assert.equal((await shop.shown(approved)).outcome, "failed");
  });

  test("a new key is the same key again, so that a lost answer is not a lost key", async () => {
    const once = named();
    const make = (body) => shop.ask("POST", "/v1/keys", { key: shop.holdpoint.admin, body, ...once });
    const first = await make({ name: "twice", role: "app" });
    const again = await make({ name: "twice", role: "app" });
    assert.deepEqual([first.status, again.status, again.json], [201, 201, first.json]);
    const { keys } = (await shop.ask("GET", "/v1/keys", { key: shop.holdpoint.admin })).json;
    assert.equal(keys.filter(({ name }) => name === "twice").length, 1);
    assert.equal((await shop.propose("get_order", {}, { key: first.json.key })).status, 200);
    refused(await make({ name: "thrice", role: "app" }), "invalid", 422);
  });

  test("what could not be read leaves its key free here too", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const once = named();
    refused(await shop.decide(shop.ana, action, "reject", { ...once, reason: "because" }), "invalid", 422);
    refused(await shop.to(action, "outcome", { outcome: "maybe" }, once), "invalid", 422);
    assert.equal((await shop.decide(shop.ana, action, "reject", { ...once, reason: "wrong amount" })).status, 200);
  });

  test("a key is not used for two different requests", async () => {
    const [one, other] = [await shop.hold("refund", { amount: 400 }), await shop.hold("refund", { amount: 400 })];
    const once = named();
    assert.equal((await shop.to(one, "withdraw", undefined, once)).status, 200);
    refused(await shop.to(other, "withdraw", undefined, once), "invalid", 422);
    assert.equal((await shop.read(other)).json.status, "held");
    refused(await shop.propose("get_order", {}, once), "invalid", 422);
  });
});

describe("kills between the steps", () => {
  test("are mended by the repetition: one action each, and none lost", async () => {
    const requests = Array.from({ length: 40 }, (_, at) => ({ once: named(), marker: `kill-${at}-${randomUUID()}` }));
    const propose = ({ once, marker }) => shop.propose("refund", { amount: 400, marker }, once).then(({ json }) => json, () => null);
    for (let round = 0; round < 4; round += 1) {
      const sent = requests.slice(round * 10).map(propose);
      await Promise.race(sent.slice(0, 3));
      await shop.holdpoint.kill();
      await Promise.all(sent);
      await shop.holdpoint.run();
    }
    const ids = (await Promise.all(requests.map(propose))).map(({ id }) => id);
    assert.equal(new Set(ids).size, requests.length);
    const seen = new Map();
    for (let after = ""; after !== null; ) {
      const page = await shop.ask("GET", `/v1/desks/main/cases?limit=200${after && `&after=${after}`}`, { key: shop.auditor });
      for (const { id, action } of page.json.cases) if (action?.args.marker) seen.set(id, action.args.marker);
      after = page.json.next;
    }
    const markers = requests.map(({ marker }) => marker);
    for (const [at, marker] of markers.entries()) {
      assert.deepEqual([...seen].filter(([, found]) => found === marker), [[ids[at], marker]]);
    }
  });
});
