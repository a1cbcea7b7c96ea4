// Servers of tools behind Holdpoint: official clients of both eras, unmodified but for their address and key, × how the
// server answers × every verdict; what apps without an SDK see; a real server, whose files change once; and what is known
// after a kill. What passed of the first is written into docs/clients.md (`HOLDPOINT_PRINT=1`), and compared with it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pinned, python, says, version } from "../harness/clients.mjs";
import { Holdpoint, freePort, root, until } from "../harness/holdpoint.mjs";
import { Bridge, Session, ToolReviewer, ToolServer, VERDICTS, eventsOf, firstMessage, keyOf, modernCall, read } from "../harness/mcp.mjs";
import { Upstream } from "../harness/upstream.mjs";
import { POLICY } from "../harness/verdicts.mjs";
import * as v1 from "./sdk/mcp_v1.mjs";
import * as v2 from "./sdk/mcp_v2.mjs";

const SECRET = "tools-upstream-secret-a41e";
const MODES = ["plain", "with progress"];
const ANSWERS = { events: "events", json: "JSON" };
const ERAS = { legacy: "2025-11-25", modern: "2026-07-28", auto: "2026-07-28, found out" };
const CLIENTS = {
  [`@modelcontextprotocol/sdk ${version("@modelcontextprotocol/sdk")} for Node`]: { start: (name) => inProcess(v1, name), eras: ["legacy"] },
  [`@modelcontextprotocol/client ${version("@modelcontextprotocol/client")} for Node`]: { start: (name) => inProcess(v2, name), eras: ["legacy", "modern"] },
  [`mcp ${pinned("mcp")} for Python`]: { start: (name) => inPython(name), eras: ["legacy", "auto"] },
};
const NOTICE = /^\[Holdpoint (hp_[a-z2-7]+)\] Action "([^"]+)" was not executed: (.+)$/;
const IMPATIENT = { "holdpoint-wait": "0" };

let holdpoint, tools, odd, bridge, directory, reviewer, app, reviewing;
const url = (name) => `${holdpoint.url}/to/${name}`;
const passed = new Set();

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "holdpoint-files-"));
  [tools, odd, bridge] = await Promise.all([
    ToolServer.start(),
    Upstream.start((request, response) => answers.get(keyOf(request.body?.params?.arguments))?.(request, response)),
    Bridge.start(process.execPath, [join(root, "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js"), directory]),
  ]);
  const to = (url) => ({ url, dialect: "mcp", secret: "TOOLS_KEY" });
  holdpoint = await Holdpoint.start({
    policy: POLICY,
    secrets: { TOOLS_KEY: SECRET },
    upstreams: { events: to(`${tools.url}/events`), json: to(`${tools.url}/json`), odd: to(`${odd.url}/mcp`), files: to(bridge.url), gone: to(`http://127.0.0.1:${await freePort()}`) },
  });
  app = (await holdpoint.key("app")).key;
  reviewing = (await holdpoint.key("reviewer")).key;
  reviewer = new ToolReviewer(holdpoint, reviewing);
});
after(async () => {
  await reviewer.stop();
  await holdpoint.stop();
  await Promise.all([tools.stop(), odd.stop(), bridge.stop()]);
  rmSync(directory, { recursive: true });
});

/** A client in this process. */
function inProcess({ ways }, name) {
  const all = ways({ url: url(name), key: app });
  return { use: (era, mode, call, headers) => all[era][mode](call, { headers }), stop: all.stop };
}

/** A client in Python. */
function inPython(name) {
  const { use, stop } = python("mcp_python.py", { HOLDPOINT_URL: url(name), HOLDPOINT_KEY: app });
  return { use: (era, mode, call, headers) => use({ era, mode, call, headers }), stop };
}

let next = 1000;
const newOrder = () => `A${(next += 1)}`;

/** Waits until an action stands so. */
const standing = (id, ...status) =>
  until(`${id} to be ${status}`, async () => {
    const { json } = await holdpoint.ask("GET", `/v1/actions/${id}`, { key: app });
    return status.includes(json.status) && json;
  });

/** Waits until such a call is held; its case. */
const held = (kind, key) => until(`${kind} ${key} to be held`, () => reviewer.cases.get(`${kind} ${key}`));

/** What a reviewer does by hand, of what waits for that. */
async function decide(id, decision, more = {}, at = holdpoint, key = reviewing) {
  const { digest } = (await at.ask("GET", `/v1/cases/${id}`, { key })).json;
  const decided = await at.ask("POST", `/v1/cases/${id}/decision`, { key, body: { digest, decision, ...more } });
  assert.equal(decided.status, 200, decided.text);
}

/** A result that stands in the place of what was not done. */
function assertNotice({ text, isError, meta }, kind, decision, said) {
  const [, id, name, why] = NOTICE.exec(text) ?? assert.fail(text);
  assert.deepEqual([name, why, isError], [kind, said, true]);
  assert.deepEqual([meta["dev.holdpoint/action"], meta["dev.holdpoint/decision"]], [id, decision]);
  return id;
}

/** The same of an answer as it is on the wire. */
const assertNoticed = ({ result }, ...expected) => assertNotice({ text: result.content[0].text, isError: result.isError, meta: result._meta }, ...expected);

