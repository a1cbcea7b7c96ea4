// What was sent to a tool server that never answered: the page says that nobody knows, and a person who has looked ends it.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { until } from "../harness/holdpoint.mjs";
import { SIZES, THEMES, complete, fitsEverybody, loseFirstAnswer, noticeSays, picture, shows } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";
import { Upstream } from "../harness/upstream.mjs";

const JSON_RPC = { "content-type": "application/json", accept: "application/json, text/event-stream" };

let browser, shop, upstream, page;
const asking = [];
before(async () => {
  browser = await launch();
  // Whatever is called there, the connection ends without an answer.
  upstream = await Upstream.start((request, response) => {
    response.socket.destroy();
  });
});
after(async () => {
  await browser.close();
  await upstream.stop();
});
beforeEach(async () => {
  page = undefined;
  upstream.requests.length = 0;
  shop = await Shop.open({ upstreams: { mcp: { url: `${upstream.url}/mcp`, dialect: "mcp" } }, vars: { HOLDPOINT_UPSTREAM_TIMEOUT: "2" } });
});
afterEach(async () => {
  assert.deepEqual(page?.complaints.filter((text) => !/status of 4\d\d|ERR_FAILED/.test(text)) ?? [], []);
  await page?.context().close();
  await shop.close();
  await Promise.all(asking.splice(0));
});

const listed = async (status) => (await shop.ask("GET", `/v1/desks/main/cases?status=${status}&limit=200`, { key: shop.ana })).json.cases;

/** A tool is called, and the call is held. */
async function called(amount) {
  const body = { jsonrpc: "2.0", id: amount, method: "tools/call", params: { name: "refund", arguments: { amount } } };
  // What the waiting client is told is not looked at here.
  asking.push(shop.ask("POST", "/to/mcp", { key: shop.app, headers: JSON_RPC, body }).catch(() => null));
  const ours = ({ action }) => action.args.amount === amount;
  return until(`${amount} is held`, async () => (await listed("held")).find(ours));
}

const stands = (action, status) => until(`it is ${status}`, async () => (await shop.shown(action)).status === status);

/** An approved call that was sent, and of which nobody knows what became. */
async function lost(amount) {
  const action = await called(amount);
  assert.equal((await shop.decide(shop.ana, action, "approve")).status, 200);
  await stands(action, "unknown");
  return action;
}

const outcome = (key, action, outcome) => shop.ask("POST", `/v1/cases/${action.id}/outcome`, { key, body: { outcome } });

async function open(key, path, options) {
  page = await signedIn(browser, shop.holdpoint, key, options);
  await page.goto(`${shop.holdpoint.url}${path}`);
}
const openCase = async (key, action, options) => {
  await open(key, `/review/cases?case=${action.id}`, options);
  await page.waitForSelector("#settle");
};
const press = async (name) => {
  // A second click of a double click means nothing: buttons are deaf as they appear.
  await page.waitForTimeout(350);
  await page.getByRole("button", { name, exact: true }).click();
};
const contains = (id, text) => page.waitForFunction(([id, text]) => document.getElementById(id)?.textContent.includes(text), [id, text]);
const settleSays = (text) => contains("settle", text);

