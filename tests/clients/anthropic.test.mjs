// The official client of Anthropic's Messages, unmodified, through the proxy: keys, tools that nobody could gate, answers
// that follow a schema, errors, and what is not sent anywhere. Verdict by verdict it is in matrix.test.mjs.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { Holdpoint } from "../harness/holdpoint.mjs";
import { reviewing } from "../harness/reviewing.mjs";
import { Upstream } from "../harness/upstream.mjs";

const POLICY = `holdpoint = 1
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "critical"
reasons = ["wrong amount"]
[kinds.mail]
severity = "medium"
[desks.main]
reviewers = 1000
undo = "0s"
`;
const SECRET = "sk-ant-upstream-secret-91c4";
const ASK = { model: "test-model", max_tokens: 100, messages: [{ role: "user", content: "please refund me" }] };

const message = (content, more = {}) => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "test-model",
  content,
  stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
  ...more,
});
const use = (name, input) => ({ type: "tool_use", id: `toolu_${name}`, name, input });

let holdpoint, upstream, client, app, reviewer, answer;

before(async () => {
  upstream = await Upstream.start((request, response) => answer(request, response));
  const named = { url: upstream.url, dialect: "anthropic", secret: "AI_KEY" };
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    secrets: { AI_KEY: SECRET },
    upstreams: { ai: named, searching: { ...named, server_tools: ["web_search_*", "mcp_servers"] } },
  });
  app = (await holdpoint.key("app")).key;
  reviewer = reviewing(holdpoint, (await holdpoint.key("reviewer")).key);
  client = clientOf("ai");
});
after(async () => {
  await holdpoint.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.requests.length = 0;
  answer = () => message([{ type: "text", text: "hello" }]);
});

const clientOf = (name, options = {}) => new Anthropic({ baseURL: `${holdpoint.url}/to/${name}`, apiKey: app, ...options });
const ask = (more = {}, options) => client.messages.create({ ...ASK, ...more }, options);

