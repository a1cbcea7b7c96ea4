// Makes the pictures of the documents from the running product: `node tests/pictures.mjs`.

import { join } from "node:path";
import { launch, signedIn } from "./harness/browser.mjs";
import { Deployment } from "./harness/deployment.mjs";
import { root, until } from "./harness/holdpoint.mjs";
import { SIZES, complete, shows } from "./harness/page.mjs";
import { Shop } from "./harness/shop.mjs";

const POLICY = `holdpoint = 1
[kinds.refund]
severity = "medium"
title = "Refund {args.amount} {args.currency} to {args.to}"
reasons = ["wrong amount", "wrong recipient", "not asked for", "outside policy"]
irreversible = true
[[criteria]]
id = "large-refund"
category = "refund above 500"
kinds = ["refund"]
when = "args.amount > 500"
message = "Refunds above 500 need a person."
[[criteria]]
id = "unknown-domain"
category = "recipient at an unknown domain"
kinds = ["refund"]
when = "!args.to.endsWith('@example.com')"
[desks.main]
[desks.seniors]
`;

const about = { subject: "customer 42", source: { model: "gpt-4o", agent: "support" }, context: { request: "Please refund invoice INV-1011, I was charged twice." }, confidence: 0.71 };
const refund = (amount, more) => ({ amount, to: "ana@example.com", currency: "EUR", invoice: "INV-1010", body: "Dear Ana, we have looked at your account and refund the amount within ten business days.", ...more });
const out = (name) => join(root, "docs", `${name}.png`);

const browser = await launch();
const shop = await Shop.open({ policy: POLICY });
try {
  const first = await shop.hold("refund", refund(124.05), about);
  await shop.decide(shop.ana, first, "approve");
  await until("it is released, so that others are compared with it", async () => (await shop.read(first)).json.status === "approved");
  await shop.hold("refund", refund(1240.5, { to: "ana@exarnple.com", invoice: "INV-1011", body: refund(0).body.replace("ten", "five") }), about);
  await shop.hold("refund", refund(640, { to: "ben@example.com", invoice: "INV-1012" }), { ...about, subject: "customer 43" });
  await shop.hold("refund", refund(720, { to: "cleo@example.com", invoice: "INV-1013" }), { ...about, subject: "customer 44" });

  const phone = await signedIn(browser, shop.holdpoint, shop.ben, { viewport: SIZES.phone, colorScheme: "dark", deviceScaleFactor: 1.5 });
  await shows(phone, "1240.5");
  await complete(phone);
  await phone.screenshot({ path: out("review-dark-phone") });
  await phone.click("#sign-out");
  await phone.waitForURL("**/sign-in");
  await phone.context().close();

  const page = await signedIn(browser, shop.holdpoint, shop.ana);
  const frames = [];
  const frame = async (says) => frames.push({ says, data: (await page.screenshot()).toString("base64") });
  await shows(page, "1240.5");
  await complete(page);
  await page.screenshot({ path: out("review-light") });
  await frame("The case: what will run, what is flagged, and what changed since the last approval.");
  await page.keyboard.press("r");
  await page.waitForSelector("#reasons:not([hidden])");
  await frame("R: the reasons, each in its place.");
  await page.keyboard.press("2");
  await page.waitForFunction(() => document.getElementById("title-text")?.textContent.includes("640"));
  await frame("2: the next case is there before the answer is.");
  await page.waitForFunction(() => document.getElementById("status")?.textContent.includes("Press U"));
  await page.waitForTimeout(350);
  await frame("The answer: decided, and for four seconds U takes it back.");
  await page.keyboard.press("e");
  await page.waitForSelector("#editing:not([hidden])");
  await page.screenshot({ path: out("review-edit") });
  await page.keyboard.press("Escape");
  await page.waitForTimeout(350);
  await page.keyboard.press("a");
  await shows(page, "720");

  const auditor = await signedIn(browser, shop.holdpoint, shop.auditor, { viewport: { width: 1280, height: 900 } });
  await auditor.click("#cases tbody tr:nth-child(3) a");
  await auditor.waitForSelector("#entries li");
  await auditor.evaluate(() => document.getElementById("story").scrollIntoView());
  await auditor.screenshot({ path: out("review-story"), fullPage: true });

  const strip = await (await browser.newContext({ viewport: { width: 1320, height: 900 } })).newPage();
  const cells = frames.map(({ says, data }, at) => `<figure><img src="data:image/png;base64,${data}" alt=""><figcaption><b>${at + 1}</b> ${says}</figcaption></figure>`);
  await strip.setContent(`<style>body{margin:0;padding:12px;display:grid;grid-template-columns:1fr 1fr;gap:12px;background:#e8eaee;font:15px system-ui}figure{margin:0;background:#fff;border:1px solid #cdd1d9}img{width:100%;display:block}figcaption{padding:8px 12px}</style>${cells.join("")}`);
  await strip.screenshot({ path: out("review-filmstrip"), fullPage: true });
  await insights();
  await playground(shop.holdpoint);
} finally {
  await browser.close();
  await shop.close();
}

/** The playground as it opens. */
async function playground(holdpoint) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 980 } })).newPage();
  await page.goto(`${holdpoint.url}/playground`);
  await page.waitForSelector("#verdict");
  await page.screenshot({ path: out("playground-light"), fullPage: true });
}

/** What decisions tell of a simulated deployment: five thousand actions, four reviewers, one of them a rubber stamp. */
async function insights() {
  const deployment = await Deployment.run({ count: 5000 });
  try {
    const { key } = await deployment.holdpoint.key("admin", { name: "the head of operations" });
    await until("every label has arrived", async () => (await deployment.insights()).json.labels === deployment.decided);
    const shot = async (options) => {
      const opened = await (await browser.newContext(options)).newPage();
      await opened.goto(`${deployment.holdpoint.url}/sign-in?page=insights`);
      await opened.fill("#key", key);
      await opened.click("button");
      await opened.waitForSelector("#answers:not([hidden])");
      return opened;
    };
    const page = await shot({ viewport: { width: 1100, height: 900 } });
    const { y } = await page.locator("#money-title").boundingBox();
    await page.screenshot({ path: out("insights-light"), fullPage: true, clip: { x: 0, y: 0, width: 1100, height: y - 20 } });
    await page.click("text=Backtest it");
    await page.waitForSelector("#trial table");
    await page.locator("section", { has: page.locator("#change-title") }).screenshot({ path: out("insights-backtest") });
    const phone = await shot({ viewport: SIZES.phone, colorScheme: "dark", deviceScaleFactor: 1.5 });
    await phone.screenshot({ path: out("insights-dark-phone"), fullPage: true, clip: { x: 0, y: 0, width: SIZES.phone.width, height: 1500 } });
    const { json } = await deployment.insights();
    const { all } = json.overrides;
    console.log("estimated", all.wrong, "truth", deployment.truth(), "labels", json.labels, "left out", json.left_out);
  } finally {
    await deployment.close();
  }
}
