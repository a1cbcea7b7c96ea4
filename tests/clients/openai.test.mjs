// The official client, unmodified, through the proxy: answers that come as a whole, keys, paths, and upstreams that
// fail. Streams are in streams.test.mjs.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { Holdpoint, freePort, until } from "../harness/holdpoint.mjs";
import { reviewing } from "../harness/reviewing.mjs";
import { Upstream, call, completion } from "../harness/upstream.mjs";

const POLICY = `holdpoint = 1
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "medium"
title = "Refund {args.amount}"
reasons = ["wrong amount", "not asked for"]
confidence = "/confidence"
[kinds.mail]
severity = "medium"
[kinds.slow]
severity = "critical"
desk = "slow"
[kinds.query]
severity = "low"
[kinds.post]
severity = "low"
[[criteria]]
id = "look-at-posts"
category = "public words"
kinds = ["post"]
when = "true"
then = "audit"
[[criteria]]
id = "never-nobody"
category = "to nobody"
kinds = ["refund"]
when = "has(args.to) && args.to == 'nobody'"
then = "block"
[desks.main]
reviewers = 1000
undo = "0s"
[desks.slow]
expires = "1s"
[desks.seniors]
undo = "0s"
`;

const SECRET = "sk-upstream-secret-3f8a";
const ASK = { model: "test-model", messages: [{ role: "system", content: "be kind" }, { role: "user", content: "please refund me" }] };

let holdpoint, upstream, client, app, reviewer, down;

before(async () => {
  upstream = await Upstream.start(() => completion({ content: "hello" }));
  down = `http://127.0.0.1:${await freePort()}`;
  const secret = "AI_KEY";
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    secrets: { [secret]: SECRET },
    vars: { HOLDPOINT_UPSTREAM_TIMEOUT: "2", HOLDPOINT_WAIT: "30" },
    upstreams: {
      ai: { url: upstream.url, dialect: "openai", secret, pass: ["GET /v1/files/*"] },
      down: { url: down, dialect: "openai" },
    },
  });
  app = (await holdpoint.key("app")).key;
  reviewer = (await holdpoint.key("reviewer")).key;
  client = clientOf("ai");
});
beforeEach(() => {
  upstream.requests.length = 0;
});
after(async () => {
  await holdpoint.stop();
  await upstream.stop();
});

const clientOf = (name, options = {}) => new OpenAI({ baseURL: `${holdpoint.url}/to/${name}/v1`, apiKey: app, ...options });
const answers = (given) => (upstream.answer = typeof given === "function" ? given : () => given);
const create = (more = {}, options) => client.chat.completions.create({ ...ASK, ...more }, options);

/** Waits for as many held cases, and decides each as `choose` says. */
async function decideHeld(count, choose, desk = "main") {
  const { held, decide } = reviewing(holdpoint, reviewer);
  const cases = await held(count, desk);
  for (const one of cases) {
    const { decision, ...more } = choose(one);
    await decide(one, decision, more);
  }
  return cases;
}
const approve = () => ({ decision: "approve" });
const reject = (reason) => () => ({ decision: "reject", reason });

const refund = (amount, more = {}) => call("refund", { amount, ...more });