describe("keys", () => {
  test("the app's key stays here in either header, and the upstream gets its own", async () => {
    await ask();
    const answered = await fetch(`${holdpoint.url}/to/ai/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": app, "content-type": "application/json", "anthropic-version": "2023-06-01", "anthropic-beta": "a,b" },
      body: JSON.stringify(ASK),
    });
    assert.equal(answered.status, 200);
    for (const { headers } of upstream.requests) {
      assert.deepEqual([headers["x-api-key"], headers.authorization], [SECRET, undefined]);
      assert.ok(!JSON.stringify(headers).includes(app));
    }
    assert.deepEqual([upstream.requests[1].headers["anthropic-version"], upstream.requests[1].headers["anthropic-beta"]], ["2023-06-01", "a,b"]);
  });

  test("a wrong key is an error that the client knows, and it is not tried again", async () => {
    const wrong = clientOf("ai", { apiKey: "hpk_" + "x".repeat(40) });
    await assert.rejects(wrong.messages.create(ASK), (error) => {
      assert.ok(error instanceof Anthropic.AuthenticationError);
      assert.equal(error.type, "authentication_error");
      assert.match(error.message, /Holdpoint/);
      return true;
    });
    assert.equal(upstream.requests.length, 0);
  });
});

test("a body that is none, or too large, is told in the client's words", async () => {
  // What is too large is refused by the length that it announces, before any of it was sent.
  const send = async (body, length = body.length) => {
    const headers = { "x-api-key": app, "content-type": "application/json", "content-length": length };
    const asking = request(`${holdpoint.url}/to/ai/v1/messages`, { method: "POST", headers });
    asking.write(body);
    const [answered] = await once(asking, "response");
    const said = JSON.parse(Buffer.concat(await answered.toArray()));
    asking.destroy();
    return [answered.statusCode, said.type, said.error.type, answered.headers["x-should-retry"]];
  };
  assert.deepEqual(await send('{"messages":'), [400, "error", "invalid_request_error", "false"]);
  assert.deepEqual(await send("{", (32 << 20) + 1), [413, "error", "request_too_large", "false"]);
  assert.equal(upstream.requests.length, 0);
});

test("what only looks like a history of Responses is left as it is", async () => {
  await ask({ messages: [{ role: "user", content: "what is msg_hp_abc?" }] });
  assert.deepEqual(Object.keys(upstream.requests[0].body).sort(), ["max_tokens", "messages", "model"]);
});

describe("answers", () => {
  test("what proceeds passes byte for byte, and a held call says what was asked for", async () => {
    const text = JSON.stringify(message([use("get_order", { id: "A7", Type: 1.5 })]), null, 1);
    answer = () => text;
    const raw = await client.messages.create(ASK).asResponse();
    assert.equal(await raw.text(), text);
    answer = () => message([{ type: "thinking", thinking: "hm", signature: "c2ln" }, use("refund", { amount: 10 })]);
    const asking = ask();
    const [held] = await reviewer.held();
    assert.deepEqual(held.action.context, { request: "please refund me" });
    assert.deepEqual(held.action.source, { upstream: "ai", dialect: "anthropic", model: "test-model" });
    await reviewer.decide(held, "edit", { args: { amount: 1.5 } });
    const { content, stop_reason } = await asking;
    assert.deepEqual(content, [{ type: "thinking", thinking: "hm", signature: "c2ln" }, use("refund", { amount: 1.5 })]);
    assert.equal(stop_reason, "tool_use");
  });

  test("where a schema is to be followed the notice is a refusal", async () => {
    answer = () => message([use("refund", { amount: 10 })]);
    const format = { type: "json_schema", schema: { type: "object", properties: {}, additionalProperties: false } };
    const parsed = await client.messages.parse({ ...ASK, output_config: { format } }, { headers: { "holdpoint-wait": "0" } });
    assert.equal(parsed.parsed_output, null);
    assert.equal(parsed.stop_reason, "refusal");
    assert.match(parsed.stop_details.explanation, /^\[Holdpoint hp_.*"refund" was not executed: awaiting approval$/);
  });

  test("what cannot be read is kept back", async () => {
    for (const body of ['{"content":[{"type":"tool_use","type":"text"}]}', '{"content":{}}', '{"content":[{"name":"x"}]}', "[]"]) {
      answer = () => body;
      await assert.rejects(ask(), { status: 502, message: /cannot be gated/ }, body);
    }
    assert.equal(upstream.requests.length, 4, "none is asked again");
  });

  test("the upstream's own errors keep their status and body", async () => {
    answer = (_, response) => void response.writeHead(400, { "content-type": "application/json" }).end('{"type":"error","error":{"type":"invalid_request_error","message":"no such model"}}');
    await assert.rejects(ask(), { status: 400, type: "invalid_request_error", message: /no such model/ });
  });
});

describe("what is not sent anywhere", () => {
  test("tools that the upstream would execute, unless it is configured for them", async () => {
    const tools = [{ type: "web_search_20260209", name: "web_search" }];
    await assert.rejects(ask({ tools }), { status: 422, message: /would execute `web_search_20260209` by itself.*server_tools/ });
    await assert.rejects(ask({ mcp_servers: [{ type: "url", url: "https://a.example", name: "a" }] }), { status: 422, message: /dialect mcp/ });
    assert.equal(upstream.requests.length, 0);
    await clientOf("searching").messages.create({ ...ASK, tools });
    await assert.rejects(clientOf("searching").messages.create({ ...ASK, tools: [{ type: "code_execution_20260120", name: "code_execution" }] }), { status: 422 });
    assert.equal(upstream.requests.length, 1);
  });

  test("batches, and whatever is not known", async () => {
    await assert.rejects(client.messages.batches.list(), { status: 422, type: "invalid_request_error" });
    await assert.rejects(client.models.retrieve("m"), { status: 404, type: "not_found_error" });
    assert.equal(upstream.requests.length, 0);
    answer = () => ({ input_tokens: 7 });
    assert.equal((await client.messages.countTokens({ model: "m", messages: ASK.messages })).input_tokens, 7);
  });
});
