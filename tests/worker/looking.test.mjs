// What a reviewer's page asks of Holdpoint: its first case with the document, the case it looks at already, what
// people approved last, hints, lists, stories.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../harness/holdpoint.mjs";
import { Shop, refused } from "../harness/shop.mjs";

let shop;
before(async () => (shop = await Shop.open()));
after(() => shop.close());

const claim = async (key, body = {}) => (await shop.ask("POST", "/v1/desks/main/claim", { key, body })).json;

async function reject(key, action) {
  const answer = await shop.decide(key, action, "reject", { reason: "not asked for" });
  assert.equal(answer.status, 200, answer.text);
}

async function opened(key, query = "", headers = {}) {
  const page = await shop.ask("GET", `/review${query}`, { key, headers });
  const data = /<script type="application\/json" id="first">(.*?)<\/script>/s.exec(page.text);
  return { page, data: data && JSON.parse(data[1]) };
}

describe("the document", () => {
  test("arrives with its first case, leased, and the next one", async () => {
    const actions = [];
    for (const amount of [401, 402, 403, 404]) actions.push(await shop.hold("refund", { amount }));
    const { data } = await opened(shop.ana);
    assert.deepEqual(data.claimed.cases.map(({ id }) => id), actions.slice(0, 2).map(({ id }) => id));
    assert.deepEqual([data.desk, data.person, data.desks.length], ["main", "ana", 2]);
    const decided = await shop.decide(shop.ana, actions[0], "approve", { lease: data.claimed.lease.token });
    assert.equal(decided.status, 200, "the lease is the one that counts");
    for (const action of actions.slice(1)) await shop.to(action, "withdraw");
  });

  test("leases nothing where nobody may be looking: fetched ahead, its headers alone, in a picture, by another site", async () => {
    const action = await shop.hold("refund", { amount: 405 });
    for (const headers of [
      { "sec-purpose": "prefetch;prerender" },
      { purpose: "prefetch" },
      { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" },
      { "sec-fetch-site": "same-site", "sec-fetch-dest": "document" },
      { "sec-fetch-site": "same-origin", "sec-fetch-dest": "image" },
    ]) {
      assert.equal((await opened(shop.ana, "", headers)).data.claimed, null);
    }
    await shop.ask("HEAD", "/review", { key: shop.ana });
    assert.equal((await shop.shown(action)).lease, null);
    await shop.to(action, "withdraw");
  });

  test("begins with the case that a link names, at its desk, and tells what became of one that is not free", async () => {
    const [, wanted] = [await shop.hold("refund", { amount: 406 }), await shop.hold("refund", { amount: 407 })];
    const { data } = await opened(shop.ana, `?case=${wanted.id}`);
    assert.equal(data.claimed.cases[0].id, wanted.id);
    await shop.decide(shop.ana, wanted, "approve");
    const late = (await opened(shop.ben, `?case=${wanted.id}`)).data;
    assert.deepEqual([late.asked_for.id, late.asked_for.status], [wanted.id, "approved"]);
    assert.notEqual(late.claimed.cases[0].id, wanted.id);
    assert.equal((await opened(shop.cleo, "?case=hp_nothing")).data.asked_for, null);
    assert.equal((await opened(shop.cleo, "?desk=seniors")).data.desk, "seniors");
  });

  test("text that an AI wrote does not end the element that it comes in", async () => {
    const text = "</script><script>alert(1)</script><!--";
    const action = await shop.hold("refund", { amount: 408, text });
    const { page, data } = await opened(shop.ana, `?case=${action.id}`);
    assert.equal(data.claimed.cases[0].action.args.text, text);
    assert.equal(page.text.split("</script>").length, 3, "the script, the data, and nothing else");
    await reject(shop.ana, action);
  });

  test("an auditor is led to the cases", async () => {
    const answer = await shop.ask("GET", "/review", { key: shop.auditor });
    assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/review/cases"]);
  });
});

describe("a claim", () => {
  test("leases the case that is looked at already, where it is still free", async () => {
    const [one, two] = [await shop.hold("refund", { amount: 410 }), await shop.hold("refund", { amount: 411 })];
    await shop.to((await claim(shop.cleo, { want: 1 })).cases[0], "withdraw");
    const mine = await claim(shop.ana, { want: 2, first: two.id });
    assert.equal(mine.cases[0].id, two.id);
    assert.equal(mine.cases.filter(({ id }) => id === two.id).length, 1, "it is not there twice");
    assert.equal((await shop.shown(two)).lease.by, "ana");
    const others = await claim(shop.ben, { want: 2, first: two.id });
    assert.ok(others.cases.every(({ id }) => id !== two.id), "it is with somebody else");
    assert.equal((await claim(shop.cleo, { want: 1, first: "hp_nothing" })).cases.some(({ id }) => id === "hp_nothing"), false);
    assert.equal((await claim(shop.ana, { first: two.id, skip: [two.id] })).cases.some(({ id }) => id === two.id), false);
    for (const action of [one, two]) await shop.to(action, "withdraw");
  });
});

describe("what people approved last", () => {
  const hold = (args, subject) => shop.hold("refund", args, subject && { subject });
  const lastOf = async (action) => (await shop.shown(action)).last_approved ?? null;

  test("is of the same kind and subject, as it was edited, once it was released", async () => {
    const first = await hold({ amount: 100, to: "ana" }, "customer 1");
    assert.equal(await lastOf(first), null);
    await shop.decide(shop.ana, first, "edit", { args: { amount: 90, to: "ana" } });
    const other = await hold({ amount: 50, to: "eve" }, "customer 2");
    assert.equal(await lastOf(other), null, "of another subject");
    await shop.decide(shop.ana, other, "approve");
    const refusedOne = await hold({ amount: 1, to: "ana" }, "customer 1");
    await reject(shop.ana, refusedOne);
    const next = await hold({ amount: 900, to: "ana" }, "customer 1");
    const { id, at, args } = await lastOf(next);
    assert.deepEqual([id, args], [first.id, { amount: 90, to: "ana" }]);
    assert.ok(Date.parse(at) <= Date.now());
    const claimed = await claim(shop.ben, { want: 1, first: next.id });
    assert.equal(claimed.cases[0].last_approved.id, first.id, "claims carry it");
    const list = await shop.ask("GET", "/v1/desks/main/cases?limit=200", { key: shop.ana });
    assert.ok(list.json.cases.every((shown) => !("last_approved" in shown)), "lists do not");
    await shop.to(next, "withdraw");
  });

  test("without a subject it is the last of the kind that had none", async () => {
    const first = await hold({ amount: 10 });
    await shop.decide(shop.ana, first, "approve");
    const second = await hold({ amount: 20 });
    assert.deepEqual((await lastOf(second)).args, { amount: 10 });
    await shop.to(second, "withdraw");
  });
});

describe("hints", () => {
  /** A socket and what it was told. */
  async function watching(key, headers = {}, desk = "main") {
    const url = `${shop.holdpoint.url.replace("http", "ws")}/v1/desks/${desk}/live`;
    const socket = new WebSocket(url, { headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...headers } });
    const told = [];
    socket.addEventListener("message", ({ data }) => told.push(data === "pong" ? data : JSON.parse(data)));
    const ended = new Promise((resolve) => socket.addEventListener("close", resolve));
    const opened = await new Promise((resolve) => {
      socket.addEventListener("open", () => resolve(true));
      socket.addEventListener("error", () => resolve(false));
    });
    return { socket, told, opened, ended };
  }

  test("tell how things stand, then which case changed, and nothing that is in it", async () => {
    const { socket, told, opened } = await watching(shop.ana);
    assert.ok(opened);
    await until("how things stand", () => told.length === 1);
    const before = told[0].held;
    const action = await shop.hold("refund", { amount: 420, secret: "a word" });
    await until("a hint", () => told.length === 2);
    assert.deepEqual([told[1].held, told[1].changed], [before + 1, [{ id: action.id, status: "held" }]]);
    await reject(shop.ben, action);
    await until("another hint", () => told.length === 3);
    assert.deepEqual([told[2].held, told[2].changed], [before, [{ id: action.id, status: "rejected" }]]);
    assert.ok(!JSON.stringify(told).includes("a word"));
    socket.send("ping");
    await until("an answer to the ping", () => told.at(-1) === "pong");
    socket.send("anything else is not heard");
    const quiet = await shop.hold("refund", { amount: 421 });
    await until("hints go on", () => told.at(-1).changed?.[0].id === quiet.id);
    await shop.to(quiet, "withdraw");
    socket.close();
  });

  test("survive the object's sleep", async () => {
    const { socket, told } = await watching(shop.ana);
    await until("how things stand", () => told.length === 1);
    // After ten seconds without work the runtime drops the object's memory, and keeps its sockets.
    await new Promise((resolve) => setTimeout(resolve, 11_000));
    const action = await shop.hold("refund", { amount: 422 });
    await until("a hint", () => told.some(({ changed }) => changed?.[0].id === action.id));
    await shop.to(action, "withdraw");
    socket.close();
  });

  test("go to nobody whose key is not in force any more", async () => {
    const key = await shop.holdpoint.key("reviewer", { name: "dora" });
    const { socket, told, ended } = await watching(key.key);
    await until("how things stand", () => told.length === 1);
    await shop.ask("DELETE", `/v1/keys/${key.id}`, { key: shop.holdpoint.admin });
    // What was known of keys is good for four seconds.
    await new Promise((resolve) => setTimeout(resolve, 4_100));
    const action = await shop.hold("refund", { amount: 423 });
    const { code } = await ended;
    assert.deepEqual([code, told.length], [4000, 1]);
    await shop.to(action, "withdraw");
    assert.ok(socket.readyState >= 2);
  });

  test("are for people of the desk, from this very site", async () => {
    const path = "/v1/desks/main/live";
    refused(await shop.ask("GET", path, { key: shop.ana }), "invalid", 422);
    refused(await shop.ask("GET", "/v1/desks/nowhere/live", { key: shop.ana }), "not_found", 404);
    refused(await shop.ask("GET", path, { key: shop.app }), "forbidden", 403);
    const elsewhere = await watching(shop.ana, { origin: "https://evil.example" });
    assert.equal(elsewhere.opened, false);
    const origin = shop.holdpoint.url;
    const signedIn = await shop.ask("POST", "/sign-in", { body: { key: shop.ana }, headers: { origin } });
    const cookie = signedIn.headers.get("set-cookie").split(";")[0];
    assert.equal((await watching(undefined, { cookie, origin: "https://evil.example" })).opened, false);
    assert.equal((await watching(undefined, { cookie })).opened, false, "no browser leaves its origin out");
    const own = await watching(undefined, { cookie, origin });
    assert.ok(own.opened);
    own.socket.close();
  });
});