describe("what proceeds", () => {
  test("passes byte for byte, with the upstream's secret in place of the app's key", async () => {
    const text = JSON.stringify(completion({ tool_calls: [call("get_order", '{"id" : 1.0}')] }), null, 2);
    answers(text);
    const raw = await holdpoint.ask("POST", "/to/ai/v1/chat/completions?trace=1", { key: app, body: ASK });
    assert.equal(raw.text, text);
    assert.equal(raw.headers.get("x-request-id"), "req-1");
    assert.match(raw.headers.get("holdpoint-action"), /^hp_/);
    assert.equal(raw.headers.get("holdpoint-status"), "proceed");
    const [sent] = upstream.requests;
    assert.equal(sent.path, "/v1/chat/completions?trace=1");
    assert.equal(sent.headers.authorization, `Bearer ${SECRET}`);
    assert.equal(sent.text, JSON.stringify(ASK));
    assert.ok(!JSON.stringify(sent).includes(app), "the app's key never goes upstream");
  });

  test("text alone is no action", async () => {
    answers(completion({ content: "hello" }));
    const answer = await create();
    assert.equal(answer.choices[0].message.content, "hello");
  });

  test("loses the member that carried its confidence, and nothing else", async () => {
    answers(completion({ tool_calls: [call("refund", '{"amount":10.50,"confidence":0.97}')] }));
    const answer = await create();
    assert.equal(answer.choices[0].message.tool_calls[0].function.arguments, '{"amount":10.50}');
    assert.equal(answer.choices[0].finish_reason, "tool_calls");
  });

  test("the lowest of several confidences counts", async () => {
    answers((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "x-confidence": "0.2" });
      response.end(JSON.stringify(completion({ tool_calls: [refund(10, { confidence: 0.97 })] })));
    });
    const answer = await create({}, { headers: { "holdpoint-wait": "0" } });
    assert.match(answer.choices[0].message.content, /awaiting approval$/);
    await decideHeld(1, approve);
  });

  test("an answer without a body, and headers that are not the upstream's to set", async () => {
    answers((_, response) => void response.writeHead(204, { "access-control-allow-origin": "*", "holdpoint-status": "proceed", "set-cookie": "a=b" }).end());
    const raw = await holdpoint.ask("GET", "/to/ai/v1/files/f-1", { key: app });
    assert.equal(raw.status, 204, raw.text);
    for (const name of ["access-control-allow-origin", "holdpoint-status", "set-cookie"]) assert.equal(raw.headers.get(name), null);
  });

  test("models, embeddings and configured routes pass ungated", async () => {
    answers((request) => ({ object: "list", data: [{ id: request.path, object: "model", embedding: [1] }] }));
    assert.equal((await client.models.list()).data[0].id, "/v1/models");
    assert.equal((await client.embeddings.create({ model: "m", input: "x", encoding_format: "float" })).data[0].id, "/v1/embeddings");
    assert.equal((await holdpoint.ask("GET", "/to/ai/v1/files/f-1", { key: app })).json.data[0].id, "/v1/files/f-1");
  });
});

