// The edge's gate, byte for byte: one corpus, decided by the running Worker, by the crate as a native program, by the
// package in two versions of Node, and by the package in Chromium.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { actions, hasAirline, policies, raw } from "../harness/corpus.mjs";
import { Holdpoint, root } from "../harness/holdpoint.mjs";
import { serve } from "../harness/static.mjs";

const corpus = Object.entries(policies()).map(([name, text]) => ({ name, text, actions: actions(name) }));
const count = corpus.reduce((sum, { actions }) => sum + actions.length, 0);
let folder, edge;

/** Asks the running Worker, some at a time. */
async function atTheEdge() {
  const holdpoint = await Holdpoint.start();
  try {
    const { key } = await holdpoint.key("app");
    const decided = [];
    for (const { text, actions } of corpus) {
      const type = text.startsWith("{") ? "application/json" : "application/toml";
      const stored = await holdpoint.ask("PUT", "/v1/policy", { key: holdpoint.admin, body: text, headers: { "content-type": type, "if-match": "*" } });
      assert.equal(stored.status, 200, stored.text);
      const answers = new Array(actions.length);
      let next = 0;
      const work = async () => {
        for (let at = next++; at < actions.length; at = next++) {
          const { status, json, text } = await holdpoint.ask("POST", "/v1/actions", { key, body: actions[at] });
          answers[at] = status < 300 ? { verdict: raw(text, "verdict"), digest: json.digest } : { code: json.code, problems: json.problems ?? [] };
        }
      };
      await Promise.all(Array.from({ length: 12 }, work));
      decided.push({ named: stored.json.digest, answers });
    }
    return decided;
  } finally {
    await holdpoint.stop();
  }
}

/** Asks the crate, built for this machine. */
function natively() {
  return corpus.map(({ text, actions }) => {
    const policy = join(folder, text.startsWith("{") ? "policy.json" : "policy.toml");
    writeFileSync(policy, text);
    const lines = join(folder, "actions.jsonl");
    writeFileSync(lines, `${actions.join("\n")}\n`);
    const { stdout, stderr, status } = spawnSync("cargo", ["--quiet", "xtask", "decide", policy, lines], { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
    assert.ok(status <= 1, stderr);
    const answers = stdout.trim().split("\n").map((line) => {
      const problem = raw(line, "problem");
      if (problem === undefined) return { verdict: raw(line, "verdict"), digest: JSON.parse(raw(line, "digest")) };
      const { code, problems = [] } = JSON.parse(problem);
      return { code, problems };
    });
    return { answers };
  });
}

/** Asks the package, in this Node. */
function inNode(node) {
  const [from, to] = [join(folder, "corpus.json"), join(folder, "answers.json")];
  writeFileSync(from, JSON.stringify(corpus));
  const { status, stderr } = spawnSync(node, [join(root, "tests/preview/decide.mjs"), from, to], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(readFileSync(to, "utf8"));
}

/** Asks the package, as a page loads it. */
async function inChromium() {
  const page = `<!doctype html><script type="module">
    import init, * as holdpoint from "/pkg/browser.js";
    import { decideAll } from "/harness/preview.mjs";
    await init();
    globalThis.decideAll = (corpus) => decideAll(holdpoint, corpus);
  </script>`;
  const files = await serve({ "/pkg/": join(root, "pkg"), "/harness/": join(root, "tests/harness") }, { pages: { "/": page } });
  const browser = await launch();
  try {
    const tab = await browser.newPage();
    await tab.goto(files.url);
    await tab.waitForFunction(() => globalThis.decideAll !== undefined);
    return await tab.evaluate((corpus) => globalThis.decideAll(corpus), corpus);
  } finally {
    await browser.close();
    await files.stop();
  }
}

/** Whether the policy takes the confidence out of the arguments, so that what runs is not what was proposed. */
const takesConfidence = (text, action) => text.includes('confidence = "/meta/confidence"') && action.includes('"kind":"wire"');

function assertSame(where, decided) {
  let verdicts = 0;
  for (const [at, { name, text, actions }] of corpus.entries()) {
    if (decided[at].named) assert.equal(decided[at].named, edge[at].named, `${where}: the digest of ${name}`);
    assert.equal(decided[at].answers.length, actions.length, `${where}, ${name}`);
    for (const [place, action] of actions.entries()) {
      const [found, expected] = [decided[at].answers[place], edge[at].answers[place]];
      const says = `${where}, ${name}: ${action.slice(0, 300)}`;
      if (expected.verdict === undefined) {
        assert.deepEqual(found, expected, says);
        continue;
      }
      verdicts += 1;
      assert.equal(found.verdict, expected.verdict, says);
      if (where === "native" || !takesConfidence(text, action)) assert.equal(found.digest, expected.digest, says);
    }
  }
  return verdicts;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdpoint-same-"));
  edge = await atTheEdge();
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the corpus has all three verdicts and every kind of refusal in it", (t) => {
  const all = edge.flatMap(({ answers }) => answers);
  const kinds = new Set(all.map(({ verdict, code }) => (verdict === undefined ? code : JSON.parse(verdict).verdict)));
  assert.deepEqual([...kinds].sort(), ["block", "hold", "invalid", "malformed", "proceed", "too_large"]);
  t.diagnostic(`${count} decisions under ${corpus.length} policies, ${all.filter(({ verdict }) => verdict).length} with a verdict${hasAirline ? "" : "; without the recorded actions, which are not here"}`);
});

test("the crate, built natively, says what the edge says", () => {
  assertSame("native", natively());
});

test("the package in Node 22 says what the edge says", () => {
  assertSame("Node 22", inNode(process.execPath));
});

test("the package in Node 20 says what the edge says", { skip: process.env.HOLDPOINT_NODE_20 ? false : "no Node 20" }, () => {
  assertSame("Node 20", inNode(process.env.HOLDPOINT_NODE_20));
});

test("the package in Chromium says what the edge says", async () => {
  assertSame("Chromium", await inChromium());
});

test("an object is decided as its text is", async () => {
  const { Policy } = await import("../../pkg/node.js");
  for (const { name, text } of corpus) {
    const policy = Policy.parse(text);
    const written = actions(name).filter((action) => {
      try {
        return action.startsWith("{") && JSON.stringify(JSON.parse(action)) === action && !/"__proto__"/.test(action);
      } catch {
        return false;
      }
    });
    assert.ok(written.length > 100);
    for (const action of written) {
      const outcome = (given) => {
        try {
          return JSON.stringify(policy.decide(given));
        } catch (error) {
          return `${error.name}: ${error.message}`;
        }
      };
      const fromObject = outcome(JSON.parse(action));
      if (!/not safe in JavaScript/.test(fromObject)) assert.equal(fromObject, outcome(action), action);
    }
  }
});
