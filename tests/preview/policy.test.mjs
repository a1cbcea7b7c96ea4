// `cargo xtask policy`, as a policy's own CI would run it: what it says, and its exit codes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const root = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "holdpoint-policy-"));
after(() => rmSync(folder, { recursive: true }));

function run(...words) {
  const { stdout, stderr, status } = spawnSync("cargo", ["--quiet", "xtask", "policy", ...words], { cwd: root, encoding: "utf8" });
  return { stdout, stderr, status };
}

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const GOOD = 'holdpoint = 1\n[[criteria]]\nid = "large"\ncategory = "large refund"\nkinds = ["refund"]\nwhen = "args.amount > 500"\n';

test("a problem is shown in its line, with what mends it", () => {
  const path = file("bad.toml", GOOD.replace("args.amount", "arg.amount"));
  const { stdout, stderr, status } = run("check", path);
  assert.equal(status, 1, stderr);
  assert.equal(
    stdout,
    `${path}:6:9: problem: nothing is called \`arg\`\n6 | when = "arg.amount > 500"\n  |         ^^^\n  = did you mean \`args\`?\n\n`,
  );
  assert.match(stderr, /1 problem, 0 warnings in 1 file\b/);
});

test("warnings fail only where that is asked for", () => {
  const path = file("unsure.toml", GOOD.replace("args.amount > 500", "confidence < 80"));
  assert.equal(run("check", path).status, 0);
  assert.equal(run("check", "--strict", path).status, 1);
});

test("for machines there is a line of JSON for each file", () => {
  const { stdout, status } = run("check", "--json", file("good.toml", GOOD), file("none.toml", "holdpoint = 2\n"));
  const [good, none] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(status, 1);
  assert.deepEqual([good.problems, good.warnings], [[], []]);
  assert.deepEqual(none.problems.map(({ line, column, length }) => [line, column, length]), [[1, 13, 1]]);
});

test("tests of a policy pass and fail, and say what came out instead", () => {
  file("good.toml", GOOD);
  const suite = (verdict) => `[[tests]]\nname = "a large one"\naction = { kind = "refund", args = { amount = 501 }, confidence = 1 }\nverdict = "${verdict}"\n`;
  assert.deepEqual(run("test", file("good.test.toml", suite("hold"))), { stdout: "1 passed, 0 failed\n", stderr: "", status: 0 });
  const failed = run("test", file("good.test.toml", suite("proceed")));
  assert.equal(failed.status, 1);
  assert.match(failed.stdout, /good\.test\.toml:1: a large one: verdict is hold, not proceed\n {4}because large refund/);
  const [line] = run("test", "--json", join(folder, "good.test.toml")).stdout.trim().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual([line.line, line.name, line.passed, line.differences, line.verdict.verdict], [1, "a large one", false, ["verdict is hold, not proceed"], "hold"]);
});

test("what cannot be run is told apart from what fails", () => {
  for (const [words, says] of [
    [["check", join(folder, "absent.toml")], /absent\.toml/],
    [["check"], /name at least one file/],
    [["verify", "x"], /say `check` or `test`/],
    [["test", "--strict", "x"], /`--strict` is no option here/],
    [["test", file("lost.toml", "[[tests]]\nname = 'a'\naction = { kind = 'x' }\nverdict = 'hold'\n")], /names no policy/],
    [["test", file("broken.test.toml", "[[tests]]\nname = 'a'\nactoin = 1\n")], /broken\.test\.toml:1: \/tests\/0\/actoin/],
  ]) {
    const { stderr, status } = run(...words);
    assert.equal(status, 2, words.join(" "));
    assert.match(stderr, says);
  }
});