describe("lists", () => {
  const list = async (query, key = shop.auditor) => (await shop.ask("GET", `/v1/desks/main/cases?${query}`, { key })).json;
  let one, two;
  before(async () => {
    one = await shop.hold("wire", { amount: 7, iban: "PT50 0002" }, { subject: "Ana Lima", context: { request: "bitte überweisen" } });
    two = await shop.hold("refund", { amount: 431, to: "Zoë" });
  });

  test("are filtered by kind and severity, the newest first where that is asked for", async () => {
    assert.deepEqual((await list("kind=wire")).cases.map(({ id }) => id), [one.id]);
    assert.ok((await list("severity=critical&status=held")).cases.every(({ severity, status }) => severity === "critical" && status === "held"));
    assert.equal((await list("order=newest&limit=1")).cases[0].id, two.id);
    const pages = [];
    for (let after = ""; after !== null; ) {
      const page = await list(`order=newest&limit=3&after=${after}`);
      pages.push(...page.cases.map(({ id }) => id));
      after = page.next;
    }
    const forwards = (await list("limit=200")).cases.map(({ id }) => id);
    assert.deepEqual(pages, forwards.toReversed(), "both ways give the same cases");
    refused(await shop.ask("GET", "/v1/desks/main/cases?severity=bad", { key: shop.ana }), "invalid", 422);
    refused(await shop.ask("GET", "/v1/desks/main/cases?order=random", { key: shop.ana }), "invalid", 422);
  });

  for (const [words, what] of [
    ["ana lima", "its subject"],
    ["PT50+0002", "its arguments"],
    [encodeURIComponent("ÜBERWEISEN wire"), "its context and kind, in capitals"],
  ]) {
    test(`find a case by words of ${what}`, async () => {
      assert.deepEqual((await list(`search=${words.replace(" ", "+")}`)).cases.map(({ id }) => id), [one.id]);
    });
  }

  test("find a case by its id, by what was decided, and not by a word that is not there", async () => {
    assert.deepEqual((await list(`search=${two.id}`)).cases.map(({ id }) => id), [two.id]);
    await shop.decide(shop.ben, two, "reject", { reason: "not asked for", note: "a queer fish" });
    assert.deepEqual((await list("search=queer+fish")).cases.map(({ id }) => id), [two.id]);
    assert.deepEqual((await list("search=queer+bird")).cases, []);
  });
});

