// The page of what decisions tell: its five answers, the numbers behind them, and a policy that is tried from it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { Deployment, POLICY as DEPLOYED } from "../harness/deployment.mjs";
import { until } from "../harness/holdpoint.mjs";
import { SIZES, THEMES, fitsEverybody, picture } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

const KIND = 'pay\u202e<img src=x onerror="window.ran=1">';

let browser, deployment, keys;
before(async () => {
  browser = await launch();
  // All of what proceeds at high severity is audited, so that what is recorded is the same in each run.
  deployment = await Deployment.run({ count: 900, seed: 3, policy: DEPLOYED.replace("audit = 0.4", "audit = 1") });
  const { holdpoint } = deployment;
  keys = { auditor: deployment.auditor };
  for (const role of ["admin", "reviewer"]) keys[role] = (await holdpoint.key(role, { name: `the ${role}` })).key;
  // What an AI calls its tools, too.
  const hostile = await holdpoint.ask("POST", "/v1/actions", { key: deployment.app, body: { kind: KIND, args: {} } });
  const shown = (await holdpoint.ask("GET", `/v1/cases/${hostile.json.id}`, { key: keys.reviewer })).json;
  await holdpoint.ask("POST", `/v1/cases/${shown.id}/decision`, { key: keys.reviewer, body: { decision: "reject", reason: "other", digest: shown.digest, seen_ms: 3000 } });
  await until("every label has arrived", async () => (await deployment.insights()).json.labels === deployment.decided + 1);
});
after(async () => {
  await browser.close();
  await deployment.close();
});

async function opened(key, { holdpoint = deployment.holdpoint, path = "/insights", ...options } = {}) {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.asked = [];
  page.on("request", (request) => page.asked.push(request.url()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  await page.goto(holdpoint.url + path);
  await page.waitForURL("**/sign-in?page=insights**");
  await page.fill("#key", key);
  await page.click("button");
  await page.waitForURL("**/insights**");
  await page.waitForSelector("#answers:not([hidden])");
  return page;
}

const text = (page, selector) => page.locator(selector).innerText();

describe("the five questions", () => {
  let page;
  before(async () => (page = await opened(keys.admin)));
  after(() => page.context().close());

  test("are answered first, with the numbers behind them", async () => {
    assert.match(await text(page, "#status"), /^From \d+ cases that are over, the last 30 days\. \d+ of them count for nothing below/);
    assert.match(await text(page, "#keep-up .lead"), /^Real\s*main: Nothing has to change\.$/);
    assert.match(await text(page, "#look .lead"), /^The decisions of 1 of \d people look like a rubber stamp/);
    assert.match(await text(page, "#overturn .lead"), /^People overrode \d+ %[\s\S]+ of \d[\s\S]* of what they looked at\.$/);
    assert.match(await text(page, "#catch .lead"), /^Of all errors, found or not, \d+ %[\s\S]+ were stopped before they ran, estimated\.$/);
    assert.match(await text(page, "#money"), /Damage that was stopped/);
    assert.match(await text(page, "#change .proposal pre"), /when = 'args\.currency == "USD"'/);
    assert.deepEqual(page.complaints, []);
    const { origin } = new URL(page.url());
    assert.ok(page.asked.every((url) => url.startsWith(origin)), "nothing is asked of anybody else");
  });

  test("every share has its interval and what it rests on, and a plot has its table", async () => {
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    const cells = await page.$$eval("#by-dimension td", (cells) => cells.map((cell) => cell.innerText));
    const shares = cells.filter((cell) => /%\s/.test(cell));
    assert.ok(shares.length > 5 && shares.every((cell) => /\d %\s+[\d.<]+ % – [\d.<]+ %, (\d[\d,]* of|n) \d/.test(cell)), shares.join("|"));
    const [plots, tables] = await page.evaluate(() => [document.querySelectorAll("figure svg[role=img][aria-label]").length, document.querySelectorAll("details table").length]);
    assert.ok(plots >= 6 && tables >= plots, `${plots} plots, ${tables} tables`);
  });

  test("rates that rest on little are grey", async () => {
    const few = await page.locator("#by-dimension svg g", { hasText: "pay" }).locator("rect").getAttribute("class");
    assert.match(few, /few/);
  });

  test("what an AI called its tools is text, and shows what it hides", async () => {
    assert.equal(await page.evaluate(() => window.ran), undefined);
    assert.equal(await page.locator("img").count(), 0);
    assert.match(await text(page, "#overturn"), /U\+202E/i);
  });

  test("can be asked of one kind and one time, and the address says which", async () => {
    await page.selectOption("#kind", "refund");
    await page.waitForFunction(() => document.querySelectorAll("#by-dimension tbody tr").length === 1);
    assert.match(page.url(), /kind=refund/);
    await page.selectOption("#since", "1d");
    await page.waitForURL("**since=1d**");
    await page.selectOption("#dimension", "model");
    assert.match(await text(page, "#by-dimension figure"), /model-a/);
    await page.selectOption("#kind", "");
    await page.waitForFunction(() => document.querySelectorAll("#by-dimension tbody tr").length > 2);
  });

  test("a pattern is one click from its backtest", async () => {
    await page.click("text=Backtest it");
    await page.waitForSelector("#trial table");
    assert.match(await page.inputValue("#policy"), /name = "deployment"[\s\S]*id = "refund-currency-usd"/);
    const row = (word) => page.locator("#trial tr", { hasText: word }).first().locator("td").allInnerTexts();
    const number = (cell) => Number(cell.replace(/[^\d.]/g, ""));
    const [today, then] = (await row("Held")).map(number);
    assert.ok(then > today, `${today} ${then}`);
    assert.match(await text(page, "#trial"), /refund-currency-usd: This criterion adds/);
  });

  test("of two trials the last one is shown, and of two questions", async () => {
    let held = [];
    await page.route("**/v1/policy/backtest**", async (route) => {
      // The first answer comes after the second.
      if (held.length === 0) await new Promise((resolve) => held.push(resolve));
      await route.continue();
    });
    const loose = (await page.inputValue("#policy")).replace("threshold = 0.8", "threshold = 0.01");
    await page.click("#try");
    await page.waitForFunction(() => document.getElementById("tried")?.textContent === "Trying…");
    await page.fill("#policy", loose);
    await page.click("#try");
    await page.waitForSelector("#trial table");
    const shown = await text(page, "#trial");
    held.forEach((resolve) => resolve());
    await page.waitForResponse("**/v1/policy/backtest**");
    assert.equal(await text(page, "#trial"), shown);
    await page.unroute("**/v1/policy/backtest**");
  });

  test("where the figures cannot be had no others stand in their place", async () => {
    await page.route("**/v1/insights**", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: '{"detail":"the tally is out of reach"}' }));
    await page.selectOption("#since", "90d");
    await page.waitForFunction(() => document.getElementById("status")?.textContent.includes("the tally is out of reach"));
    assert.equal(await page.isHidden("#answers"), true);
    await page.unroute("**/v1/insights**");
    await page.selectOption("#since", "30d");
    await page.waitForSelector("#answers:not([hidden])");
    page.complaints = [];
  });

  test("a policy that is none is told with its line", async () => {
    await page.fill("#policy", "holdpoint = 1\nthreshhold = 2\n");
    await page.click("#try");
    await page.waitForSelector("#trial li");
    assert.match(await text(page, "#trial"), /^Line 2, column 1: /);
  });
});