/** One cell: the app sees what the verdict wants it to see, and the tool runs once or never. */
async function cell(client, at, verdict) {
  const order = newOrder();
  const calls = VERDICTS[verdict].map((call) => ({ ...call, asked: call.args(order), runs: (call.edited ?? ((args) => args))(call.args(order)) }));
  const use = ({ name, asked }, headers) => client.use(at.era, at.mode, { name, arguments: asked }, headers);

  const assertDone = (seen, { name, runs }) => {
    const key = keyOf(runs);
    assert.deepEqual([seen.text, seen.structured, seen.isError], [`${name} ${key}`, { ran: name, order: key }, false]);
    assert.deepEqual(Object.keys(seen.meta).filter((name) => name.startsWith("dev.holdpoint")), []);
    if (at.mode === "with progress" && at.answers === "events") assert.equal(seen.progress.at(-1), "half of it");
  };
  const assertRan = (calls) => {
    const ran = tools.ran.filter(({ key }) => key.startsWith(order));
    assert.deepEqual(ran.map(({ name, args }) => [name, args]), calls.map(({ name, runs }) => [name, runs]));
    for (const { name, key, headers } of ran) {
      assert.equal(headers.authorization, `Bearer ${SECRET}`);
      assert.ok(!JSON.stringify(headers).includes(app));
      if (at.era !== "legacy" && name !== "lookup") assert.equal(headers["mcp-param-order"], key);
    }
  };

  const seen = await Promise.all(calls.map((call) => use(call, verdict === "wait over" ? IMPATIENT : {})));
  for (const [index, call] of calls.entries()) {
    const id = call.says ? assertNotice(seen[index], call.name, call.decision, call.says) : reviewer.cases.get(`${call.name} ${order}`);
    if (!call.says) assertDone(seen[index], call);
    if (call.status === "done" && at.mode === "with progress") assert.equal(seen[index].progress[0], "awaiting approval");
    if (call.status) await standing(id, call.status);
  }
  assertRan(calls.filter(({ says }) => !says));
  if (verdict !== "wait over") return;

  // Approved meanwhile, the repetition spends that, once.
  const [call] = calls;
  const id = NOTICE.exec(seen[0].text)[1];
  await decide(id, "approve");
  assertDone(await use(call, {}), call);
  await standing(id, "done");
  const again = assertNotice(await use(call, IMPATIENT), call.name, call.decision, call.says);
  assert.notEqual(again, id);
  assertRan(calls);
}

const lists = Object.entries(CLIENTS).flatMap(([name, { eras }]) =>
  eras.flatMap((era) => Object.keys(ANSWERS).flatMap((answers) => MODES.map((mode) => ({ name, era, answers, mode })))),
);
const label = ({ name, era, answers, mode }, verdict) => [name, era, answers, mode, verdict].join("|");

/** What the upstream that is written by hand answers, by what it is called for. */
const answers = new Map();

