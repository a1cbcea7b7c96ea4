// How fast the review page is in a reviewer's hands: key to next case painted, decisions an hour, and what Lighthouse
// says, through the real Worker in Chromium. Times are this machine's.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { freePort, root } from "../harness/holdpoint.mjs";
import { launch, signedIn } from "../harness/browser.mjs";
import { complete } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

const DECISIONS = Number(process.env.HOLDPOINT_DECISIONS ?? 200);
const SCRIPTED = Number(process.env.HOLDPOINT_SCRIPTED ?? 60);
/** After a case is painted keys are deaf for 300 ms. */
const ARMED_MS = 310;
/** The keystroke-level model's time to think of what to press, and to press it (Card, Moran and Newell, 1980). */
const THINK_MS = 1350 + 200;

const action = (amount) => [
  "refund",
  { amount, currency: "EUR", to: `customer${amount % 7}@shop.example`, invoice: `INV-${amount}`, body: `Dear customer, we have looked at your account and refund ${amount} EUR within five business days, as agreed on the phone.` },
  { subject: `customer ${amount % 7}`, source: { model: "gpt-4o", agent: "support" }, context: { request: `Please refund my invoice INV-${amount}.` }, confidence: 0.71 },
];

async function fill(shop, count, first) {
  for (let at = 0; at < count; at += 20) {
    await Promise.all(Array.from({ length: Math.min(20, count - at) }, (_, more) => shop.hold(...action(first + at + more))));
  }
}

/** Notes for each key when the next case was on screen: the frame after the one in which it was drawn. */
function clock() {
  globalThis.painted = [];
  let pressed;
  document.addEventListener("keydown", (event) => (pressed = event.timeStamp), { capture: true });
  new MutationObserver(() => {
    if (pressed === undefined) return;
    const from = pressed;
    pressed = undefined;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => globalThis.painted.push(performance.now() - from);
      port2.postMessage(null);
    });
  }).observe(document.getElementById("title-text"), { childList: true });
}

const percentile = (times, share) => times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))];
const ms = (time) => `${time.toFixed(0)} ms`;
const progress = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);

async function painted(browser, slower) {
  const shop = await Shop.open();
  try {
    await fill(shop, DECISIONS + 1, 100);
    const page = await signedIn(browser, shop.holdpoint, shop.ana);
    await page.evaluate(clock);
    await complete(page);
    const session = await page.context().newCDPSession(page);
    await session.send("Emulation.setCPUThrottlingRate", { rate: slower });
    for (let decision = 1; decision <= DECISIONS; decision += 1) {
      await page.waitForTimeout(ARMED_MS * (slower > 1 ? 1.5 : 1));
      await page.keyboard.press("a");
      await page.waitForFunction((count) => globalThis.painted.length >= count, decision);
      progress(`${decision} of ${DECISIONS} decisions`);
    }
    progress("");
    const times = await page.evaluate(() => globalThis.painted);
    await page.waitForFunction((count) => document.getElementById("done")?.textContent === String(count), DECISIONS, { timeout: 30_000 });
    return times;
  } finally {
    await shop.close();
  }
}

/** A reviewer who thinks and presses as the model says, and rejects every fifth. */
async function scripted(browser) {
  const shop = await Shop.open();
  try {
    await fill(shop, SCRIPTED, 100);
    const page = await signedIn(browser, shop.holdpoint, shop.ana);
    await complete(page);
    const began = Date.now();
    for (let decision = 1; decision <= SCRIPTED; decision += 1) {
      await page.waitForTimeout(THINK_MS);
      if (decision % 5 === 0) {
        await page.keyboard.press("r");
        await page.waitForTimeout(200);
        await page.keyboard.press("1");
      } else await page.keyboard.press("a");
      progress(`${decision} of ${SCRIPTED} decisions`);
    }
    progress("");
    const hours = (Date.now() - began) / 3_600_000;
    await page.waitForFunction((count) => document.getElementById("done")?.textContent === String(count), SCRIPTED, { timeout: 30_000 });
    const lines = (await shop.ask("GET", "/v1/ledger?desk=main", { key: shop.auditor })).text.trim().split("\n").map((line) => JSON.parse(line));
    const decided = lines.filter(({ type }) => type === "decided");
    return { anHour: SCRIPTED / hours, decided: new Set(decided.map(({ subject }) => subject)).size, entries: decided.length };
  } finally {
    await shop.close();
  }
}

async function lighthouse() {
  const { default: run } = await import("lighthouse");
  const shop = await Shop.open();
  const port = await freePort();
  const browser = await launch([`--remote-debugging-port=${port}`]);
  try {
    await fill(shop, 3, 100);
    const results = {};
    for (const path of ["/review", "/review/cases", "/sign-in"]) {
      const found = await run(shop.holdpoint.url + path, {
        port,
        output: "json",
        logLevel: "error",
        onlyCategories: ["performance", "accessibility", "best-practices"],
        extraHeaders: { authorization: `Bearer ${shop.ana}` },
      });
      results[path] = Object.values(found.lhr.categories).map(({ id, score }) => `${id} ${Math.round(score * 100)}`).join(", ");
      const lost = Object.values(found.lhr.audits).filter(({ score, scoreDisplayMode }) => score !== null && score < 0.9 && ["binary", "numeric", "metricSavings"].includes(scoreDisplayMode));
      if (lost.length > 0) results[path] += ` (below: ${lost.map(({ id }) => id).join(", ")})`;
    }
    return results;
  } finally {
    await browser.close();
    await shop.close();
  }
}

const browser = await launch();
try {
  const sizes = ["review.html", "later.js", "cases.html"].map((name) => `${name} ${brotliCompressSync(readFileSync(join(root, "build/pages", name))).length}`);
  console.log(`The review page, brotli bytes without a case: ${sizes.join(", ")}`);
  for (const slower of [1, 4]) {
    const times = await painted(browser, slower);
    console.log(`key to next case painted, CPU ${slower === 1 ? "as it is" : `${slower} times slower`}: p50 ${ms(percentile(times, 0.5))}, p95 ${ms(percentile(times, 0.95))}, worst ${ms(Math.max(...times))} (${times.length} decisions)`);
  }
  const { anHour, decided, entries } = await scripted(browser);
  console.log(`a scripted reviewer: ${Math.round(anHour)} decisions an hour; ${decided} of ${SCRIPTED} are in the ledger, in ${entries} entries`);
} finally {
  await browser.close();
}
for (const [path, scores] of Object.entries(await lighthouse())) console.log(`Lighthouse ${path}: ${scores}`);
