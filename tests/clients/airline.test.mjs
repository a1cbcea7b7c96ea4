// Real actions of a real model, with right and wrong marked: through the API, and through the official client.
// The data are not part of the project; without them these tests are skipped. HOLDPOINT_DATA names their folder.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import OpenAI from "openai";
import { Holdpoint, root, until } from "../harness/holdpoint.mjs";
import { download, verify } from "../harness/ledger.mjs";
import { Upstream, completion } from "../harness/upstream.mjs";

const folder = join(process.env.HOLDPOINT_DATA ?? join(root, "..", "shared", "data"), "airline");
const skip = existsSync(folder) ? false : `no data in ${folder}`;
const read = (name) => readFileSync(join(folder, name), "utf8");

let holdpoint, app, reviewer, upstream;

before(async () => {
  if (skip) return;
  upstream = await Upstream.start(() => undefined);
  holdpoint = await Holdpoint.start({
    policy: readFileSync(join(root, "examples/airline.toml"), "utf8"),
    upstreams: { ai: { url: upstream.url, dialect: "openai" } },
  });
  app = (await holdpoint.key("app")).key;
  reviewer = (await holdpoint.key("reviewer")).key;
});
after(async () => {
  await holdpoint?.stop();
  await upstream?.stop();
});

const decide = (held, correct) => {
  const body = { digest: held.digest, ...(correct ? { decision: "approve" } : { decision: "reject", reason: held.reasons[0] }) };
  return holdpoint.ask("POST", `/v1/cases/${held.id}/decision`, { key: reviewer, body });
};

test("198 actions by their confidence: what is held is decided, and comes out as decided", { skip }, async (t) => {
  const actions = read("actions.jsonl").trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(actions.length, 198);
  const count = { proceed: 0, held: 0, blocked: 0 };
  const wrong = { all: 0, held: 0 };
  for (const { kind, args, confidence, correct, model } of actions) {
    const proposed = await holdpoint.ask("POST", "/v1/actions", { key: app, body: { kind, args, confidence, source: { model } } });
    const { id, status } = proposed.json;
    count[status] += 1;
    if (!correct) wrong.all += 1;
    if (status === "proceed") {
      assert.equal(proposed.status, 200);
      assert.ok(proposed.json.may_run && confidence === 1, `${kind} ${confidence}`);
      assert.deepEqual(proposed.json.action, { kind, args });
      continue;
    }
    assert.equal(proposed.status, 202, proposed.text);
    if (!correct) wrong.held += 1;
    const shown = await holdpoint.ask("GET", `/v1/cases/${id}`, { key: reviewer });
    assert.deepEqual(shown.json.action.args, args);
    assert.equal((await decide(shown.json, correct)).status, 200);
    const final = await holdpoint.ask("GET", `/v1/actions/${id}`, { key: app });
    assert.deepEqual([final.json.status, final.json.may_run], correct ? ["approved", true] : ["rejected", false]);
    assert.deepEqual(final.json.action, { kind, args });
  }
  const share = (part, whole) => `${part} of ${whole} (${((100 * part) / whole).toFixed(1)} %)`;
  t.diagnostic(`proceeded ${count.proceed}, held ${count.held}, blocked ${count.blocked}`);
  t.diagnostic(`of the wrong ones, ${share(wrong.held, wrong.all)} were held; of all, ${share(count.held, actions.length)}`);
  assert.equal(count.proceed + count.held + count.blocked, 198);
  assert.ok(wrong.held / wrong.all > count.held / actions.length, "holding by confidence finds wrong ones better than chance");
});

test("their ledgers are whole, and a flipped byte in one is found", { skip }, async (t) => {
  const auditor = (await holdpoint.key("auditor")).key;
  const { desks } = (await holdpoint.ask("GET", "/v1/desks", { key: auditor })).json;
  let count = 0;
  for (const { name } of desks) {
    const text = await download(holdpoint, auditor, name);
    if (text === "") continue;
    const head = (await holdpoint.ask("GET", `/v1/ledger/head?desk=${name}`, { key: auditor })).json;
    const good = verify(holdpoint.directory, text, head);
    assert.equal(good.code, 0, good.said);
    const middle = text.indexOf('"', text.length >> 1) + 1;
    const flipped = text.slice(0, middle) + String.fromCharCode(text.charCodeAt(middle) ^ 1) + text.slice(middle + 1);
    const broken = verify(holdpoint.directory, flipped, head);
    assert.deepEqual([broken.code, /the chain breaks at entry \d+/.test(broken.said)], [1, true], broken.said);
    t.diagnostic(`${name}: ${good.said.trim()}; with a flipped byte: ${broken.said.trim().split(": ").slice(1).join(": ")}`);
    count += head.seq;
  }
  assert.ok(count > 300, `${count} entries`);
});

