// The description of the API: linted, tried operation by operation, and its signatures checked by libraries of
// another language.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root, until } from "../harness/holdpoint.mjs";
import { Shop } from "../harness/shop.mjs";

const python = process.env.HOLDPOINT_PYTHON ?? "python3";
const secret = `whsec_${randomBytes(32).toString("base64")}`;

function run(program, args, env = {}) {
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve({ code, said }));
  });
}

let shop, receiver, messages;
before(async () => {
  messages = [];
  receiver = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    messages.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(204).end();
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  shop = await Shop.open({
    vars: { WEBHOOKS: { ops: { url: `http://127.0.0.1:${receiver.address().port}/`, secret: "OPS_SECRET" } } },
    secrets: { OPS_SECRET: secret },
  });
});
after(async () => {
  await shop.close();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

test("the description is what the linter recommends", async () => {
  const redocly = join(root, "node_modules/@redocly/cli/bin/cli.js");
  const linted = await run(process.execPath, [redocly, "lint", "--config", "tests/api/redocly.yaml", "www/openapi.json"], {
    REDOCLY_TELEMETRY: "off",
    REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
  });
  assert.equal(linted.code, 0, linted.said);
});

test("it is served as it is in the tree, without a key", async () => {
  const served = await shop.ask("GET", "/openapi.json");
  assert.equal(served.status, 200);
  assert.equal(served.json.openapi, "3.1.0");
  assert.ok(Object.keys(served.json.paths).length > 25);
});

test("the schema of policies says what a policy is, to a library of another language", async (t) => {
  const served = await shop.ask("GET", "/policy.schema.json");
  assert.deepEqual([served.status, served.headers.get("content-type")], [200, "application/schema+json"]);
  const tried = await run(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/api/test_policy_schema.py"], {
    HOLDPOINT_URL: shop.holdpoint.url,
    PYTHONDONTWRITEBYTECODE: "1",
  });
  assert.equal(tried.code, 0, tried.said.slice(-6000));
  t.diagnostic(tried.said.trim().split("\n").at(-1));
});

test("permits and notifications verify with libraries of another language", async () => {
  const action = await shop.hold("refund", { amount: 400 });
  await shop.decide(shop.ana, action, "approve");
  const approved = (await shop.read(action)).json;
  const message = await until("a notification", async () => messages.find(({ body }) => body.includes(action.id)));
  const directory = mkdtempSync(join(tmpdir(), "holdpoint-"));
  try {
    const given = join(directory, "given.json");
    writeFileSync(given, JSON.stringify({ url: shop.holdpoint.url, secret, permit: approved.permit, answer: approved, message }));
    const verified = await run(python, ["tests/api/verify.py", given]);
    assert.equal(verified.code, 0, verified.said);
    assert.match(verified.said, /permit and notification verified/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("every operation answers as described, whatever it is sent", async (t) => {
  const { holdpoint } = shop;
  const keys = { app: shop.app, reviewer: shop.ana, auditor: shop.auditor, admin: holdpoint.admin };
  const pool = [];
  for (let count = 0; count < 12; count += 1) pool.push(await shop.hold("refund", { amount: 400 + count }));
  for (let count = 0; count < 6; count += 1) pool.push((await shop.propose("note", { audit: true })).json);
  for (let count = 0; count < 6; count += 1) {
    const action = await shop.hold("refund", { amount: 300 + count });
    await shop.decide(shop.ana, action, "approve");
    pool.push((await shop.read(action)).json);
  }
  const spare = [];
  for (let count = 0; count < 3; count += 1) spare.push((await holdpoint.key("app", { name: `spare ${count}` })).id);
  const examples = process.env.HOLDPOINT_LONG ? "500" : "50";
  const tried = await run(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/api/test_operations.py"], {
    HOLDPOINT_URL: holdpoint.url,
    HOLDPOINT_KEYS: JSON.stringify(keys),
    HOLDPOINT_POOL: JSON.stringify(pool.map(({ id, digest, permit }) => ({ id, digest, permit }))),
    HOLDPOINT_SPARE_KEYS: JSON.stringify(spare),
    HOLDPOINT_EXAMPLES: examples,
    PYTHONDONTWRITEBYTECODE: "1",
  });
  assert.equal(tried.code, 0, tried.said.slice(-6000));
  t.diagnostic(tried.said.trim().split("\n").at(-1));
  // The log has a line a request: what was really reached.
  const lines = [...holdpoint.log.matchAll(/^\{"route":.*\}$/gm)].map(([line]) => JSON.parse(line));
  const done = new Set(lines.filter(({ status }) => status < 300).map(({ method, route }) => `${method} ${route}`));
  assert.ok(lines.every(({ status }) => status < 500));
  const all = Object.entries(JSON.parse(readFileSync(join(root, "www/openapi.json"), "utf8")).paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const never = all.filter((route) => !done.has(route));
  t.diagnostic(`${lines.length} requests; never done: ${never.join(", ") || "none"}`);
  // Undoing needs a decision of the same key within its window, a resending a dead letter, an outcome a case that is
  // unknown: each has tests of its own.
  assert.ok(never.length <= 6, never.join(", "));
});
