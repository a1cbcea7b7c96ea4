// Audits: what ran and is looked at afterwards, and what makes a wrong one good.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

let shop;
before(async () => (shop = await Shop.open()));
after(() => shop.close());

/** An action that proceeded and was drawn to be audited: its criterion's share is 1. */
async function sampled(kind = "note", more = {}) {
  const answer = await shop.propose(kind, { audit: true, ...more });
  assert.deepEqual([answer.status, answer.json.status], [200, "proceed"], answer.text);
  return answer.json;
}

/** One that was not: its share is 2 %, so one of a few will do. */
async function unsampled(kind = "note") {
  for (;;) {
    const answer = await shop.propose(kind, { audit: false });
    const found = await shop.ask("GET", `/v1/cases/${answer.json.id}`, { key: shop.ana });
    if (found.status === 404) return answer.json;
  }
}

describe("the sample", () => {
  test("has a case before the answer, with its probability in the verdict", async () => {
    const action = await sampled();
    const found = await shop.shown(action);
    assert.deepEqual([found.status, found.oversight, found.verdict.audit], ["to_audit", "after", 1]);
    assert.equal(found.reasons.length, 5);
    assert.ok(Date.parse(found.expires) - Date.parse(found.created) === 7 * 86_400_000, "audit_within");
  });

  test("keeps its share", async () => {
    const count = 300;
    for (let sent = 0; sent < count; sent += 50) {
      await Promise.all(Array.from({ length: 50 }, () => shop.propose("tweet", { audit: false, share: true })));
    }
    const cases = [];
    for (let after = ""; after !== null; ) {
      const page = await shop.ask("GET", `/v1/desks/main/cases?status=to_audit&limit=200${after && `&after=${after}`}`, { key: shop.auditor });
      cases.push(...page.json.cases);
      after = page.json.next;
    }
    const drawn = cases.filter(({ action }) => action.args.share).length;
    // 2 % of 300 is 6; more than 20 would be five standard deviations off.
    assert.ok(drawn <= 20, `${drawn} of ${count} were drawn`);
  });

  test("is not to be told from the rest by its app", async () => {
    const [one, other] = [await sampled(), await unsampled()];
    assert.equal(one.id.length, other.id.length);
    assert.equal(one.id.slice(0, 4), other.id.slice(0, 4), "what the gate made of it, and no more");
    const shape = (answer) => [answer.status, Object.entries(answer.json).map(([name, value]) => (name === "id" ? name : [name, value]))];
    assert.deepEqual(shape(await shop.read(one)), shape(await shop.read(other)));
    assert.deepEqual(Object.values((await shop.read(one)).json).slice(1), ["proceed", true, ...Array(7).fill(null)]);
    const both = async (what, body) => {
      const [a, b] = [await shop.to(one, what, body), await shop.to(other, what, body)];
      assert.equal(a.status, b.status, what);
      const told = ({ json }) => ({ ...json, id: "" });
      assert.deepEqual(told(a), told(b), what);
      assert.deepEqual([...a.headers.keys()], [...b.headers.keys()]);
      return a;
    };
    assert.equal((await both("withdraw")).status, 409);
    assert.equal((await both("outcome", { outcome: "done" })).status, 200);
    assert.equal((await both("outcome", { outcome: "done" })).status, 200);
    assert.equal((await both("outcome", { outcome: "failed" })).status, 409);
  });

  test("waits for nobody, and is claimed after what is held", async () => {
    const audit = await sampled();
    const held = await shop.hold("refund", { amount: 400 });
    const claimed = await shop.ask("POST", "/v1/desks/main/claim", { key: shop.ana, body: { want: 10 } });
    const order = claimed.json.cases.map(({ oversight }) => oversight);
    assert.equal(order[0], "before");
    assert.deepEqual(order, order.toSorted().toReversed());
    assert.ok(claimed.json.cases.length > 1);
    const desks = await shop.ask("GET", "/v1/desks", { key: shop.ana });
    const main = desks.json.desks.find(({ name }) => name === "main");
    assert.ok(main.to_audit >= 1 && main.held >= 1, JSON.stringify(main));
    await shop.ask("DELETE", `/v1/cases/${claimed.json.cases[0].id}/lease`, { key: shop.ana });
    await shop.decide(shop.ana, held, "approve");
    assert.equal((await shop.decide(shop.ana, audit, "confirm")).status, 200);
  });
});

