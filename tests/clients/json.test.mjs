// An app's own JSON endpoint behind Holdpoint: a map says where its actions are.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { Holdpoint } from "../harness/holdpoint.mjs";
import { reviewing } from "../harness/reviewing.mjs";
import { Upstream } from "../harness/upstream.mjs";

const POLICY = `holdpoint = 1
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "medium"
reasons = ["wrong amount"]
confidence = "/sure"
[kinds.never]
severity = "low"
[[criteria]]
id = "never-ever"
category = "never"
kinds = ["never"]
when = "true"
then = "block"
[desks.main]
reviewers = 1000
undo = "0s"
`;
const MAP = { actions: "/plan/steps", kind: "/tool", args: "/with/args", confidence: "/score", subject: "/for" };

let holdpoint, upstream, app, reviewer, answer;

before(async () => {
  upstream = await Upstream.start((request, response) => answer(request, response));
  const url = `${upstream.url}/act`;
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    secrets: { AGENT_KEY: "agent-secret-5512" },
    upstreams: {
      agent: { url, dialect: "json", map: MAP, secret: "AGENT_KEY" },
      single: { url, dialect: "json", map: { ...MAP, actions: "/next", optional: true } },
      list: { url, dialect: "json", map: { ...MAP, actions: "" } },
    },
  });
  app = (await holdpoint.key("app")).key;
  reviewer = reviewing(holdpoint, (await holdpoint.key("reviewer")).key);
});
after(async () => {
  await holdpoint.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.requests.length = 0;
});

const step = (tool, args, more = {}) => ({ tool, with: { args }, ...more });
const ask = (name, headers = {}, method = "POST") => holdpoint.ask(method, `/to/${name}?trace=1`, { key: app, headers, ...(method === "POST" && { body: { goal: "x" } }) });

describe("an array of actions", () => {
  test("what may run stays, the rest is taken out, and how each stands is told in their order", async () => {
    const steps = [step("get_order", { id: "A7" }), step("refund", { amount: 10 }, { score: 0.2, for: "customer 42" }), step("never", {}), step("refund", { amount: 11 }, { score: 0.9 }), { tool: 7 }];
    answer = () => ({ plan: { note: 1.5, steps } });
    const asking = ask("agent");
    const [held] = await reviewer.held();
    assert.deepEqual([held.action.subject, held.action.context, held.action.source], ["customer 42", {}, { upstream: "agent", dialect: "json" }]);
    assert.equal(held.verdict.confidence.given, 0.2);
    await reviewer.decide(held, "reject");
    const { json, status } = await asking;
    assert.equal(status, 200);
    assert.deepEqual(json.plan, { note: 1.5, steps: [steps[0], steps[3]] });
    assert.deepEqual(json.holdpoint.map(({ status, may_run }) => [status, may_run]), [["proceed", true], ["rejected", false], ["blocked", false], ["proceed", true], ["blocked", false]]);
    assert.equal(json.holdpoint[1].id, held.id);
    assert.equal(json.holdpoint[1].decision.reason, "wrong amount");
    assert.deepEqual(json.holdpoint[3].action, { kind: "refund", args: { amount: 11 } });
    assert.equal(json.holdpoint[4].verdict.reasons[0].category, "malformed");
    assert.deepEqual(upstream.requests.map(({ path, headers, body }) => [path, headers.authorization, body]), [["/act?trace=1", "Bearer agent-secret-5512", { goal: "x" }]]);
  });

  test("an edit stands in the action, and the member that carried a confidence is taken out", async () => {
    answer = () => ({ plan: { steps: [step("refund", { amount: 10, sure: 0.1 }, { score: 0.95 })] } });
    const asking = ask("agent");
    const [held] = await reviewer.held();
    assert.deepEqual([held.verdict.confidence.given, held.action.args], [0.1, { amount: 10 }]);
    await reviewer.decide(held, "edit", { args: { amount: 1.5 } });
    const { json } = await asking;
    assert.deepEqual(json.plan.steps, [step("refund", { amount: 1.5 }, { score: 0.95 })]);
    assert.deepEqual([json.holdpoint[0].status, json.holdpoint[0].permit], ["edited", null]);
  });

  test("while nobody decides the action is away, and the app can ask how it stands", async () => {
    answer = () => ({ plan: { steps: [step("refund", { amount: 12 })] } });
    const { json } = await ask("agent", { "holdpoint-wait": "0" });
    assert.deepEqual(json.plan.steps, []);
    answer = (_, response) => void response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ plan: { steps: [step("refund", { amount: 13 })] } }));
    assert.equal((await ask("agent", { "holdpoint-wait": "0" })).status, 201, "the upstream's own status, also of what is held");
    answer = () => ({ plan: { steps: [step("refund", { amount: 12 })] } });
    const [{ id, status }] = json.holdpoint;
    assert.equal(status, "held");
    const now = await holdpoint.ask("GET", `/v1/actions/${id}`, { key: app });
    assert.equal(now.json.status, "held");
    const held = await reviewer.held(2);
    await Promise.all(held.map((one) => reviewer.decide(one, one.id === id ? "approve" : "reject")));
    const again = await ask("agent");
    assert.deepEqual(again.json.plan.steps, [step("refund", { amount: 12 })]);
    assert.deepEqual([again.json.holdpoint[0].id, again.json.holdpoint[0].status], [id, "approved"]);
  });

  test("a list that is the whole answer has no place for more", async () => {
    answer = () => [step("get_order", {}), step("never", {})];
    assert.deepEqual((await ask("list")).json, [step("get_order", {})]);
  });
});

