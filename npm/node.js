// Node, Bun and Deno: the wasm is read when this module is, so that nothing has to be awaited.

import { readFileSync } from "node:fs";
import { initSync } from "./gate.js";
import { markReady } from "./holdpoint.js";

export * from "./holdpoint.js";

initSync({ module: readFileSync(new URL("./gate_bg.wasm", import.meta.url)) });
markReady();

export default async function init() {}
