// Run by the test under each version of Node: a corpus comes in, what the package says goes out.

import { readFileSync, writeFileSync } from "node:fs";
import * as holdpoint from "../../pkg/node.js";
import { decideAll } from "../harness/preview.mjs";

const [, , from, to] = process.argv;
await holdpoint.default();
writeFileSync(to, JSON.stringify(decideAll(holdpoint, JSON.parse(readFileSync(from, "utf8")))));
