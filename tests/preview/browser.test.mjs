// The package in a real Chromium: from a plain web server, on hosts that are not as they should be, and in a Vite app.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { freePort, root, until } from "../harness/holdpoint.mjs";
import { serve } from "../harness/static.mjs";

const pkg = join(root, "pkg");
const PAGE = `<!doctype html><script type="module">
  import init, { Policy } from "/pkg/browser.js";
  await init();
  const policy = Policy.parse("holdpoint = 1");
  document.title = policy.decide({ kind: "refund", args: {}, confidence: 0.99 }).verdict;
</script>`;

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Opens a page and waits for what its title becomes. */
async function title(url, prepare) {
  const page = await browser.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  if (prepare) await page.addInitScript(prepare);
  await page.goto(url);
  await page.waitForFunction(() => document.title !== "", null, { timeout: 10_000 }).catch(() => assert.fail(said.join("\n")));
  const found = await page.title();
  await page.close();
  return found;
}

test('by <script type="module"> from a static server, the wasm once', async (t) => {
  const files = await serve({ "/pkg/": pkg }, { pages: { "/": PAGE } });
  t.after(() => files.stop());
  assert.equal(await title(files.url), "proceed");
  assert.equal(files.asked.filter((asked) => asked.endsWith("gate_bg.wasm")).length, 1);
});

test("where WebAssembly.instantiateStreaming is missing", async (t) => {
  const files = await serve({ "/pkg/": pkg }, { pages: { "/": PAGE } });
  t.after(() => files.stop());
  assert.equal(await title(files.url, () => delete WebAssembly.instantiateStreaming), "proceed");
});

test("where the server calls wasm something else", async (t) => {
  const files = await serve({ "/pkg/": pkg }, { pages: { "/": PAGE }, types: { ".wasm": "application/octet-stream" } });
  t.after(() => files.stop());
  assert.equal(await title(files.url), "proceed");
});

test("under a policy of content that lets nothing but wasm be compiled", async (t) => {
  const page = PAGE.replace("<script ", '<script nonce="x" ');
  const policy = "default-src 'none'; script-src 'self' 'nonce-x' 'wasm-unsafe-eval'; connect-src 'self'; require-trusted-types-for 'script'";
  const files = await serve({ "/pkg/": pkg }, { pages: { "/": page }, headers: { "content-security-policy": policy } });
  t.after(() => files.stop());
  assert.equal(await title(files.url), "proceed");
});

// The example: a form in a Vite app.

let app;
before(() => {
  app = mkdtempSync(join(tmpdir(), "holdpoint-vite-"));
  cpSync(join(root, "examples/preview"), app, { recursive: true, filter: (path) => !/node_modules|dist/.test(path.slice(root.length)) });
  mkdirSync(join(app, "node_modules"));
  // As npm installs it: a copy, not a link.
  cpSync(pkg, join(app, "node_modules/holdpoint"), { recursive: true });
  for (const name of ["vite", "typescript", "@types"]) symlinkSync(join(root, "node_modules", name), join(app, "node_modules", name));
});
after(() => rmSync(app, { recursive: true, force: true }));

const bin = (name) => join(root, "node_modules/.bin", name);

/** Fills in the form, and reads what the button and the reasons say, and which fields are marked. */
async function drive(url) {
  const page = await browser.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => (document.querySelector("#submit")?.textContent ?? "…") !== "…");
  const says = async () => [
    await page.textContent("#submit"),
    await page.isDisabled("#submit"),
    await page.$$eval("#because p", (lines) => lines.map((line) => line.textContent)),
    await page.$$eval("[data-pointed]", (fields) => fields.map((field) => field.name)),
  ];
  assert.deepEqual(await says(), ["Refund now", false, [], []]);
  await page.fill("[name=amount]", "640");
  assert.deepEqual(await says(), ["Ask for approval", false, ["Refunds above 100 need approval."], ["amount"]]);
  await page.selectOption("[name=currency]", "USD");
  assert.deepEqual(await says(), ["Ask for approval", false, ["Refunds above 100 need approval.", "We sell in euros: somebody has to look at any other currency."], ["amount", "currency"]]);
  await page.fill("[name=amount]", "20000");
  const [label, disabled] = await says();
  assert.deepEqual([label, disabled], ["Not allowed", true]);
  await page.fill("[name=amount]", "");
  assert.deepEqual(await says(), ["Fill in the form", true, [], []]);
  await page.fill("[name=amount]", "640.5");
  await page.click("#submit");
  assert.match(await page.textContent("#because"), /^Would be sent: \{"kind":"refund","args":\{"order":"A7","amount":640\.5,"currency":"USD"\}\}$/);
  assert.deepEqual(complaints, []);
  await page.close();
}

test("the example compiles strictly, is built by Vite, and says what the gate would say", async (t) => {
  const types = spawnSync(bin("tsc"), ["--noEmit"], { cwd: app, encoding: "utf8" });
  assert.equal(types.status, 0, types.stdout);
  const built = spawnSync(bin("vite"), ["build", "--logLevel", "warn"], { cwd: app, encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  const files = await serve({ "/": join(app, "dist") });
  t.after(() => files.stop());
  await drive(files.url);
  t.diagnostic(files.asked.join(", "));
});

test("the example runs under Vite's own server", async () => {
  const port = await freePort();
  const server = spawn(process.execPath, [join(app, "node_modules/vite/bin/vite.js"), "--port", String(port), "--strictPort", "--host", "127.0.0.1"], { cwd: app, stdio: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}`;
    await until("Vite answers", () => fetch(url).then((answer) => answer.ok, () => false));
    await drive(url);
  } finally {
    server.kill("SIGKILL");
  }
});
