// The page of all cases: lists by filter and words, and one case with its whole story.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { Shop } from "../harness/shop.mjs";

let browser, shop, page, refund, moved, tweet;
before(async () => {
  browser = await launch();
  shop = await Shop.open();
  refund = await shop.hold("refund", { amount: 410, to: "Zoë <b>" }, { subject: "customer 7" });
  moved = await shop.hold("wire", { amount: 9, iban: "PT50" });
  await shop.ask("POST", `/v1/cases/${moved.id}/move`, { key: shop.ana, body: { desk: "seniors" } });
  await shop.decide(shop.ana, moved, "approve");
  await shop.decide(shop.ben, moved, "reject", { reason: "wrong target", note: "the account is closed" });
  tweet = (await shop.propose("tweet", { audit: true, text: "open on Sunday" })).json;
  await shop.decide(shop.ben, tweet, "confirm");
  for (let amount = 0; amount < 60; amount += 1) await shop.hold("refund", { amount: 420 + (amount % 50) });
});
after(async () => {
  await browser.close();
  await shop.close();
});

const rows = () => page.$$eval("#cases tbody tr", (rows) => rows.map((row) => row.innerText));
const found = (text) => page.waitForFunction((text) => document.getElementById("found")?.textContent.includes(text), text);

test("an auditor lands here, sees the newest first, and goes on page by page", async () => {
  page = await signedIn(browser, shop.holdpoint, shop.auditor);
  await page.waitForURL("**/review/cases");
  await found("50 cases, and there are more");
  assert.equal(await page.isHidden("#to-review"), true, "nothing here is theirs to decide");
  await page.click("#more");
  await found("62 cases, the newest first");
  const last = (await rows()).at(-1);
  assert.match(last, /Refund 410/);
});

test("filters and words narrow it, stand in the address, and come back with Back", async () => {
  await page.selectOption("#status-filter", "confirmed");
  await found("1 case,");
  assert.match((await rows())[0], /tweet[\s\S]*confirmed[\s\S]*confirm by ben/);
  await page.selectOption("#status-filter", "");
  await page.fill("#search", "zoë customer");
  await page.keyboard.press("Enter");
  await found("1 case,");
  assert.match(page.url(), /search=zo%C3%AB\+customer/);
  await page.fill("#search", "nothing like it");
  await page.click("#filters button");
  await found("0 cases");
  await page.goBack();
  await found("1 case,");
  assert.equal(await page.inputValue("#search"), "zoë customer");
  await page.selectOption("#desk", "seniors");
  await page.fill("#search", "");
  await page.keyboard.press("Enter");
  await found("1 case,");
  assert.match((await rows())[0], /rejected[\s\S]*reject by ben[\s\S]*wrong target/);
});

test("a case's story is its ledger, over all desks, with each entry as it is hashed", async () => {
  await page.click("#cases tbody a");
  await page.waitForFunction(() => document.querySelectorAll("#entries li").length >= 5);
  const story = await page.$$eval("#entries li", (items) => items.map((item) => item.innerText.replace(/\s+/g, " ")));
  const steps = ["Held, critical", "Moved to seniors, by ana", "Arrived from main", "Approved by one of several", "Decided: reject (wrong target)"];
  for (const [at, step] of steps.entries()) assert.ok(story[at].includes(step), `${at}: ${story[at]}`);
  await page.click("#entries li:last-child summary");
  const raw = await page.textContent("#entries li:last-child pre");
  const ledger = (await shop.ask("GET", "/v1/ledger?desk=seniors", { key: shop.auditor })).text;
  assert.ok(ledger.split("\n").includes(raw), "the line to the letter");
  assert.match(await page.textContent("#standing"), /^Rejected, at seniors/);
  assert.equal(await page.isHidden("#decide"), true);
  await page.click("#back");
  await found("1 case,");
});

test("a reviewer finds a case, reads it, and goes to decide it; the ledger is not theirs", async () => {
  await page.context().close();
  page = await signedIn(browser, shop.holdpoint, shop.cleo);
  await page.goto(`${shop.holdpoint.url}/review/cases?desk=main&search=Zo%C3%AB`);
  await found("1 case,");
  assert.match((await rows())[0], /Refund 410/);
  await page.click("#cases tbody a");
  await page.waitForFunction(() => document.getElementById("story-note")?.textContent === "Its ledger is for auditors.");
  assert.match(await page.textContent("#fields"), /Zoë <b>/);
  await page.click("#decide");
  await page.waitForFunction(() => document.getElementById("title-text")?.textContent === "Refund 410");
  assert.match(page.url(), /\/review$/);
});

test("a case that is not there, or not for this key, says so", async () => {
  await page.goto(`${shop.holdpoint.url}/review/cases?case=hp_nothing`);
  await page.waitForFunction(() => document.getElementById("gone")?.textContent.includes("No case has this id"));
  assert.deepEqual(page.complaints.filter((text) => !/404|403/.test(text)), []);
});