describe("servers of tools", { concurrency: true }, () => {
  for (const [name, { start }] of Object.entries(CLIENTS)) {
    describe(name, { concurrency: 12 }, () => {
      const clients = {};
      before(() => Object.keys(ANSWERS).forEach((answers) => (clients[answers] = start(answers))));
      after(() => Promise.all(Object.values(clients).map((client) => client.stop())));
      for (const at of lists.filter((at) => at.name === name)) {
        for (const verdict of Object.keys(VERDICTS)) {
          test(`${ERAS[at.era]}, ${ANSWERS[at.answers]}, ${at.mode}: ${verdict}`, async () => {
            await cell(clients[at.answers], at, verdict);
            passed.add(label(at, verdict));
          });
        }
      }
    });
  }

  describe("while a person is asked", { concurrency: true }, () => {
    test("comments come, and progress where it was asked for, with growing numbers until the end", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const message = session.message("refund", { order, amount: 1, decide: "wait" }, { progressToken: "p-1" });
      const response = await session.post(message);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type"), /^text\/event-stream/);
      const progress = [], comments = [];
      let answer;
      for await (const { comment, message: said } of eventsOf(response)) {
        if (comment !== undefined) comments.push(comment);
        if (said?.method === "notifications/progress") {
          assert.equal(said.params.progressToken, "p-1");
          progress.push(said.params.progress);
          // At once, and again 15 s later.
          if (progress.length === 2) await decide(await held("refund", order), "approve");
        }
        if (said?.id === message.id) answer = said;
      }
      const id = await held("refund", order);
      assert.equal(comments[0], `${id} awaiting approval`);
      assert.ok(comments.length >= 2, "whoever is silent for long is cut off");
      assert.equal(progress.length, 3, "the upstream's own is the last");
      assert.deepEqual(progress, [...new Set(progress)].sort((a, b) => a - b), "numbers of one call have to grow");
      assert.deepEqual(answer.result.structuredContent, { ran: "refund", order });
    });

    test("without a token there is no progress", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const { messages, comments } = await session.call("refund", { order, amount: 1, decide: "approve" });
      assert.equal(comments[0], `${await held("refund", order)} awaiting approval`);
      assert.equal(messages.length, 1);
    });

    test("what is cancelled is not forwarded, and the next equal call is", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const message = session.message("refund", { order, amount: 1, decide: "wait" });
      const waiting = session.post(message, { headers: { "holdpoint-wait": "10" } }).then(read);
      const id = await held("refund", order);
      const cancelled = await session.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: message.id, reason: "enough" } });
      assert.equal(cancelled.status, 202);
      await decide(id, "approve");
      await waiting;
      assert.deepEqual(tools.runs(order), []);
      await standing(id, "approved");
      const { result } = await session.call("refund", { order, amount: 1, decide: "wait" });
      assert.deepEqual(result.structuredContent, { ran: "refund", order });
      assert.equal(tools.runs(order).length, 1);
      await standing(id, "done");
    });

    test("equal calls that both wait are two, and each is decided by itself", async () => {
      const order = newOrder();
      const args = { order, amount: 1, decide: "wait" };
      const session = await Session.open(url("events"), app);
      const ids = [];
      const asking = [];
      for (const at of [0, 1]) {
        const message = session.message("refund", args);
        const response = await session.post(message);
        ids.push(response.headers.get("holdpoint-action"));
        asking[at] = read(response).then((seen) => seen.of(message.id));
      }
      assert.equal(new Set(ids).size, 2);
      await decide(ids[1], "reject", { reason: "not asked for" });
      assertNoticed(await asking[1], "refund", "rejected", "not asked for");
      assert.deepEqual(tools.runs(order), []);
      await decide(ids[0], "approve");
      assert.deepEqual((await asking[0]).result.structuredContent, { ran: "refund", order });
      assert.equal(tools.runs(order).length, 1);
      await standing(ids[0], "done");
    });

    test("two clients whose requests are the same to the byte are two", async () => {
      const order = newOrder();
      const message = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "mail", arguments: { order, amount: 1, decide: "wait" } } };
      const clients = await Promise.all([Session.open(url("events"), app), Session.open(url("events"), app)]);
      const asking = [];
      const waiting = [];
      for (const client of clients) {
        asking.push(client.post(message).then(read));
        waiting.push(await until("another case", () => { const id = reviewer.cases.get(`mail ${order}`); return !waiting.includes(id) && id; }));
      }
      for (const id of waiting) await decide(id, "approve");
      for (const seen of await Promise.all(asking)) assert.equal(seen.of(2).result.isError ?? false, false);
      assert.equal(tools.runs(order).length, 2);
    });

    test("a call that comes again when its wait is over joins its case, whatever the client calls it then", async () => {
      const order = newOrder();
      const args = { order, amount: 1, decide: "wait" };
      const [one, other] = await Promise.all([Session.open(url("events"), app), Session.open(url("events"), app)]);
      const id = assertNoticed(await one.call("refund", args, { headers: IMPATIENT }), "refund", "awaiting approval", "awaiting approval");
      assert.equal(assertNoticed(await other.call("refund", args, { headers: IMPATIENT }), "refund", "awaiting approval", "awaiting approval"), id);
      const elsewhere = await Session.open(url("json"), app);
      assert.notEqual(assertNoticed(await elsewhere.call("refund", args, { headers: IMPATIENT }), "refund", "awaiting approval", "awaiting approval"), id, "another upstream is another call");
      const stranger = await Session.open(url("events"), (await holdpoint.key("app")).key);
      assert.notEqual(assertNoticed(await stranger.call("refund", args, { headers: IMPATIENT }), "refund", "awaiting approval", "awaiting approval"), id, "another app too");

      const message = { ...other.message("refund", args), id: "again" };
      const response = await other.post(message);
      assert.equal(response.headers.get("holdpoint-action"), id);
      await decide(id, "approve");
      assert.deepEqual((await read(response)).of("again").result.structuredContent, { ran: "refund", order });
      assert.equal(tools.runs(order).length, 1);
      await standing(id, "done");
    });

    test("for a client that has gone nothing is forwarded, and the next equal call spends what was approved", async () => {
      const session = await Session.open(url("events"), app);
      const ways = [
        (args, signal) => session.call("refund", args, { signal }),
        // In the modern era this is how a call is cancelled.
        (args, signal) => modernCall(url("json"), app, "refund", args, { signal }),
      ];
      for (const call of ways) {
        const order = newOrder();
        const args = { order, amount: 1, decide: "wait" };
        const gone = new AbortController();
        const asking = call(args, gone.signal).catch(() => "gone");
        const id = await held("refund", order);
        gone.abort();
        assert.equal(await asking, "gone");
        await decide(id, "approve");
        // The Worker learns that nobody is there when it tells of the decision.
        await new Promise((resolve) => setTimeout(resolve, 300));
        assert.deepEqual(tools.runs(order), []);
        await standing(id, "approved");
        assert.deepEqual((await call(args)).result.structuredContent, { ran: "refund", order });
        await standing(id, "done");
        assert.equal(tools.runs(order).length, 1);
      }
    });

    test("what the app withdraws is not done", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const asking = session.call("refund", { order, amount: 1, decide: "wait" });
      const id = await held("refund", order);
      assert.equal((await holdpoint.ask("POST", `/v1/actions/${id}/withdraw`, { key: app })).status, 200);
      assertNoticed(await asking, "refund", "withdrawn", "withdrawn");
      assert.deepEqual(tools.runs(order), []);
    });

    test("in the modern era a notice is complete, and an edit is in the header that repeats it", async () => {
      const order = newOrder();
      const blocked = await modernCall(url("events"), app, "never", { order });
      assert.deepEqual([blocked.status, blocked.result.resultType], [200, "complete"]);
      assertNoticed(blocked, "never", "blocked", "blocked by never-ever");
      const rejected = await modernCall(url("events"), app, "refund", { order, amount: 1, decide: "reject" });
      assert.equal(rejected.result.resultType, "complete");
      assertNoticed(rejected, "refund", "rejected", "wrong amount");

      const asking = modernCall(url("events"), app, "refund", { order, amount: 2, decide: "wait" });
      const other = await until("the other case", () => reviewer.cases.get(`refund ${order}`) !== NOTICE.exec(rejected.result.content[0].text)[1] && reviewer.cases.get(`refund ${order}`));
      const elsewhere = `Zürich ${order}`;
      await decide(other, "edit", { args: { order: elsewhere, amount: 3 } });
      const { result } = await asking;
      assert.deepEqual(result.structuredContent, { ran: "refund", order: elsewhere });
      const [{ headers }] = tools.ran.filter(({ key }) => key === elsewhere);
      assert.equal(headers["mcp-param-order"], `=?base64?${Buffer.from(elsewhere).toString("base64")}?=`);
      await standing(other, "done");
    });

    test("a confidence in `_meta` lets a threshold pass", async () => {
      const [sure, unsure, silent] = [newOrder(), newOrder(), newOrder()];
      const session = await Session.open(url("events"), app);
      const guess = (order, meta) => session.call("guess", { order, amount: 1 }, { meta, headers: IMPATIENT });
      assert.deepEqual((await guess(sure, { "dev.holdpoint/confidence": 0.9 })).result.structuredContent, { ran: "guess", order: sure });
      assertNoticed(await guess(unsure, { "dev.holdpoint/confidence": 0.2 }), "guess", "awaiting approval", "awaiting approval");
      assertNoticed(await guess(silent), "guess", "awaiting approval", "awaiting approval");
      assert.deepEqual([tools.runs(sure).length, tools.runs(unsure).length, tools.runs(silent).length], [1, 0, 0]);
    });
  });

  describe("a batch", { concurrency: true }, () => {
    test("each call is gated, and those that may run leave together", async () => {
      for (const name of ["events", "json"]) {
        const order = newOrder();
        const session = await Session.open(url(name), app, { protocol: "2025-03-26" });
        const calls = [
          session.message("lookup", { id: order }),
          session.message("refund", { order, amount: 1, decide: "approve" }),
          session.message("mail", { order, amount: 1, decide: "reject" }),
          session.message("never", { order }),
          { jsonrpc: "2.0", id: "alive", method: "ping" },
        ];
        const seen = await read(await session.post(calls));
        assert.equal(seen.status, 200);
        const results = calls.map(({ id }) => seen.of(id)?.result);
        assert.deepEqual(results[0].structuredContent, { ran: "lookup", order });
        assert.deepEqual(results[1].structuredContent, { ran: "refund", order });
        assertNoticed({ result: results[2] }, "mail", "rejected", "wrong amount");
        assertNoticed({ result: results[3] }, "never", "blocked", "blocked by never-ever");
        assert.deepEqual(results[4], {});
        assert.equal(seen.messages.filter(({ id }) => id !== undefined).length, calls.length, "one answer each");
        const sent = tools.sent(order);
        assert.equal(sent.length, 1);
        assert.deepEqual(sent[0].body.map(({ id }) => id), [calls[0].id, calls[1].id, "alive"]);
        assert.deepEqual(tools.runs(order).map(([name]) => name).sort(), ["lookup", "refund"]);
        await standing(await held("refund", order), "done");
      }
    });

    test("of which nothing may run is answered, and nothing is sent", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app, { protocol: "2025-03-26" });
      const calls = [session.message("never", { order }), session.message("never", { order, amount: 1 })];
      const seen = await read(await session.post(calls));
      for (const { id } of calls) assertNoticed(seen.of(id), "never", "blocked", "blocked by never-ever");
      assert.deepEqual(tools.sent(order), []);
    });
  });

  describe("sessions and streams", { concurrency: true }, () => {
    /** A session's id as the upstream gave it: behind it stands whose it is. */
    const upstreams = (id) => id.slice(0, id.lastIndexOf("."));

    test("a session is of the key that began it", async () => {
      const session = await Session.open(url("events"), app);
      const other = (await holdpoint.key("app", { name: "another" })).key;
      for (const [id, to] of [[session.id, "events"], [upstreams(session.id), "events"], [session.id, "json"]]) {
        const key = to === "json" ? app : other;
        const thief = new Session(url(to), key, { "mcp-session-id": id, "mcp-protocol-version": "2025-11-25" });
        const seen = await thief.call("lookup", { id: newOrder() });
        assert.deepEqual([seen.status, seen.messages[0].error.data.code], [404, "not_found"]);
        assert.equal((await thief.ask("DELETE")).status, 404);
        assert.equal((await thief.ask("GET", { headers: { accept: "text/event-stream" } })).status, 404);
      }
      assert.equal((await session.call("lookup", { id: "still-there" })).status, 200);
    });

    test("a session that the upstream has forgotten spends no approval, and the next call is told where clients look", async () => {
      const session = await Session.open(url("events"), app);
      const order = newOrder();
      await tools.sessions.get(upstreams(session.id)).transport.close();
      const { answer } = await session.call("refund", { order, amount: 1, decide: "approve" });
      assert.ok(answer.error, JSON.stringify(answer));
      await standing(await held("refund", order), "approved");
      const next = await session.call("refund", { order: newOrder(), amount: 1, decide: "wait" });
      assert.equal(next.status, 404);
      const fresh = await Session.open(url("events"), app);
      assert.equal((await fresh.call("refund", { order, amount: 1, decide: "approve" })).result.isError ?? false, false);
      assert.equal(tools.runs(order).length, 1);
    });

    test("a session is the upstream's own, from its beginning to its end", async () => {
      const session = await Session.open(url("events"), app);
      const own = upstreams(session.id);
      assert.ok(tools.sessions.has(own));
      assert.equal(session.opened.of(0).result.serverInfo.name, "tools");
      const asked = tools.requests.filter(({ headers }) => headers["mcp-session-id"] === own);
      assert.deepEqual(asked.map(({ body }) => body.method), ["notifications/initialized"]);
      assert.deepEqual([asked[0].headers.authorization, asked[0].headers["mcp-protocol-version"]], [`Bearer ${SECRET}`, "2025-11-25"]);
      assert.equal((await session.ask("DELETE", { body: undefined })).status, 200);
      assert.ok(!tools.sessions.has(own));
      const gone = await session.call("lookup", { id: newOrder() });
      assert.deepEqual([gone.status, gone.messages[0].error.code], [404, -32001], "in the upstream's words");
    });

    test("what the server says by itself passes, and its stream is taken up where it broke", async () => {
      const session = await Session.open(url("events"), app);
      const { server } = tools.sessions.get(upstreams(session.id));
      const broken = new AbortController();
      const response = await session.ask("GET", { signal: broken.signal });
      assert.match(response.headers.get("content-type"), /^text\/event-stream/);
      await server.sendToolListChanged();
      const first = await firstMessage(response);
      assert.equal(first.message.method, "notifications/tools/list_changed");
      broken.abort();
      // The upstream lets nobody in as long as it thinks that the first is there.
      const again = await until("the first stream to be over", async () => {
        const response = await session.ask("GET", { headers: { "last-event-id": first.id } });
        if (response.status === 200) return response;
        assert.equal(response.status, 409);
        return void (await response.text());
      });
      await server.sendToolListChanged();
      const second = await firstMessage(again);
      assert.equal(second.message.method, "notifications/tools/list_changed");
      assert.notEqual(second.id, first.id);
    });

    test("a result that comes on a stream that was taken up is known, to the client and here", async () => {
      const order = newOrder();
      tools.doing.set(order, async ({ closeStream, headers }) => {
        closeStream();
        await until("a stream with the last event's id", () => tools.requests.some((at) => at.method === "GET" && at.headers["last-event-id"] && at.headers["mcp-session-id"] === headers["mcp-session-id"]));
      });
      const client = v1.ways({ url: url("events"), key: app });
      const seen = await client.legacy.plain({ name: "refund", arguments: { order, amount: 1, decide: "approve" } });
      assert.deepEqual(seen.structured, { ran: "refund", order });
      await standing(await held("refund", order), "done");
      assert.equal(tools.runs(order).length, 1);
      await client.stop();
    });

    test("what keeps a client patient stands between the upstream's events, not within them", async () => {
      const order = newOrder();
      const text = `data: ${JSON.stringify({ jsonrpc: "2.0", id: 1, result: { content: [], structuredContent: { order } } })}\n\n`;
      answers.set(order, (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).write(text.slice(0, 40));
        // A comment comes after 15 s.
        setTimeout(() => response.end(text.slice(40)), 17_000);
      });
      const { result } = await new Session(url("odd"), app).call("refund", { order, amount: 1, decide: "approve" });
      assert.deepEqual(result.structuredContent, { order });
      await standing(await held("refund", order), "done");
    });

    test("clients that find the era out find a server of sessions too", async () => {
      const file = join(directory, "found");
      writeFileSync(file, "here");
      const client = v2.ways({ url: url("files"), key: app });
      const asking = client.auto.plain({ name: "read_text_file", arguments: { path: file } });
      await decide(await held("read_text_file", file), "approve");
      assert.equal((await asking).text, "here");
      await client.stop();
    });
  });

  describe("byte for byte", { concurrency: true }, () => {
    const call = (order, name = "lookup", more = "") => `{ "id":7,\n"jsonrpc":"2.0", "method" : "tools/call",${more} "params":{"name":"${name}","arguments":{"order":"${order}","amount":1.50,"decide":"approve"}}}`;
    const ok = '{"jsonrpc":"2.0",  "id":7,"result":{"content":[{"type":"text","text":"\\u00e9 1.50"}],"n":1.0e2}}';
    const answering = (text, status = 200, type = "application/json") => (_, response) => void response.writeHead(status, { "content-type": type, "x-own": "yes" }).end(text);

    test("what proceeds, there and back", async () => {
      const order = newOrder();
      answers.set(order, answering(ok));
      const response = await new Session(url("odd"), app, { "x-trace": "t-1" }).post(call(order));
      assert.equal(await response.text(), ok);
      assert.deepEqual([response.status, response.headers.get("x-own")], [200, "yes"]);
      const id = response.headers.get("holdpoint-action");
      if (id) assert.equal((await standing(id, "proceed")).may_run, true);
      const [sent] = odd.requests.filter(({ text }) => text.includes(order));
      assert.equal(sent.text, call(order));
      assert.deepEqual([sent.method, sent.path, sent.headers["x-trace"]], ["POST", "/mcp", "t-1"]);
    });

    test("what was approved", async () => {
      const order = newOrder();
      answers.set(order, answering(ok));
      const seen = await read(await new Session(url("odd"), app).post(call(order, "refund")));
      assert.deepEqual(seen.of(7), JSON.parse(ok));
      assert.deepEqual(odd.requests.filter(({ text }) => text.includes(order)).map(({ text }) => text), [call(order, "refund")]);
      await standing(await held("refund", order), "done");
    });

    test("what is no call at all, whatever it is", async () => {
      const order = newOrder();
      answers.set(order, answering('{"jsonrpc":"2.0","id":7,"result":{}}'));
      const text = `{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"arguments":{"order":"${order}"}}}`;
      assert.equal((await new Session(url("odd"), app).post(text)).status, 200);
      assert.equal(odd.requests.find(({ text }) => text.includes(order)).text, text);
    });

    for (const [what, answer, check] of [
      ["a result that is an error", answering('{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"no money"}],"isError":true}}'), ({ result }) => assert.equal(result.content[0].text, "no money")],
      ["a JSON-RPC error", answering('{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no such tool"}}'), ({ error }) => assert.deepEqual(error, { code: -32602, message: "no such tool" })],
      ["a status of 4xx", answering('{"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"not so"}}', 400), ({ error }) => assert.ok(error)],
      ["a status of 4xx without a message", answering("<html>", 403, "text/html"), ({ error }) => assert.ok(error)],
    ]) {
      test(`${what} is a failure, and the client is told`, async () => {
        const order = newOrder();
        answers.set(order, answer);
        const seen = await read(await new Session(url("odd"), app).post(call(order, "refund")));
        assert.equal(seen.status, 200);
        check(seen.of(7));
        await standing(await held("refund", order), "failed");
        assert.equal(odd.requests.filter(({ text }) => text.includes(order)).length, 1);
      });
    }

    test("where the upstream asks for something first nothing has run, and who approves the next round sees what is answered", async () => {
      const order = newOrder();
      answers.set(order, ({ body }, response) => {
        const asks = { resultType: "input_required", requestState: "r-1", inputRequests: {} };
        const done = { resultType: "complete", content: [{ type: "text", text: "done" }] };
        answering(JSON.stringify({ jsonrpc: "2.0", id: 7, result: body.params.requestState ? done : asks }))(undefined, response);
      });
      const round = async (more, headers = {}) => {
        const message = JSON.parse(call(order, "refund"));
        Object.assign(message.params, more);
        return (await read(await new Session(url("odd"), app).post(message, { headers }))).of(7).result;
      };
      assert.equal((await round({})).requestState, "r-1");
      const { id } = await standing(await held("refund", order), "approved");
      const answered = { requestState: "r-1", inputResponses: { account: { action: "accept", content: { iban: "X1" } } } };
      assert.equal((await round(answered)).content[0].text, "done");
      const { json } = await holdpoint.ask("GET", "/v1/desks/main/cases?status=done&order=newest", { key: reviewing });
      const [next] = json.cases.filter(({ action }) => action.args.order === order);
      assert.notEqual(next.id, id, "an approval without the answers is none with them");
      assert.deepEqual(next.action.context, answered);
      assert.equal((await round({})).requestState, "r-1", "the first is free for the same call again");
      assert.equal(odd.requests.filter(({ text }) => text.includes(order)).length, 3);
    });

    test("an edit whose headers cannot be made anew is not sent, and its approval not spent", async () => {
      const order = newOrder();
      // What the upstream says of its tools.
      answers.set(undefined, answering("{}", 500));
      const asking = modernCall(url("odd"), app, "refund", { order, amount: 1, decide: "wait" });
      const id = await held("refund", order);
      await decide(id, "edit", { args: { order, amount: 2 } });
      const { answer } = await asking;
      assert.match(answer.error.message, /does not list the tool/);
      await standing(id, "edited");
      assert.deepEqual(odd.requests.filter(({ text }) => text.includes(order)), []);
    });

    test("the upstream's secret never comes back", async () => {
      for (const [name, type] of [["lookup", "application/json"], ["refund", "application/json"], ["lookup", "text/event-stream"], ["refund", "text/event-stream"]]) {
        const order = newOrder();
        answers.set(order, ({ headers }, response) => {
          const text = JSON.stringify({ jsonrpc: "2.0", id: 7, result: { content: [{ type: "text", text: headers.authorization }] } });
          answering(type === "application/json" ? text : `data: ${text}\n\n`, 200, type)(undefined, response);
        });
        const response = await new Session(url("odd"), app).post(call(order, name));
        const text = await response.text().catch(() => "");
        assert.equal(odd.requests.find(({ text }) => text.includes(order)).headers.authorization, `Bearer ${SECRET}`);
        assert.ok(!(text + JSON.stringify([...response.headers])).includes(SECRET), `${name} as ${type}`);
      }
    });
  });

  describe("what is not sent anywhere", { concurrency: true }, () => {
    const assertRefused = async (response, code, status) => {
      const text = await response.text();
      assert.match(response.headers.get("content-type"), /^application\/json/, text);
      const { jsonrpc, error } = JSON.parse(text);
      assert.equal(jsonrpc, "2.0");
      assert.ok(Number.isInteger(error.code) && error.message.length > 10, text);
      if (code) assert.equal(error.data.code, code);
      if (status) assert.equal(response.status, status);
      else assert.ok(response.status >= 400, `${response.status} ${text}`);
    };

    test("a key that is none", async () => {
      const order = newOrder();
      const stranger = new Session(url("events"), `hpk_${"x".repeat(43)}`);
      await assertRefused(await stranger.post(stranger.message("lookup", { id: order })), "unauthenticated", 401);
      for (const method of ["GET", "DELETE"]) await assertRefused(await stranger.ask(method), "unauthenticated", 401);
      assert.deepEqual(tools.sent(order), []);
      const client = v1.ways({ url: url("events"), key: `hpk_${"x".repeat(43)}` });
      await assert.rejects(client.legacy.plain({ name: "lookup", arguments: { id: order } }));
    });

    test("a call that wants no answer, for nobody could be told", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const { id: _, ...message } = session.message("lookup", { id: order });
      for (const body of [message, { ...message, id: null }, [message]]) await assertRefused(await session.post(body));
      assert.deepEqual(tools.sent(order), []);
    });

    test("what another parser could read as another call", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      const params = `"params":{"name":"refund","arguments":{"order":"${order}","amount":1}}`;
      for (const body of [
        `{"jsonrpc":"2.0","id":5,"METHOD":"tools/call",${params}}`,
        `{"jsonrpc":"2.0","id":5,"method":"ping","Method":"tools/call",${params}}`,
        `{"jsonrpc":"2.0","id":5,"method":"ping","method":"tools/call",${params}}`,
        `{"jsonrpc":"2.0","id":5,"method":"ping","\\u006dethod":"tools/call",${params}}`,
        `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"lookup","NAME":"refund","arguments":{"id":"${order}"}}}`,
        `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"lookup","arguments":{"id":"${order}"},"Arguments":{"id":"x"}}}`,
        `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"lookup","arguments":{"id":"${order}"}},"Params":{"name":"refund"}}`,
        `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"lookup","arguments":{"id":"${order}","id":"x"}}}`,
      ]) {
        const seen = await read(await session.post(body));
        const answer = seen.messages[0];
        assert.ok(answer?.error || answer?.result?.isError, body);
      }
      assert.deepEqual(tools.sent(order), []);
    });

    test("a body that others could read as something else, and a query", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      // By utf-7 this is a call.
      const ping = `{"jsonrpc":"2.0","id":5,"method":"ping","x":"+ACI-,+ACI-method+ACI-:+ACI-tools/call+ACI-,+ACI-order+ACI-:+ACI-${order}+ACI-,+ACI-y+ACI-:+ACI-"}`;
      for (const headers of [
        { "content-type": "application/json; charset=utf-7" },
        { "content-type": 'application/json; x=y; CHARSET="utf-16le"' },
        { "content-type": "text/plain" },
        { "content-encoding": "deflate" },
      ]) {
        await assertRefused(await session.post(ping, { headers }), "media_type", 415);
      }
      for (const query of ["?", "?project=other", "?sessionId=1"]) {
        const response = await fetch(url("events") + query, { method: "POST", headers: session.headers, body: JSON.stringify(session.message("lookup", { id: order })) });
        if (query === "?") assert.equal(response.status, 200, "no query at all");
        else await assertRefused(response, "not_found", 404);
      }
      assert.equal(tools.sent(order).length, 1);
    });

    test("with a key that was revoked meanwhile: neither what was approved, nor what needed no approval", async () => {
      const order = newOrder();
      const { id, key } = await holdpoint.key("app", { name: "soon revoked" });
      const session = await Session.open(url("events"), key, { protocol: "2025-03-26" });
      const calls = [session.message("lookup", { id: order }), session.message("refund", { order, amount: 1, decide: "wait" })];
      const asking = session.post(calls).then(read);
      const waiting = await held("refund", order);
      await holdpoint.ask("DELETE", `/v1/keys/${id}`, { key: holdpoint.admin });
      await until("the key to be unknown", async () => (await session.ask("DELETE")).status === 401);
      await decide(waiting, "approve");
      const seen = await asking;
      for (const { id } of calls) assert.equal(seen.of(id).result._meta["dev.holdpoint/decision"], "unavailable");
      assert.deepEqual(tools.sent(order), []);
    });

    test("what is no JSON-RPC", async () => {
      const order = newOrder();
      const session = await Session.open(url("events"), app);
      for (const body of [`{"jsonrpc":"2.0","id":5,"order":"${order}"`, `"${order}"`, "[]", `{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"arguments":{"id":"${order}"}}}`]) {
        const seen = await read(await session.post(body));
        const [answer] = seen.messages;
        assert.ok(answer?.error || answer?.result?.isError, body);
      }
      await assertRefused(await session.ask("POST", { body: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } }));
      assert.deepEqual(tools.sent(order), []);
    });

    test("another address or method", async () => {
      const session = await Session.open(url("events"), app);
      const before = tools.requests.length;
      for (const path of ["/more", "//", "?x=1/.."]) {
        const response = await fetch(`${url("events")}${path}`, { method: "PUT", headers: session.headers, body: "{}" });
        assert.ok(response.status >= 400, `${path} ${response.status}`);
      }
      const elsewhere = await fetch(`${url("events")}/more`, { method: "POST", headers: session.headers, body: JSON.stringify(session.message("lookup", { id: "x" })) });
      assert.equal(elsewhere.status, 404);
      assert.deepEqual(tools.requests.slice(before).filter(({ headers }) => session.id.startsWith(headers["mcp-session-id"])), []);
    });

    test("a server that is not there: the call is answered by its id", async () => {
      const session = new Session(url("gone"), app);
      const seen = await session.call("lookup", { id: newOrder() });
      assert.deepEqual([seen.status, seen.answer.error.data.code], [200, "upstream"]);
      const order = newOrder();
      const approved = await session.call("refund", { order, amount: 1, decide: "approve" });
      assert.ok(approved.answer.error || approved.result.isError);
      await standing(await held("refund", order), "failed", "unknown", "running");
    });
  });

  test("a real server of files: what is approved is written once", async () => {
    const file = join(directory, "count");
    writeFileSync(file, "count: ");
    const client = v1.ways({ url: url("files"), key: app });
    const add = { name: "edit_file", arguments: { path: file, edits: [{ oldText: "count: ", newText: "count: I" }] } };
    const count = () => readFileSync(file, "utf8");
    const asking = client.legacy.plain(add);
    const id = await held("edit_file", file);
    assert.equal(count(), "count: ");
    await decide(id, "approve");
    const seen = await asking;
    assert.equal(seen.isError, false, seen.text);
    assert.match(seen.text, /^\+count: I$/m);
    await standing(id, "done");
    assert.equal(count(), "count: I");
    const again = assertNotice(await client.legacy.plain(add, { headers: IMPATIENT }), "edit_file", "awaiting approval", "awaiting approval");
    assert.notEqual(again, id);
    await decide(again, "reject", { reason: "other" });
    assert.equal(count(), "count: I");
    await client.stop();
  });

  describe("what is known after a kill", { concurrency: false }, () => {
    let holdpoint, tools, odd, app, reviewing, session;
    const status = async (id) => (await holdpoint.ask("GET", `/v1/actions/${id}`, { key: app })).json.status;
    const cases = async (which) => (await holdpoint.ask("GET", `/v1/desks/main/cases?status=${which}`, { key: reviewing })).json.cases;
    const heldOf = (order) => until(`${order} to be held`, async () => (await cases("held")).find(({ action }) => keyOf(action.args) === order));

    before(async () => {
      tools = await ToolServer.start();
      odd = await Upstream.start(({ body }, response) => uncertain[keyOf(body.params.arguments)](response));
      const to = (url) => ({ url, dialect: "mcp", secret: "TOOLS_KEY" });
      holdpoint = await Holdpoint.start({
        policy: POLICY,
        vars: { HOLDPOINT_UPSTREAM_TIMEOUT: "4" },
        secrets: { TOOLS_KEY: SECRET },
        upstreams: { events: to(`${tools.url}/events`), odd: to(odd.url) },
      });
      app = (await holdpoint.key("app")).key;
      reviewing = (await holdpoint.key("reviewer")).key;
      session = await Session.open(`${holdpoint.url}/to/events`, app);
    });
    after(async () => {
      await holdpoint.stop();
      await Promise.all([tools.stop(), odd.stop()]);
    });

    const event = { "content-type": "text/event-stream" };
    const json = { "content-type": "application/json" };
    const result = (id) => JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } });
    /** Answers of which nobody knows what they mean. */
    const uncertain = {
      "the connection breaks": (response) => void response.destroy(),
      "the stream ends without a result": (response) => void response.writeHead(200, event).end(": hm\n\n"),
      "the stream ends in its result": (response) => void response.writeHead(200, event).end(`data: ${result(1).slice(0, 30)}`),
      "the result is another call's": (response) => void response.writeHead(200, json).end(result(99)),
      "the result is cut off": (response) => void response.writeHead(200, json).end(result(1).slice(0, 30)),
      "a page": (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      "accepted, and no more": (response) => void response.writeHead(202).end(),
      "a failure of its own": (response) => void response.writeHead(503, json).end("{}"),
    };

    describe("an answer that says nothing for certain leaves it unknown, and it is not sent again", { concurrency: true }, () => {
      for (const order of Object.keys(uncertain)) {
        test(order, async () => {
          const asking = new Session(`${holdpoint.url}/to/odd`, app).call("refund", { order, amount: 1 });
          const { id } = await heldOf(order);
          await decide(id, "approve", {}, holdpoint, reviewing);
          const { result } = await asking;
          assert.equal(result.isError, true);
          assert.deepEqual([result._meta["dev.holdpoint/action"], result._meta["dev.holdpoint/decision"]], [id, "unknown"]);
          await until("it to be unknown", async () => (await status(id)) === "unknown");
          assert.equal(odd.requests.filter(({ text }) => text.includes(`"${order}"`)).length, 1);
        });
      }
    });

    test("it happened, nobody heard so: it is unknown until a person says, and does not run again", async () => {
      const args = { order: "K1", amount: 1 };
      tools.doing.set("K1", () => holdpoint.kill());
      const asking = session.call("refund", args).then(() => "answered", () => "broken off");
      const { id } = await heldOf("K1");
      // The kill may come before the reviewer hears that this was taken.
      await decide(id, "approve", {}, holdpoint, reviewing).catch(() => {});
      assert.equal(await asking, "broken off");
      assert.equal(tools.runs("K1").length, 1);
      await holdpoint.ended;
      await holdpoint.run();
      assert.equal(await status(id), "running", "the intent was stored before anything was sent");
      await until("nobody to know", async () => (await status(id)) === "unknown");

      const again = await session.call("refund", args, { headers: IMPATIENT });
      const other = assertNoticed(again, "refund", "awaiting approval", "awaiting approval");
      assert.notEqual(other, id);
      assert.equal(tools.runs("K1").length, 1);
      const { json: shown } = await holdpoint.ask("GET", `/v1/cases/${other}`, { key: reviewing });
      assert.deepEqual(shown.action.context, { "sent before, outcome unknown": id }, "whoever approves it has to know");

      assert.ok((await cases("unknown")).some((shown) => shown.id === id));
      const settled = await holdpoint.ask("POST", `/v1/cases/${id}/outcome`, { key: reviewing, body: { outcome: "done" } });
      assert.equal(settled.status, 200, settled.text);
      assert.equal(await status(id), "done");
      const twice = await holdpoint.ask("POST", `/v1/cases/${id}/outcome`, { key: reviewing, body: { outcome: "failed" } });
      assert.equal(twice.status, 409);
      assert.equal(await status(id), "done");
    });

    test("no answer in time is told, and unknown too", async () => {
      let go;
      const silence = new Promise((resolve) => (go = resolve));
      tools.doing.set("K2", () => silence);
      const asking = session.call("refund", { order: "K2", amount: 1 });
      const { id } = await heldOf("K2");
      await decide(id, "approve", {}, holdpoint, reviewing);
      await until("it to be sent", () => tools.runs("K2").length === 1);
      assert.equal(await status(id), "running");
      const { answer } = await asking;
      assert.ok(answer.error || answer.result.isError);
      await until("it to be unknown", async () => (await status(id)) === "unknown");
      go();
      assert.equal(tools.runs("K2").length, 1);
    });

    test("a kill while a person is asked loses nothing: the repetition joins", async () => {
      const args = { order: "K3", amount: 1 };
      const asking = session.call("refund", args, { headers: { "holdpoint-wait": "2" } }).catch(() => "broken off");
      const { id } = await heldOf("K3");
      const over = Date.now() + 2000;
      await holdpoint.kill();
      assert.equal(await asking, "broken off");
      await holdpoint.run();
      // Until its wait is over, the first could still be there.
      await until("the wait to be over", () => Date.now() > over);
      const message = session.message("refund", args);
      const response = await session.post(message);
      assert.equal(response.headers.get("holdpoint-action"), id);
      await decide(id, "approve", {}, holdpoint, reviewing);
      assert.deepEqual((await read(response)).of(message.id).result.structuredContent, { ran: "refund", order: "K3" });
      await until("it to be done", async () => (await status(id)) === "done");
      assert.equal(tools.runs("K3").length, 1);
    });
  });
});

test("docs/clients.md says what passed", () => {
  const rows = lists.map((at) => [[at.name, ERAS[at.era], ANSWERS[at.answers], at.mode], Object.keys(VERDICTS).map((verdict) => passed.has(label(at, verdict)))]);
  says("mcp", ["client", "protocol", "the server answers by", "used as"], Object.keys(VERDICTS), rows);
});
