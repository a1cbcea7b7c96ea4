// What happens in a day of reviewing: two people and one case, no network, a closed tab, a lease that runs out.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { Holdpoint, until } from "../harness/holdpoint.mjs";
import { complete, heard, listen, loseFirstAnswer, noticeSays, says, shows, stripSays, waiting } from "../harness/page.mjs";
import { POLICY, Shop } from "../harness/shop.mjs";

const LONG = process.env.HOLDPOINT_LONG === "1";
const policy = (desk) => POLICY.replace('[desks.main]\nundo = "0s"', `[desks.main]\n${desk}`);

let browser, shop, pages;
before(async () => (browser = await launch()));
after(() => browser.close());
beforeEach(() => (pages = []));
afterEach(async () => {
  for (const page of pages) await page.context().close();
  await shop.close();
});

async function open(desk = 'undo = "0s"') {
  shop = await Shop.open({ policy: policy(desk) });
}

async function person(key, options) {
  const page = await signedIn(browser, shop.holdpoint, key, options);
  pages.push(page);
  return page;
}

async function held(count, first = 400) {
  const actions = [];
  for (let at = 0; at < count; at += 1) actions.push(await shop.hold("refund", { amount: first + at }));
  return actions;
}

/** Holds requests back until what it gives is called. */
async function delayed(page, pattern) {
  let release;
  const waits = new Promise((resolve) => (release = resolve));
  await page.route(pattern, async (route) => {
    await waits;
    await route.continue();
  });
  return release;
}

/** A case that is open on a page, which is complete. */
async function working(key) {
  const page = await person(key);
  await shows(page, "400");
  await complete(page);
  return page;
}

const title = (page) => page.textContent("#title-text");
const statuses = async (actions) => Promise.all(actions.map(async (action) => (await shop.shown(action)).status));

describe("two people", () => {
  test("never get the same case, and both are busy at once", async () => {
    await open();
    await held(4);
    const [ana, ben] = [await person(shop.ana), await person(shop.ben)];
    await Promise.all([shows(ana, "Refund"), shows(ben, "Refund")]);
    assert.notEqual(await title(ana), await title(ben));
  });

  test("racing for one case: one decision counts, the other is told, and nothing is lost", async () => {
    await open();
    const [action] = await held(1);
    const ana = await person(shop.ana);
    await shows(ana, "400");
    // Her lease is gone, as it is for somebody who was away, and another has the case on the page too.
    await shop.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: shop.ana });
    const ben = await person(shop.ben);
    await shows(ben, "400");
    const answers = { ana: [], ben: [] };
    for (const [name, page] of Object.entries({ ana, ben })) {
      page.on("response", (response) => response.url().endsWith("/decision") && answers[name].push(response.status()));
    }
    await Promise.all([ana.keyboard.press("a"), ben.keyboard.press("a")]);
    await Promise.all([noticeSays(ana, "Nothing is waiting"), noticeSays(ben, "Nothing is waiting")]);
    await until("both are answered", () => answers.ana.length > 0 && answers.ben.length > 0);
    const won = Object.entries(answers).filter(([, statuses]) => statuses.includes(200)).map(([name]) => name);
    assert.equal(won.length, 1, JSON.stringify(answers));
    await says(won[0] === "ana" ? ben : ana, "Somebody else was first");
    const decided = (await shop.shown(action)).decision;
    assert.deepEqual([decided.decision, decided.by], ["approve", won[0]]);
  });

  test("a case that ends while it is looked at is told at once, and why", async () => {
    await open();
    const actions = await held(4);
    const ana = await working(shop.ana);
    await until("hints arrive", async () => /^main · 4/.test(await waiting(ana)));
    await shop.to(actions[0], "withdraw");
    await says(ana, "was withdrawn by the app");
    await shows(ana, "401");
    await shop.ask("POST", `/v1/cases/${actions[1].id}/move`, { key: shop.ana, body: { desk: "seniors" } });
    await says(ana, "was moved to another desk");
    await shows(ana, "402");
    await shop.ask("DELETE", `/v1/cases/${actions[2].id}/lease`, { key: shop.ana });
    await shop.decide(shop.ben, actions[2], "approve");
    await says(ana, "Somebody else was first");
    await shows(ana, "403");
  });

  test("what one types is never taken from under their hands", async () => {
    await open();
    const [action] = await held(2);
    const ana = await working(shop.ana);
    await ana.keyboard.press("e");
    await ana.getByLabel("amount", { exact: true }).fill("39");
    await shop.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: shop.ana });
    assert.equal((await shop.decide(shop.ben, action, "reject", { reason: "not asked for" })).status, 200);
    await says(ana, "What you typed stays here");
    assert.equal(await ana.getByLabel("amount", { exact: true }).inputValue(), "39");
    await ana.keyboard.press("Control+Enter");
    await says(ana, "was decided by somebody else");
    assert.equal(await ana.getByLabel("amount", { exact: true }).inputValue(), "39", "the draft is still there");
    assert.equal((await shop.shown(action)).status, "rejected");
    await ana.keyboard.press("Escape");
    await shows(ana, "401");
  });
});