describe("what is held", () => {
  test("keeps the client waiting, and runs when a person approves", async () => {
    answers(completion({ tool_calls: [refund(640)] }));
    const waiting = create();
    const [held] = await decideHeld(1, approve);
    assert.equal(held.title, "Refund 640");
    assert.deepEqual(held.action.source, { upstream: "ai", dialect: "openai", model: "test-model" });
    assert.deepEqual(held.action.context, { request: "please refund me" });
    assert.equal(held.action.subject, null);
    const answer = await waiting;
    assert.deepEqual(answer.choices[0].message.tool_calls, [refund(640)]);
    const known = await holdpoint.ask("GET", `/v1/actions/${held.id}`, { key: app });
    assert.deepEqual([known.json.status, known.json.may_run], ["approved", false], "it was taken away to run, once");
  });

  test("is white space and then the upstream's very bytes", async () => {
    const text = JSON.stringify(completion({ tool_calls: [refund(641)] }));
    answers(text);
    const waiting = holdpoint.ask("POST", "/to/ai/v1/chat/completions", { key: app, body: ASK });
    await decideHeld(1, approve);
    const raw = await waiting;
    assert.equal(raw.text.trimStart(), text);
    assert.match(raw.text, /^ +\{/);
    assert.equal(raw.headers.get("holdpoint-status"), "held");
    assert.match(raw.headers.get("link"), /^<\/v1\/actions\/hp_[a-z2-7]+>; rel="status"$/);
  });

  test("edited: the edited arguments stand in its place, to the last digit", async () => {
    answers(completion({ tool_calls: [call("refund", { amount: 700, order: 7 })] }));
    const asked = create();
    const cases = await until("the case", async () => {
      const page = await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer });
      return page.json.cases.length > 0 && page.json.cases;
    });
    const body = `{"decision":"edit","digest":"${cases[0].digest}","args":{"amount":70,"order":12345678901234567890}}`;
    const decided = await holdpoint.ask("POST", `/v1/cases/${cases[0].id}/decision`, { key: reviewer, body });
    assert.equal(decided.status, 200, decided.text);
    const { message, finish_reason } = (await asked).choices[0];
    assert.equal(message.tool_calls[0].function.arguments, '{"amount":70,"order":12345678901234567890}');
    assert.equal(finish_reason, "tool_calls");
    const answer = await holdpoint.ask("GET", `/v1/actions/${cases[0].id}`, { key: app });
    assert.deepEqual([answer.json.status, answer.json.may_run, answer.json.permit], ["edited", false, null], "it was handed out");
  });

  test("a custom tool's text can be edited, and nothing else can be put there", async () => {
    const custom = { id: "c", type: "custom", custom: { name: "sql", input: "DROP TABLE x" } };
    for (const [args, runs] of [[{ input: "SELECT 1" }, true], [{ query: "SELECT 1" }, false]]) {
      answers(completion({ tool_calls: [custom] }));
      const asked = create();
      await decideHeld(1, () => ({ decision: "edit", args }));
      const { message } = (await asked).choices[0];
      if (runs) assert.equal(message.tool_calls[0].custom.input, "SELECT 1");
      else assert.match(message.content, /Action "sql" was not executed: unavailable/);
    }
  });

  test("moved to another desk, and approved there, while the client waits", async () => {
    answers(completion({ tool_calls: [call("refund", { amount: 701 })] }));
    const asked = create();
    const cases = await until("the case", async () => {
      const page = await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer });
      return page.json.cases.length > 0 && page.json.cases;
    });
    const moved = await holdpoint.ask("POST", `/v1/cases/${cases[0].id}/move`, { key: reviewer, body: { desk: "seniors" } });
    assert.equal(moved.status, 200, moved.text);
    await decideHeld(1, () => ({ decision: "approve" }), "seniors");
    assert.equal((await asked).choices[0].message.tool_calls[0].function.name, "refund");
  });

  test("an audit of what proceeds is stored before it leaves, and the client sees nothing of it", async () => {
    answers(completion({ tool_calls: [call("post", { text: "hello" })] }));
    const { data, response } = await client.chat.completions.create(ASK).withResponse();
    assert.equal(data.choices[0].message.tool_calls[0].function.name, "post");
    const id = response.headers.get("holdpoint-action");
    assert.equal(response.headers.get("holdpoint-status"), "proceed");
    const audit = await holdpoint.ask("GET", `/v1/cases/${id}`, { key: reviewer });
    assert.deepEqual([audit.json.status, audit.json.action.args], ["to_audit", { text: "hello" }]);
    assert.deepEqual(audit.json.action.source, { upstream: "ai", dialect: "openai", model: "test-model" });
  });

  test("rejected: a notice with the reason stands in its place", async () => {
    answers(completion({ content: "Let me see.", tool_calls: [refund(642)] }));
    const waiting = create();
    const [held] = await decideHeld(1, () => ({ decision: "reject", reason: "wrong amount", note: "never this" }));
    const [choice] = (await waiting).choices;
    assert.equal(choice.message.content, `Let me see.\n\n[Holdpoint ${held.id}] Action "refund" was not executed: wrong amount`);
    assert.equal(choice.finish_reason, "stop");
    assert.equal(choice.message.tool_calls, undefined);
  });

  test("rejected under a JSON schema: a refusal, which parse() takes", async () => {
    answers(completion({ tool_calls: [refund(643)] }));
    const schema = { type: "json_schema", json_schema: { name: "x", schema: { type: "object", properties: {} } } };
    const waiting = client.chat.completions.parse({ ...ASK, response_format: schema });
    await decideHeld(1, reject("not asked for"));
    const { message } = (await waiting).choices[0];
    assert.match(message.refusal, /not executed: not asked for$/);
    assert.deepEqual([message.content, message.parsed], [null, null]);
  });

  test("partly rejected: none leaves before all are decided, then the approved one with a notice", async () => {
    answers(completion({ tool_calls: [call("get_order", { id: 1 }), refund(644), call("mail", { to: "x" })] }));
    let done = false;
    const waiting = create().finally(() => (done = true));
    await until("both are held", async () => {
      const page = await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer });
      return page.json.cases.length === 2;
    });
    const cases = (await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer })).json.cases;
    const mail = cases.find(({ kind }) => kind === "mail");
    await holdpoint.ask("POST", `/v1/cases/${mail.id}/decision`, { key: reviewer, body: { decision: "approve", digest: mail.digest } });
    await holdpoint.ask("GET", "/v1/desks", { key: reviewer });
    assert.equal(done, false, "an approved sibling waits for the others");
    await decideHeld(1, reject("wrong amount"));
    const [choice] = (await waiting).choices;
    assert.deepEqual(choice.message.tool_calls.map(({ function: { name } }) => name), ["get_order", "mail"]);
    assert.match(choice.message.content, /Action "refund" was not executed: wrong amount$/);
    assert.equal(choice.finish_reason, "tool_calls");
  });

  test("a call that somebody ran by its permit while the others waited does not leave a second time", async () => {
    answers(completion({ tool_calls: [call("refund", { amount: 811 }, "one"), call("refund", { amount: 812 }, "two")] }));
    const asked = create();
    const cases = await until("both", async () => {
      const page = await holdpoint.ask("GET", "/v1/desks/main/cases?status=held", { key: reviewer });
      return page.json.cases.length === 2 && page.json.cases;
    });
    const [one, two] = [811, 812].map((amount) => cases.find(({ action }) => action.args.amount === amount));
    const approve = (held) => holdpoint.ask("POST", `/v1/cases/${held.id}/decision`, { key: reviewer, body: { decision: "approve", digest: held.digest } });
    await approve(one);
    const { permit } = (await holdpoint.ask("GET", `/v1/actions/${one.id}`, { key: app })).json;
    assert.equal((await holdpoint.ask("POST", `/v1/actions/${one.id}/redeem`, { key: app, body: { permit } })).status, 200);
    await approve(two);
    const { message } = (await asked).choices[0];
    assert.deepEqual(message.tool_calls.map(({ id }) => id), ["two"]);
    assert.match(message.content, new RegExp(`${one.id}.*was not executed: unavailable`));
  });

  test("a permit for a proxied call is made out to its upstream, and x-api-key is as good as a bearer token", async () => {
    answers(completion({ tool_calls: [call("refund", { amount: 821 })] }));
    const headers = { "x-api-key": app, "content-type": "application/json", "holdpoint-wait": "0" };
    const response = await fetch(`${holdpoint.url}/to/ai/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(ASK) });
    assert.equal(response.status, 200);
    await response.text();
    await decideHeld(1, () => ({ decision: "approve" }));
    const { permit } = (await holdpoint.ask("GET", `/v1/actions/${response.headers.get("holdpoint-action")}`, { key: app })).json;
    assert.equal(JSON.parse(Buffer.from(permit.split(".")[1], "base64url")).aud, "ai");
  });

  test("two choices are gated each for itself", async () => {
    const answer = completion({ tool_calls: [refund(645)] });
    answer.choices.push({ ...completion({ tool_calls: [call("get_order", {})] }).choices[0], index: 1 });
    answers(answer);
    const waiting = create({ n: 2 });
    await decideHeld(1, reject("wrong amount"));
    const [first, second] = (await waiting).choices;
    assert.deepEqual([first.finish_reason, second.finish_reason], ["stop", "tool_calls"]);
  });

  test("expired: a notice, and nothing runs", async () => {
    answers(completion({ tool_calls: [call("slow", {})] }));
    assert.match((await create()).choices[0].message.content, /Action "slow" was not executed: expired$/);
  });

  test("the wait is over: a notice, and the case stays open", async () => {
    answers(completion({ tool_calls: [refund(646)] }));
    const answer = await create({}, { headers: { "holdpoint-wait": "0" } });
    assert.match(answer.choices[0].message.content, /Action "refund" was not executed: awaiting approval$/);
    const [held] = await decideHeld(1, approve);
    assert.equal((await holdpoint.ask("GET", `/v1/actions/${held.id}`, { key: app })).json.status, "approved");
  });

  test("an agent's loop goes on with what was approved, and ends on a notice", async () => {
    const ran = [];
    const tools = [
      {
        type: "function",
        function: { name: "refund", function: (args) => (ran.push(args), "refunded"), parse: JSON.parse, parameters: { type: "object" } },
      },
    ];
    const loop = () => client.chat.completions.runTools({ ...ASK, tools }).finalContent();
    answers((request) => (request.body.messages.at(-1).role === "tool" ? completion({ content: "done" }) : completion({ tool_calls: [refund(647)] })));
    const approved = loop();
    await decideHeld(1, approve);
    assert.equal(await approved, "done");
    const rejected = loop();
    await decideHeld(1, reject("wrong amount"));
    assert.match(await rejected, /wrong amount$/);
    assert.deepEqual(ran, [{ amount: 647 }]);
  });
});

describe("what is blocked", () => {
  test("by a criterion: its id is named, and nobody is asked", async () => {
    answers(completion({ tool_calls: [refund(1, { to: "nobody", confidence: 1 })] }));
    const answer = await create();
    assert.match(answer.choices[0].message.content, /Action "refund" was not executed: blocked by never-nobody$/);
    assert.equal(answer.choices[0].finish_reason, "stop");
  });

  for (const [what, tool] of [
    ["arguments that are no JSON", call("get_order", '{"id":')],
    ["arguments with a member twice", call("get_order", '{"id":1,"id":2}')],
    ["arguments that are a list", call("get_order", "[1]")],
    ["arguments that are no text", { ...call("get_order", {}), function: { name: "get_order", arguments: { id: 1 } } }],
    ["a call without a name", { id: "c", type: "function", function: { arguments: "{}" } }],
    ["a call of an unknown type", { id: "c", type: "teleport", teleport: { name: "get_order", arguments: "{}" } }],
    ["a call that is two things at once", { ...call("get_order", {}), custom: { name: "get_order", input: "x" } }],
    ["no call at all", "get_order"],
  ]) {
    test(what, async () => {
      answers(completion({ tool_calls: [tool] }));
      const raw = await holdpoint.ask("POST", "/to/ai/v1/chat/completions", { key: app, body: ASK });
      assert.equal(raw.status, 200);
      assert.match(raw.json.choices[0].message.content, /was not executed: blocked by malformed$/);
      assert.equal(raw.json.choices[0].message.tool_calls, undefined);
    });
  }

  test("a custom tool's text and the legacy function_call are gated like the rest", async () => {
    answers(completion({ tool_calls: [{ id: "c", type: "custom", custom: { name: "sql", input: "DELETE FROM t" } }] }));
    const custom = create();
    const [sql] = await decideHeld(1, () => ({ decision: "reject", reason: "other" }));
    assert.deepEqual(sql.action.args, { input: "DELETE FROM t" });
    assert.match((await custom).choices[0].message.content, /Action "sql" was not executed: other$/);
    answers(completion({ function_call: { name: "refund", arguments: '{"amount":700}' } }));
    const legacy = create();
    await decideHeld(1, reject("wrong amount"));
    const { message } = (await legacy).choices[0];
    assert.equal(message.function_call, undefined);
    assert.match(message.content, /wrong amount$/);
  });
});

describe("an upstream that fails", () => {
  const failing = (run, expected) => async () => {
    const seen = upstream.requests.length;
    const error = await run().then(
      () => assert.fail("an answer came through"),
      (error) => error,
    );
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.equal(error.status, expected.status);
    assert.equal(error.code, expected.code);
    assert.match(error.message, expected.message);
    assert.ok(upstream.requests.length - seen <= 1, "the client does not repeat it");
  };
  const html = (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
  const cut = (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
    response.write('{"id":"chatcmpl-1","choices":[{"message":{"tool_calls":[');
    setTimeout(() => response.destroy(), 50);
  };
  const answering = (given) => () => (answers(given), create());

  test("is down", failing(() => clientOf("down").chat.completions.create(ASK), { status: 502, code: "upstream", message: /`down` is out of reach/ }));
  test("is slow", failing(answering(() => new Promise(() => {})), { status: 504, code: "upstream_timeout", message: /did not answer within 2 s/ }));
  test("answers HTML", failing(answering(html), { status: 502, code: "upstream", message: /answered with `text\/html`, not JSON/ }));
  test("breaks off", failing(answering(cut), { status: 502, code: "upstream", message: /broke off its answer/ }));
  test("answers broken JSON", failing(answering('{"choices":['), { status: 502, code: "upstream", message: /cannot be gated/ }));
  test("answers a member twice", failing(answering('{"choices":[],"choices":[]}'), { status: 502, code: "upstream", message: /duplicate member/ }));
  test("answers without choices", failing(answering({ ok: true }), { status: 502, code: "upstream", message: /no answer of its dialect: `choices` is no array/ }));
  test(
    "redirects",
    failing(answering((_, response) => void response.writeHead(302, { location: down }).end()), { status: 502, code: "upstream", message: /redirect/ }),
  );
  test(
    "repeats its secret",
    failing(answering((request) => completion({ content: request.headers.authorization })), { status: 502, code: "upstream", message: /repeated the secret/ }),
  );

  test(
    "repeats its secret in a header",
    failing(
      answering((request, response) => void response.writeHead(200, { "content-type": "application/json", "x-echo": request.headers.authorization }).end("{}")),
      { status: 502, code: "upstream", message: /repeated the secret/ },
    ),
  );

  test("its own errors keep their status and body", async () => {
    answers((_, response) => void response.writeHead(400, { "content-type": "application/json" }).end('{"error":{"message":"no such model","code":"model"}}'));
    await assert.rejects(create(), { status: 400, code: "model" });
  });
});

describe("what is not sent anywhere", () => {
  test("endpoints that cannot be gated yet, and whatever is not known", async () => {
    await assert.rejects(client.responses.cancel("resp_1"), { status: 422, code: "invalid" });
    await assert.rejects(client.images.generate({ prompt: "x" }), { status: 404, code: "not_found" });
    await assert.rejects(clientOf("nowhere").models.list(), { status: 404, code: "not_found" });
    await assert.rejects(create({}, { headers: { "holdpoint-wait": "soon" } }), { status: 422, code: "invalid" });
    await assert.rejects(clientOf("ai", { apiKey: "sk-of-the-upstream" }).chat.completions.create(ASK), { status: 401 });
    assert.equal(upstream.requests.length, 0);
  });

  test("bodies that cannot be read", async () => {
    for (const body of ['{"messages":', '{"stream":false,"stream":true}', ""]) {
      const answer = await holdpoint.ask("POST", "/to/ai/v1/chat/completions", { key: app, body });
      assert.deepEqual([answer.status, answer.json.code], [400, "malformed"], body);
      assert.equal(answer.headers.get("x-should-retry"), "false");
    }
    assert.equal(upstream.requests.length, 0);
  });

  for (const path of ["/to/ai//127.0.0.1/x", "/to/ai/v1//models", "/to/ai/v1/../v1/models", "/to/ai/./v1/models", "/to/ai/v1%2fmodels", "/to/ai/v1/%2e%2e/models", "/to/ai/v1/models/", "/to/ai/v1\\models", "/to/ai/v1/model%73", "/to/ai/v1/models;x"]) {
    test(`GET ${path}`, async () => {
      // Written to the socket as it is: a client library would resolve it first.
      const socket = connect(holdpoint.port, "127.0.0.1");
      socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${app}\r\nconnection: close\r\n\r\n`);
      let text = "";
      for await (const chunk of socket) text += chunk;
      assert.match(text, /^HTTP\/1\.1 400 /, text.slice(0, 200));
      assert.equal(upstream.requests.length, 0);
    });
  }
});

