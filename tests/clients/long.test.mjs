// Holds that are longer than what Node's clients bear in silence (300 s). With `cargo xtask test --long` only.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Holdpoint, until } from "../harness/holdpoint.mjs";
import { TOOLS, answer } from "../harness/model.mjs";
import { Upstream } from "../harness/upstream.mjs";
import { POLICY } from "../harness/verdicts.mjs";
import * as aiSdk from "./sdk/ai_sdk.mjs";
import * as anthropicNode from "./sdk/anthropic_node.mjs";
import * as openaiNode from "./sdk/openai_node.mjs";

const skip = process.env.HOLDPOINT_LONG ? false : "takes over five minutes";
const SECONDS = 310;

let holdpoint, upstream;

before(async () => {
  if (skip) return;
  upstream = await Upstream.start(answer);
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    vars: { HOLDPOINT_WAIT: "400" },
    upstreams: { openai: { url: upstream.url, dialect: "openai" }, anthropic: { url: upstream.url, dialect: "anthropic" } },
  });
});
after(async () => {
  await holdpoint?.stop();
  await upstream?.stop();
});

test(`a hold of ${SECONDS} s: every client gets what a person approved in the end, and none has asked again`, { skip, timeout: 400_000 }, async (t) => {
  const key = (await holdpoint.key("app")).key;
  const reviewer = (await holdpoint.key("reviewer")).key;
  const openai = ["chat", "responses"];
  const all = [[openaiNode, "openai", openai], [aiSdk, "openai", openai], [anthropicNode, "anthropic", ["messages"]], [aiSdk, "anthropic", ["messages"]]].flatMap(([{ ways }, name, forms]) => {
    const clients = ways({ url: `${holdpoint.url}/to/${name}/v1`, key, tools: TOOLS });
    return forms.flatMap((form) => ["plain", "stream helper"].map((mode) => clients[form][mode]));
  });
  const began = Date.now();
  // The reviewer of the other tests does not know this word, and lets it wait.
  const seen = all.map((use, n) => use(JSON.stringify({ verdict: "wait over", n }), {}));
  const cases = await until("all cases", async () => {
    const page = await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer });
    return page.json.cases.length === all.length && page.json.cases;
  });
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000 - (Date.now() - began)));
  for (const { id, digest } of cases) {
    const decided = await holdpoint.ask("POST", `/v1/cases/${id}/decision`, { key: reviewer, body: { decision: "approve", digest } });
    assert.equal(decided.status, 200, decided.text);
  }
  for (const [n, answered] of seen.entries()) assert.deepEqual((await answered).calls, [["refund", { n, decide: "wait" }]]);
  assert.equal(upstream.requests.length, all.length);
  t.diagnostic(`${all.length} clients waited ${Math.round((Date.now() - began) / 1000)} s`);
});
