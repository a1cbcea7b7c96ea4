// A desk that cannot keep up: audits go down to their floor, everybody is told, and nothing that is held is let through.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { randomBytes } from "node:crypto";
import { Shop } from "../harness/shop.mjs";
import { each } from "../harness/deployment.mjs";
import { until } from "../harness/holdpoint.mjs";

const policy = (reviewers) => `holdpoint = 1
[severity.low]
audit = 1
[kinds.note]
severity = "low"
[desks.main]
reviewers = ${reviewers}
seconds_per_review = 600
undo = "0s"
`;

let shop, receiver;
const told = [];
before(async () => {
  receiver = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    told.push(JSON.parse(text));
    response.writeHead(204).end();
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${receiver.address().port}/hook`;
  shop = await Shop.open({ policy: policy(1000), vars: { WEBHOOKS: { ops: { url, secret: "OPS_SECRET" } } }, secrets: { OPS_SECRET: `whsec_${randomBytes(24).toString("base64")}` } });
});
after(async () => {
  await shop.close();
  receiver.close();
});

const desk = async () => (await shop.ask("GET", "/v1/desks", { key: shop.ana })).json.desks[0];
const ledger = async (query) => (await shop.ask("GET", `/v1/ledger${query}`, { key: shop.auditor })).text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
const wholeLedger = async () => {
  const entries = [];
  for (let page; page === undefined || page.length > 0; entries.push(...page)) page = await ledger(`?desk=main&after=${entries.at(-1)?.seq ?? 0}`);
  return entries;
};
const audited = async (action) => (await shop.shown(action)).status === "to_audit";

test("a desk says how loaded it is, sheds audits and nothing else, keeps the probability, and tells everybody", async () => {
  const note = async () => (await shop.propose("note", { text: "x" })).json;
  assert.ok(await audited(await note()), "calm: every note is audited");
  assert.equal((await until("it is looked at", async () => (await desk()).capacity && (await desk()))).capacity.level, "calm");

  // One person, ten minutes a look, forty of them asked for: six an hour are possible.
  await shop.holdpoint.putPolicy(policy(1));
  const held = [];
  for (let at = 0; at < 40; at += 1) held.push(await shop.hold("refund", { at }));
  const { capacity } = await until("it is overloaded", async () => {
    const now = await desk();
    return now.capacity?.level === "overloaded" && now;
  }, 40);
  assert.ok(capacity.utilisation > 6 && capacity.late > 0.5, JSON.stringify(capacity));
  assert.deepEqual([capacity.reviewers, capacity.seconds_per_review], [1, 600]);

  // From the desk over the office to every Worker.
  const shed = await until("audits are shed", async () => {
    const action = await note();
    return !(await audited(action)) && action;
  });
  const answer = await shop.propose("note", { text: "y" });
  assert.deepEqual([answer.json.status, answer.json.verdict.audit], ["proceed", 1], "the verdict is the policy's");
  assert.equal((await shop.read(shed)).json.status, "proceed");
  // Of fifteen hundred more about seven are drawn, each with the probability that was in force: none, less than once in a thousand.
  await each(Array.from({ length: 1500 }), 16, note);
  const drawn = (await wholeLedger()).filter(({ type }) => type === "sampled").map(({ detail }) => detail.probability);
  const shedding = drawn.indexOf(0.005);
  assert.ok(shedding > 0 && drawn.slice(0, shedding).every((probability) => probability === 1), "all of them, until it was told");
  assert.ok(drawn.slice(shedding).every((probability) => probability === 0.005) && drawn.length - shedding < 30, JSON.stringify(drawn));
  for (const action of held) assert.equal((await shop.read(action)).json.status, "held", "load approves nothing");

  const overloaded = await until("the webhook is told", async () => told.find(({ type }) => type === "desk.overloaded"));
  assert.deepEqual([overloaded.data.desk, overloaded.data.level], ["main", "overloaded"]);
  assert.ok(!JSON.stringify(overloaded).includes("args"));
  const steps = (await ledger("?desk=main")).filter(({ type }) => type === "load");
  assert.deepEqual(steps.map(({ detail }) => [detail.from, detail.level]), [["calm", "overloaded"]]);
  assert.ok((await ledger("")).some(({ type, subject, detail }) => type === "load" && subject === "main" && detail.level === "overloaded"));
  const { json } = await shop.ask("GET", "/v1/insights", { key: shop.auditor });
  assert.deepEqual([json.capacity[0].level, json.capacity[0].verdict], ["overloaded", "theatre"]);
  assert.match(json.capacity[0].advice, /people instead of 1/);
});
