// Every state of the pages, in both themes and three widths: no barrier, nothing cut off, nothing too small, and a
// picture of each to be looked at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { SIZES, THEMES, complete, fitsEverybody, noticeSays, picture, says, shows, stripSays } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

const POLICY = `holdpoint = 1
[kinds.refund]
severity = "medium"
title = "Refund {args.amount} {args.currency} to {args.to}"
reasons = ["wrong amount", "wrong recipient", "not asked for", "outside policy", "other"]
irreversible = true
[kinds.tweet]
severity = "low"
title = "Post: {args.text}"
[[criteria]]
id = "large"
category = "refund above 500"
kinds = ["refund"]
when = "args.amount > 500"
message = "Refunds above 500 need a person."
[[criteria]]
id = "new-domain"
category = "recipient at an unknown domain"
kinds = ["refund"]
when = "!args.to.endsWith('@shop.example')"
[[criteria]]
id = "public"
category = "public words"
kinds = ["tweet"]
when = "args.audit == true"
then = "audit"
[desks.main]
reviewers = 1000
undo = "0s"
[desks.seniors]
`;

let browser, shop;
const held = {};
before(async () => {
  browser = await launch();
  shop = await Shop.open({ policy: POLICY });
  const about = { subject: "customer 42", source: { model: "gpt-4o", agent: "support" }, context: { request: "Please refund invoice INV-1011, I was charged twice." }, confidence: 0.71 };
  const body = (days) => `Dear Ana, we have looked at your account and refund the amount within ${days} business days.`;
  const usual = { amount: 124.05, to: "ana@example.com", currency: "EUR", invoice: "INV-1010", body: body("ten"), note: null, priority: "normal", urgent: false };
  const first = await shop.hold("refund", usual, about);
  await shop.decide(shop.ana, first, "approve");
  held.changed = await shop.hold("refund", { ...usual, amount: 1240.5, to: "ana@exarnple.com", invoice: "INV-1011", body: body("five") }, about);
  held.plain = await shop.hold("refund", { amount: 640, to: "аna@shop.example", currency: "EUR", memo: "pay\u200bpal\u202e" }, { confidence: 0.4 });
  held.audit = (await shop.propose("tweet", { audit: true, text: "Our shop is open on Sunday." })).json;
});
after(async () => {
  await browser.close();
  await shop.close();
});

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of THEMES) {
    test(`${size}, ${colorScheme}`, async (t) => {
      const page = await signedIn(browser, shop.holdpoint, shop.ana, { viewport, colorScheme, bypassCSP: true });
      let states = 0;
      const check = async (state) => {
        await picture(page, `${state}-${size}-${colorScheme}`);
        const layout = await fitsEverybody(page, state);
        // On a phone reasons and a note need room; what they are about can be scrolled to above them.
        const most = viewport.width > 500 ? 0.25 : state === "note" ? 0.62 : 0.45;
        assert.ok(layout.bar < most, `${state}: the bar takes ${layout.bar} of the height`);
        assert.ok(layout.key < 0.36, `${state}: the names of fields take ${layout.key} of the width`);
        assert.equal(layout.small, 0, `${state}: buttons too small to touch`);
        assert.ok(layout.overlapping <= 2, `${state}: one row of buttons at a time`);
        states += 1;
      };
      const open = async (action) => {
        await page.goto(`${shop.holdpoint.url}/review?case=${action.id}`);
        await page.waitForFunction(() => document.getElementById("case")?.hidden === false);
        await complete(page);
        await page.waitForTimeout(350);
      };
      await open(held.changed);
      await page.waitForFunction(() => document.getElementById("verified")?.textContent);
      await check("case");
      assert.ok(await page.evaluate(() => document.getElementById("bar").getBoundingClientRect().height / innerHeight) < 0.25, "the bar takes a quarter at most");
      await page.keyboard.press("r");
      await page.waitForSelector("#reasons:not([hidden])");
      await check("reasons");
      await page.keyboard.press("n");
      await page.waitForSelector("#words");
      await check("note");
      await page.keyboard.press("Escape");
      await page.keyboard.press("j");
      await check("field");
      await page.keyboard.press("d");
      await page.waitForSelector("#raw");
      await check("raw");
      await page.keyboard.press("d");
      await page.keyboard.press("e");
      await page.waitForSelector("#editing:not([hidden])");
      await page.getByLabel("amount", { exact: true }).fill("12x");
      await page.keyboard.press("Control+Enter");
      await page.waitForSelector("[aria-invalid=true]");
      await check("edit");
      await page.getByLabel("amount", { exact: true }).fill("12");
      await page.getByRole("button", { name: "Edit all as JSON" }).click();
      await page.waitForSelector("#edit-json");
      await check("edit-json");
      await page.keyboard.press("Escape");
      await page.waitForSelector("#editing", { state: "hidden" });
      await page.keyboard.press("?");
      await page.waitForSelector("dialog[open]");
      await check("help");
      await page.keyboard.press("Escape");
      await page.keyboard.press("x");
      await page.waitForSelector("#reasons:not([hidden])");
      await check("move");
      await page.keyboard.press("Escape");
      await open(held.plain);
      await page.click("#context summary");
      await check("context");
      await page.context().setOffline(true);
      await page.evaluate(() => window.dispatchEvent(new Event("offline")));
      await stripSays(page, "You are offline");
      await check("offline");
      await page.context().setOffline(false);
      await open(held.audit);
      await check("audit");
      for (const _ of [1, 2, 3]) {
        await page.waitForTimeout(350);
        await page.keyboard.press("s");
      }
      await noticeSays(page, "Nothing is waiting for you");
      await check("nothing");
      await page.evaluate(() => localStorage.clear());
      await page.goto(`${shop.holdpoint.url}/review/cases`);
      await page.waitForSelector("#cases tbody tr");
      await check("cases");
      await page.goto(`${shop.holdpoint.url}/review?case=${held.audit.id}`);
      await page.context().clearCookies();
      await shows(page, "Post");
      await page.keyboard.press("a");
      await stripSays(page, "You are signed out");
      await check("signed-out");
      await page.evaluate(() => (window.onbeforeunload = null));
      await page.context().close();
      const other = await signedIn(browser, shop.holdpoint, shop.auditor, { viewport, colorScheme, bypassCSP: true });
      await other.goto(`${shop.holdpoint.url}/review/cases?case=${held.changed.id}`);
      await other.waitForSelector("#entries li");
      await picture(other, `story-${size}-${colorScheme}`);
      await fitsEverybody(other, "story");
      await other.click("#sign-out");
      await other.waitForURL("**/sign-in");
      await other.fill("#key", "hpk_wrong");
      await other.click("button");
      await other.waitForFunction(() => document.getElementById("error")?.textContent);
      await picture(other, `sign-in-${size}-${colorScheme}`);
      await fitsEverybody(other, "sign-in");
      await other.context().close();
      t.diagnostic(`${states + 2} states`);
    });
  }
}

