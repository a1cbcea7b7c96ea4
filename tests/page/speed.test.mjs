// What the page costs whoever opens it: bytes, requests, and things that jump.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { brotliCompressSync, constants } from "node:zlib";
import { launch, signedIn } from "../harness/browser.mjs";
import { root, until } from "../harness/holdpoint.mjs";
import { complete, says, shows } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

const DOCUMENT_BYTES = 14_000;
const brotli = (text) => brotliCompressSync(Buffer.from(text), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;

let browser, shop;
before(async () => {
  browser = await launch();
  shop = await Shop.open();
});
after(async () => {
  await browser.close();
  await shop.close();
});

/** An action of the usual size, with what changed since the last one. */
const usual = (amount) => [
  "refund",
  { amount, currency: "EUR", to: "ana@shop.example", invoice: `INV-${amount}`, body: `Dear customer, we refund ${amount} EUR within five business days, as agreed on the phone.` },
  { subject: `customer ${amount % 3}`, source: { model: "gpt-4o", agent: "support" }, context: { request: `Please refund my invoice INV-${amount}.` }, confidence: 0.71 },
];

test(`the document with its first case has at most ${DOCUMENT_BYTES} bytes brotli`, async (t) => {
  const first = await shop.hold(...usual(390));
  await shop.decide(shop.ana, first, "approve");
  const actions = [await shop.hold(...usual(600))];
  const page = await shop.ask("GET", "/review", { key: shop.ana });
  assert.match(page.text, /"id":"hp_.*last_approved/s);
  const bytes = brotli(page.text);
  actions.push(await shop.hold(...usual(601)));
  const both = brotli((await shop.ask("GET", "/review", { key: shop.ana })).text);
  t.diagnostic(`${bytes} bytes brotli, ${page.text.length} raw; with the next case ${both}; /www/later.js ${brotli(readFileSync(join(root, "build/pages/later.js")))}`);
  for (const action of actions) await shop.to(action, "withdraw");
  assert.ok(bytes <= DOCUMENT_BYTES, `${bytes} bytes`);
});

/** What a page asks for, from the very first byte on. */
async function counted(key) {
  const page = await signedIn(browser, shop.holdpoint, key);
  await page.goto("about:blank");
  const requests = [];
  page.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname.replace(/hp_\w+/, "…")}`));
  page.on("websocket", (socket) => requests.push(`socket ${new URL(socket.url()).pathname}`));
  await page.addInitScript(() => {
    globalThis.shifts = [];
    new PerformanceObserver((list) => globalThis.shifts.push(...list.getEntries().map(({ value, hadRecentInput }) => ({ value, hadRecentInput })))).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(`${shop.holdpoint.url}/review`);
  return { page, requests };
}

describe("requests", () => {
  test("one until the first decision, one for each decision, none to anybody else, and nothing jumps", async () => {
    const actions = [];
    for (let amount = 700; amount < 712; amount += 1) actions.push(await shop.hold("wire", { amount, to: "ana", text: "a line\nand another" }));
    const { page, requests } = await counted(shop.ben);
    const hosts = new Set();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    // The browser asks for the icon by itself, and the rest of the page comes once.
    const apart = (list) => list.filter((request) => !/icon.svg|later.js|^socket/.test(request));
    await shows(page, "wire");
    assert.deepEqual(requests.filter((request) => !request.endsWith("icon.svg")), ["GET /review"]);
    await page.keyboard.press("a");
    await says(page, "Your approval counts");
    await complete(page);
    assert.deepEqual(apart(requests), ["GET /review", "POST /v1/cases/…/decision"]);
    const before = requests.length;
    for (let decision = 2; decision <= 10; decision += 1) {
      await page.waitForFunction((done) => document.getElementById("done")?.textContent === String(done), decision - 1);
      await shows(page, "wire");
      await page.keyboard.press("a");
    }
    await page.waitForFunction(() => document.getElementById("done")?.textContent === "10");
    const later = apart(requests.slice(before));
    assert.deepEqual([...new Set(later)], ["POST /v1/cases/…/decision"]);
    assert.equal(later.length, 9, "1.0 for each decision");
    assert.deepEqual([...hosts], [new URL(shop.holdpoint.url).host]);
    const shifts = await page.evaluate(() => globalThis.shifts);
    assert.deepEqual(shifts.filter(({ hadRecentInput }) => !hadRecentInput), [], "nothing jumps by itself");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
    for (const action of actions) await shop.to(action, "withdraw");
  });

  test("a case that appears while nothing was there is asked for once, and makes nothing jump", async () => {
    const { page, requests } = await counted(shop.cleo);
    await page.waitForFunction(() => document.getElementById("notice")?.hidden === false);
    await complete(page);
    await until("the desks are heard", () => requests.filter((request) => request.startsWith("socket")).length === 2);
    const before = requests.length;
    const action = await shop.hold("refund", { amount: 750 });
    await shows(page, "750");
    assert.deepEqual(requests.slice(before), ["POST /v1/desks/main/claim"]);
    await page.context().close();
    await shop.to(action, "withdraw");
  });
});

test("what is fetched later imports nothing that has a state in the first part", () => {
  const imports = (file) => [...readFileSync(join(root, "www", file), "utf8").matchAll(/from "\.\/(.*?)"/g)].map(([, name]) => name);
  const closure = (file, found = new Set()) => {
    for (const name of imports(file).filter((name) => name.endsWith(".js") && !found.has(name))) closure(name, found.add(name));
    return found;
  };
  const both = closure("review.js").intersection(closure("later.js"));
  // The context is drawn with these two a second time; it compares nothing, and nothing in it is flagged.
  const state = [...both].filter((file) => /^(export )?let |^const \w+ = new (Map|Set)\(\)/m.test(readFileSync(join(root, "www", file), "utf8")));
  assert.deepEqual(state.sort(), ["fields.js", "seen.js"]);
  assert.ok(!both.has("api.js") || !imports("later.js").includes("api.js"));
});
