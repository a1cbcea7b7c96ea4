// Decisions a second of the npm package beside engines that front ends use, in Node and in Chromium, and how large each
// is. Ratios of one run count; times are this machine's.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../harness/browser.mjs";
import { root } from "../harness/holdpoint.mjs";
import { sizes } from "../harness/sizes.mjs";
import { serve } from "../harness/static.mjs";
import { measure } from "./gates.mjs";

const peers = join(root, "tests/bench/peers");
const modules = join(peers, "node_modules");

function told(where, { matches, bytes, rounds, engines }) {
  const [{ perSecond: ours }] = engines;
  console.log(`\n${where}: 12 rules, 1,000 actions of ${Math.round(bytes)} bytes on average, ${matches} matches, the median of ${rounds} rounds`);
  for (const { name, perSecond } of engines) {
    console.log(`  ${name.padEnd(28)} ${Math.round(perSecond).toLocaleString("en").padStart(9)} a second   ${(perSecond / ours).toFixed(perSecond / ours < 0.1 ? 3 : 2)} of holdpoint`);
  }
}

async function inNode() {
  const require = createRequire(join(peers, "package.json"));
  const { Policy } = await import("../../pkg/node.js");
  const { Engine } = require("json-rules-engine");
  const jsonLogic = require("json-logic-js");
  const cedar = await import(join(modules, "@cedar-policy/cedar-wasm/nodejs/cedar_wasm.js")).then((found) => found.default ?? found);
  told(`Node ${process.versions.node}`, await measure({ Policy, Engine, jsonLogic, cedar }));
}

async function inChromium() {
  const folder = mkdtempSync(join(tmpdir(), "holdpoint-bench-"));
  const entry = join(folder, "entry.mjs");
  writeFileSync(entry, `import { Engine } from "json-rules-engine";
    import jsonLogic from "json-logic-js";
    import load, * as cedar from ${JSON.stringify(join(modules, "@cedar-policy/cedar-wasm/web/cedar_wasm.js"))};
    import init, { Policy } from ${JSON.stringify(join(root, "pkg/browser.js"))};
    import { measure } from ${JSON.stringify(join(root, "tests/bench/gates.mjs"))};
    await Promise.all([init("/pkg/gate_bg.wasm"), load({ module_or_path: "/cedar/cedar_wasm_bg.wasm" })]);
    globalThis.measured = measure({ Policy, Engine, jsonLogic, cedar });`);
  const bundled = spawnSync(join(root, "node_modules/.bin/esbuild"), [entry, "--bundle", "--format=esm", "--define:process.env.DEBUG=undefined", "--define:global=globalThis", `--outfile=${join(folder, "bundle.js")}`, "--log-level=error"], { env: { ...process.env, NODE_PATH: modules }, encoding: "utf8" });
  if (bundled.status !== 0) throw new Error(bundled.stderr);
  const files = await serve({ "/pkg/": join(root, "pkg"), "/cedar/": join(modules, "@cedar-policy/cedar-wasm/web"), "/": folder }, { pages: { "/": '<!doctype html><script>globalThis.process = { env: {} }</script><script type="module" src="/bundle.js"></script>' } });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const said = [];
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(files.url);
    await page.waitForFunction(() => globalThis.measured !== undefined, null, { timeout: 30_000 }).catch((error) => {
      throw new Error(said.join("\n") || String(error));
    });
    told(`Chromium ${browser.version()}`, await page.evaluate(() => globalThis.measured));
  } finally {
    await browser.close();
    await files.stop();
    rmSync(folder, { recursive: true });
  }
}

const SIZED = [
  ["holdpoint", join(root, "pkg/gate_bg.wasm")],
  ["@cedar-policy/cedar-wasm", join(modules, "@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm")],
  ["@gorules/zen-engine-wasm", join(modules, "@gorules/zen-engine-wasm/dist/zen_engine_wasm_bg.wasm")],
];

console.log("The wasm, in bytes                     raw        gzip      brotli");
for (const [name, file] of SIZED) {
  const { raw, gzip, brotli } = sizes(file);
  console.log(`  ${name.padEnd(28)} ${[raw, gzip, brotli].map((bytes) => bytes.toLocaleString("en").padStart(11)).join(" ")}`);
}
await inNode();
await inChromium();
