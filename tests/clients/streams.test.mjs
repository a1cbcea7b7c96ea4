// Streams of both of OpenAI's forms through the proxy, byte by byte: what passes live, what is kept back, who gets a
// release, and what becomes of an upstream that breaks off.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import OpenAI from "openai";
import { Holdpoint, root, until } from "../harness/holdpoint.mjs";
import { reviewing } from "../harness/reviewing.mjs";
import { Upstream, call, completion } from "../harness/upstream.mjs";

const POLICY = `holdpoint = 1
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "medium"
reasons = ["wrong amount", "not asked for"]
[kinds.wire]
severity = "critical"
desk = "seniors"
[kinds.brief]
severity = "critical"
desk = "brief"
[[criteria]]
id = "never-nobody"
category = "to nobody"
kinds = ["refund"]
when = "has(args.to) && args.to == 'nobody'"
then = "block"
[desks.main]
reviewers = 1000
undo = "0s"
[desks.seniors]
undo = "0s"
[desks.brief]
undo = "0s"
valid = "1s"
`;
const SECRET = "sk-upstream-secret-77aa";

let holdpoint, upstream, client, app, other, reviewer;
let heldAt, held, decide;

before(async () => {
  upstream = await Upstream.start(() => completion({ content: "hello" }));
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    secrets: { AI_KEY: SECRET },
    vars: { HOLDPOINT_UPSTREAM_TIMEOUT: "2", HOLDPOINT_WAIT: "30" },
    upstreams: { ai: { url: upstream.url, dialect: "openai", secret: "AI_KEY" }, twin: { url: upstream.url, dialect: "openai" } },
  });
  app = (await holdpoint.key("app")).key;
  other = (await holdpoint.key("app", { name: "another app" })).key;
  reviewer = (await holdpoint.key("reviewer")).key;
  ({ heldAt, held, decide } = reviewing(holdpoint, reviewer));
  client = new OpenAI({ baseURL: `${holdpoint.url}/to/ai/v1`, apiKey: app });
});
beforeEach(() => {
  upstream.requests.length = 0;
});
after(async () => {
  await holdpoint.stop();
  await upstream.stop();
});

let nonce = 0;
const chat = (more = {}) => ({ model: "test-model", stream: true, messages: [{ role: "user", content: `please ${(nonce += 1)}` }], ...more });
const golden = (form, name) => readFileSync(join(root, "tests/wire", form, "streams", name, "in.sse"));