test("an auditor reads the entries of one case alone, in their order", async () => {
  const action = await shop.hold("refund", { amount: 440 });
  await shop.hold("refund", { amount: 441 });
  await shop.decide(shop.ana, action, "approve");
  const lines = (await shop.ask("GET", `/v1/ledger?desk=main&case=${action.id}`, { key: shop.auditor })).text.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ type, subject }) => [type, subject]), [["held", action.id], ["decided", action.id]]);
  const rest = await shop.ask("GET", `/v1/ledger?desk=main&case=${action.id}&after=${lines[0].seq}`, { key: shop.auditor });
  assert.equal(rest.text.trim().split("\n").length, 1);
  assert.equal((await shop.ask("GET", "/v1/ledger?desk=main&case=hp_nothing", { key: shop.auditor })).text, "");
});

test("an approval that another's edit put aside did not stand, and undoing takes an answer back", async () => {
  const you = async (key) => (await shop.ask("GET", "/v1/desks", { key })).json.you;
  const start = await you(shop.ana);
  const edited = await shop.hold("refund", { amount: 503 });
  await shop.decide(shop.ana, edited, "approve");
  assert.equal((await shop.decide(shop.ben, edited, "edit", { args: { amount: 600 } })).status, 200);
  assert.deepEqual(await you(shop.ana), { agreed: start.agreed, of: start.of + 1 });
  const policy = (await shop.ask("GET", "/v1/policy", { key: shop.holdpoint.admin })).text;
  await shop.holdpoint.putPolicy(policy.replace('[desks.main]\nundo = "0s"', '[desks.main]\nundo = "30s"'));
  const undone = await shop.hold("refund", { amount: 504 });
  await shop.decide(shop.ana, undone, "approve");
  assert.equal((await shop.decide(shop.ben, undone, "approve")).status, 200);
  assert.deepEqual(await you(shop.ana), { agreed: start.agreed + 1, of: start.of + 2 });
  assert.equal((await shop.ask("POST", `/v1/cases/${undone.id}/undo`, { key: shop.ben })).status, 200);
  assert.deepEqual(await you(shop.ana), { agreed: start.agreed, of: start.of + 1 });
  await shop.holdpoint.putPolicy(policy);
});

test("whoever answers a case after or before another person learns how often they agreed", async () => {
  const you = async (key) => (await shop.ask("GET", "/v1/desks", { key })).json.you;
  const start = await you(shop.ana);
  const agreed = await shop.hold("refund", { amount: 501 });
  await shop.decide(shop.ana, agreed, "approve");
  assert.deepEqual(await you(shop.ana), start, "nobody else has answered yet");
  const others = await you(shop.ben);
  await shop.decide(shop.ben, agreed, "approve");
  assert.deepEqual(await you(shop.ana), { agreed: start.agreed + 1, of: start.of + 1 });
  assert.deepEqual(await you(shop.ben), others, "nobody answered after the last word");
  const rejected = await shop.hold("refund", { amount: 502 });
  await shop.decide(shop.ana, rejected, "approve");
  const bens = await you(shop.ben);
  await reject(shop.ben, rejected);
  assert.deepEqual(await you(shop.ana), { agreed: start.agreed + 1, of: start.of + 2 });
  assert.deepEqual(await you(shop.ben), bens, "nobody answered after the rejection");
});