describe("a person", () => {
  test("confirms", async () => {
    const action = await sampled();
    const answer = await shop.decide(shop.ana, action, "confirm", { seen_ms: 900 });
    assert.equal(answer.json.case.status, "confirmed");
    assert.deepEqual(Object.values((await shop.read(action)).json).slice(1), ["proceed", true, ...Array(7).fill(null)], "nothing is told");
  });

  test("overturns with a reason and with what should have been", async () => {
    const action = await sampled();
    refused(await shop.ask("POST", `/v1/cases/${action.id}/decision`, { key: shop.ana, body: { decision: "overturn", digest: action.digest } }), "invalid", 422);
    const answer = await shop.decide(shop.ana, action, "overturn", { reason: "wrong values", args: { text: "right" } });
    assert.equal(answer.json.case.status, "overturned");
    assert.deepEqual(answer.json.case.decision.args, { text: "right" });
    assert.equal(answer.json.case.decision.category, "public words");
    const told = (await shop.read(action)).json;
    assert.deepEqual([told.status, told.decision.decision, told.decision.args, told.undo], ["proceed", "overturn", undefined, null]);
    refused(await shop.decide(shop.ben, action, "confirm"), "conflict", 409);
  });

  test("does not answer an audit as if it were held, nor their own", async () => {
    const action = await sampled();
    const answer = await shop.decide(shop.ana, action, "approve");
    refused(answer, "invalid", 422);
    assert.match(answer.json.problems[0].message, /confirm, overturn/);
    const own = (await shop.holdpoint.key("app", { name: "own", person: "ana" })).key;
    const mine = (await shop.propose("note", { audit: true }, { key: own })).json;
    refused(await shop.decide(shop.ana, mine, "confirm"), "forbidden", 403);
  });
});

describe("what makes an overturned action good", () => {
  const undoOf = (action) => until("the undo is raised", async () => (await shop.read(action)).json.undo);

  test("is raised as a new action, gated like any other, with the audited arguments", async () => {
    const action = await sampled("tweet", { text: "hello" });
    await shop.decide(shop.ana, action, "overturn", { reason: "not asked for" });
    const id = await undoOf(action);
    const undo = await until("it is there", async () => {
      const answer = await shop.read({ id });
      return answer.json.action && answer.json;
    });
    assert.deepEqual(undo.action, { kind: "delete_tweet", args: { audit: true, text: "hello" } });
    assert.deepEqual([undo.status, undo.may_run], ["proceed", true], "low severity acts, and is always looked at");
    assert.equal(typeof undo.permit, "string");
    const found = await shop.shown({ id });
    assert.deepEqual([found.status, found.raised_by, found.action.context.makes_good], ["to_audit", action.id, action.id]);
    assert.equal((await shop.shown(action)).undo, id);
    assert.equal((await shop.decide(shop.ana, undo, "confirm")).status, 200);
  });

  test("has the arguments of the decision, whose author does not approve it", async () => {
    // A refund proceeds when it is sure, and is audited by a share that this policy raises to 1.
    const policy = (await shop.ask("GET", "/v1/policy", { key: shop.app })).text;
    await shop.holdpoint.putPolicy(`${policy}\n[severity.high]\naudit = 1.0\n`);
    const action = await until("the new policy is in force", async () => {
      const answer = await shop.propose("refund", { amount: 20, confidence: 0.99 });
      assert.equal(answer.status, 200, answer.text);
      return answer.json.verdict.audit === 1 && answer.json;
    });
    await shop.decide(shop.ana, action, "overturn", { reason: "wrong amount", args: { amount: 15 } });
    const id = await undoOf(action);
    const undo = await until("it is held", async () => {
      const answer = await shop.read({ id });
      return answer.json.status === "held" && answer.json;
    });
    assert.deepEqual(undo.action, { kind: "take_back", args: { amount: 15 } });
    const own = await shop.decide(shop.ana, undo, "approve");
    refused(own, "conflict", 409);
    assert.equal(own.json.refusal, "own_edit");
    assert.equal((await shop.decide(shop.ben, undo, "approve")).json.case.status, "approved");
    assert.equal((await shop.read({ id })).json.may_run, true);
    refused(await shop.read({ id }, { key: (await shop.holdpoint.key("app", { name: "x" })).key }), "not_found", 404);
  });
});
