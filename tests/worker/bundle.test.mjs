// The bundle's size: what a Worker has to load before it can answer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { root } from "../harness/holdpoint.mjs";

// 136 of them are the gate of the npm package, which the playground loads.
const BUDGET_KB = 870;

test(`the whole bundle has at most ${BUDGET_KB} kB gzip`, (t) => {
  const sizes = ["index.js", "index_bg.wasm"].map((name) => {
    const bytes = readFileSync(join(root, "build", name));
    return { name, raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  });
  for (const { name, raw, gzip } of sizes) t.diagnostic(`${name}: ${raw} bytes raw, ${gzip} gzip`);
  const total = sizes.reduce((sum, { gzip }) => sum + gzip, 0);
  assert.ok(total <= BUDGET_KB * 1000, `${total} bytes gzip`);
});