test("ten conversations through the official client, the upstream replaying what was recorded", { skip }, async (t) => {
  const actions = new Map(read("actions.jsonl").trim().split("\n").map((line) => [JSON.parse(line).id, JSON.parse(line)]));
  const conversations = JSON.parse(read("conversations.json"))
    .filter(({ task, trial }) => [...actions.keys()].some((id) => id.startsWith(`t${task}-r${trial}-`)))
    .slice(0, 10);
  assert.equal(conversations.length, 10);
  const client = new OpenAI({ baseURL: `${holdpoint.url}/to/ai/v1`, apiKey: app });
  const seen = { answers: 0, unchanged: 0, approved: 0, rejected: 0 };
  for (const { task, trial, messages } of conversations) {
    for (const [at, recorded] of messages.entries()) {
      if (recorded.role !== "assistant") continue;
      const action = actions.get(`t${task}-r${trial}-m${at}`);
      upstream.answer = (_, response) => {
        const confidence = action ? { "x-confidence": String(action.confidence) } : {};
        response.writeHead(200, { "content-type": "application/json", ...confidence });
        response.end(JSON.stringify(completion(recorded)));
      };
      const answering = client.chat.completions.create({ model: "gpt-4o", messages: messages.slice(0, at) });
      seen.answers += 1;
      const held = action && action.confidence < 1 && (await theHeldCase());
      if (held) assert.equal((await decide(held, action.correct)).status, 200);
      const { message } = (await answering).choices[0];
      if (held && !action.correct) {
        seen.rejected += 1;
        const notice = `[Holdpoint ${held.id}] Action "${action.kind}" was not executed: ${held.reasons[0]}`;
        assert.equal(message.content, recorded.content ? `${recorded.content}\n\n${notice}` : notice);
        assert.equal(message.tool_calls, undefined);
      } else {
        seen[held ? "approved" : "unchanged"] += 1;
        assert.deepEqual(message.tool_calls, recorded.tool_calls);
        assert.equal(message.content, recorded.content);
      }
    }
  }
  t.diagnostic(`${seen.answers} answers: ${seen.unchanged} unchanged, ${seen.approved} approved, ${seen.rejected} rejected`);
  assert.ok(seen.rejected > 0 && seen.unchanged > 0);

  function theHeldCase() {
    return until("the held case", async () => {
      const page = await holdpoint.ask("GET", "/v1/desks/reservations/cases?status=held", { key: reviewer });
      return page.json.cases[0];
    });
  }
});

/** A recorded message as the stream that it could have been. */
function chunksOf({ content, tool_calls = [] }) {
  const chunk = (delta, finish_reason = null) =>
    `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1795363200, model: "gpt-4o", choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`;
  const calls = (tool_calls ?? []).flatMap(({ id, function: { name, arguments: args } }, index) => [
    chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
    ...(args.match(/[^]{1,11}/gu) ?? []).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
  ]);
  const text = (content?.match(/[^]{1,7}/gu) ?? []).map((part) => chunk({ content: part }));
  return [chunk({ role: "assistant", content: content === null ? null : "" }), ...text, ...calls, chunk({}, calls.length > 0 ? "tool_calls" : "stop"), "data: [DONE]\n\n"].join("");
}

