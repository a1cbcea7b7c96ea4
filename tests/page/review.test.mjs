// The review page in a real Chromium, used as a reviewer uses it.

import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, describe, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { Holdpoint, until } from "../harness/holdpoint.mjs";
import { loseFirstAnswer, noticeSays, says, shows, stripSays, waiting } from "../harness/page.mjs";

const POLICY = `holdpoint = 1
[kinds.refund]
severity = "medium"
title = "Refund {args.amount} {args.currency} to {args.to}"
reasons = ["wrong amount", "wrong recipient", "not asked for"]
irreversible = true
[kinds.mail]
severity = "high"
[[criteria]]
id = "large"
category = "refund above 500"
kinds = ["refund"]
when = "args.amount > 500 || args.to.endsWith('.example')"
message = "Refunds above 500 need a person."
[desks.main]
reviewers = 1000
undo = "UNDO"
lease = "90s"
expires = "EXPIRES"
`;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function world(options = {}) {
  const policy = POLICY.replace("UNDO", options.undo ?? "4s").replace("EXPIRES", options.expires ?? "30m");
  const holdpoint = await Holdpoint.start({ policy });
  const app = (await holdpoint.key("app")).key;
  const reviewer = (await holdpoint.key("reviewer", { name: "first reviewer" })).key;
  const other = (await holdpoint.key("reviewer", { name: "second reviewer" })).key;
  const hold = async (args, more = {}) =>
    (await holdpoint.ask("POST", "/v1/actions", { key: app, body: { kind: "refund", confidence: 0.71, args, ...more } })).json;
  const status = async (action) => (await holdpoint.ask("GET", `/v1/cases/${action.id}`, { key: reviewer })).json.status;
  return { holdpoint, app, reviewer, other, hold, status };
}

const refund = (amount, more = {}) => ({ amount, to: "ana@shop.example", currency: "EUR", ...more });

