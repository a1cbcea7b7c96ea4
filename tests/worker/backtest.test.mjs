// A policy tried on a file, as CI does it: what it says, and by which number it ends.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root, until } from "../harness/holdpoint.mjs";
import { Shop } from "../harness/shop.mjs";

const POLICY = `holdpoint = 1
[kinds.refund]
severity = "medium"
[desks.main]
reviewers = 1000
undo = "0s"
`;

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), "holdpoint-backtest-"))));
after(() => rmSync(folder, { recursive: true }));

const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const lines = (...all) => all.map((line) => `${JSON.stringify(line)}\n`).join("");
const run = (...args) => {
  const { status, stdout, stderr } = spawnSync("cargo", ["--quiet", "xtask", "backtest", ...args], { cwd: root, encoding: "utf8" });
  return { status, stdout, stderr };
};

test("it ends with 0, 1 or 2, and says why", () => {
  const policy = file("policy.toml", POLICY);
  const loose = file("loose.toml", POLICY.replace('severity = "medium"', 'severity = "low"'));
  const wrong = { kind: "refund", args: { amount: 1 }, confidence: 0.5, wrong: true };
  const actions = file("actions.jsonl", `${lines(wrong, { kind: "refund", confidence: 0.9, wrong: false })}\n`);
  assert.equal(run(policy, actions).status, 0);
  const let_through = run(loose, actions, "--against", policy);
  assert.equal(let_through.status, 1);
  assert.match(let_through.stdout, /line 1: refund was overridden, and would proceed/);
  assert.match(let_through.stderr, /1 overridden actions would proceed, and 0 may/);
  assert.equal(run(loose, actions, "--allow", "1").status, 0);
  assert.equal(run(loose, actions, "--against", loose).status, 0, "today's lets it through as well");
  const { status, stdout } = run(loose, actions, "--json", "--per-day", "800");
  const told = JSON.parse(stdout);
  assert.deepEqual([status, told.overridden, told.let_through, told.after.proceed, told.capacity[0].verdict], [1, 1, [{ line: 1, id: null, kind: "refund" }], 2, "real"]);

  for (const [args, says] of [
    [[policy], /name one policy and one file/],
    [[policy, join(folder, "none.jsonl")], /reading .*none\.jsonl/],
    [[file("bad.toml", "holdpoint = 1\nnothing = 2\n"), actions], /bad\.toml:2:1: unknown key `nothing`/],
    [[policy, file("bad.jsonl", lines(wrong, { colour: 1 }))], /bad\.jsonl:2: .*colour/],
    [[policy, file("empty.jsonl", "\n")], /has no action in it/],
    [[policy, actions, "--per-day", "many"], /--per-day is a number/],
  ]) {
    const refused = run(...args);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, says);
  }
});

test("an export of decisions is read as it is, each as often as its probability says", async () => {
  const shop = await Shop.open({ policy: POLICY });
  try {
    const proposed = [];
    for (let amount = 0; amount < 4; amount += 1) proposed.push(await shop.hold("refund", { amount }, { confidence: 0.1 * amount, severity: amount === 3 ? "critical" : "low" }));
    for (const [at, action] of proposed.entries()) await shop.decide(shop.ana, action, at % 2 ? "approve" : "reject", at % 2 ? {} : { reason: "other" });
    const text = await until("they are all over", async () => {
      const { text } = await shop.ask("GET", "/v1/export/decisions", { key: shop.auditor });
      return text.split("\n").length === 5 && text;
    });
    const loose = file("loose.toml", POLICY.replace('severity = "medium"', 'severity = "low"'));
    const { status, stdout } = run(loose, file("decisions.jsonl", text), "--json", "--allow", "2");
    const { after, overridden, let_through: through } = JSON.parse(stdout);
    assert.deepEqual([status, after.proceed, after.hold, overridden], [0, 3, 1, 2], "what the app called critical is held still");
    assert.deepEqual(through.map(({ id }) => id).sort(), [proposed[0].id, proposed[2].id].sort());
  } finally {
    await shop.close();
  }
});