test("all 120 conversations as streams: byte for byte where all calls proceed, and what people decided of the rest", { skip }, async (t) => {
  const actions = new Map(read("actions.jsonl").trim().split("\n").map((line) => [JSON.parse(line).id, JSON.parse(line)]));
  const conversations = JSON.parse(read("conversations.json"));
  assert.equal(conversations.length, 120);
  const recorded = new Map();
  upstream.answer = ({ headers }, response) => {
    const { bytes, confidence } = recorded.get(headers["x-turn"]);
    response.writeHead(200, { "content-type": "text/event-stream", ...(confidence !== undefined && { "x-confidence": String(confidence) }) });
    // At odd places, so that events, lines and characters are split.
    const pieces = [];
    for (let at = 0; at < bytes.length; at += 997) pieces.push(bytes.subarray(at, at + 997));
    for (const piece of pieces) response.write(piece);
    response.end();
  };
  const seen = { answers: 0, same: 0, approved: 0, rejected: 0 };

  async function turn(name, messages, message, action) {
    recorded.set(name, { bytes: Buffer.from(chunksOf(message)), confidence: action?.confidence });
    const response = await fetch(`${holdpoint.url}/to/ai/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${app}`, "content-type": "application/json", "x-turn": name },
      body: JSON.stringify({ model: "gpt-4o", messages, stream: true }),
    });
    const chunks = [];
    let held;
    for await (const chunk of response.body) {
      chunks.push(chunk);
      const id = /: (hp_\w+) awaiting approval\n\n/.exec(Buffer.concat(chunks).toString())?.[1];
      if (!id || held) continue;
      held = (await holdpoint.ask("GET", `/v1/cases/${id}`, { key: reviewer })).json;
      assert.deepEqual(held.action.args, JSON.parse(message.tool_calls[0].function.arguments));
      assert.equal((await decide(held, action?.correct)).status, 200);
    }
    const text = Buffer.concat(chunks).toString().replaceAll(/^: .*\n\n/gm, "");
    seen.answers += 1;
    if (held && !action?.correct) {
      seen.rejected += 1;
      assert.ok(!text.includes('"tool_calls":['), text);
      assert.ok(text.includes(`[Holdpoint ${held.id}] Action \\"${held.kind}\\" was not executed: ${held.reasons[0]}`), text);
      assert.match(text, /"finish_reason":"stop"[^]*\[DONE\]\n\n$/);
    } else {
      seen[held ? "approved" : "same"] += 1;
      assert.equal(text, chunksOf(message), "byte for byte");
    }
    recorded.delete(name);
  }

  const left = [...conversations];
  const work = async () => {
    for (let next = left.pop(); next; next = left.pop()) {
      const { task, trial, messages } = next;
      for (const [at, message] of messages.entries()) {
        if (message.role !== "assistant") continue;
        const name = `t${task}-r${trial}-m${at}`;
        await turn(name, messages.slice(0, at), message, actions.get(name));
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  t.diagnostic(`${seen.answers} answers: ${seen.same} byte for byte without a person, ${seen.approved} approved and byte for byte, ${seen.rejected} rejected`);
  assert.equal(seen.answers, 1698);
  assert.ok(seen.rejected > 100 && seen.approved > 20 && seen.same > 1500);
});

test("what the decisions tell, and what a stricter policy would have done", { skip }, async (t) => {
  const actions = read("actions.jsonl").trim().split("\n").map((line) => JSON.parse(line));
  const insights = await until("every label has arrived", async () => {
    const { json } = await holdpoint.ask("GET", "/v1/insights", { key: holdpoint.admin });
    return json.overrides.all.held.n >= 157 && json;
  });
  const { held } = insights.overrides.all;
  // Those of the conversations before may be among them.
  assert.ok(held.n >= 157 && held.k >= 130 && held.rate > 0.7, JSON.stringify(held));
  assert.ok(insights.overrides.kind.some(({ name }) => name === "update_reservation_flights"));
  for (const { property, criterion, with: found } of insights.patterns.found) t.diagnostic(`${property}: ${found.k} of ${found.n}, ${criterion.when}`);
  const given = actions.map(({ kind, args, confidence, correct }) => ({ kind, args, confidence, wrong: !correct }));
  const policy = readFileSync(join(root, "examples/airline.toml"), "utf8");
  const strict = policy.replace('severity = "medium"', 'severity = "critical"');
  const { status, json } = await holdpoint.ask("POST", "/v1/policy/backtest?per_day=500", { key: holdpoint.admin, body: { policy: strict, actions: given } });
  assert.equal(status, 200);
  assert.deepEqual([json.before.proceed, json.before.hold, json.before.let_through, json.overridden], [41, 157, 9, 139]);
  assert.ok(json.after.hold > 157 && json.after.let_through < 9);
  t.diagnostic(`held before ${json.before.hold}, after ${json.after.hold}; let through ${json.before.let_through} and ${json.after.let_through}; minutes ${json.before.review_minutes} and ${json.after.review_minutes}`);
});