describe("one action", () => {
  test("that may not run is null; an answer without one passes byte for byte", async () => {
    answer = () => ({ next: step("never", {}), said: "hm" });
    const { json } = await ask("single");
    assert.deepEqual([json.next, json.said, json.holdpoint[0].status], [null, "hm", "blocked"]);
    for (const text of ['{ "said": "nothing to do" }', '{"next":null}']) {
      answer = () => text;
      assert.equal((await ask("single", {}, "GET")).text, text);
    }
    answer = (_, response) => void response.writeHead(204).end();
    assert.equal((await ask("single")).status, 204);
    assert.equal((await ask("agent")).status, 502, "where there should be actions");
  });
});

describe("what cannot be gated", () => {
  test("an answer where the actions should be and are not", async () => {
    for (const [given, why] of [
      [{ plan: {} }, /`actions` finds nothing/],
      [{ plan: { steps: "all" } }, /neither object nor array/],
      ['{"plan":{"steps":[],"steps":[]}}', /duplicate member/],
    ]) {
      answer = () => given;
      const { status, json, headers } = await ask("agent");
      assert.deepEqual([status, json.code, headers.get("x-should-retry")], [502, "upstream", "false"]);
      assert.match(json.detail, why);
    }
  });

  test("a failure with actions in it; one without keeps its status and body", async () => {
    for (const [given, status] of [['{"error":"no such goal"}', 422], ["<html>", 422], [JSON.stringify({ plan: { steps: [step("refund", {})] } }), 502], ['{"plan":', 502]]) {
      answer = (_, response) => void response.writeHead(422, { "content-type": "application/json" }).end(given);
      const answered = await ask("agent");
      assert.equal(answered.status, status, given);
      if (status === 422) assert.equal(answered.text, given);
    }
  });

  test("another character set, in which clients could read something else", async () => {
    answer = (_, response) => void response.writeHead(200, { "content-type": "application/json; charset=utf-7" }).end('{"plan":{"steps":[]}}');
    assert.match((await ask("agent")).json.detail, /character set/);
    answer = (_, response) => void response.writeHead(200, { "content-type": 'application/json; charset="UTF-8"', "cache-control": "max-age=60" }).end('{"plan":{"steps":[]}}');
    const { status, headers } = await ask("agent", {}, "GET");
    assert.deepEqual([status, headers.get("cache-control")], [200, "no-store"]);
  });

  test("other addresses, methods and media types", async () => {
    const gone = await holdpoint.ask("POST", "/to/agent/more", { key: app, body: {} });
    assert.deepEqual([gone.status, gone.json.code], [404, "not_found"]);
    assert.equal((await holdpoint.ask("DELETE", "/to/agent", { key: app })).status, 404);
    assert.equal(upstream.requests.length, 0);
    answer = (_, response) => void response.writeHead(200, { "content-type": "text/event-stream" }).end("data: {}\n\n");
    assert.match((await ask("agent")).json.detail, /answered with `text\/event-stream`, not JSON/);
  });
});
