// Every route of the built bundle: its happy path, and what it refuses.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Holdpoint, root, until } from "../harness/holdpoint.mjs";

const POLICY = `holdpoint = 1
name = "shop"
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "medium"
desk = "refunds"
title = "Refund {args.amount}"
reasons = ["wrong amount", "not asked for"]
confidence = "/confidence"
[kinds.wire]
severity = "critical"
[severity.critical]
approvals = 2
[[criteria]]
id = "large"
category = "refund above 500"
kinds = ["refund"]
when = "args.amount > 500"
[[criteria]]
id = "never"
category = "to nobody"
kinds = ["refund"]
when = "args.to == 'nobody'"
then = "block"
[desks.refunds]
undo = "0s"
[desks.main]
reviewers = 1000
undo = "0s"
`;

const refund = (amount = 640, more = {}) => ({ kind: "refund", args: { amount, to: "ana" }, confidence: 0.97, ...more });

let holdpoint, app, other, reviewer, second, elsewhere, auditor;
const ask = (...all) => holdpoint.ask(...all);

before(async () => {
  holdpoint = await Holdpoint.start({ policy: POLICY, upstreams: { ai: { url: "http://127.0.0.1:9", dialect: "openai" } } });
  app = (await holdpoint.key("app")).key;
  other = (await holdpoint.key("app", { name: "another app" })).key;
  reviewer = (await holdpoint.key("reviewer", { name: "first reviewer" })).key;
  second = (await holdpoint.key("reviewer", { name: "second reviewer" })).key;
  elsewhere = (await holdpoint.key("reviewer", { name: "reviewer elsewhere", desks: ["main"] })).key;
  auditor = (await holdpoint.key("auditor")).key;
});
after(() => holdpoint.stop());

async function held(action = refund()) {
  const answer = await ask("POST", "/v1/actions", { key: app, body: action });
  assert.equal(answer.status, 202, answer.text);
  return answer.json;
}

const decide = (key, action, decision, more = {}) =>
  ask("POST", `/v1/cases/${action.id}/decision`, { key, body: { decision, digest: action.digest, ...more } });
const status = async (action) => (await ask("GET", `/v1/actions/${action.id}`, { key: app })).json.status;

function refused(answer, code, statusCode) {
  assert.equal(answer.status, statusCode, answer.text);
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, statusCode);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
  assert.ok(answer.json.detail.length > 10);
}

