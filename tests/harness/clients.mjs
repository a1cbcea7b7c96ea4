// What the tables of docs/clients.md are made with: which clients there are, those of Python, and the writing itself.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "./holdpoint.mjs";

/** Which version of an npm package is installed. */
export const version = (name) => JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;

/** Which version of a Python package is. */
export const pinned = (name) => new RegExp(`^${name}==(.*)$`, "m").exec(readFileSync(join(root, "tests/requirements.txt"), "utf8"))[1];

/** A client in Python, fed a job a line. */
export function python(script, env) {
  const child = spawn(process.env.HOLDPOINT_PYTHON, [join(root, "tests/clients/sdk", script)], { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "inherit"] });
  const jobs = new Map();
  // Whatever ends it, nobody waits for its answers in vain.
  child.on("exit", (code) => jobs.forEach((answered) => answered({ error: `Python ended with ${code}` })));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { id, seen } = JSON.parse(line);
    jobs.get(id)(seen);
  });
  return {
    async use(job) {
      const id = jobs.size;
      const answered = new Promise((resolve) => jobs.set(id, resolve));
      child.stdin.write(`${JSON.stringify({ id, ...job })}\n`);
      const seen = await answered;
      if (seen.error) throw new Error(seen.error);
      return seen;
    },
    stop: () => child.stdin.end(),
  };
}

/** One of the tables of docs/clients.md says what passed; with `HOLDPOINT_PRINT=1` it is written. */
export function says(name, heads, columns, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const ticks = (passed) => passed.map((one) => (one ? "✓" : "✗"));
  const table = [
    line([...heads, ...columns]),
    `|${heads.map(() => "---|").join("")}${columns.map(() => ":-:|").join("")}`,
    ...rows.map(([cells, passed]) => line([...cells, ...ticks(passed)])),
  ].join("\n");
  const path = join(root, "docs/clients.md");
  const page = readFileSync(path, "utf8");
  const place = new RegExp(`(<!-- ${name} -->\\n)[^]*?(\\n?<!-- end -->)`);
  assert.ok(place.test(page), `docs/clients.md has no place for the table: <!-- ${name} --> and <!-- end -->`);
  const written = page.replace(place, (_, begin, end) => begin + table + end);
  if (process.env.HOLDPOINT_PRINT) writeFileSync(path, written);
  assert.equal(written, readFileSync(path, "utf8"), "run the stage again with HOLDPOINT_PRINT=1");
  assert.ok(!table.includes("✗"), "every cell passes");
}