describe("a case of which nobody knows what became", () => {
  test("a reviewer finds it by its status, looks, says that it happened, and is asked once more", async () => {
    const action = await lost(402);
    await open(shop.ben, "/review/cases?desk=main&status=unknown");
    await contains("found", "1 case,");
    assert.equal(await page.inputValue("#status-filter"), "unknown");
    assert.match(await page.innerText("#cases tbody tr"), /Refund 402[\s\S]*unknown[\s\S]*approve by ana/);
    await page.click("#cases tbody a");
    await settleSays("nobody knows whether it happened");
    assert.match(await page.textContent("#standing"), /^Unknown, at main/);
    await press("It happened");
    await settleSays("cannot be taken back");
    assert.equal((await shop.shown(action)).status, "unknown", "it is only asked");
    await press("Say that it happened");
    await contains("said", "Noted: it happened.");
    assert.match(await page.textContent("#standing"), /^Done, at main/);
    assert.equal(await page.locator("#settle").count(), 0);
    assert.deepEqual(await shop.shown(action).then(({ status, outcome }) => [status, outcome]), ["done", "done"]);
    assert.equal(upstream.requests.filter(({ body }) => body?.method === "tools/call").length, 1, "it was sent once");
    await page.click("#back");
    await contains("found", "0 cases");
  });

  test("by keys alone: a key that is held down or struck twice says nothing, Esc goes back, and it did not happen", async () => {
    const action = await lost(403);
    await openCase(shop.ben, action);
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await page.getByRole("button", { name: "It did not happen" }).focus();
    for (const _ of [1, 2, 3]) await page.keyboard.press("Enter");
    assert.match(await focused(), /^That it did not happen stays/, "the question is read out");
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "It did not happen");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Say that it did not happen");
    assert.equal((await shop.shown(action)).status, "unknown");
    await page.keyboard.press("Enter");
    await contains("said", "Noted: it did not happen.");
    assert.match(await page.textContent("#standing"), /^Failed, at main/);
  });

  test("a double click says nothing", async () => {
    const action = await lost(404);
    await openCase(shop.ben, action);
    await page.waitForTimeout(350);
    await page.getByRole("button", { name: "It happened" }).dblclick();
    await settleSays("cannot be taken back");
    assert.equal((await shop.shown(action)).status, "unknown");
  });

  test("whoever comes second is shown how it stands", async () => {
    const action = await lost(405);
    await openCase(shop.ben, action);
    assert.equal((await outcome(shop.ana, action, "failed")).status, 200);
    await press("It happened");
    await press("Say that it happened");
    await contains("said", "It is not unknown any more");
    assert.match(await page.textContent("#standing"), /^Failed, at main/);
    assert.equal((await shop.shown(action)).outcome, "failed");
  });

  test("an answer that is lost: said again it is the same", async () => {
    const action = await lost(406);
    await openCase(shop.ben, action);
    await loseFirstAnswer(page, "**/outcome");
    await press("It happened");
    await press("Say that it happened");
    await settleSays("it counts once");
    await press("Say that it happened");
    await contains("said", "Noted: it happened.");
    const ledger = (await shop.ask("GET", `/v1/ledger?desk=main&case=${action.id}`, { key: shop.auditor })).text.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(ledger.filter(({ type }) => type === "settled").map(({ by, detail }) => [by, detail.outcome]), [["ben", "done"]]);
  });

  test("a refusal is told, and asks again", async () => {
    const action = await lost(407);
    await openCase(shop.ben, action);
    const refusal = { status: 403, contentType: "application/problem+json", body: JSON.stringify({ code: "refused", refusal: "own_action", status: 403, detail: "You proposed this yourself." }) };
    await page.route("**/outcome", (route) => route.fulfill(refusal));
    await press("It happened");
    await press("Say that it happened");
    await settleSays("Not accepted: You proposed this yourself.");
    await press("Back");
    assert.deepEqual(await page.locator("#settle button").allTextContents(), ["It happened", "It did not happen"]);
  });

  test("an auditor sees how it stands and its whole story, and is not asked", async () => {
    const action = await lost(408);
    await openCase(shop.auditor, action);
    await settleSays("A reviewer looks in the system itself");
    assert.equal(await page.locator("#settle button").count(), 0);
    assert.equal((await outcome(shop.ben, action, "done")).status, 200);
    await page.reload();
    await page.waitForFunction(() => document.querySelectorAll("#entries li").length >= 5);
    const story = await page.$$eval("#entries li", (items) => items.map((item) => item.innerText.replace(/\s+/g, " ")));
    const steps = ["Held, high", "Decided: approve", "On its way to the upstream", "nobody knows whether it happened", "Found to have happened, by ben"];
    for (const [at, step] of steps.entries()) assert.ok(story[at].includes(step), `${at}: ${story[at]}`);
    assert.equal(await page.locator("#settle").count(), 0);
  });
});

describe("on the page where people decide", () => {
  const line = () => page.textContent("#unknown");
  const lineSays = (text) => contains("unknown", text);
  const top = () => page.evaluate(() => document.getElementById("title").getBoundingClientRect().top);

  test("a line leads there; it comes between cases and moves nothing that is being decided", async () => {
    await shop.hold("refund", { amount: 100 });
    await shop.hold("refund", { amount: 101 });
    await open(shop.ben, "/review");
    await shows(page, "100");
    await complete(page);
    const before = await top();
    const action = await lost(409);
    // A second later the page has heard of it for certain.
    await until("the page knows", async () => (await shop.ask("GET", "/v1/desks", { key: shop.ben })).json.desks.find(({ name }) => name === "main").unknown === 1);
    await page.waitForTimeout(1_500);
    assert.deepEqual([await top(), await line()], [before, ""]);
    await page.keyboard.press("a");
    await shows(page, "101");
    await lineSays("1 action was sent from main, and nobody knows what became of it.");
    const held = await top();
    assert.equal((await outcome(shop.ana, action, "done")).status, 200);
    await page.waitForTimeout(1_500);
    assert.equal(await top(), held);
    await page.keyboard.press("a");
    await noticeSays(page, "Nothing is waiting");
    await page.waitForFunction(() => document.getElementById("unknown")?.textContent === "");
  });

  test("where nothing waits it is there at once, counts, and its link opens the list of them", async () => {
    await Promise.all([lost(410), lost(411)]);
    await open(shop.ben, "/review");
    await noticeSays(page, "Nothing is waiting");
    await lineSays("2 actions were sent from main, and nobody knows what became of them.");
    const opening = page.context().waitForEvent("page");
    await page.click("#unknown a");
    const list = await opening;
    await list.waitForFunction(() => document.getElementById("found")?.textContent.includes("2 cases"));
    assert.match(list.url(), /\/review\/cases\?desk=main&status=unknown$/);
  });
});

test("how it looks, in both themes and three widths", async () => {
  const [unknown, done, failed] = await Promise.all([lost(412), lost(413), lost(414)]);
  for (const [action, word] of [[done, "done"], [failed, "failed"]]) assert.equal((await outcome(shop.ben, action, word)).status, 200);
  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of THEMES) {
      const check = async (state) => {
        await picture(page, `${state}-${size}-${colorScheme}`);
        await fitsEverybody(page, `${state}, ${size}, ${colorScheme}`);
      };
      await open(shop.ben, "/review", { viewport, colorScheme, bypassCSP: true });
      await contains("unknown", "1 action was sent");
      await check("unknown-line");
      await page.goto(`${shop.holdpoint.url}/review/cases?desk=main`);
      await contains("found", "3 cases");
      await check("unknown-list");
      await page.goto(`${shop.holdpoint.url}/review/cases?case=${unknown.id}`);
      await page.waitForSelector("#settle");
      await check("unknown-case");
      await press("It did not happen");
      await settleSays("cannot be taken back");
      await check("unknown-sure");
      await page.context().close();
    }
  }
  page = undefined;
});
