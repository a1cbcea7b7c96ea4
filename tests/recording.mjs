// Records how a tool writes a file with a person in between, for docs/mcp.md, from the running product and a real server of
// files: `node tests/recording.mjs`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import sharp from "sharp";
import { launch, signedIn } from "./harness/browser.mjs";
import { Holdpoint, root, until } from "./harness/holdpoint.mjs";
import { Bridge } from "./harness/mcp.mjs";
import { complete, noticeSays, shows } from "./harness/page.mjs";

const POLICY = `holdpoint = 1
name = "files"
[kinds."read_*"]
severity = "none"
[kinds.write_file]
severity = "critical"
title = "Write {args.path}"
reasons = ["wrong content", "wrong file", "not asked for"]
irreversible = true
[desks.main]
undo = "1s"
`;
const MILLISECONDS = [2200, 2600, 2600, 2200, 3600, 4200];

const directory = join(tmpdir(), "files");
mkdirSync(directory, { recursive: true });
const file = join(directory, "terms.md");
writeFileSync(file, "Refunds within 30 days.\n");

const bridge = await Bridge.start(process.execPath, [join(root, "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js"), directory]);
const holdpoint = await Holdpoint.start({ policy: POLICY, upstreams: { files: { url: bridge.url, dialect: "mcp" } } });
const browser = await launch();
try {
  const app = (await holdpoint.key("app", { name: "agent" })).key;
  const page = await signedIn(browser, holdpoint, (await holdpoint.key("reviewer", { name: "ana" })).key, { viewport: { width: 860, height: 640 } });
  await complete(page);
  await noticeSays(page, "Nothing is waiting");

  const client = new Client({ name: "agent", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${holdpoint.url}/to/files`), { requestInit: { headers: { authorization: `Bearer ${app}` } } }));
  const said = ["// an agent and a server of files, with Holdpoint in between", "connect(`${holdpoint}/to/files`)", ""];
  const frames = [];
  const frame = async () => frames.push({ said: [...said], page: (await page.screenshot()).toString("base64") });
  const cat = () => said.push(`$ cat terms.md`, readFileSync(file, "utf8").trim(), "");

  cat();
  await frame();
  const call = { name: "write_file", arguments: { path: file, content: "Refunds within 60 days.\n" } };
  const onprogress = ({ message }) => said.includes(`… ${message}`) || said.push(`… ${message}`);
  said.push('callTool("write_file", {', `  path: "${file}",`, '  content: "Refunds within 60 days.\\n"', "})");
  const writing = client.callTool(call, { onprogress });
  await shows(page, "Write");
  await until("the agent is told that it waits", async () => said.at(-1).startsWith("…"));
  await frame();
  await page.keyboard.press("a");
  await page.waitForFunction(() => document.getElementById("status")?.textContent.includes("Press U"));
  await frame();
  const { content } = await writing;
  said.push(content[0].text, "");
  cat();
  await noticeSays(page, "Nothing is waiting");
  await frame();
  said.push("// the same call again: an approval is spent once", 'callTool("write_file", …)');
  const again = client.callTool(call, { onprogress: () => {} }).catch(() => {});
  await shows(page, "Write");
  await frame();
  await page.keyboard.press("r");
  await page.waitForSelector("#reasons:not([hidden])");
  await page.keyboard.press("3");
  const notice = await again;
  said.push(notice.content[0].text.replace(/hp_[a-z2-7]+/, "hp_…"));
  await noticeSays(page, "Nothing is waiting");
  await frame();
  await client.close();
  await write(frames);
} finally {
  await browser.close();
  await holdpoint.stop();
  await bridge.stop();
  rmSync(directory, { recursive: true });
}

/** Lays what was said beside the page, frame by frame, and writes the recording. */
async function write(frames) {
  const canvas = await (await browser.newContext({ viewport: { width: 1360, height: 664 } })).newPage();
  const style =
    "body{margin:0;padding:12px;display:grid;grid-template-columns:464px 1fr;gap:12px;background:#d7dae0}" +
    "pre{margin:0;padding:16px;background:#16181d;color:#e7e9ee;font:14px/1.55 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;height:608px}" +
    "img{display:block;width:860px;height:640px;background:#fff}";
  const images = [];
  for (const { said, page } of frames) {
    await canvas.setContent(`<style>${style}</style><pre></pre><img src="data:image/png;base64,${page}" alt="">`);
    await canvas.evaluate((text) => (document.querySelector("pre").textContent = text), said.join("\n"));
    images.push(await canvas.screenshot());
  }
  const path = join(root, "docs/mcp-write.gif");
  await sharp(images, { join: { animated: true } }).gif({ delay: MILLISECONDS, loop: 0, colours: 128, effort: 10, interFrameMaxError: 2 }).toFile(path);
  console.log(path, frames.length, "frames");
}