test("a lease that runs out while editing: the draft stays, and is saved where nobody else came", async () => {
  await open('undo = "0s"\nlease = "2s"');
  const [action] = await held(1);
  const ana = await working(shop.ana);
  await ana.keyboard.press("e");
  await ana.getByLabel("amount", { exact: true }).fill("39");
  // Nothing is renewed while the page is away; the lease goes to somebody else, who leaves again.
  await ana.route("**/lease", (route) => route.abort());
  await until("the lease is over", async () => (await shop.shown(action)).lease === null);
  assert.equal((await shop.ask("POST", `/v1/cases/${action.id}/lease`, { key: shop.ben })).status, 200);
  await ana.unroute("**/lease");
  await says(ana, "Somebody else looks at this case now");
  assert.equal(await ana.getByLabel("amount", { exact: true }).inputValue(), "39");
  await shop.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: shop.ben });
  await ana.keyboard.press("Control+Enter");
  await says(ana, "Let run as edited");
  assert.deepEqual((await shop.read(action)).json.action.args, { amount: 39 });
});

test("leases are renewed while somebody is there, and not after", async () => {
  await open('undo = "0s"\nlease = "3s"');
  const [action] = await held(1);
  const ana = await working(shop.ana);
  const until_ = async () => (await shop.shown(action)).lease?.until;
  const first = await until_();
  await until("it is renewed", async () => (await until_()) > first);
  // For two minutes nobody touches anything.
  await ana.clock.install();
  await ana.clock.fastForward(125_000);
  await until("it is given up", async () => (await until_()) === undefined);
});

test("a tab that is closed inside the undo window: the decision stands", async () => {
  await open('undo = "3s"');
  const [action] = await held(1);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await ana.keyboard.press("a");
  await ana.close();
  await until("it arrived", async () => (await shop.shown(action)).decision !== null);
  assert.equal((await shop.read(action)).json.status, "held", "the app does not see it before its release");
  await until("it is released", async () => (await shop.read(action)).json.status === "approved");
});

test(`${LONG ? 30 : 5} s without network in the middle of ten decisions: each counts once`, async () => {
  await open();
  const actions = await held(10);
  const ana = await person(shop.ana);
  let done = 0;
  const decide = async () => {
    await shows(ana, String(400 + done));
    await ana.keyboard.press("a");
    done += 1;
  };
  while (done < 4) await decide();
  await ana.waitForFunction(() => document.getElementById("done")?.textContent === "4");
  await complete(ana);
  await ana.context().setOffline(true);
  const began = Date.now();
  // What was looked ahead is there to be decided.
  while (done < 9) await decide();
  await stripSays(ana, "5 decisions are kept");
  await noticeSays(ana, "No more cases are here");
  assert.deepEqual((await statuses(actions)).filter((status) => status === "approved").length, 4);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, (LONG ? 30_000 : 5_000) - (Date.now() - began))));
  await ana.context().setOffline(false);
  await decide();
  await ana.waitForFunction(() => document.getElementById("done")?.textContent === "10");
  assert.deepEqual(await statuses(actions), Array(10).fill("approved"));
  const ledger = (await shop.ask("GET", "/v1/ledger?desk=main", { key: shop.auditor })).text.trim().split("\n").map((line) => JSON.parse(line));
  const decisions = ledger.filter(({ type }) => type === "decided").map(({ subject }) => subject);
  assert.deepEqual(decisions.sort(), actions.map(({ id }) => id).sort(), "each once");
  await ana.waitForSelector("#strip", { state: "hidden" });
});