describe("actions", () => {
  test("one that proceeds is answered at once and remembered by its id alone", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: refund(20) });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.status, "proceed");
    assert.equal(answer.json.may_run, true);
    assert.deepEqual(answer.json.action, { kind: "refund", args: { amount: 20, to: "ana" } });
    assert.equal(answer.json.verdict.audit, 0.05);
    const again = await ask("GET", `/v1/actions/${answer.json.id}`, { key: app });
    assert.deepEqual([again.status, again.json.status, again.json.may_run, again.json.verdict], [200, "proceed", true, null]);
    refused(await ask("GET", `/v1/actions/${answer.json.id}`, { key: other }), "not_found", 404);
  });

  test("one that is blocked may not run, now and when asked again", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: { kind: "refund", args: { amount: 1, to: "nobody" }, confidence: 1 } });
    assert.deepEqual([answer.status, answer.json.status, answer.json.may_run], [200, "blocked", false]);
    assert.deepEqual(answer.json.verdict.reasons[0].fields, ["/args/to"]);
    const again = await ask("GET", `/v1/actions/${answer.json.id}`, { key: app });
    assert.deepEqual([again.json.status, again.json.may_run], ["blocked", false]);
  });

  test("one that is held says where to ask, and is the proposer's alone", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: refund() });
    assert.equal(answer.status, 202);
    assert.equal(answer.headers.get("location"), `/v1/actions/${answer.json.id}`);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    assert.equal(answer.json.may_run, false);
    assert.equal(answer.json.verdict.reasons[0].criterion, "large");
    refused(await ask("GET", `/v1/actions/${answer.json.id}`, { key: other }), "not_found", 404);
  });

  test("Prefer: wait keeps the request until a person has decided", async () => {
    const waiting = ask("POST", "/v1/actions", { key: app, body: refund(777), headers: { prefer: "wait=30" } });
    const found = await until("the case", async () => {
      const cases = await ask("GET", "/v1/desks/refunds/cases?status=held", { key: reviewer });
      return cases.json.cases.find((found) => found.title === "Refund 777");
    });
    assert.equal((await decide(reviewer, found, "reject", { reason: "wrong amount", note: "see order" })).status, 200);
    const answer = await waiting;
    assert.deepEqual([answer.status, answer.json.status, answer.json.may_run], [200, "rejected", false]);
    const { at, ...decision } = answer.json.decision;
    assert.deepEqual(decision, { decision: "reject", reason: "wrong amount", category: "refund above 500", note: "see order" });
    assert.ok(!answer.text.includes("first reviewer"), "the app does not learn who decided");
  });

  test("a wait that is over answers held", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: refund(), headers: { prefer: "wait=1" } });
    assert.deepEqual([answer.status, answer.json.status], [202, "held"]);
  });

  test("the confidence that a kind carries in its arguments is taken out", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: { kind: "refund", args: { amount: 5, to: "x", confidence: 0.3 } } });
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.json.action.args, { amount: 5, to: "x" });
    assert.equal(answer.json.verdict.confidence.given, 0.3);
  });

  test("what a caller says can only tighten", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: { kind: "get_order", severity: "critical" } });
    assert.deepEqual([answer.status, answer.json.verdict.severity], [202, "critical"]);
    const low = await ask("POST", "/v1/actions", { key: app, body: { kind: "wire", severity: "none", confidence: 1 } });
    assert.deepEqual([low.status, low.json.verdict.severity], [202, "critical"]);
  });

  test("digits that JavaScript would lose are kept", async () => {
    const body = '{"kind":"refund","args":{"amount":9007199254740993,"to":"x"},"confidence":1}';
    const answer = await ask("POST", "/v1/actions", { key: app, body });
    assert.ok(answer.text.includes('"amount":9007199254740993'), answer.text);
    const shown = await ask("GET", `/v1/cases/${answer.json.id}`, { key: reviewer });
    assert.ok(shown.text.includes('"amount":9007199254740993'));
  });
});

