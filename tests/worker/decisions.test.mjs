// Decisions before an action runs: edits, several people, withdrawal, other desks.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

let shop;
before(async () => (shop = await Shop.open()));
after(() => shop.close());

describe("an edit", () => {
  test("where one approval is needed is the decision, and the app gets the edited action", async () => {
    const action = await shop.hold("refund", { amount: 400, to: "ana" });
    const decided = await shop.decide(shop.ana, action, "edit", { args: { amount: 40, to: "ana" }, note: "a slip" });
    assert.equal(decided.status, 200, decided.text);
    assert.equal(decided.json.case.status, "edited");
    assert.equal(decided.json.case.title, "Refund 40");
    assert.notEqual(decided.json.case.digest, action.digest);
    const answer = (await shop.read(action)).json;
    assert.deepEqual([answer.status, answer.may_run, answer.action], ["edited", true, { kind: "refund", args: { amount: 40, to: "ana" } }]);
    assert.equal(answer.digest, decided.json.case.digest);
    assert.equal(answer.decision.decision, "edit");
  });

  test("is gated first: what would be blocked changes nothing", async () => {
    const action = await shop.hold("refund", { amount: 400, to: "ana" });
    const answer = await shop.decide(shop.ana, action, "edit", { args: { amount: 1, to: "nobody" } });
    refused(answer, "invalid", 422);
    assert.equal(answer.json.problems[0].pointer, "/args");
    assert.match(answer.json.problems[0].message, /never/);
    const shown = await shop.shown(action);
    assert.deepEqual([shown.status, shown.digest, shown.action.args.amount], ["held", action.digest, 400]);
  });

  test("that makes it more severe needs as many people as that severity does", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const edited = await shop.decide(shop.ana, action, "edit", { args: { amount: 9000 } });
    assert.deepEqual([edited.json.case.status, edited.json.release_at], ["held", null]);
    assert.deepEqual(edited.json.case.approvals, { needed: 2, given: 0 });
    assert.equal(edited.json.case.severity, "critical");
    const now = edited.json.case;
    refused(await shop.decide(shop.ben, action, "approve"), "conflict", 409);
    const own = await shop.decide(shop.ana, now, "approve");
    refused(own, "conflict", 409);
    assert.equal(own.json.refusal, "own_edit");
    assert.equal((await shop.decide(shop.ben, now, "approve")).json.case.status, "held");
    assert.equal((await shop.decide(shop.cleo, now, "approve")).json.case.status, "edited");
    assert.equal((await shop.read(action)).json.action.args.amount, 9000);
  });

  test("where more are needed clears the votes, and asks for that many others", async () => {
    const action = await shop.hold("refund", { amount: 700 });
    assert.equal((await shop.decide(shop.ana, action, "approve")).json.case.approvals.given, 1);
    const edited = (await shop.decide(shop.ben, action, "edit", { args: { amount: 600 } })).json.case;
    assert.deepEqual(edited.approvals, { needed: 2, given: 0 });
    assert.equal((await shop.decide(shop.ana, edited, "approve")).json.case.status, "held");
    assert.equal((await shop.decide(shop.cleo, edited, "approve")).json.case.status, "edited");
  });

  test("that makes it harmless still needs the people that the action needed", async () => {
    const action = await shop.hold("refund", { amount: 700 });
    const edited = (await shop.decide(shop.ana, action, "edit", { args: { amount: 1 } })).json.case;
    assert.deepEqual([edited.status, edited.approvals], ["held", { needed: 2, given: 0 }]);
    assert.equal(edited.severity, "critical");
  });

  test("says its arguments, and nothing else does", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const without = await shop.decide(shop.ana, action, "edit");
    refused(without, "invalid", 422);
    assert.equal(without.json.problems[0].pointer, "/args");
    refused(await shop.decide(shop.ana, action, "approve", { args: {} }), "invalid", 422);
    refused(await shop.decide(shop.ana, action, "edit", { args: [] }), "invalid", 422);
    assert.equal((await shop.shown(action)).status, "held");
  });

  test("with the carried confidence in it is taken without", async () => {
    const action = await shop.hold("refund", { amount: 400, confidence: 0.5 });
    const edited = await shop.decide(shop.ana, action, "edit", { args: { amount: 4, confidence: 1 } });
    assert.deepEqual(edited.json.case.action.args, { amount: 4 });
  });

  test("keeps digits that JavaScript would lose", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const body = `{"decision":"edit","digest":"${action.digest}","args":{"amount":4,"account":12345678901234567890}}`;
    const decided = await shop.ask("POST", `/v1/cases/${action.id}/decision`, { key: shop.ana, body });
    assert.equal(decided.status, 200, decided.text);
    assert.ok((await shop.read(action)).text.includes('"account":12345678901234567890'));
  });
});

describe("several people", () => {
  test("one rejection ends it, whoever approved before", async () => {
    const action = await shop.hold("wire", { amount: 1 });
    await shop.decide(shop.ana, action, "approve");
    assert.equal((await shop.decide(shop.ben, action, "reject", { reason: "other" })).json.case.status, "rejected");
    assert.equal((await shop.read(action)).json.may_run, false);
  });

  test("a vote is not told to the app, and a decision ends its lease", async () => {
    const action = await shop.hold("wire", { amount: 2 });
    const lease = (await shop.ask("POST", `/v1/cases/${action.id}/lease`, { key: shop.ana })).json.lease;
    const voted = await shop.decide(shop.ana, action, "approve", { lease: lease.token });
    assert.equal(voted.json.case.lease, null);
    const answer = (await shop.read(action)).json;
    assert.deepEqual([answer.status, answer.decision, answer.may_run], ["held", null, false]);
  });

  test("an answer that is not one of this case's is told so", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const answer = await shop.decide(shop.ana, action, "confirm");
    refused(answer, "invalid", 422);
    assert.equal(answer.json.problems[0].pointer, "/decision");
    assert.match(answer.json.problems[0].message, /approve, edit, reject/);
  });
});