test("a connection that comes back while a decision fails: it is sent again at once", async () => {
  await open();
  const [action] = await held(1);
  const ana = await working(shop.ana);
  // What waits for a second or longer waits for ever.
  await ana.evaluate(() => {
    const soon = window.setTimeout;
    window.setTimeout = (callback, ms, ...more) => (ms < 1000 ? soon(callback, ms, ...more) : 0);
  });
  let tries = 0;
  await ana.route("**/decision", async (route) => {
    tries += 1;
    if (tries > 1) return route.continue();
    await ana.evaluate(() => window.dispatchEvent(new Event("online")));
    return route.abort();
  });
  await ana.keyboard.press("a");
  await until("it arrived", async () => (await shop.shown(action)).status === "approved");
  assert.equal(tries, 2);
});

test("a decision that was never sent is taken back without a trace", async () => {
  await open();
  const [first, second] = await held(2);
  const ana = await working(shop.ana);
  await ana.context().setOffline(true);
  await ana.keyboard.press("a");
  await shows(ana, "401");
  await ana.keyboard.press("a");
  await stripSays(ana, "2 decisions are kept");
  await ana.keyboard.press("u");
  await shows(ana, "401");
  await ana.context().setOffline(false);
  await says(ana, "Approved: Refund 400");
  assert.deepEqual(await statuses([first, second]), ["approved", "held"]);
});

test("undo takes back the decision that was meant, and says what cannot be taken back", async () => {
  await open('undo = "20s"');
  const [first, second] = await held(3);
  const ana = await working(shop.ana);
  const release = await delayed(ana, "**/decision");
  await ana.keyboard.press("a");
  await shows(ana, "401");
  await ana.keyboard.press("u");
  await says(ana, "as soon as it has arrived");
  await ana.keyboard.press("a");
  await listen(ana);
  release();
  await Promise.all([heard(ana, "Approved: Refund 401"), heard(ana, "Taken back: Refund 400")]);
  await shows(ana, "400");
  await until("only the other stands", async () => {
    const [one, two] = await Promise.all([shop.shown(first), shop.shown(second)]);
    return one.decision === null && two.decision?.decision === "approve";
  });
  const vote = await shop.hold("wire", { amount: 1 });
  await ana.goto(`${shop.holdpoint.url}/review?case=${vote.id}`);
  await shows(ana, "wire");
  await complete(ana);
  await ana.keyboard.press("a");
  await says(ana, "Your approval counts");
  await ana.keyboard.press("u");
  await says(ana, "cannot be taken back");
});

test("an undo whose answer is lost is the same undo when U is pressed again", async () => {
  await open('undo = "20s"');
  const [action] = await held(1);
  const ana = await working(shop.ana);
  await ana.keyboard.press("a");
  await says(ana, "Press U to undo");
  await loseFirstAnswer(ana, "**/undo");
  await ana.keyboard.press("u");
  await says(ana, "Press U again");
  await ana.keyboard.press("u");
  await says(ana, "Taken back: Refund 400");
  assert.equal((await shop.shown(action)).status, "held");
});

test("whoever signs in after somebody decides nothing in their place", async () => {
  await open();
  const [action] = await held(2);
  const ana = await working(shop.ana);
  await ana.context().setOffline(true);
  await ana.keyboard.press("a");
  await stripSays(ana, "1 decision is kept");
  await ana.route("**/decision", (route) => route.abort());
  await ana.context().setOffline(false);
  const tab = await ana.context().newPage();
  await tab.goto(`${shop.holdpoint.url}/sign-in`);
  await tab.fill("#key", shop.ben);
  await tab.click("button");
  await tab.waitForURL("**/review");
  await ana.unroute("**/decision");
  await ana.evaluate(() => window.dispatchEvent(new Event("online")));
  await stripSays(ana, "You are signed out");
  assert.equal((await shop.shown(action)).decision, null);
});