describe("deciding", () => {
  let holdpoint, reviewer, other, hold, status, page;
  beforeEach(async () => {
    ({ holdpoint, reviewer, other, hold, status } = await world());
  });
  afterEach(async () => {
    await page?.context().close();
    await holdpoint.stop();
  });

  test("A approves, R and a digit reject, and the next case is there at once", async () => {
    const actions = [await hold(refund(601)), await hold(refund(602)), await hold(refund(603))];
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "601");
    assert.equal(await page.evaluate(() => document.activeElement.id), "title");
    await page.keyboard.press("a");
    await shows(page, "602");
    await says(page, "Approved: Refund 601 EUR");
    await page.keyboard.press("r");
    await page.waitForSelector("#reasons:not([hidden])");
    await page.keyboard.press("2");
    await shows(page, "603");
    await says(page, "Rejected (wrong recipient): Refund 602");
    await until("both are decided", async () => (await status(actions[0])) === "approved" && (await status(actions[1])) === "rejected");
    assert.equal(await status(actions[2]), "held");
    assert.equal(await page.textContent("#done"), "2");
    await until("the switcher counts what is left", async () => /^main · 1 · oldest/.test(await waiting(page)));
    assert.deepEqual(page.complaints, []);
  });

  test("U takes the last decision back while it is not released", async () => {
    const action = await hold(refund(604));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "604");
    await page.keyboard.press("a");
    await says(page, "Press U to undo");
    await noticeSays(page, "Nothing is waiting");
    await page.keyboard.press("u");
    await shows(page, "604");
    await says(page, "Taken back");
    assert.equal(await status(action), "held");
    assert.equal(await page.textContent("#done"), "0");
  });

  test("S skips, and the case does not come back to me", async () => {
    await hold(refund(605));
    await hold(refund(606));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "605");
    await page.keyboard.press("s");
    await shows(page, "606");
    await page.keyboard.press("a");
    await noticeSays(page, "Nothing is waiting for you");
    const claimed = await holdpoint.ask("POST", "/v1/desks/main/claim", { key: other });
    assert.equal(claimed.json.cases[0].title, "Refund 605 EUR to ana@shop.example", "it was given back");
  });

  test("? shows the keys, and a key behind the dialog does nothing", async () => {
    const action = await hold(refund(607));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "607");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("a");
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog:not([open])", { state: "attached" });
    assert.equal(await status(action), "held");
  });

  test("Enter, Space, chords, held keys, and keys in the first moment never decide", async () => {
    const action = await hold(refund(608));
    page = await signedIn(browser, holdpoint, reviewer);
    await page.waitForFunction(() => document.getElementById("case")?.hidden === false);
    await page.keyboard.press("a");
    await shows(page, "608");
    for (const key of ["Enter", " ", "Control+a", "Alt+a"]) await page.keyboard.press(key);
    await page.evaluate(() => document.dispatchEvent(new KeyboardEvent("keydown", { key: "a", repeat: true, bubbles: true })));
    const switchSingleKeys = async () => {
      await page.click("#help-button");
      await page.click("#single-keys");
      await page.keyboard.press("Escape");
    };
    await switchSingleKeys();
    await page.keyboard.press("a");
    assert.equal(await status(action), "held");
    await switchSingleKeys();
    await page.keyboard.press("a");
    await until("it is approved", async () => (await status(action)) === "approved");
  });

  test("a double click decides once", async () => {
    const actions = [await hold(refund(609)), await hold(refund(610))];
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "609");
    await page.dblclick("#approve");
    await shows(page, "610");
    await until("the first is approved", async () => (await status(actions[0])) === "approved");
    assert.equal(await status(actions[1]), "held");
  });

  test("new cases appear by themselves, and the count follows", async () => {
    page = await signedIn(browser, holdpoint, reviewer);
    await noticeSays(page, "Nothing is waiting");
    await hold(refund(611));
    await shows(page, "611");
    await until("the count follows", async () => /^main · 1 · oldest \d+ s$/.test(await waiting(page)));
  });

  test("somebody else was first: it is said, and the next case comes", async () => {
    const action = await hold(refund(612));
    await hold(refund(613));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "612");
    // The lease goes, as it does for somebody who was away, and another person decides.
    await holdpoint.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: reviewer });
    const decided = await holdpoint.ask("POST", `/v1/cases/${action.id}/decision`, {
      key: other,
      body: { decision: "reject", reason: "not asked for", digest: action.digest },
    });
    assert.equal(decided.status, 200, decided.text);
    await page.keyboard.press("a");
    await says(page, "Somebody else was first");
    await shows(page, "613");
    assert.equal(await status(action), "rejected");
    assert.equal(await page.textContent("#done"), "0");
  });

  test("a lease that ran out while reading costs nothing while nobody else has come", async () => {
    const action = await hold(refund(618));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "618");
    // Given back behind the page's back, and taken again: its token is worth nothing any more.
    await holdpoint.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: reviewer });
    await holdpoint.ask("POST", `/v1/cases/${action.id}/lease`, { key: reviewer });
    await page.keyboard.press("a");
    await says(page, "Approved: Refund 618");
    assert.equal(await status(action), "approved");
  });

  test("a clock that is wrong changes nothing", async () => {
    const action = await hold(refund(619));
    await hold(refund(620));
    page = await signedIn(browser, holdpoint, reviewer, { clockAhead: 3_600_000 });
    await shows(page, "619");
    await page.keyboard.press("a");
    await says(page, "Press U to undo");
    await page.keyboard.press("u");
    await says(page, "Taken back");
    assert.equal(await status(action), "held");
  });

  test("an answer that was lost: the decision is sent again, and counts once", async () => {
    const action = await hold(refund(621));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "621");
    await loseFirstAnswer(page, "**/decision");
    await page.keyboard.press("a");
    await says(page, "Approved: Refund 621");
    assert.equal(await status(action), "approved");
    assert.equal(await page.textContent("#done"), "1");
  });

  test("a double click on Reject chooses no reason", async () => {
    const action = await hold(refund(622));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "622");
    await page.dblclick("#reject");
    await page.waitForSelector("#reasons:not([hidden])");
    await page.keyboard.press("Enter");
    assert.equal(await status(action), "held");
  });

  test("offline: the decision is kept, said, and sent once", async () => {
    const action = await hold(refund(614));
    await hold(refund(615));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "614");
    await page.context().setOffline(true);
    await page.keyboard.press("a");
    await stripSays(page, "1 decision is kept");
    await shows(page, "615");
    assert.equal(await status(action), "held");
    await page.context().setOffline(false);
    await says(page, "Approved: Refund 614");
    assert.equal(await status(action), "approved");
    await page.waitForSelector("#strip", { state: "hidden" });
    assert.equal(await page.textContent("#done"), "1");
  });

  test("signed out: it says so, keeps the decision, and sends it when signed in again", async () => {
    const action = await hold(refund(616));
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "616");
    await page.context().clearCookies();
    await page.keyboard.press("a");
    await stripSays(page, "You are signed out");
    assert.equal(await status(action), "held");
    // Signed in again in another tab, the decision arrives.
    const [tab] = await Promise.all([page.context().waitForEvent("page"), page.click("#strip-link")]);
    await tab.fill("#key", reviewer);
    await tab.click("button");
    await tab.waitForURL("**/review");
    await tab.close();
    await says(page, "Approved: Refund 616");
    assert.equal(await status(action), "approved");
    await page.waitForSelector("#strip", { state: "hidden" });
  });

  test("a wrong key is refused in words", async () => {
    page = await (await browser.newContext()).newPage();
    await page.goto(`${holdpoint.url}/sign-in`);
    for (const [key, sentence] of [
      ["hpk_0123456789012345678901234567890123456789012", "not in force"],
      ["", "begins with hpk_"],
    ]) {
      await page.fill("#key", key);
      await page.click("button");
      await page.waitForFunction((sentence) => document.getElementById("error")?.textContent.includes(sentence), sentence);
    }
  });
});

