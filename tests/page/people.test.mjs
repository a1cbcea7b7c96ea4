// The review page where one person is not all: edits, audits, second persons, other desks.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { until } from "../harness/holdpoint.mjs";
import * as looking from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

let browser, shop, page;
before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(async () => (shop = await Shop.open()));
afterEach(async () => {
  assert.deepEqual(page?.complaints.filter((complaint) => !/status of 4\d\d/.test(complaint)) ?? [], []);
  await page?.context().close();
  await shop.close();
});

const shows = (title) => looking.shows(page, title);
const says = (text) => looking.says(page, text);
const field = (name) => page.getByLabel(name, { exact: true });
const accessible = () => looking.fitsEverybody(page, "as it stands");

describe("editing", () => {
  test("E gives a field for each value, Ctrl+Enter lets it run as edited, with every digit", async () => {
    const body = `{"kind":"refund","args":{"amount":400,"account":12345678901234567890,"to":{"name":"Ana","urgent":false},"note":null,"lines":[1.50,"x"]}}`;
    const action = (await shop.ask("POST", "/v1/actions", { key: shop.app, body })).json;
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("Refund 400");
    await page.keyboard.press("e");
    assert.equal(await field("amount").inputValue(), "400");
    assert.equal(await field("account").inputValue(), "12345678901234567890");
    await accessible();
    await field("amount").fill("40");
    await field("to.urgent").selectOption("true");
    await field("to.name").fill("Ben");
    await field("to.name").press("Control+Enter");
    await says("Let run as edited: Refund 400");
    const answer = await shop.read(action);
    assert.ok(answer.text.includes('"args":{"amount":40,"account":12345678901234567890,"to":{"name":"Ben","urgent":true},"note":null,"lines":[1.50,"x"]}'), answer.text);
    assert.equal(answer.json.status, "edited");
  });

  test("keys are text while typing, Esc goes back, and what is no number or not allowed is told where it stands", async () => {
    const action = await shop.hold("refund", { amount: 400, to: "ana" });
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("Refund 400");
    await page.keyboard.press("e");
    await field("to").fill("");
    await page.keyboard.type("arsxu nobody");
    await field("amount").fill("4o0");
    await field("amount").press("Control+Enter");
    await page.waitForFunction(() => document.querySelector("[aria-invalid=true]"));
    assert.match(await page.locator("#fields").innerText(), /A number is needed/);
    await field("amount").fill("300");
    await field("to").fill("nobody");
    await page.getByRole("button", { name: "Save" }).click();
    await says("blocked by `never`");
    assert.equal(await field("amount").inputValue(), "300", "what was typed is still there");
    assert.equal((await shop.shown(action)).status, "held");
    await field("to").press("Escape");
    await page.waitForFunction(() => document.getElementById("editing")?.hidden);
    assert.match(await page.locator("#fields").innerText(), /400/);
    await page.keyboard.press("a");
    await says("Approved: Refund 400");
  });

  test("changes nothing that nobody touched, however large it is", async () => {
    const text = `${"line\r\n".repeat(20_000)}end`;
    const action = await shop.hold("refund", { amount: 400, text });
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("Refund 400");
    await page.keyboard.press("e");
    await field("amount").press("Control+Enter");
    await says("Nothing was changed");
    await field("amount").fill("41");
    await field("amount").press("Control+Enter");
    await says("Let run as edited");
    const { args } = (await shop.read(action)).json.action;
    assert.equal(args.amount, 41);
    assert.ok(args.text === text, "line ends are as they were");
  });

  test("of an action that needs two people is theirs to approve, and they do not see whose it is", async () => {
    await shop.hold("refund", { amount: 700 });
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("Refund 700");
    await page.keyboard.press("e");
    await field("amount").fill("650");
    await field("amount").press("Control+Enter");
    await says("Edited; other people approve it now");
    await page.waitForFunction(() => document.getElementById("case")?.hidden);
    await page.context().close();
    page = await signedIn(browser, shop.holdpoint, shop.ben);
    await shows("Refund 650");
    const text = await page.locator("main").innerText();
    assert.match(text, /2 different people have to approve, each for themselves/);
    assert.ok(!/ana|1 of|approved so far/.test(text), text);
    await page.keyboard.press("a");
    await says("Your approval counts; another person decides too");
    await page.context().close();
    page = await signedIn(browser, shop.holdpoint, shop.cleo);
    await shows("Refund 650");
    assert.ok(!/ben|1 of|so far/.test(await page.locator("main").innerText()), "the first answer is not shown");
    await page.keyboard.press("a");
    await says("Approved: Refund 650");
  });
});

describe("audits", () => {
  test("come in the same page and rhythm: A confirms, R and a digit overturn, and U takes it back in time", async () => {
    for (const text of ["one", "two"]) assert.equal((await shop.propose("tweet", { audit: true, text })).status, 200);
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("tweet");
    assert.match(await looking.waiting(page), /^main · 0 \+ 2 audits$/);
    assert.match(await page.locator("#why").innerText(), /It ran already/);
    assert.equal(await page.locator("#approve").innerText(), "Confirm A");
    await accessible();
    await page.keyboard.press("a");
    await says("Confirmed: tweet");
    await shows("tweet");
    await page.keyboard.press("r");
    assert.equal(await page.locator("#reasons").getAttribute("aria-label"), "Why was it wrong?");
    await page.keyboard.press("1");
    await says("Overturned (wrong values): tweet");
  });

  test("E says what should have been, with a reason, and that is what is raised", async () => {
    const action = (await shop.propose("tweet", { audit: true, text: "wrong" })).json;
    page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
    await shows("tweet");
    await page.keyboard.press("e");
    await field("text").fill("right");
    await field("text").press("Control+Enter");
    await page.waitForFunction(() => document.getElementById("reasons")?.hidden === false);
    assert.ok(await page.evaluate(() => document.getElementById("fields").inert), "what is sent is what stands there");
    await page.keyboard.press("Escape");
    assert.ok(!(await page.evaluate(() => document.getElementById("fields").inert)));
    await page.waitForFunction(() => document.getElementById("editing")?.hidden === false && document.getElementById("buttons")?.hidden);
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForTimeout(350);
    await page.keyboard.press("4");
    await says("Overturned (not asked for): tweet");
    const id = await until("the undo is raised", async () => (await shop.read(action)).json.undo);
    const undo = await until("it is there", async () => (await shop.read({ id })).json.action);
    assert.deepEqual(undo, { kind: "delete_tweet", args: { audit: true, text: "right" } });
    // Its arguments are hers: others look at it.
    await page.waitForFunction(() => document.getElementById("notice-title")?.textContent === "Nothing is waiting for you");
    await page.context().close();
    page = await signedIn(browser, shop.holdpoint, shop.ben);
    await shows("delete_tweet");
    assert.match(await page.locator("#marks").innerText(), /Makes an overturned action good/);
  });
});

test("X and a digit hand a case to another desk, and the next one is there", async () => {
  const [one] = [await shop.hold("refund", { amount: 401 }), await shop.hold("refund", { amount: 402 })];
  page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
  await shows("Refund 401");
  await page.keyboard.press("x");
  await page.waitForSelector("#reasons:not([hidden])");
  assert.match(await page.locator("#reasons").innerText(), /1\s+seniors/);
  await page.keyboard.press("1");
  await says("Moved to seniors: Refund 401");
  await shows("Refund 402");
  assert.equal((await shop.shown(one)).desk, "seniors");
  await page.locator("#desk").selectOption("seniors");
  await shows("Refund 401");
  await page.keyboard.press("a");
  await says("Approved: Refund 401");
});