test("another desk while a decision is on its way: its cases come, and not those of the desk before", async () => {
  await open();
  await held(4);
  const [other] = await held(1, 500);
  await shop.ask("POST", `/v1/cases/${other.id}/move`, { key: shop.ben, body: { desk: "seniors" } });
  const ana = await working(shop.ana);
  const release = await delayed(ana, "**/decision");
  await ana.keyboard.press("a");
  await shows(ana, "401");
  await ana.selectOption("#desk", "seniors");
  await ana.waitForFunction(() => document.getElementById("case")?.hidden);
  release();
  await shows(ana, "500");
});

test("a skip while a decision is on its way leaves the case to others", async () => {
  await open();
  const actions = await held(3);
  const ana = await working(shop.ana);
  const release = await delayed(ana, "**/decision");
  await ana.keyboard.press("a");
  await shows(ana, "401");
  await ana.keyboard.press("s");
  await says(ana, "Skipped");
  release();
  await shows(ana, "402");
  await until("the skipped one is free, and the one on the page is ours", async () => {
    const [skipped, shown] = await Promise.all([shop.shown(actions[1]), shop.shown(actions[2])]);
    return skipped.lease === null && shown.lease?.by === "ana";
  });
});

test("what is said is said once: nothing is read out again twice a second", async () => {
  await open('undo = "5s"');
  await held(1);
  const ana = await working(shop.ana);
  await listen(ana);
  await ana.keyboard.press("a");
  await until("the window is over", async () => (await shop.ask("GET", "/v1/desks/main/cases?status=approved", { key: shop.ana })).json.cases.length === 1 && (await ana.textContent("#countdown")) === "");
  await ana.waitForTimeout(1500);
  const said = await ana.evaluate(() => globalThis.said);
  assert.ok(said.length <= 2, said.join(" | "));
});

test("a page that is made ready ahead leases nothing until somebody looks at it", async () => {
  await open();
  const [action] = await held(1);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await shop.ask("DELETE", `/v1/cases/${action.id}/lease`, { key: shop.ana });
  await ana.setExtraHTTPHeaders({ "sec-purpose": "prefetch;prerender" });
  await ana.addInitScript(() => Object.defineProperty(document, "prerendering", { value: true, configurable: true }));
  await ana.goto(`${shop.holdpoint.url}/review`);
  await ana.waitForTimeout(500);
  assert.equal(await ana.isHidden("#case"), true);
  assert.equal((await shop.shown(action)).lease, null);
  await ana.evaluate(() => {
    Object.defineProperty(document, "prerendering", { value: false });
    document.dispatchEvent(new Event("prerenderingchange"));
  });
  await shows(ana, "400");
  await until("it is leased", async () => (await shop.shown(action)).lease?.by === "ana");
});

test("a key that was pressed for the case before decides nothing, however late it is handled", async () => {
  await open();
  const [, second] = await held(2);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await ana.evaluate(() => (globalThis.late = new KeyboardEvent("keydown", { key: "a", code: "KeyA", bubbles: true })));
  await ana.keyboard.press("a");
  await shows(ana, "401");
  await ana.evaluate(() => document.body.dispatchEvent(globalThis.late));
  await says(ana, "Approved: Refund 400");
  assert.equal((await shop.shown(second)).decision, null);
  assert.equal(await title(ana), "Refund 401");
});

test("a move whose answer is lost is sent again, and happens once", async () => {
  await open();
  const [action] = await held(2);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await loseFirstAnswer(ana, "**/move");
  await ana.keyboard.press("x");
  await ana.waitForSelector("#reasons:not([hidden])");
  await ana.keyboard.press("1");
  await says(ana, "Moved to seniors: Refund 400");
  const lines = (await shop.ask("GET", `/v1/ledger?desk=main&case=${action.id}`, { key: shop.auditor })).text.trim().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).type), ["held", "moved"]);
});

test("a runtime that is killed and comes back: the page goes on by itself, and hears hints again", async () => {
  await open();
  const [action] = await held(1);
  const ana = await working(shop.ana);
  await shop.holdpoint.kill();
  await ana.keyboard.press("a");
  await stripSays(ana, "1 decision is kept");
  await shop.holdpoint.run();
  await says(ana, "Approved: Refund 400");
  assert.equal((await shop.shown(action)).status, "approved");
  await shop.hold("refund", { amount: 450 });
  await shows(ana, "450");
});