const chunk = (delta, finish_reason = null, index = 0) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1795363200, model: "test-model", choices: [{ index, delta, finish_reason }] })}\n\n`;
const called = (name, args, index = 0, id = `call_${name}`) => chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: JSON.stringify(args) } }] });
const whole = (...calls) => chunk({ role: "assistant", content: "Hi" }) + calls.map(([name, args], at) => called(name, args, at, `call_${at}`)).join("") + chunk({}, "tool_calls") + "data: [DONE]\n\n";

/** Has the upstream send these parts as a stream, each once the one before is out. */
const streams = (...parts) =>
  (upstream.answer = async (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const part of parts) {
      if (typeof part === "function") await part(response);
      else await new Promise((resolve) => response.write(part, resolve));
    }
    if (!response.destroyed) response.end();
  });

const send = (body, { key = app, path = "/to/ai/v1/chat/completions", headers = {}, ...rest } = {}) =>
  fetch(holdpoint.url + path, { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers }, body: JSON.stringify(body), ...rest });
const post = async (...all) => (await send(...all)).text();

/** A response read bit by bit. */
function reading(response) {
  const reader = response.body.getReader();
  const read = { text: "", done: false };
  read.work = (async () => {
    const decoder = new TextDecoder();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      read.text += decoder.decode(value, { stream: true });
    }
    read.done = true;
  })().catch((error) => (read.error = error));
  return read;
}

const approve = async (count, desk) => {
  const cases = await held(count, desk);
  for (const one of cases) await decide(one, "approve");
  return cases;
};
const rejectAll = async (desk = "main") => {
  for (const one of await heldAt(desk)) await decide(one, "reject");
};

describe("what flows", () => {
  test("text is live: it has arrived before the upstream goes on", async () => {
    let go;
    const gate = new Promise((resolve) => (go = resolve));
    streams(chunk({ role: "assistant", content: "First" }), () => gate, chunk({ content: "Second" }), chunk({}, "stop"), "data: [DONE]\n\n");
    const read = reading(await send(chat()));
    await until("the first text", () => read.text.includes("First"));
    assert.ok(!read.text.includes("Second"));
    go();
    await read.work;
    assert.match(read.text, /Second[^]*\[DONE\]\n\n$/);
  });

  for (const [form, name] of [["openai_chat", "one_call"], ["openai_chat", "carriage_returns_and_comments"], ["openai_responses", "text_before_the_call"]]) {
    test(`what proceeds passes byte for byte: ${form}/${name}`, async () => {
      const bytes = golden(form, name).toString().replaceAll('"refund"', '"get_it"');
      streams(bytes);
      const path = form === "openai_chat" ? "chat/completions" : "responses";
      const response = await send(form === "openai_chat" ? chat() : { model: "m", stream: true, input: "x" }, { path: `/to/ai/v1/${path}` });
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      const text = Buffer.from(await response.arrayBuffer()).toString();
      const comments = /: (hello|still there|in a call)\r\n\r\n/g;
      assert.equal(text.replace(comments, ""), bytes.replace(comments, ""));
    });
  }

  test("of a held call not a byte leaves before its verdict, and the client is sent comments", async () => {
    streams(chunk({ role: "assistant", content: "Let me see." }), ...golden("openai_chat", "one_call").toString().split(/(?<=\n\n)/));
    const read = reading(await send(chat()));
    const [one] = await held();
    await until("a comment", () => read.text.includes(`: ${one.id} awaiting approval`));
    assert.ok(read.text.includes("Let me see."));
    assert.ok(!/refund|amount|tool_calls|finish_reason":"|DONE/.test(read.text), read.text);
    await decide(one, "approve");
    await read.work;
    assert.match(read.text, /"name":"refund"[^]*"finish_reason":"tool_calls"[^]*"total_tokens":17[^]*\[DONE\]\n\n$/);
  });

  test("two choices are gated each for itself: one flows on while the other is held", async () => {
    const first = chunk({ role: "assistant", content: "" }) + called("refund", { amount: 11 });
    streams(first, chunk({ role: "assistant", content: "Other" }, null, 1), chunk({}, "tool_calls"), chunk({ content: " text" }, "stop", 1), "data: [DONE]\n\n");
    const read = reading(await send(chat({ n: 2 })));
    const [one] = await held();
    await until("the other choice", () => read.text.includes(" text"));
    assert.ok(!read.text.includes("refund") && !read.text.includes("DONE"));
    await decide(one, "reject");
    await read.work;
    assert.match(read.text, /not executed: wrong amount[^]*"finish_reason":"stop"[^]*\[DONE\]\n\n$/);
  });

  test("rejected under a JSON schema: a refusal, which both helpers take", async () => {
    streams(whole(["refund", { amount: 12 }]).replace('"content":"Hi"', '"content":null'));
    const schema = { name: "x", schema: { type: "object", properties: {}, additionalProperties: false } };
    const { stream: _, ...asked } = chat({ response_format: { type: "json_schema", json_schema: schema } });
    const chatting = client.chat.completions.stream(asked).finalChatCompletion();
    await decide((await held())[0], "reject");
    const { message } = (await chatting).choices[0];
    assert.match(message.refusal, /not executed: wrong amount$/);
    assert.ok(!message.content && !message.parsed);
    streams(golden("openai_responses", "one_call"));
    const responding = client.responses.stream({ model: "m", input: "x", text: { format: { type: "json_schema", ...schema } } }).finalResponse();
    await decide((await held())[0], "reject");
    const [item] = (await responding).output;
    assert.match(item.content[0].refusal, /not executed: wrong amount$/);
  });

  for (const [name, kind, args, edited] of [
    ["custom_tool", "sql", { input: "DROP TABLE t" }, { input: "SELECT 1" }],
    ["computer", "computer", { action: { type: "click", x: 1, y: 2, button: "left" }, pending_safety_checks: [] }, { action: { type: "wait" }, pending_safety_checks: [] }],
    ["local_shell", "local_shell", { action: { type: "exec", command: ["rm", "-rf", "/"], env: {} } }, { action: { type: "exec", command: ["ls"], env: {} } }],
    ["rewritten_shell_with_deltas", "shell", { action: { commands: ["ls"] } }, { action: { commands: ["pwd"] } }],
    ["apply_patch", "apply_patch", { operation: { type: "delete_file", path: "a.txt" } }, { operation: { type: "delete_file", path: "b.txt" } }],
    ["a_call_of_an_unknown_type", "teleport", { to: "Mars" }, { to: "Moon" }],
  ]) {
    test(`Responses: ${kind} is an action, and can be edited`, async () => {
      for (const plain of [false, true]) {
        if (plain) upstream.answer = () => JSON.parse(/data: (.*)\n\n$/.exec(golden("openai_responses", name).toString())[1]).response;
        else streams(golden("openai_responses", name));
        const asked = { model: "m", input: `${kind} ${(nonce += 1)}` };
        const answered = plain ? client.responses.create(asked) : client.responses.stream(asked).finalResponse();
        const [one] = await held();
        assert.deepEqual([one.kind, one.action.args], [kind, args]);
        await decide(one, "edit", { args: edited });
        const { id, call_id, type, status, ...rest } = (await answered).output[0];
        assert.equal(type, kind === "sql" ? "custom_tool_call" : `${kind}_call`);
        if (kind === "sql") assert.equal(rest.input, "SELECT 1");
        else assert.deepEqual(rest, edited);
        assert.ok(call_id && id && status === "completed");
      }
    });
  }
});

describe("the same request again", () => {
  for (const stream of [true, false]) {
    const refund = (amount) => (stream ? streams(whole(["refund", { amount }])) : (upstream.answer = () => completion({ content: "Hi", tool_calls: [call("refund", { amount })] })));
    const kind = stream ? "stream" : "plain";

    test(`${kind}: joins its case; the newest connection gets the release, the older one the notice`, async () => {
      refund(20);
      const body = chat({ stream });
      const older = reading(await send(body));
      const [one] = await held();
      const newer = reading(await send(body));
      await older.work;
      assert.match(older.text, new RegExp(`${one.id}.*awaiting approval`));
      assert.equal((await heldAt()).length, 1, "one case");
      await decide(one, "approve");
      await newer.work;
      assert.match(newer.text, /"name":"refund"/);
    });

    test(`${kind}: equal calls of other requests, of other apps and upstreams, and twice in one message, are cases of their own`, async () => {
      refund(21);
      const all = [send(chat({ stream })), send(chat({ stream })), send(chat({ stream }), { key: other }), send(chat({ stream }), { path: "/to/twin/v1/chat/completions" })];
      const twins = stream ? whole(["refund", { amount: 21 }], ["refund", { amount: 21 }]) : completion({ tool_calls: [call("refund", { amount: 21 }, "a"), call("refund", { amount: 21 }, "b")] });
      await Promise.all(all);
      if (stream) streams(twins);
      else upstream.answer = () => twins;
      const twin = await send(chat({ stream }));
      const cases = await held(6);
      assert.equal(new Set(cases.map(({ id }) => id)).size, 6);
      for (const one of cases) await decide(one, "reject");
      for (const response of [...(await Promise.all(all)), twin]) assert.match(await response.text(), /wrong amount/);
    });

    test(`${kind}: a client that has gone leaves its release to the next equal call of its app, once`, async () => {
      refund(22);
      const gone = new AbortController();
      const body = chat({ stream });
      const read = reading(await send(body, { signal: gone.signal }));
      const [one] = await held();
      await until("the first byte", () => read.text.length > 0);
      gone.abort();
      await read.work;
      await decide(one, "approve");
      // The Worker learns that nobody is there when it tells of the decision.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const known = await holdpoint.ask("GET", `/v1/actions/${one.id}`, { key: app });
      assert.deepEqual([known.json.status, known.json.may_run], ["approved", true], "nobody has taken it");
      assert.match(await post(chat({ stream }), { key: other, headers: { "holdpoint-wait": "0" } }), /awaiting approval/, "not another app's");
      const next = await post(chat({ stream }), { headers: { "holdpoint-wait": "0" } });
      assert.match(next, /"name":"refund"/);
      assert.match(await post(chat({ stream }), { headers: { "holdpoint-wait": "0" } }), /awaiting approval/, "spent once");
      await rejectAll();
    });

    test(`${kind}: an approval after the wait is a pass, with the edited arguments where there are any`, async () => {
      for (const [amount, decision, more, runs] of [[23, "approve", {}, 23], [24, "edit", { args: { amount: 2.5 } }, 2.5]]) {
        refund(amount);
        assert.match(await post(chat({ stream }), { headers: { "holdpoint-wait": "0" } }), /awaiting approval/);
        await decide((await held())[0], decision, more);
        assert.ok((await post(chat({ stream }))).includes(`{\\"amount\\":${runs}}`));
      }
    });
  }

  test("no pass: rejected, lapsed, or run by its permit", async () => {
    const again = async (name, args, desk, decided) => {
      streams(whole([name, args]));
      const wait = { headers: { "holdpoint-wait": "0" } };
      assert.match(await post(chat(), wait), /awaiting approval/);
      const [one] = await held(1, desk);
      await decided(one);
      assert.match(await post(chat(), wait), /awaiting approval/);
      assert.notEqual((await held(1, desk))[0].id, one.id);
      await rejectAll(desk);
    };
    await again("refund", { amount: 25 }, "main", (one) => decide(one, "reject"));
    await again("brief", { amount: 26 }, "brief", async (one) => {
      await decide(one, "approve");
      await until("it has lapsed", async () => (await holdpoint.ask("GET", `/v1/actions/${one.id}`, { key: app })).json.status === "lapsed");
    });
    await again("refund", { amount: 27 }, "main", async (one) => {
      await decide(one, "approve");
      const { permit } = (await holdpoint.ask("GET", `/v1/actions/${one.id}`, { key: app })).json;
      assert.equal((await holdpoint.ask("POST", `/v1/actions/${one.id}/redeem`, { key: app, body: { permit } })).status, 200);
    });
  });

  test("joins and passes follow a case to another desk", async () => {
    streams(whole(["refund", { amount: 28 }]));
    const body = chat();
    const older = reading(await send(body));
    const [one] = await held();
    assert.equal((await holdpoint.ask("POST", `/v1/cases/${one.id}/move`, { key: reviewer, body: { desk: "seniors" } })).status, 200);
    await held(1, "seniors");
    const newer = reading(await send(body, { headers: { "holdpoint-wait": "1" } }));
    await Promise.all([older.work, newer.work]);
    assert.deepEqual([(await heldAt()).length, (await heldAt("seniors")).length], [0, 1], "one case");
    await approve(1, "seniors");
    assert.match(await post(chat()), /"name":"refund"/);
    assert.match(await post(chat(), { headers: { "holdpoint-wait": "0" } }), /awaiting approval/);
    assert.equal((await held()).length, 1, "a new case stands at its own desk");
    await rejectAll();
  });

  test("one pass is spent by one of many", async () => {
    streams(whole(["refund", { amount: 29 }]));
    await post(chat(), { headers: { "holdpoint-wait": "0" } });
    await approve(1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(chat(), { headers: { "holdpoint-wait": "0" } })));
    assert.equal(answers.filter((text) => text.includes('"name":"refund"')).length, 1);
    await rejectAll();
  });

  test("is told before a client's own timer runs out", async () => {
    for (const header of ["x-stainless-read-timeout", "x-stainless-timeout"]) {
      streams(whole(["refund", { amount: (nonce += 1) }]));
      const began = Date.now();
      assert.match(await post(chat(), { headers: { [header]: "3" } }), /awaiting approval/);
      assert.ok(Date.now() - began < 2900, "it ended after half of the three seconds");
    }
    await rejectAll();
  });
});

describe("a history that the upstream keeps", () => {
  const ask = (more, options) => client.responses.create({ model: "m", input: "and now?", ...more }, options);
  const text = (id) => ({ ...answerOf("text_alone"), id });
  const answerOf = (name) => JSON.parse(/data: (.*)\n\n$/.exec(golden("openai_responses", name).toString())[1]).response;
  const inputs = () => upstream.requests.at(-1).body.input;

  test("is mended where a call was taken out, and where one was edited", async () => {
    for (const stream of [false, true]) {
      const id = `resp_${(nonce += 1)}`;
      if (stream) streams(golden("openai_responses", "two_calls").toString().replaceAll("resp_1", id));
      else upstream.answer = () => ({ ...answerOf("two_calls"), id });
      const asked = { model: "m", input: `do ${nonce}` };
      const first = stream ? client.responses.stream(asked).finalResponse() : client.responses.create(asked);
      const [refund] = await held();
      const [wire] = await held(1, "seniors");
      await decide(refund, "edit", { args: { amount: 1.5 } });
      await decide(wire, "reject", { reason: "not allowed", note: "my own words" });
      assert.deepEqual((await first).output.map(({ type }) => type), ["function_call", "message"]);
      upstream.answer = () => text("resp_next");
      await ask({ previous_response_id: id, input: [{ type: "function_call_output", call_id: "call_0", output: "ok" }] });
      assert.deepEqual(inputs(), [
        { role: "developer", content: 'A person changed the arguments of call_0 to {"amount":1.5} before it was executed.' },
        { type: "function_call_output", call_id: "call_1", output: '{"holdpoint":"rejected","reason":"not allowed"}' },
        { type: "function_call_output", call_id: "call_0", output: "ok" },
      ]);
      await ask({ previous_response_id: id });
      assert.deepEqual(inputs().at(-1), { role: "user", content: "and now?" }, "a text becomes a message");
      await ask({ previous_response_id: "resp_of_nobody" });
      assert.equal(inputs(), "and now?", "what was not changed is sent as it came");
    }
  });

  test("a conversation is told once", async () => {
    upstream.answer = () => answerOf("one_call");
    const first = ask({ conversation: { id: "conv_1" } });
    await decide((await held())[0], "reject");
    await first;
    upstream.answer = () => text("resp_a");
    await ask({ conversation: "conv_1" });
    assert.equal(inputs()[0].type, "function_call_output");
    await ask({ conversation: "conv_1" });
    assert.equal(inputs(), "and now?");
  });

  test("every kind of call is answered in its own form", async () => {
    for (const [name, expected] of [
      ["custom_tool", { type: "custom_tool_call_output", call_id: "call_0" }],
      ["computer", { type: "computer_call_output", call_id: "call_0" }],
      ["local_shell", { type: "local_shell_call_output", id: "call_0" }],
      ["rewritten_shell_with_deltas", { type: "shell_call_output", call_id: "call_0" }],
      ["apply_patch", { type: "apply_patch_call_output", call_id: "call_0", status: "failed" }],
    ]) {
      const id = `resp_${(nonce += 1)}`;
      upstream.answer = () => ({ ...answerOf(name), id });
      await ask({ input: `do ${nonce}` }, { headers: { "holdpoint-wait": "0" } });
      upstream.answer = () => text("resp_b");
      await ask({ previous_response_id: id });
      const { output, ...item } = inputs()[0];
      assert.deepEqual(item, expected);
      assert.ok(output);
    }
    await rejectAll();
  });

  test("that the client sends back has no reasoning that leads nowhere, and no id of ours", async () => {
    upstream.answer = () => answerOf("reasoning_before_the_call");
    const first = ask({ store: false });
    await decide((await held())[0], "reject");
    const { output } = await first;
    assert.deepEqual(output.map(({ type }) => type), ["message"], "the reasoning went with its call");
    upstream.answer = () => text("resp_c");
    const reasoning = { type: "reasoning", id: "rs_9", summary: [] };
    await ask({ input: [{ role: "user", content: "x" }, reasoning, ...output, { type: "item_reference", id: output[0].id }, { role: "user", content: "y" }] });
    const [x, notice, reference, y] = inputs();
    assert.deepEqual([x.content, y.content], ["x", "y"]);
    assert.deepEqual([notice.id, notice.type], [undefined, "message"]);
    assert.match(reference.content, /^\[Holdpoint hp_[a-z2-7]+\] This action was not executed\.$/);
  });

  test("is gated when it is read again, whole and as a stream; deleting passes", async () => {
    upstream.answer = () => answerOf("one_call");
    const plain = client.responses.retrieve("resp_1");
    await decide((await held())[0], "reject");
    assert.match((await plain).output_text, /wrong amount$/);
    streams(golden("openai_responses", "one_call"));
    const events = [];
    const work = (async () => {
      for await (const event of await client.responses.retrieve("resp_1", { stream: true })) events.push(event);
    })();
    await decide((await held())[0], "reject");
    await work;
    assert.match(events.at(-1).response.output[0].content[0].text, /wrong amount$/);
    upstream.answer = () => ({ id: "resp_1", object: "response", deleted: true });
    await client.responses.delete("resp_1");
    assert.equal(upstream.requests.at(-1).method, "DELETE");
  });

  test("what cannot be gated is refused, with the reason, and nothing is sent", async () => {
    for (const [more, pointer, message] of [
      [{ background: true }, "/background", /in the background cannot be gated/],
      [{ tools: [{ type: "function", name: "f", parameters: {}, strict: false }, { type: "mcp", server_label: "crm", server_url: "https://crm.example" }] }, "/tools/1", /hosted MCP server/],
      [{ input: [{ type: "mcp_approval_response", approval_request_id: "x", approve: true }] }, "/input/0", /hosted MCP/],
    ]) {
      await assert.rejects(ask(more), (error) => {
        assert.deepEqual([error.status, error.code], [422, "invalid"]);
        assert.match(error.message, message);
        return true;
      });
      const raw = await holdpoint.ask("POST", "/to/ai/v1/responses", { key: app, body: { model: "m", input: "x", ...more } });
      assert.equal(raw.json.problems[0].pointer, pointer);
      assert.match(raw.json.problems[0].message, message);
    }
    for (const [method, path] of [
      ["GET", "/responses/resp_1?stream=true&starting_after=3"],
      ["GET", "/responses/resp_1/input_items"],
      ["POST", "/responses/resp_1/cancel"],
      ["GET", "/responses"],
    ]) {
      const raw = await holdpoint.ask(method, `/to/ai/v1${path}`, { key: app });
      assert.deepEqual([raw.status, raw.json.code], [422, "invalid"], path);
    }
    assert.equal(upstream.requests.length, 0);
  });
});

describe("confidence by the model's own tokens", () => {
  const logprobs = (logprob) => ({
    content: [["refund", -0.01], ['{"amount":', -0.01], ["30", logprob], ["}", -0.01]].map(([token, logprob]) => ({ token, logprob, bytes: [...Buffer.from(token)], top_logprobs: [] })),
    refusal: null,
  });
  for (const [logprob, runs] of [[-0.05, true], [-1, false], [-9999, false]]) {
    test(`exp(${logprob}) of the worst leaf ${runs ? "proceeds" : "is held"}, whole and as a stream`, async () => {
      const answer = completion({ tool_calls: [call("refund", { amount: 30 })] });
      answer.choices[0].logprobs = logprobs(logprob);
      upstream.answer = () => answer;
      const wait = { headers: { "holdpoint-wait": "0" } };
      assert.equal(/"name":"refund"/.test(await post(chat({ stream: false }), wait)), runs);
      const streamed = chunk({ role: "assistant", content: null }) + called("refund", { amount: 30 }).replace('"finish_reason":null', `"logprobs":${JSON.stringify(logprobs(logprob))},"finish_reason":null`);
      streams(streamed + chunk({}, "tool_calls") + "data: [DONE]\n\n");
      assert.equal(/"name":"refund"/.test(await post(chat(), wait)), runs);
      for (const one of await heldAt()) {
        assert.ok(Math.abs(one.verdict.confidence.given - Math.exp(logprob)) < 1e-9);
        await decide(one, "reject");
      }
    });
  }
});

describe("an upstream that breaks", () => {
  const asked = () => client.chat.completions.stream(((body) => (delete body.stream, body))(chat())).finalChatCompletion();
  const fails = (code, message) => async (run) => {
    const error = await run.then(
      () => assert.fail("an answer came through"),
      (error) => error,
    );
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.equal(upstream.requests.length, 1, "the client does not ask again");
    assert.equal((await heldAt()).length, 0, "nobody is asked about what never came");
  };
  const partial = chunk({ role: "assistant", content: "Hi" }) + chunk({ tool_calls: [{ index: 0, id: "c", type: "function", function: { name: "get_order", arguments: '{"a":' } }] });
  const upstreamFails = fails("upstream", /cannot be gated/);

  for (const [what, ...parts] of [
    ["breaks off in a call", partial],
    ["breaks off by force in a call", partial, (response) => new Promise((resolve) => setTimeout(() => (response.destroy(), resolve()), 50))],
    ["breaks off in an event", partial, 'data: {"id":"chatc'],
    ["sends no JSON", partial, "data: {broken\n\n"],
    ["sends no events", "<html>\n\n"],
    ["sends bytes that are no text", Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0x0a, 0x0a])],
    ["sends a member twice", 'data: {"choices":[],"choices":[]}\n\n'],
    ["sends another shape", 'data: {"tool_calls":[]}\n\n'],
    ["sends nothing at all", ""],
  ]) {
    test(what, async () => {
      streams(...parts.filter((part) => part !== ""));
      await upstreamFails(asked());
    });
  }

  test("is silent in the middle", async () => {
    streams(partial, () => new Promise(() => {}));
    await fails("upstream_timeout", /silent for 2 s/)(asked());
  });

  test("is silent in the middle of a Response", async () => {
    streams(golden("openai_responses", "broken_off_in_a_call"), () => new Promise(() => {}));
    await fails("upstream_timeout", /silent for 2 s/)(client.responses.stream({ model: "m", input: "x" }).finalResponse());
  });

  test("breaks off in a Response", async () => {
    streams(golden("openai_responses", "broken_off_in_a_call"));
    await upstreamFails(client.responses.stream({ model: "m", input: "x" }).finalResponse());
  });

  test("says that it has failed: its own words pass, the unfinished call does not", async () => {
    streams(golden("openai_chat", "an_error"));
    await fails(null, /overloaded/)(asked());
  });

  test("repeats its secret in a stream", async () => {
    streams(chunk({ role: "assistant", content: SECRET }));
    const text = await post(chat());
    assert.ok(!text.includes(SECRET));
    assert.match(text, /"code":"upstream"/);
  });

  test("answers a request for a stream with HTML, or with JSON that is gated all the same", async () => {
    upstream.answer = (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome</h1>");
    await fails("upstream", /answered with `text\/html`, not a stream of events/)(asked());
    upstream.answer = () => completion({ tool_calls: [call("refund", { amount: 1, to: "nobody" })] });
    assert.match(await post(chat()), /blocked by never-nobody/);
  });

  test("answers a plain request with a stream", async () => {
    streams(whole(["get_order", {}]));
    const raw = await holdpoint.ask("POST", "/to/ai/v1/chat/completions", { key: app, body: chat({ stream: false }) });
    assert.deepEqual([raw.status, raw.json.code, raw.headers.get("x-should-retry")], [502, "upstream", "false"]);
  });

  test("closes without [DONE], or never closes after it", async () => {
    streams(whole(["get_order", { id: 1 }]).replace("data: [DONE]\n\n", ""));
    assert.equal((await asked()).choices[0].message.tool_calls[0].function.name, "get_order");
    streams(whole(["get_order", { id: 2 }]), () => new Promise(() => {}));
    assert.match(await post(chat()), /\[DONE\]\n\n$/);
  });

  test("compresses, although it was asked not to", async () => {
    for (const stream of [true, false]) {
      const body = stream ? whole(["refund", { amount: 40 }]) : JSON.stringify(completion({ tool_calls: [call("refund", { amount: 40 })] }));
      upstream.answer = (request, response) => {
        assert.equal(request.headers["accept-encoding"], "identity");
        response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json", "content-encoding": "gzip" });
        response.end(gzipSync(body));
      };
      assert.match(await post(chat({ stream }), { headers: { "holdpoint-wait": "0" } }), /awaiting approval/);
    }
    upstream.answer = (_, response) => void response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "zstd" }).end(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]));
    assert.match(await post(chat()), /"code":"upstream"/);
    await rejectAll();
  });

  test("arguments of 1 MiB, in fragments that split characters", async () => {
    const text = "é𝄞".repeat(1 << 17) + "!".repeat(1 << 18);
    const args = JSON.stringify({ text });
    assert.ok(Buffer.byteLength(args) > 1 << 20);
    const parts = args.match(/[^]{1,8192}/gu).map((part) => chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] }));
    const bytes = Buffer.from(chunk({ role: "assistant", content: null }) + called("get_big", {}).replace('"{}"', '""') + parts.join("") + chunk({}, "tool_calls") + "data: [DONE]\n\n");
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 7919) pieces.push(bytes.subarray(at, at + 7919));
    streams(...pieces);
    const answer = await asked();
    assert.equal(answer.choices[0].message.tool_calls[0].function.arguments, args);
  });

  for (const [what, name] of [["no JSON", "arguments_that_are_no_json"], ["a member twice", "arguments_with_a_member_twice"], ["an end that came too soon", "arguments_cut_by_the_length"], ["names that contradict each other", "a_name_that_changes"]]) {
    test(`arguments with ${what} are blocked`, async () => {
      streams(golden("openai_chat", name));
      const answer = await asked();
      assert.match(answer.choices[0].message.content, /not executed: blocked by malformed$/);
      assert.equal(answer.choices[0].message.tool_calls, undefined);
    });
  }

  test("two calls with one id are two actions", async () => {
    streams(golden("openai_chat", "two_calls_with_one_id"));
    const answering = asked();
    const cases = await held(2);
    await decide(cases.find(({ action }) => action.args.a === 1), "reject");
    await decide(cases.find(({ action }) => action.args.a === 2), "approve");
    const { tool_calls } = (await answering).choices[0].message;
    assert.deepEqual(tool_calls.map(({ function: of }) => of.arguments), ['{"a":2}']);
  });
});