describe("what cannot be read changes nothing", () => {
  const deep = (depth) => `{"kind":"refund","args":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
  for (const [what, body, code, statusCode] of [
    ["broken JSON", '{"kind":', "malformed", 400],
    ["an empty body", "", "malformed", 400],
    ["a member twice", '{"kind":"refund","kind":"get_x"}', "malformed", 400],
    ["a member twice in args", '{"kind":"refund","args":{"amount":1,"amount":900}}', "malformed", 400],
    ["depth 10,000", deep(10_000), "malformed", 400],
    ["2 MiB", `{"kind":"refund","args":{"x":"${"x".repeat(2 << 20)}"}}`, "too_large", 413],
    ["an unknown member", '{"kind":"refund","confidense":0.9}', "invalid", 422],
    ["confidence high", '{"kind":"refund","confidence":"high"}', "invalid", 422],
    ["confidence 1.2", '{"kind":"refund","confidence":1.2}', "invalid", 422],
    ["confidence in args that is none", '{"kind":"refund","args":{"confidence":"97%"}}', "invalid", 422],
    ["no kind", '{"args":{}}', "invalid", 422],
    ["args that are a list", '{"kind":"refund","args":[]}', "invalid", 422],
    ["an unknown severity", '{"kind":"refund","severity":"severe"}', "invalid", 422],
    ["a permit wish that is none", '{"kind":"refund","permit":"yes"}', "invalid", 422],
  ]) {
    test(what, async () => {
      const before = (await ask("GET", "/v1/desks", { key: reviewer })).text;
      refused(await ask("POST", "/v1/actions", { key: app, body }), code, statusCode);
      assert.equal((await ask("GET", "/v1/desks", { key: reviewer })).text, before);
    });
  }

  test("problems name their member and the nearest known one", async () => {
    const answer = await ask("POST", "/v1/actions", { key: app, body: { kind: "refund", confidense: 1, severity: "x" } });
    assert.deepEqual(answer.json.problems.map(({ pointer }) => pointer).sort(), ["/confidense", "/severity"]);
    assert.match(answer.text, /did you mean `confidence`/);
  });

  test("another media type", async () => {
    refused(await ask("POST", "/v1/actions", { key: app, body: "x", headers: { "content-type": "text/plain" } }), "media_type", 415);
  });
});

describe("doors", () => {
  const forged = "hp_aia2ebcupftxxasrei4zug4xua3yusflltkns3lbnfxa";
  // The table is the printed one: what the document says is what the router does.
  const printed = readFileSync(join(root, "docs", "access.md"), "utf8");
  const rows = [...printed.matchAll(/^\| `(\S+) (\S+)` \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|/gm)];
  const isPage = (path) => ["/review", "/review/cases", "/insights"].includes(path);
  const ROLES = ["app", "reviewer", "auditor", "admin"];
  for (const [, method, path, ...cells] of rows.filter(([, , path]) => path.startsWith("/v1/") || path.startsWith("/to/"))) {
    const verb = method === "ANY" ? "POST" : method;
    const concrete = path
      .replace("{upstream}/…", "ai/v1/chat/completions")
      .replace("{desk}", "main")
      .replace("/keys/{id}", "/keys/key_x")
      .replace("/dead-letters/{id}", "/dead-letters/main.1")
      .replace("{id}", forged);
    const roles = ROLES.filter((_, at) => cells[at] !== "–");
    test(`${method} ${path} is for ${roles.join(", ")}`, async () => {
      const keys = { app, reviewer, auditor, admin: holdpoint.admin };
      refused(await ask(verb, concrete), "unauthenticated", 401);
      refused(await ask(verb, concrete, { key: "hpk_0123456789012345678901234567890123456789012" }), "unauthenticated", 401);
      for (const [role, key] of Object.entries(keys)) {
        const answer = await ask(verb, concrete, { key });
        if (roles.includes(role)) assert.ok(![401, 403].includes(answer.status), `${role}: ${answer.status}`);
        else refused(answer, "forbidden", 403);
      }
    });
  }

  for (const [, method, path, ...cells] of rows.filter(([, , path]) => isPage(path))) {
    const roles = ROLES.filter((_, at) => cells[at] !== "–");
    test(`${method} ${path} is for ${roles.join(", ")}, and leads others to sign in`, async () => {
      const nobody = await ask(method, `${path}?case=hp_x`);
      const page = { "/review/cases": "page=cases&", "/insights": "page=insights&" }[path] ?? "";
      assert.deepEqual([nobody.status, nobody.headers.get("location")], [303, `/sign-in?${page}case=hp_x`]);
      for (const [role, key] of Object.entries({ app, reviewer, auditor, admin: holdpoint.admin })) {
        const answer = await ask(method, path, { key });
        if (roles.includes(role)) assert.ok([200, 303].includes(answer.status), `${role}: ${answer.status}`);
        else assert.equal(answer.status, 403, role);
      }
    });
  }

  test("every cell of the printed table was walked", () => {
    assert.ok(rows.length >= 35, `${rows.length} rows`);
    const others = rows.filter(([, , path]) => !path.startsWith("/v1/") && !path.startsWith("/to/") && !isPage(path));
    assert.equal(others.length, 10, "what is public");
  });

  test("a forged id is not found, by apps and by reviewers", async () => {
    refused(await ask("GET", `/v1/actions/${forged}`, { key: app }), "not_found", 404);
    refused(await ask("GET", `/v1/cases/${forged}`, { key: reviewer }), "not_found", 404);
    refused(await decide(reviewer, { id: forged, digest: `sha256:${"0".repeat(64)}` }, "approve"), "not_found", 404);
  });

  test("a reviewer of another desk knows of neither desk nor case", async () => {
    const action = await held();
    refused(await ask("GET", `/v1/cases/${action.id}`, { key: elsewhere }), "not_found", 404);
    refused(await decide(elsewhere, action, "approve"), "not_found", 404);
    refused(await ask("POST", "/v1/desks/refunds/claim", { key: elsewhere }), "not_found", 404);
    const desks = await ask("GET", "/v1/desks", { key: elsewhere });
    assert.deepEqual(desks.json.desks.map(({ name }) => name), ["main"]);
    assert.equal(await status(action), "held");
  });

  test("a revoked key decides nothing more", async () => {
    const { id, key } = await holdpoint.key("reviewer", { name: "leaving" });
    const action = await held();
    assert.equal((await ask("DELETE", `/v1/keys/${id}`, { key: holdpoint.admin })).status, 204);
    refused(await decide(key, action, "approve"), "unauthenticated", 401);
    refused(await ask("DELETE", `/v1/keys/${id}`, { key: holdpoint.admin }), "not_found", 404);
  });

  test("nothing under GET or HEAD changes anything", async () => {
    const action = await held();
    const told = async () => (await ask("GET", "/v1/ledger/head?desk=refunds", { key: auditor })).text + (await ask("GET", "/v1/ledger/head", { key: auditor })).text;
    const before = [await told(), (await ask("GET", `/v1/cases/${action.id}`, { key: reviewer })).text];
    for (const [, method, path] of rows.filter(([, method]) => method === "GET")) {
      const concrete = path.replace("{desk}", "refunds").replace("{file}", "review.js").replace("{id}", action.id);
      for (const key of [undefined, app, reviewer, auditor, holdpoint.admin]) {
        await ask(method, `${concrete}?decision=approve`, { key });
        await ask("HEAD", concrete, { key });
      }
    }
    assert.deepEqual([await told(), (await ask("GET", `/v1/cases/${action.id}`, { key: reviewer })).text], before);
  });

  test("unknown paths, other methods, and requests from other sites", async () => {
    refused(await ask("GET", "/v1/nothing", { key: app }), "not_found", 404);
    const answer = await ask("DELETE", "/v1/actions", { key: app });
    refused(answer, "method", 405);
    assert.equal(answer.headers.get("allow"), "POST");
    refused(await ask("POST", "/v1/actions", { key: app, body: refund(), headers: { origin: "https://evil.example" } }), "forbidden", 403);
  });

  test("keys are listed without the key and without its hash", async () => {
    const listed = await ask("GET", "/v1/keys", { key: holdpoint.admin });
    assert.ok(listed.json.keys.length >= 6);
    assert.ok(!listed.text.includes("hpk_") && !listed.text.includes("hash"));
    refused(await ask("POST", "/v1/keys", { key: holdpoint.admin, body: { name: "x", role: "boss", extra: 1 } }), "invalid", 422);
  });
});

describe("decisions", () => {
  test("claim leases the first case by deadline and looks ahead", async () => {
    await held(refund(601));
    await held(refund(602));
    const claimed = await ask("POST", "/v1/desks/refunds/claim", { key: reviewer, body: { want: 2 } });
    const [first, ahead] = claimed.json.cases;
    assert.equal(first.lease.by, "first reviewer");
    assert.equal(ahead.lease, null);
    assert.ok(first.expires <= ahead.expires);
    const others = await ask("POST", "/v1/desks/refunds/claim", { key: second, body: { want: 1 } });
    assert.notEqual(others.json.cases[0].id, first.id, "nobody else is given the leased case");
    refused(await ask("POST", `/v1/cases/${first.id}/lease`, { key: second }), "conflict", 409);
    refused(await decide(second, first, "approve"), "conflict", 409);
    refused(await decide(reviewer, first, "approve", { lease: "not-the-lease" }), "conflict", 409);
    const renewed = await ask("POST", `/v1/cases/${first.id}/lease`, { key: reviewer });
    assert.equal(renewed.json.lease.token, claimed.json.lease.token);
    const decided = await decide(reviewer, first, "approve", { lease: renewed.json.lease.token, seen_ms: 1200, next: { want: 1 } });
    assert.equal(decided.json.case.status, "approved");
    assert.equal(decided.json.next.cases.length, 1);
    assert.equal(await status(first), "approved");
    for (const claimedCase of [decided.json.next.cases[0], others.json.cases[0]]) {
      await ask("DELETE", `/v1/cases/${claimedCase.id}/lease`, { key: reviewer });
      await ask("DELETE", `/v1/cases/${claimedCase.id}/lease`, { key: second });
    }
  });

  test("skipped cases are not given again", async () => {
    const action = await held(refund(603));
    const claimed = await ask("POST", "/v1/desks/refunds/claim", { key: reviewer, body: { want: 10, skip: [action.id] } });
    assert.ok(claimed.json.cases.every(({ id }) => id !== action.id));
    await ask("DELETE", `/v1/cases/${claimed.json.cases[0].id}/lease`, { key: reviewer });
  });

  test("a decision names what was seen, and a rejection its reason", async () => {
    const action = await held();
    refused(await decide(reviewer, { ...action, digest: `sha256:${"0".repeat(64)}` }, "approve"), "conflict", 409);
    refused(await decide(reviewer, action, "reject"), "invalid", 422);
    refused(await decide(reviewer, action, "reject", { reason: "because" }), "invalid", 422);
    refused(await decide(reviewer, action, "edit", { args: {} }), "invalid", 422);
    refused(await decide(reviewer, action, "maybe"), "invalid", 422);
    refused(await ask("POST", `/v1/cases/${action.id}/decision`, { key: reviewer, body: "{}" }), "invalid", 422);
    assert.equal(await status(action), "held");
  });

  test("what is not free for a person does not hide what is", async () => {
    const wires = await Promise.all(Array.from({ length: 30 }, () => held({ kind: "wire", args: {} })));
    for (const wire of wires) assert.equal((await decide(reviewer, wire, "approve")).status, 200);
    const last = await held({ kind: "wire", args: { last: true } });
    const claimed = await ask("POST", "/v1/desks/main/claim", { key: reviewer, body: { want: 10 } });
    const given = claimed.json.cases.map(({ id }) => id);
    assert.ok(given.includes(last.id));
    assert.ok(wires.every(({ id }) => !given.includes(id)), "what this person has approved is not given to them");
    refused(await ask("POST", `/v1/cases/${wires[0].id}/lease`, { key: reviewer }), "conflict", 409);
  });

  test("large cases are claimed and listed by a few", async () => {
    const large = () => held({ kind: "refund", args: { amount: 900, to: "x", text: "x".repeat(900_000) } });
    for (let count = 0; count < 6; count += 1) await large();
    const claimed = await ask("POST", "/v1/desks/refunds/claim", { key: second, body: { want: 10, skip: [] } });
    assert.equal(claimed.status, 200);
    assert.ok(claimed.text.length < 3_000_000, `${claimed.text.length} bytes`);
    const listed = await ask("GET", "/v1/desks/refunds/cases?limit=200", { key: auditor });
    assert.ok(listed.text.length < 4_000_000, `${listed.text.length} bytes`);
    await ask("DELETE", `/v1/cases/${claimed.json.cases[0].id}/lease`, { key: second });
  });

  test("two persons decide at once: one counts, the other is told how the case stands", async () => {
    const actions = await Promise.all(Array.from({ length: 20 }, () => held()));
    for (const action of actions) {
      const answers = await Promise.all([decide(reviewer, action, "approve"), decide(second, action, "reject", { reason: "not asked for" })]);
      assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409]);
      const [won, lost] = answers[0].status === 200 ? answers : answers.toReversed();
      assert.equal(lost.json.case.status, won.json.case.status);
      assert.equal(await status(action), won.json.case.status);
    }
  });

  test("two approvals are two persons'", async () => {
    const action = await held({ kind: "wire", args: { amount: 9 } });
    const first = await decide(reviewer, action, "approve");
    assert.deepEqual(first.json.case.approvals, { needed: 2, given: 1 });
    assert.equal(first.json.release_at, null);
    assert.equal(await status(action), "held");
    refused(await decide(reviewer, action, "approve"), "conflict", 409);
    refused(await ask("POST", `/v1/cases/${action.id}/undo`, { key: reviewer }), "conflict", 409);
    assert.equal((await decide(second, action, "approve")).json.case.status, "approved");
    assert.equal(await status(action), "approved");
  });

  test("two keys of one person are one vote", async () => {
    const again = (await holdpoint.key("reviewer", { name: "first reviewer's other key", person: "first reviewer" })).key;
    const action = await held({ kind: "wire", args: { amount: 10 } });
    await decide(reviewer, action, "approve");
    const answer = await decide(again, action, "approve");
    refused(answer, "conflict", 409);
    assert.equal(answer.json.refusal, "voted_already");
    assert.equal(await status(action), "held");
  });

  test("nobody decides what a key of theirs proposed", async () => {
    const own = (await holdpoint.key("app", { name: "own app", person: "first reviewer" })).key;
    const action = (await ask("POST", "/v1/actions", { key: own, body: refund() })).json;
    refused(await decide(reviewer, action, "approve"), "forbidden", 403);
    refused(await ask("POST", `/v1/cases/${action.id}/lease`, { key: reviewer }), "forbidden", 403);
    assert.equal((await decide(second, action, "approve")).status, 200);
  });

  test("lists go page by page, and know their words", async () => {
    const seen = new Set();
    let after = "";
    do {
      const page = await ask("GET", `/v1/desks/refunds/cases?limit=7${after && `&after=${after}`}`, { key: auditor });
      assert.ok(page.json.cases.length <= 7);
      page.json.cases.forEach(({ id }) => assert.ok(!seen.has(id)) ?? seen.add(id));
      after = page.json.next;
    } while (after !== null);
    assert.ok(seen.size > 20);
    const held = await ask("GET", "/v1/desks/refunds/cases?status=held&limit=200", { key: auditor });
    assert.ok(held.json.cases.every(({ status }) => status === "held"));
    refused(await ask("GET", "/v1/desks/refunds/cases?status=open", { key: auditor }), "invalid", 422);
    refused(await ask("GET", "/v1/desks/refunds/cases?after=x", { key: auditor }), "invalid", 422);
  });
});

describe("the policy", () => {
  const toml = { "content-type": "application/toml" };

  test("is stored under its digest, and only on top of the one that was read", async () => {
    const before = await ask("GET", "/v1/policy", { key: app });
    assert.equal(before.text, POLICY);
    const etag = before.headers.get("etag");
    refused(await ask("PUT", "/v1/policy", { key: holdpoint.admin, body: POLICY, headers: toml }), "precondition", 428);
    const stale = { ...toml, "if-match": `"sha256:${"0".repeat(64)}"` };
    refused(await ask("PUT", "/v1/policy", { key: holdpoint.admin, body: POLICY, headers: stale }), "precondition", 412);
    const changed = `${POLICY}# changed\n`;
    const stored = await ask("PUT", "/v1/policy", { key: holdpoint.admin, body: changed, headers: { ...toml, "if-match": etag } });
    assert.equal(stored.status, 200);
    const read = await ask("GET", "/v1/policy", { key: app });
    assert.equal(read.text, changed);
    assert.equal(read.headers.get("etag"), stored.headers.get("etag"));
    const decided = await ask("POST", "/v1/actions", { key: app, body: refund(20) });
    assert.equal(`"${decided.json.verdict.policy}"`, read.headers.get("etag"));
  });

  test("with five mistakes has five problems, and nothing changes", async () => {
    const mistakes = `holdpoint = 1
[severity.medium]
treshold = 0.8
[kinds.refund]
severity = "hihg"
desk = "refund"
[[criteria]]
id = "a"
category = "c"
when = "arg.amount > 500"
[desks.refunds]
lease = "90 seconds"
`;
    const before = (await ask("GET", "/v1/policy", { key: app })).text;
    const answer = await ask("PUT", "/v1/policy", { key: holdpoint.admin, body: mistakes, headers: { ...toml, "if-match": "*" } });
    refused(answer, "invalid", 422);
    assert.deepEqual(answer.json.problems.map(({ line, column, length }) => [line, column, length]), [
      [3, 1, 8],
      [5, 12, 6],
      [6, 8, 8],
      [10, 9, 3],
      [12, 9, 12],
    ]);
    assert.match(answer.json.problems[0].hint, /threshold/);
    assert.equal((await ask("GET", "/v1/policy", { key: app })).text, before);
    const checked = await ask("POST", "/v1/policy/check", { key: app, body: mistakes, headers: toml });
    assert.deepEqual(checked.json.problems, answer.json.problems);
  });

  test("is checked without being stored, in TOML and JSON", async () => {
    const good = await ask("POST", "/v1/policy/check", { key: app, body: { holdpoint: 1 } });
    assert.deepEqual(good.json, { problems: [], warnings: [], capacity: [] });
    refused(await ask("POST", "/v1/policy/check", { key: app, body: "x", headers: { "content-type": "text/plain" } }), "media_type", 415);
  });
});

