// The gate beside other policy engines, on a thousand actions and policies of 12, 100 and 1,000 criteria: natively (built
// and timed by tests/bench/engines), and as wasm in Node beside what front ends use. Every engine says all criteria that
// match. Ratios of one run count; times are this machine's. docs/performance.md says what came of it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../harness/holdpoint.mjs";

const engines = process.env.HOLDPOINT_ENGINES;
const COUNTS = [12, 100, 1000];
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function table(title, rows, base) {
  console.log(`\n${title}\n  ${"".padEnd(46)}${COUNTS.map((count) => `${count} criteria`.padStart(24)).join("")}`);
  for (const name of [...new Set(rows.map((row) => row.name))]) {
    const cells = COUNTS.map((count) => {
      const row = rows.find((each) => each.name === name && each.count === count);
      const of = rows.find((each) => each.name === base && each.count === count);
      return row === undefined ? "".padStart(24) : `${(row.ns / 1000).toFixed(2)} µs (${(row.ns / of.ns).toFixed(2)})`.padStart(24);
    });
    console.log(`  ${name.padEnd(46)}${cells.join("")}`);
  }
}

function natively() {
  const { stdout, status } = spawnSync(engines, ["measure", "9"], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error("the native measurement failed");
  const rows = stdout.trim().split("\n").map((line) => JSON.parse(line)).map((row) => ({ ...row, ns: row.median_ns }));
  table("Natively, a decision (ratio to the chain of ifs), median of 9 rounds", rows, "chain of ifs, typed");
  const matches = rows.filter(({ name }) => name !== "holdpoint, text to verdict text");
  for (const count of COUNTS) console.log(`  matches at ${count}: ${[...new Set(matches.filter((row) => row.count === count).map(({ sum }) => sum))].join(", ")}`);
}

const RUNS = ["load of the policy", "evaluation", "strict parsing and evaluation", "the same and the digest", "text to verdict text", "strict parsing"];

async function wasm(rows) {
  const { instance } = await WebAssembly.instantiate(readFileSync(process.env.HOLDPOINT_ENGINES_WASM), {});
  const { prepare, run } = instance.exports;
  // Until the runtime has compiled it well.
  prepare(100);
  for (let round = 0; round < 60; round += 1) RUNS.forEach((_, what) => run(what));
  for (const count of COUNTS) {
    prepare(count);
    const times = RUNS.map(() => []);
    for (let round = 0; round < 9; round += 1) {
      for (const [what] of RUNS.entries()) {
        const began = performance.now();
        run(what);
        times[what].push(performance.now() - began);
      }
    }
    for (const [what, name] of RUNS.entries()) {
      if (what === 0) console.log(`  load of ${count} criteria: ${median(times[0]).toFixed(2)} ms`);
      else rows.push({ name: `holdpoint, ${name}`, count, ns: (median(times[what]) * 1e6) / 1000 });
    }
  }
}

/** The rules as other engines want them: `[field, operator, value]`, all of which have to hold. */
function logic({ kinds, test }) {
  const field = (name) => ({ var: name === "model" ? "source.model" : `args.${name}` });
  const part = ([name, operator, value]) =>
    operator === "in" ? { in: [field(name), value] }
    : operator === "contains" ? { or: value.map((each) => ({ in: [each, field(name)] })) }
    : operator === "ends" ? { "===": [{ substr: [field(name), -value.length] }, value] }
    : { [{ "==": "===", "!=": "!==" }[operator] ?? operator]: [field(name), value] };
  return { and: [...(kinds.length > 0 ? [{ in: [{ var: "kind" }, kinds] }] : []), ...test.map(part)] };
}

function rule({ id, kinds, test }) {
  const operators = { "==": "equal", "!=": "notEqual", ">": "greaterThan", ">=": "greaterThanInclusive", in: "in", contains: "includes", ends: "endsWith" };
  const part = ([fact, operator, value]) => ({ fact, operator: operators[operator], value });
  return { conditions: { all: [...(kinds.length > 0 ? [{ fact: "kind", operator: "in", value: kinds }] : []), ...test.map(part)] }, event: { type: String(id) } };
}

async function peers(rows, folder) {
  const require = createRequire(join(root, "tests/bench/peers/package.json"));
  const jsonLogic = require("json-logic-js");
  const { Engine } = require("json-rules-engine");
  const cedar = require("@cedar-policy/cedar-wasm/nodejs");
  const actions = readFileSync(join(folder, "actions.jsonl"), "utf8").split("\n").map((line) => JSON.parse(line));
  for (const count of COUNTS) {
    const rules = JSON.parse(readFileSync(join(folder, `rules-${count}.json`), "utf8"));
    const logics = rules.map(logic);
    const engine = new Engine(rules.map(rule), { allowUndefinedFacts: true });
    engine.addOperator("includes", (text, parts) => parts.some((part) => text.includes(part)));
    engine.addOperator("endsWith", (text, end) => text.endsWith(end));
    const policies = { staticPolicies: readFileSync(join(folder, `policy-${count}.cedar`), "utf8"), templates: {}, templateLinks: [] };
    if (cedar.preparsePolicySet(`bench-${count}`, policies).type !== "success") throw new Error("Cedar does not take the policies");
    const decide = {
      "json-logic-js": (action) => logics.filter((each) => jsonLogic.apply(each, action)).length,
      "json-rules-engine": async ({ kind, args, source }) => (await engine.run({ kind, ...args, model: source.model })).events.length,
      "@cedar-policy/cedar-wasm": ({ kind, args, source }) =>
        cedar.statefulIsAuthorized({ principal: { type: "App", id: "a" }, action: { type: "Action", id: kind }, resource: { type: "Shop", id: "s" }, context: { args, source }, preparsedPolicySetId: `bench-${count}`, entities: [], validateRequest: false }).response.diagnostics.reason.length,
    };
    // The slow ones decide a part of the actions: their time for one is the same.
    for (const [name, one] of Object.entries(decide)) {
      const some = actions.slice(0, count === 1000 ? 50 : 250);
      const times = [];
      for (let round = 0; round < 5; round += 1) {
        const began = performance.now();
        for (const action of some) await one(action);
        times.push(((performance.now() - began) * 1e6) / some.length);
      }
      rows.push({ name, count, ns: median(times) });
    }
  }
}

natively();
const folder = mkdtempSync(join(tmpdir(), "holdpoint-engines-"));
try {
  if (spawnSync(engines, ["emit", folder]).status !== 0) throw new Error("the workload cannot be written");
  const rows = [];
  console.log(`\nAs wasm, built as it is shipped, in Node ${process.versions.node}`);
  await wasm(rows);
  await peers(rows, folder);
  table("As wasm in Node, a decision (ratio to ours with strict parsing); the peers' actions are parsed already", rows, "holdpoint, strict parsing and evaluation");
} finally {
  rmSync(folder, { recursive: true });
}
