// The package as its users meet it: what linters of packages say, its types, its size, its errors, and its memory.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as holdpoint from "../../pkg/node.js";
import { initSync } from "../../pkg/gate.js";
import { root } from "../harness/holdpoint.mjs";
import { sizes } from "../harness/sizes.mjs";

const { ActionError, Policy, PolicyError, check, digest } = holdpoint;
const bin = (name) => join(root, "node_modules/.bin", name);
const run = (program, args, options = {}) => spawnSync(program, args, { encoding: "utf8", ...options });
const REFUNDS = readFileSync(join(root, "examples/preview/src/policy.toml"), "utf8");

let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "holdpoint-package-"));
  mkdirSync(join(folder, "node_modules"));
  cpSync(join(root, "pkg"), join(folder, "node_modules/holdpoint"), { recursive: true });
  symlinkSync(join(root, "node_modules/@types"), join(folder, "node_modules/@types"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("publint and arethetypeswrong report nothing", () => {
  const publint = run(bin("publint"), ["--strict", join(root, "pkg")]);
  assert.equal(publint.status, 0, publint.stdout);
  assert.match(publint.stdout, /All good!/);
  // An ES module is what it is meant to be: `require` is not looked at.
  const types = run(bin("attw"), ["--pack", join(root, "pkg"), "--profile", "esm-only", "--format", "json"]);
  assert.equal(types.status, 0, types.stdout);
});

test("the wasm has at most 120 kB brotli, and nobody's paths", (t) => {
  const { raw, gzip, brotli } = sizes(join(root, "pkg/gate_bg.wasm"));
  t.diagnostic(`gate_bg.wasm: ${raw} bytes raw, ${gzip} gzip, ${brotli} brotli`);
  assert.ok(brotli <= 120_000, `${brotli} bytes brotli`);
  const text = readFileSync(join(root, "pkg/gate_bg.wasm"), "latin1");
  assert.doesNotMatch(text, /\.cargo\/|index\.crates|\/home\/|\/root\//);
  const scripts = readdirSync(join(root, "pkg")).filter((name) => name.endsWith(".js"));
  const total = scripts.reduce((sum, name) => sum + sizes(join(root, "pkg", name)).brotli, 0);
  assert.ok(total <= 6000, `${total} bytes of scripts, brotli`);
});

test("the package has what it says, the licence, and the crate's version", () => {
  const files = readdirSync(join(root, "pkg")).filter((name) => !name.startsWith("."));
  assert.deepEqual(files.sort(), ["LICENSE", "README.md", "browser.js", "gate.js", "gate_bg.wasm", "gate_bg.wasm.d.ts", "holdpoint.d.ts", "holdpoint.js", "node.js", "package.json"]);
  const { version } = JSON.parse(readFileSync(join(root, "pkg/package.json"), "utf8"));
  assert.match(readFileSync(join(root, "Cargo.toml"), "utf8"), new RegExp(`^version = "${version}"$`, "m"));
});

// The types.

const TYPED = `import init, { ActionError, Policy, PolicyError, check, digest } from "holdpoint";
import type { Action, Backtest, Checked, Digest, Problem, Verdict } from "holdpoint";

await init();
const policy: Policy = Policy.parse("holdpoint = 1", {});
const action: Action = { kind: "refund", args: { amount: 1, to: undefined }, confidence: 0.9 };
const verdict: Verdict = policy.decide(action);
export function words(verdict: Verdict): string {
  switch (verdict.verdict) {
    case "proceed": { const share: number = verdict.audit; return String(share); }
    case "hold": { const none: null = verdict.audit; return String(none); }
    case "block": return verdict.reasons.map(({ message, category }) => message ?? category).join();
  }
}
try { policy.decide("{"); } catch (error) {
  if (error instanceof ActionError) { const code: "malformed" | "too_large" | "invalid" = error.code; words(verdict); void code; }
  if (error instanceof PolicyError) { const first: Problem = error.problems[0]; void first; }
}
{ using short = Policy.parse("holdpoint = 1"); const named: Digest = short.digest; void named; }
policy.free();
export const same: Digest = digest(action);
// @ts-expect-error a policy is only made by parsing
new Policy();
// @ts-expect-error an action has a kind
policy.decide({ args: {} });
// @ts-expect-error a bigint is no JSON
policy.decide({ kind: "refund", args: { amount: 1n } });
`;

test("what it answers is what its types say, member for member", () => {
  const policy = Policy.parse(REFUNDS);
  const refund = (amount, confidence) => ({ kind: "refund", args: { amount, currency: "EUR" }, confidence });
  const answers = [
    ["Verdict", policy.decide(refund(40, 0.9))],
    ["Verdict", policy.decide(refund(400))],
    ["Verdict", policy.decide(refund(40_000))],
    ["Verdict", policy.decide({ kind: "wire", severity: "critical" })],
    ["Backtest", policy.backtest([{ ...refund(400, 0.5), wrong: true }, { ...refund(4), id: "a", wrong: true }], { perDay: 100_000 })],
    ["Backtest", policy.backtest([])],
    ["Checked", check("holdpoint = 1\nnames = 2\n[severity.high]\nthreshold = 0.1\n")],
  ];
  const constants = answers.map(([type, answer], at) => `export const answer${at}: ${type} = ${JSON.stringify(answer)};`);
  writeFileSync(join(folder, "typed.ts"), `${TYPED}${constants.join("\n")}\n`);
  const strict = ["--strict", "--noEmit", "--target", "es2022", "--skipLibCheck", "false", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--ignoreConfig"];
  const settings = [
    ["--lib", "ES2022,DOM", "--module", "esnext", "--moduleResolution", "bundler"],
    ["--lib", "ES2022", "--module", "nodenext", "--types", "node"],
    ["--lib", "ES2022", "--module", "esnext", "--moduleResolution", "bundler"],
  ];
  for (const setting of settings) {
    const { status, stdout } = run(bin("tsc"), [...strict, ...setting, "typed.ts"], { cwd: folder });
    assert.equal(status, 0, `${setting.join(" ")}\n${stdout}`);
  }
  const types = readFileSync(join(root, "npm/holdpoint.d.ts"), "utf8").replace(/\/\*[^]*?\*\//g, "");
  assert.doesNotMatch(types, /\bany\b/);
});

// The errors.

test("a policy's problems are data", () => {
  const text = 'holdpoint = 1\nnmae = "ä"\n[severity.high]\nthreshold = 95\n';
  const { problems } = check(text);
  assert.deepEqual(problems.map(({ line, column, length, message, hint }) => [line, column, length, message, hint]), [
    [2, 1, 4, "unknown key `nmae`", "did you mean `name`?"],
    [4, 13, 2, "`threshold` is more than 0 and at most 1, not 95", "a share, not per cent: `threshold = 0.95`"],
  ]);
  assert.throws(() => Policy.parse(text), (error) => error instanceof PolicyError && error.problems.length === 2 && /^line 2, column 1: unknown key `nmae`; did you mean `name`\? \(and 1 more\)$/.test(error.message));
  assert.throws(() => Policy.parse("holdpoint = 1\nname = 'a\ud800'"), (error) => error instanceof PolicyError && error.problems[0].line === 2 && error.problems[0].column === 10);
  assert.deepEqual(check("a = \udfff").problems.map(({ line, column }) => [line, column]), [[1, 5]]);
  assert.equal(Policy.parse('{"holdpoint":1,"name":"as JSON"}').name, "as JSON");
  assert.equal(Policy.parse("holdpoint = 1").name, null);
  for (const none of [undefined, null, 1, {}, new Uint8Array(2)]) assert.throws(() => Policy.parse(none), TypeError);
  assert.throws(() => Policy.parse("holdpoint = 1", { calibration: {} }), /no calibrations yet/);
  assert.throws(() => new Policy(), TypeError);
});

test("what is no action says so, with the code of the API", () => {
  const policy = Policy.parse(REFUNDS);
  const refused = (action) => {
    try {
      policy.decide(action);
    } catch (error) {
      assert.ok(error instanceof ActionError, String(error));
      return [error.code, ...error.problems.map(({ pointer }) => pointer)];
    }
    return null;
  };
  for (const [action, ...expected] of [
    [{}, "invalid", "/kind"],
    [{ kind: "a", colour: 1, args: [] }, "invalid", "/args", "/colour"],
    [{ kind: "a", args: { n: 2 ** 53, deep: [{ "a/b~": -(2 ** 60) }] } }, "invalid", "/args/n", "/args/deep/0/a~1b~0"],
    [{ kind: "a", args: { n: 1e300 } }, "invalid", "/args/n"],
    ["{", "malformed"],
    ['{"kind":"a","kind":"b"}', "malformed"],
    [`{"kind":"a","args":{"x":"\ud800"}}`, "malformed"],
    [{ kind: "a", args: { x: "\ud800" } }, "malformed"],
    [undefined, "malformed"],
    [() => 1, "malformed"],
    [[], "invalid", ""],
    [{ kind: "a", args: { x: "x".repeat(1 << 20) } }, "too_large"],
  ]) {
    assert.deepEqual(refused(action), expected, String(JSON.stringify(action)).slice(0, 80));
  }
  assert.equal(refused(`{"kind":"a","args":{"n":9007199254740993}}`), null, "in a text every digit is meant");
  assert.equal(refused({ kind: "a", args: { n: 2 ** 53 - 1, m: 0.5, u: undefined, d: new Date(0) } }), null);
  assert.throws(() => policy.decide({ kind: "a", args: { n: 1n } }), TypeError);
  assert.equal(digest({ kind: "a", args: { b: 1, a: "é" } }), digest('{"kind":"a","args":{"a":"\\u00e9","b":1.0},"confidence":0.1}'));
  assert.throws(() => digest("[]"), ActionError);
});

test("a backtest takes an array, a JSON array, and an action a line", () => {
  const policy = Policy.parse(REFUNDS);
  const actions = [{ kind: "refund", args: { amount: 400, currency: "EUR" } }, { kind: "refund", args: { amount: 4, currency: "EUR" }, id: "b", wrong: true }];
  const expected = policy.backtest(actions);
  assert.deepEqual([expected.hold, expected.proceed, expected.overridden, expected.let_through, expected.outcomes], [1, 1, 1, [{ at: 1, id: "b", kind: "refund" }], ["hold", "proceed"]]);
  assert.deepEqual(policy.backtest(JSON.stringify(actions, null, 1)), expected);
  assert.deepEqual(policy.backtest(`${actions.map((action) => JSON.stringify(action)).join("\r\n\n")}\n`), expected);
  assert.equal(policy.backtest(actions, { perDay: 1e6 }).capacity[0].verdict, "theatre");
  assert.equal(policy.backtest("").actions, 0);
  assert.throws(() => policy.backtest('{"kind":"a"}\n{'), /line 2 is not strict JSON/);
  assert.throws(() => policy.backtest([{ kind: "a" }, { kind: "a", args: 1 }]), (error) => error.problems[0].pointer === "/1/args");
  assert.throws(() => policy.backtest(actions, { perDay: -1 }), /from 0 to 1000000000/);
  assert.throws(() => policy.backtest(actions, { perDay: NaN }), /from 0 to 1000000000/);
  assert.throws(() => policy.backtest({}), TypeError);
});

test("the browser's entry says that it wants `init` first", async () => {
  const program = `import init, { Policy, check, digest } from ${JSON.stringify(join(root, "pkg/browser.js"))};
    import { readFileSync } from "node:fs";
    for (const call of [() => Policy.parse("holdpoint = 1"), () => check(""), () => digest("{}")]) {
      try { call(); console.log("answered"); } catch (error) { console.log(error.message); }
    }
    await init("data:text/plain,none").catch(() => console.log("failed"));
    const wasm = readFileSync(${JSON.stringify(join(root, "pkg/gate_bg.wasm"))});
    const [first, second] = [init(wasm), init()];
    console.log(first === second);
    await first;
    console.log(Policy.parse("holdpoint = 1").digest.slice(0, 7));`;
  const { stdout, stderr } = run(process.execPath, ["--input-type=module", "--eval", program]);
  const asked = "holdpoint is not ready: `await init()` first";
  assert.deepEqual(stdout.trim().split("\n"), [asked, asked, asked, "failed", "true", "sha256:"], stderr);
});

// Its memory.

const held = () => initSync().memory.buffer.byteLength;

test("a policy that is freed gives its memory back, and answers nothing more", () => {
  const policy = Policy.parse(REFUNDS);
  policy.free();
  policy.free();
  for (const call of [() => policy.decide({ kind: "a" }), () => policy.digest, () => policy.backtest([])]) assert.throws(call, /this policy was freed/);
  const many = (count) => {
    for (let at = 0; at < count; at += 1) {
      const policy = Policy.parse(REFUNDS);
      policy.decide({ kind: "refund", args: { amount: at, currency: "EUR" } });
      policy[Symbol.dispose]();
    }
    return held();
  };
  const before = many(200);
  assert.equal(many(5000), before);
});

test("a policy that nobody holds is freed by the garbage collector", () => {
  const program = `import { Policy } from ${JSON.stringify(join(root, "pkg/node.js"))};
    import { initSync } from ${JSON.stringify(join(root, "pkg/gate.js"))};
    import { readFileSync } from "node:fs";
    const text = readFileSync(${JSON.stringify(join(root, "examples/airline.toml"))}, "utf8");
    const many = async () => {
      for (let round = 0; round < 50; round += 1) {
        for (let at = 0; at < 20; at += 1) Policy.parse(text);
        gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      return initSync().memory.buffer.byteLength;
    };
    console.log(await many(), await many());`;
  const { stdout, stderr } = run(process.execPath, ["--expose-gc", "--input-type=module", "--eval", program]);
  const [first, second] = stdout.trim().split(" ").map(Number);
  assert.ok(first > 0 && second === first, `${stdout}${stderr}`);
});