test("what is in force when the upstream has answered decides, not what was in force before", async () => {
  const stricter = POLICY.replace('[kinds."get_*"]\nseverity = "none"', '[kinds."get_*"]\nseverity = "critical"');
  answers(async () => {
    await holdpoint.putPolicy(stricter);
    return completion({ tool_calls: [call("get_order", {})] });
  });
  const stopped = await create({}, { headers: { "holdpoint-wait": "0" } });
  assert.match(stopped.choices[0].message.content, /Action "get_order" was not executed: awaiting approval$/);
  await holdpoint.putPolicy(POLICY);
  await decideHeld(1, approve);
  const leaving = await holdpoint.key("app", { name: "leaving app" });
  answers(async () => {
    await holdpoint.ask("DELETE", `/v1/keys/${leaving.id}`, { key: holdpoint.admin });
    return completion({ tool_calls: [call("get_order", {})] });
  });
  const revoked = await clientOf("ai", { apiKey: leaving.key }).chat.completions.create(ASK);
  assert.match(revoked.choices[0].message.content, /Action "get_order" was not executed: unavailable$/);
});

test("an unsettled desk is a notice, never a pass and never a status that is repeated", async () => {
  // More than a case can hold: the desk refuses it.
  answers(completion({ tool_calls: [call("refund", { amount: 1, text: "x".repeat(2_000_000) })] }));
  const answer = await create();
  assert.match(answer.choices[0].message.content, /Action "refund" was not executed: unavailable$/);
  assert.equal(upstream.requests.length, 1);
});