test("a case that expires while it is looked at is said, and goes", async () => {
  const { holdpoint, reviewer, hold } = await world({ expires: "3s" });
  const page = await signedIn(browser, holdpoint, reviewer);
  try {
    await noticeSays(page, "Nothing is waiting");
    await hold(refund(617));
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.waitForFunction(() => document.getElementById("case")?.hidden === false);
    await says(page, "expired before a decision");
    await noticeSays(page, "Nothing is waiting");
  } finally {
    await page.context().close();
    await holdpoint.stop();
  }
});

const HOSTILE = {
  amount: 1240.5,
  to: "ana@\u202emoc.elpmaxe\u202c shop",
  currency: "EUR",
  html: "<img src=x onerror=alert(1)><script>alert(2)</script>",
  link: "javascript:alert(3)",
  zero: "pay\u200bpal",
  greek: "аpple",
  "<b>name</b>": { "a/b": ["x", { deep: "<svg onload=alert(4)>" }] },
  digits: "see raw",
  long: "word ".repeat(1200),
};

describe("what it shows", () => {
  let holdpoint, app, reviewer, page;
  before(async () => {
    let hold;
    ({ holdpoint, app, reviewer, hold } = await world());
    await hold(HOSTILE, { context: { request: "<h1>please</h1>" }, source: { model: "m\u0007" } });
    const exact = `{"kind":"refund","args":{"amount":9007199254740993.10,"to":"x","currency":"EUR"},"confidence":0.5}`;
    await holdpoint.ask("POST", "/v1/actions", { key: app, body: exact });
    page = await signedIn(browser, holdpoint, reviewer);
    await shows(page, "1240.5");
  });
  after(async () => {
    await page.context().close();
    await holdpoint.stop();
  });

  test("flagged fields come first, marked in more than colour, with the reason", async () => {
    const rows = await page.$$eval("#fields tr", (rows) => rows.map((row) => [row.className, row.innerText]));
    assert.equal(rows[0][0], "flagged");
    assert.match(rows[0][1], /⚠ amount\s+1240.5\s+Flagged: refund above 500/);
    const flags = rows.map(([name]) => name);
    assert.deepEqual(flags, flags.toSorted().toReversed(), "no flagged field after one without a flag");
    assert.match(await page.textContent("#why"), /refund above 500: Refunds above 500 need a person./);
    assert.match(await page.textContent("#why"), /Confidence 0.71 is below 0.8/);
    assert.match(await page.textContent("#marks"), /Cannot be undone/);
  });

  test("text that an AI wrote is inert, and what it hides is shown", async () => {
    const text = await page.innerText("#main");
    assert.ok(text.includes("<img src=x onerror=alert(1)>"));
    assert.equal(await page.$$eval("#main img, #main script, #main svg, #main h1 h1, #main a[href^=javascript]", (found) => found.length), 0);
    const marks = await page.$$eval(".hidden-character", (marks) => marks.map((mark) => mark.textContent));
    for (const mark of ["U+202E", "U+202C", "U+200B", "looks like Latin: U+0430"]) assert.ok(marks.includes(mark), mark);
    assert.deepEqual(page.complaints, []);
  });

  test("the rest is folded with its count, long values with their length, the context closed and labelled", async () => {
    assert.equal(await page.getAttribute("#context", "open"), null);
    assert.match(await page.textContent("#context summary"), /not verified/);
    await page.click("#context summary");
    await page.waitForFunction(() => document.querySelectorAll("#context tr").length > 0);
    assert.match(await page.innerText("#context"), /<h1>please<\/h1>/);
    assert.match(await page.innerText("#context"), /U\+0007/);
    assert.match(await page.textContent("#more-fields summary"), /more field/);
    await page.click("#more-fields summary");
    const button = page.locator("#main button.small").first();
    assert.equal(await button.textContent(), "Show all 6000 characters");
    await button.click();
    assert.equal(await page.locator("#main button.small").count(), 0);
  });

  test("digits are those that were sent", async () => {
    await page.keyboard.press("s");
    await shows(page, "9007199254740993.10");
    assert.match(await page.innerText("#fields"), /amount\s+9007199254740993\.10/);
  });
});