test("a nudge for a break after twenty minutes, once, and pace only beside accuracy", async () => {
  await open();
  await held(8);
  const ana = await working(shop.ana);
  await ana.clock.install();
  const work = async (minutes) => {
    for (let step = 0; step < minutes * 2; step += 1) {
      await ana.clock.fastForward(30_000);
      await ana.keyboard.press("j");
    }
  };
  await work(5);
  assert.equal(await ana.isHidden("#strip"), true);
  for (let decision = 1; decision <= 6; decision += 1) {
    await ana.clock.fastForward(1_000);
    await ana.waitForFunction((amount) => document.getElementById("title-text")?.textContent.includes(String(amount)), 399 + decision);
    await ana.keyboard.press("a");
    await ana.waitForFunction((done) => document.getElementById("done")?.textContent === String(done), decision);
  }
  assert.match(await ana.textContent("#pace"), /^· \d+ an hour, accuracy not measured yet$/);
  await work(16);
  await ana.clock.fastForward(1_000);
  await ana.keyboard.press("a");
  await stripSays(ana, "Five minutes away from the screen");
  await ana.click("#strip-close");
  assert.equal(await ana.isHidden("#strip"), true);
});

test("the switcher counts every desk's cases and the age of the oldest, and follows them", async () => {
  await open();
  await held(2);
  const ana = await working(shop.ana);
  const options = () => ana.$$eval("#desk option", (options) => options.map(({ text }) => text));
  assert.match((await options())[1], /^seniors · 0$/);
  const [action] = await held(1, 500);
  await shop.ask("POST", `/v1/cases/${action.id}/move`, { key: shop.ben, body: { desk: "seniors" } });
  await until("both are counted", async () => {
    const [main, seniors] = await options();
    return /^main · 2 · oldest \d+ s$/.test(main) && /^seniors · 1 · oldest \d+ s$/.test(seniors);
  });
  assert.match(await ana.title(), /^\(2\) Review/);
});

test("a link to a case begins with it; one that is over says so", async () => {
  await open();
  const actions = await held(3);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await ana.goto(`${shop.holdpoint.url}/review?case=${actions[2].id}`);
  await shows(ana, "402");
  await ana.keyboard.press("a");
  await says(ana, "Approved: Refund 402");
  await ana.goto(`${shop.holdpoint.url}/review?case=${actions[2].id}`);
  await says(ana, "“Refund 402” is not free to decide: approved");
  await shows(ana, "400");
  await ana.context().clearCookies();
  await ana.goto(`${shop.holdpoint.url}/review?case=${actions[1].id}`);
  await ana.waitForURL("**/sign-in?case=*");
  await ana.fill("#key", shop.ana);
  await ana.click("button");
  await shows(ana, "401");
});

test("the context that is opened at once stays open, and has its words", async () => {
  await open();
  for (const amount of [410, 411]) {
    const action = await shop.hold("refund", { amount, to: "ana" }, { subject: "customer 1", context: { request: `refund ${amount}, please` } });
    const ana = await person(shop.ana);
    await ana.waitForFunction(() => document.getElementById("case")?.hidden === false);
    await ana.click("#context summary");
    await complete(ana);
    await ana.waitForFunction((amount) => document.getElementById("context")?.innerText.includes(`refund ${amount}, please`), amount);
    assert.equal(await ana.evaluate(() => document.getElementById("context").open), true);
    // The second is compared with the first, so that it is drawn anew when texts can be compared.
    assert.equal((await shop.decide(shop.ana, action, "approve")).status, 200);
  }
});

test("a skipped case does not come back with the page", async () => {
  await open();
  await held(2);
  const ana = await person(shop.ana);
  await shows(ana, "400");
  await ana.keyboard.press("s");
  await shows(ana, "401");
  await ana.reload();
  await shows(ana, "401");
});

test("where the page's data cannot be had it says what is wrong, with the status of it", async () => {
  await open();
  const bare = await Holdpoint.start({ without: ["HOLDPOINT_SIGNING_KEY"] });
  try {
    assert.equal((await bare.ask("GET", "/review")).status, 503);
  } finally {
    await bare.stop();
  }
  const refusedPage = await shop.ask("GET", "/review", { key: shop.app });
  assert.equal(refusedPage.status, 403);
  assert.match(refusedPage.headers.get("content-type"), /^text\/html/);
  assert.match(refusedPage.text, /"problem":\{/);
});