test("everybody is shown what is theirs", async () => {
  const reviewer = await opened(keys.reviewer);
  assert.equal(await reviewer.isHidden("#backtest"), true);
  assert.deepEqual([await reviewer.locator("#look details").count(), await text(reviewer, "#exports")], [0, ""]);
  assert.equal(await reviewer.isVisible("#to-review"), true);
  await reviewer.context().close();
  const auditor = await opened(keys.auditor);
  assert.equal(await auditor.isHidden("#backtest"), true);
  assert.equal(await auditor.locator("#exports a").count(), 6);
  await auditor.click("#look summary");
  assert.match(await text(auditor, "#look table"), /stan[\s\S]*looks like a rubber stamp/);
  await auditor.click("#sign-out");
  await auditor.waitForURL("**/sign-in?page=insights");
  await auditor.context().close();
});

test("an admin who opens the review page is led here", async () => {
  const page = await opened(keys.admin);
  await page.goto(`${deployment.holdpoint.url}/review`);
  await page.waitForURL("**/insights?**");
  await page.context().close();
});

test("everybody can use it, in every theme and width", async () => {
  for (const colorScheme of THEMES) {
    for (const [size, viewport] of Object.entries(SIZES)) {
      const page = await opened(keys.admin, { colorScheme, viewport });
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
      await page.click("text=Backtest it");
      await page.waitForSelector("#trial table");
      await fitsEverybody(page, `insights ${colorScheme} ${size}`);
      const letters = await page.$$eval("figure svg text", (texts) => texts.map((text) => text.getBoundingClientRect().height));
      assert.ok(Math.min(...letters) >= 12, "letters of plots keep their size");
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = false)));
      await page.screenshot({ path: `tests/screenshots/insights-${colorScheme}-${size}.png`, fullPage: true });
      await page.context().close();
    }
  }
});

describe("a desk that cannot keep up, with nothing decided", () => {
  let shop;
  before(async () => {
    shop = await Shop.open({ policy: 'holdpoint = 1\n[desks.main]\nseconds_per_review = 600\nundo = "0s"\n' });
  });
  after(() => shop.close());

  test("has no numbers yet, and says so", async () => {
    const page = await opened(shop.auditor, { holdpoint: shop.holdpoint });
    assert.match(await text(page, "#overturn"), /Nothing was decided yet/);
    assert.match(await text(page, "#money"), /What review costs is not known[\s\S]*What errors cost is not known/);
    assert.match(await text(page, "#change"), /One takes at least five overrides/);
    await fitsEverybody(page, "insights of nothing");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });

  test("says on the review page, and here, that deadlines cannot be kept", async () => {
    const reviewing = await (await browser.newContext()).newPage();
    await reviewing.goto(`${shop.holdpoint.url}/sign-in`);
    await reviewing.fill("#key", shop.ana);
    await reviewing.click("button");
    await reviewing.waitForURL("**/review");
    for (let at = 0; at < 30; at += 1) await shop.hold("refund", { at });
    await reviewing.waitForSelector("#load:not([hidden])", { timeout: 40_000 });
    assert.match(await reviewing.innerText("#load"), /^This desk cannot keep its deadlines\. .*nothing is let through\. \d+ looks an hour are asked for, and 5 are possible\.$/);
    await fitsEverybody(reviewing, "review, overloaded");
    await picture(reviewing, "review-overloaded");
    await reviewing.context().close();
    const page = await opened(shop.auditor, { holdpoint: shop.holdpoint });
    assert.match(await text(page, "#keep-up .lead"), /^Theatre[\s\S]*people instead of 1[\s\S]*Overloaded: its deadlines cannot be kept/);
    await page.context().close();
  });
});