test("high contrast and reduced motion", async () => {
  const page = await signedIn(browser, shop.holdpoint, shop.ana, { contrast: "more", forcedColors: "active", reducedMotion: "reduce", bypassCSP: true });
  await page.goto(`${shop.holdpoint.url}/review?case=${held.changed.id}`);
  await shows(page, "1240.5");
  await picture(page, "case-forced-colors");
  await fitsEverybody(page, "forced colours");
  const flagged = await page.evaluate(() => getComputedStyle(document.querySelector("tr.flagged")).outlineStyle);
  assert.equal(flagged, "solid", "a flag does not rest on a background");
  const moving = await page.evaluate(() => document.getAnimations().length + [...document.querySelectorAll("*")].filter((element) => parseFloat(getComputedStyle(element).transitionDuration) > 0).length);
  assert.equal(moving, 0, "nothing moves");
  await page.context().close();
});

test("by touch alone: approving, rejecting, editing and undoing have their buttons", async () => {
  const page = await signedIn(browser, shop.holdpoint, shop.ben, { viewport: SIZES.phone, hasTouch: true, isMobile: true });
  await page.goto(`${shop.holdpoint.url}/review?case=${held.plain.id}`);
  await shows(page, "640");
  await page.tap("#reject");
  await page.waitForTimeout(350);
  await page.tap("#reasons button >> nth=2");
  await says(page, "Rejected (not asked for)");
  await page.context().close();
});