describe("a withdrawal", () => {
  test("ends it for good, and who waits is told", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const waiting = shop.read(action, { headers: { prefer: "wait=30" } });
    const answer = await shop.to(action, "withdraw");
    assert.deepEqual([answer.status, answer.json.status, answer.json.may_run], [200, "withdrawn", false]);
    assert.equal((await waiting).json.status, "withdrawn");
    refused(await shop.decide(shop.ana, action, "approve"), "conflict", 409);
    assert.equal((await shop.to(action, "withdraw")).status, 200, "again is no other");
  });

  test("comes too late after the release, and is its proposer's alone", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const other = (await shop.holdpoint.key("app", { name: "another app" })).key;
    refused(await shop.to(action, "withdraw", undefined, { key: other }), "not_found", 404);
    await shop.decide(shop.ana, action, "approve");
    refused(await shop.to(action, "withdraw"), "conflict", 409);
    assert.equal((await shop.read(action)).json.status, "approved");
  });

  test("of what proceeded or was blocked is refused alike for every app", async () => {
    const proceeded = (await shop.propose("get_order")).json;
    refused(await shop.to(proceeded, "withdraw"), "conflict", 409);
    const blocked = (await shop.propose("refund", { amount: 1, to: "nobody" })).json;
    refused(await shop.to(blocked, "withdraw"), "conflict", 409);
  });
});

describe("a case that is moved", () => {
  const move = (action, desk, { key = shop.ana, headers } = {}) => shop.ask("POST", `/v1/cases/${action.id}/move`, { key, headers, body: { desk } });

  test("is decided at its new desk, under its old id", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const waiting = shop.read(action, { headers: { prefer: "wait=30" } });
    const moved = await move(action, "seniors");
    assert.equal(moved.status, 200, moved.text);
    assert.deepEqual([moved.json.case.desk, moved.json.case.status], ["seniors", "held"]);
    const listed = await shop.ask("GET", "/v1/desks/seniors/cases?status=held", { key: shop.ana });
    assert.ok(listed.json.cases.some(({ id }) => id === action.id));
    const before = await shop.ask("GET", "/v1/desks/main/cases?status=held", { key: shop.ana });
    assert.ok(before.json.cases.every(({ id }) => id !== action.id), "it is at one desk");
    const claimed = await shop.ask("POST", "/v1/desks/seniors/claim", { key: shop.ben, body: { want: 1 } });
    assert.equal(claimed.json.cases[0].id, action.id);
    assert.equal((await shop.decide(shop.ben, action, "approve", { lease: claimed.json.lease.token })).status, 200);
    assert.equal((await waiting).json.status, "approved", "who waited at the old desk is told");
    assert.equal((await shop.read(action)).json.may_run, true);
  });

  test("is known to people of its new desk, and no more to those of the old", async () => {
    const senior = (await shop.holdpoint.key("reviewer", { name: "sina", desks: ["seniors"] })).key;
    const junior = (await shop.holdpoint.key("reviewer", { name: "joe", desks: ["main"] })).key;
    const action = await shop.hold("refund", { amount: 400 });
    refused(await shop.ask("GET", `/v1/cases/${action.id}`, { key: senior }), "not_found", 404);
    assert.equal((await move(action, "seniors", { key: junior })).status, 200);
    refused(await shop.ask("GET", `/v1/cases/${action.id}`, { key: junior }), "not_found", 404);
    refused(await shop.decide(junior, action, "approve"), "not_found", 404);
    assert.equal((await shop.shown(action, senior)).desk, "seniors");
    assert.equal((await shop.decide(senior, action, "approve")).status, 200);
  });

  test("comes back, with its votes", async () => {
    const action = await shop.hold("wire", { amount: 3 });
    await shop.decide(shop.ana, action, "approve");
    for (const desk of ["seniors", "main", "seniors", "main"]) {
      assert.equal((await move(action, desk, { key: shop.ben })).json.case.desk, desk);
    }
    assert.deepEqual((await shop.shown(action)).approvals, { needed: 2, given: 1 });
    assert.equal((await shop.decide(shop.ben, action, "approve")).json.case.status, "approved");
    refused(await move(action, "seniors"), "conflict", 409);
  });

  test("goes to no desk that is not, nor to where it is, nor from under another's eyes", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    for (const desk of ["nowhere", "main", "Not A Desk"]) refused(await move(action, desk), "invalid", 422);
    await shop.ask("POST", `/v1/cases/${action.id}/lease`, { key: shop.ben });
    refused(await move(action, "seniors"), "conflict", 409);
    const own = (await shop.holdpoint.key("app", { name: "own", person: "ana" })).key;
    const mine = (await shop.propose("refund", { amount: 400 }, { key: own })).json;
    refused(await move(mine, "seniors"), "forbidden", 403);
  });

  test("arrives although the runtime was killed on the way", async () => {
    const actions = await Promise.all(Array.from({ length: 10 }, () => shop.hold("refund", { amount: 400 })));
    const moving = actions.map((action) => move(action, "seniors").catch(() => null));
    await moving[4];
    await shop.holdpoint.kill();
    await Promise.all(moving);
    await shop.holdpoint.run();
    for (const action of actions) {
      const shown = await until("the case is somewhere", async () => {
        const answer = await shop.ask("GET", `/v1/cases/${action.id}`, { key: shop.ana });
        return answer.status === 200 && answer.json;
      });
      assert.ok(["main", "seniors"].includes(shown.desk));
      assert.equal((await shop.decide(shop.ana, action, "approve")).status, 200);
    }
  });
});
