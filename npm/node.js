// Node, Bun and Deno: the wasm is read when this module is, so that nothing has to be awaited.

import { readFileSync } from "node:fs";
import load, { initSync } from "./gate.js";
import { markReady } from "./holdpoint.js";

export * from "./holdpoint.js";

let missing = null;
try {
  initSync({ module: readFileSync(new URL("./gate_bg.wasm", import.meta.url)) });
  markReady();
} catch (error) {
  // Bundled into one file, the wasm is elsewhere: `init` takes it.
  missing = error;
}

export default async function init(source) {
  if (missing === null) return;
  if (source === undefined) throw missing;
  await load({ module_or_path: source });
  missing = null;
  markReady();
}