describe("pages", () => {
  test("carry their protection and nothing from elsewhere", async () => {
    for (const path of ["/review", "/review/cases", "/sign-in", "/playground", "/www/later.js", "/www/icon.svg", "/www/gate_bg.wasm"]) {
      const page = await ask("GET", path, { key: path.startsWith("/review") ? reviewer : undefined });
      assert.equal(page.status, 200, path);
      const policy = page.headers.get("content-security-policy");
      assert.match(policy, /default-src 'none'/);
      if (page.headers.get("content-type").startsWith("text/html")) assert.match(policy, /trusted-types 'none'/);
      // Only the playground compiles wasm, and nothing may make a script of a text.
      assert.ok(!policy.replace(path === "/playground" ? "'wasm-unsafe-eval'" : "", "").includes("unsafe"));
      assert.equal(page.headers.get("x-content-type-options"), "nosniff");
      assert.ok(!/https?:\/\/(?!www\.w3\.org)/.test(page.text), `${path} names no other host`);
    }
    const home = await ask("GET", "/");
    assert.deepEqual([home.status, home.headers.get("location")], [302, "/review"]);
    refused(await ask("GET", "/www/nothing.js"), "not_found", 404);
  });

  test("a session is a cookie that scripts do not see, and that other sites cannot use", async () => {
    const origin = holdpoint.url;
    const signedIn = await ask("POST", "/sign-in", { body: { key: reviewer }, headers: { origin } });
    assert.equal(signedIn.status, 204, signedIn.text);
    const set = signedIn.headers.get("set-cookie");
    assert.match(set, /^__Host-holdpoint=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
    const cookie = set.split(";")[0];
    assert.equal((await ask("GET", "/v1/desks", { headers: { cookie } })).status, 200);
    refused(await ask("POST", "/v1/desks/main/claim", { headers: { cookie } }), "forbidden", 403);
    refused(await ask("POST", "/v1/desks/main/claim", { headers: { cookie, origin: "https://evil.example" } }), "forbidden", 403);
    assert.equal((await ask("POST", "/v1/desks/main/claim", { headers: { cookie, origin } })).status, 200);
    assert.equal((await ask("POST", "/sign-out", { headers: { cookie, origin } })).status, 204);
    refused(await ask("GET", "/v1/desks", { headers: { cookie } }), "unauthenticated", 401);
  });

  test("only people's keys sign in", async () => {
    const origin = holdpoint.url;
    refused(await ask("POST", "/sign-in", { body: { key: app }, headers: { origin } }), "forbidden", 403);
    refused(await ask("POST", "/sign-in", { body: { key: "hpk_wrong" }, headers: { origin } }), "unauthenticated", 401);
    refused(await ask("POST", "/sign-in", { body: { key: reviewer }, headers: { origin: "https://evil.example" } }), "forbidden", 403);
  });
});

describe("configuration", () => {
  test("without its secrets it answers nothing but /healthz, and says what is missing", async () => {
    for (const missing of ["HOLDPOINT_ADMIN_KEY", "HOLDPOINT_SIGNING_KEY"]) {
      const bare = await Holdpoint.start({ without: [missing] });
      try {
        assert.equal((await bare.ask("GET", "/healthz")).status, 200);
        const page = await bare.ask("GET", "/review");
        assert.deepEqual([page.status, page.text.includes(missing)], [503, true], "the page says so too");
        for (const path of ["/v1/policy", "/v1/desks"]) {
          const answer = await bare.ask("GET", path);
          refused(answer, "unavailable", 503);
          assert.match(answer.json.detail, new RegExp(missing));
        }
      } finally {
        await bare.stop();
      }
    }
  });
});
