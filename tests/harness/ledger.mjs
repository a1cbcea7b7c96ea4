// Ledgers as an auditor has them: downloaded, kept, and verified by the project's own command.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./holdpoint.mjs";

/** The whole ledger of a desk, or the office's, page by page, as text. */
export async function download(holdpoint, key, desk) {
  const name = desk === undefined ? "" : `&desk=${desk}`;
  let text = "";
  for (let after = 0; ; ) {
    const page = await holdpoint.ask("GET", `/v1/ledger?after=${after}${name}`, { key });
    if (page.status !== 200) throw new Error(page.text);
    if (page.text === "") return text;
    text += page.text;
    after = JSON.parse(page.text.trim().split("\n").at(-1)).seq;
  }
}

/** Runs `cargo xtask ledger`; its exit code and what it said. */
export function verify(directory, text, head) {
  const [ledger, kept] = [join(directory, "ledger.jsonl"), join(directory, "head.json")];
  writeFileSync(ledger, text);
  const given = head === undefined ? [] : ["--head", kept];
  if (head !== undefined) writeFileSync(kept, JSON.stringify(head));
  const done = spawnSync("cargo", ["--quiet", "xtask", "ledger", ledger, ...given], { cwd: root, encoding: "utf8" });
  return { code: done.status, said: done.stdout + done.stderr };
}
