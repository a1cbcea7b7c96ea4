// The playground: the edge's gate in a page, problems where they are, and nothing that is sent.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Policy, check } from "../../pkg/node.js";
import { launch } from "../harness/browser.mjs";
import { generated, random } from "../harness/corpus.mjs";
import { Holdpoint, root } from "../harness/holdpoint.mjs";
import { SIZES, THEMES, fitsEverybody, picture } from "../harness/page.mjs";

const SHOP = readFileSync(join(root, "examples/shop.toml"), "utf8");
const ACTIONS = readFileSync(join(root, "examples/shop.jsonl"), "utf8");
const BAD = `holdpoint = 1
name = "ä 👩‍👩‍👧"; nothing
[severity.high]
threshold = 95
`;
const WRONG = `holdpoint = 1
[severity.high]
threshold = 0.1
[kinds.refund]
title = "👩‍👩‍👧 {args.amount}"
severty = "low"
`;

let browser, holdpoint;
before(async () => {
  browser = await launch();
  holdpoint = await Holdpoint.start();
});
after(async () => {
  await browser.close();
  await holdpoint.stop();
});

async function opened(options = {}) {
  const context = await browser.newContext({ viewport: SIZES.desktop, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.asked = [];
  page.on("request", (request) => page.asked.push(`${request.method()} ${request.url().replace(holdpoint.url, "")}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  await page.goto(`${holdpoint.url}/playground`);
  await page.waitForSelector("#verdict");
  return page;
}

/** Writes into an editor, and waits until it was decided again. */
async function write(page, editor, text) {
  await page.evaluate(() => document.querySelector("#workload").replaceChildren());
  await page.fill(`#${editor} textarea`, text);
  await page.waitForFunction(() => document.querySelector("#workload")?.childElementCount > 0);
}

const texts = (page, selector) => page.$$eval(selector, (found) => found.map((one) => one.textContent));
const open = async (t, options) => {
  const page = await opened(options);
  t.after(() => page.context().close());
  return page;
};

test("the example is decided as the package decides it, and its fields are marked", async (t) => {
  const page = await open(t);
  const policy = Policy.parse(SHOP);
  const actions = ACTIONS.trim().split("\n");
  const words = { proceed: "Proceeds", hold: "Held", block: "Blocked" };
  assert.deepEqual(await texts(page, "#list .verdict"), actions.map((action) => words[policy.decide(action).verdict]));
  assert.equal(await page.textContent("#policy-says"), `Valid: shop. ${policy.digest.slice(0, 19)}…`);
  assert.match(await page.textContent("#verdict"), /^Held A person of the desk main decides before it runs\./, "the first that is held is shown");
  assert.deepEqual(await texts(page, ".action mark"), ["640"]);
  assert.match(await page.textContent(".reasons"), /Refunds above 500 need a person\.large-refund · refund above 500 · \/args\/amount/);
  await page.click('#list [data-place="5"]');
  assert.match((await texts(page, ".action mark")).join(), /20 % discount/);
  await page.click(".filters button:has-text('Proceeds')");
  assert.equal((await texts(page, "#list li")).length, actions.filter((action) => policy.decide(action).verdict === "proceed").length);
  assert.deepEqual(page.complaints, []);
});

test("nothing is sent: the browser sees to it", async (t) => {
  const page = await open(t);
  const before = [...page.asked];
  assert.deepEqual(before.filter((asked) => !asked.endsWith("icon.svg")), ["GET /playground", "GET /www/gate_bg.wasm"]);
  await write(page, "policy", WRONG.replace("severty", "severity"));
  await write(page, "actions", '{"kind":"refund","args":{"secret":"s3cr3t"}}');
  assert.deepEqual(page.asked, before);
  const tried = await page.evaluate(async () => {
    const ways = {
      fetch: () => fetch("/v1/policy", { method: "POST", body: "x" }),
      elsewhere: () => fetch("https://evil.example/"),
      beacon: async () => {
        if (!navigator.sendBeacon("/v1/policy", "x")) throw new Error("refused");
        await new Promise((resolve, reject) => document.addEventListener("securitypolicyviolation", () => reject(new Error("refused")), { once: true }));
      },
      picture: () => new Promise((resolve, reject) => {
        const picture = new Image();
        [picture.onload, picture.onerror] = [resolve, reject];
        document.addEventListener("securitypolicyviolation", reject, { once: true });
        picture.src = "/www/icon.svg?secret";
        picture.src = "/v1/policy?secret";
      }),
      socket: () => new Promise((resolve, reject) => {
        const socket = new WebSocket(location.href.replace("http", "ws"));
        [socket.onopen, socket.onerror] = [resolve, reject];
      }),
    };
    const done = [];
    for (const [name, way] of Object.entries(ways)) await way().then(() => done.push(name), () => undefined);
    return done;
  });
  assert.deepEqual(tried, []);
  const policy = (await holdpoint.ask("GET", "/playground")).headers.get("content-security-policy");
  assert.match(policy, new RegExp(`^default-src 'none'; script-src 'wasm-unsafe-eval' 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src ${holdpoint.url}/www/gate_bg\\.wasm; img-src ${holdpoint.url}/www/icon\\.svg; form-action 'none'; base-uri 'none'; frame-ancestors 'none'`));
});

test("problems are marked at their line, and a click leads there", async (t) => {
  const page = await open(t);
  for (const text of [BAD, WRONG]) {
    await write(page, "policy", text);
    const { problems, warnings } = check(text);
    assert.ok(problems.length > 0);
    assert.match(await page.textContent("#policy-says"), new RegExp(`^No policy yet: ${problems.length} problem`));
    assert.equal((await texts(page, "#policy-problems li.problem")).length, problems.length);
    assert.equal((await texts(page, "#policy-problems li.warning")).length, warnings.length);
    const lines = await page.$$eval("#policy .gutter .problem", (marks) => marks.map((mark) => Number(mark.textContent)));
    assert.deepEqual(lines, [...new Set(problems.map(({ line }) => line))]);
    for (const [at, { line, column, length }] of problems.entries()) {
      await page.click(`#policy-problems li.problem >> nth=${at} >> button`);
      const selected = await page.$eval("#policy textarea", (field) => field.value.slice(field.selectionStart, field.selectionEnd));
      assert.equal(selected, [...text.split("\n")[line - 1]].slice(column - 1, column - 1 + length).join(""), `line ${line}`);
    }
    assert.equal(await page.getAttribute("#policy textarea", "aria-invalid"), "true");
  }
  assert.deepEqual(await texts(page, "#policy mark.problem"), ["severty"]);
  assert.equal(await page.textContent("#verdicts"), "As soon as the policy has no problems.");
  await write(page, "policy", WRONG.replace("severty", "severity"));
  assert.match(await page.textContent("#policy-says"), /^Valid, with 1 warning\./);
});

describe("actions", () => {
  test("are one, an array, or one a line; what cannot be read is told at its line", async (t) => {
    const page = await open(t);
    const counted = async (text) => {
      await write(page, "actions", text);
      return [await page.textContent("#actions-says"), await texts(page, "#actions-problems button")];
    };
    const one = { kind: "refund", args: { order_id: "A7", amount: 640, currency: "EUR" }, permit: true };
    assert.deepEqual(await counted(JSON.stringify(one)), ["1 action.", []]);
    assert.deepEqual(await counted(JSON.stringify(one, null, 2)), ["1 action.", []]);
    assert.deepEqual(await counted(JSON.stringify([one, { ...one, id: "x", wrong: true }, one], null, 2)), ["3 actions.", []]);
    assert.deepEqual(await counted("[]"), ["0 actions.", []]);
    assert.deepEqual(await counted(""), ["0 actions.", []]);
    assert.equal(await page.textContent("#workload"), "As soon as there is an action.");
    const [says, problems] = await counted(`${JSON.stringify(one)}\n\n{"kind":"a","kind":"b"}\n{"kind":"refund","colour":1}\n`);
    assert.equal(says, "3 actions, of which 2 cannot be read.");
    assert.match(problems[0], /^Line 3, column 1: the action is not strict JSON: duplicate member `kind`/);
    assert.match(problems[1], /^Line 4, column 1: \/colour: unknown member/);
    assert.deepEqual(await page.$$eval("#actions .gutter .problem", (marks) => marks.map((mark) => Number(mark.textContent))), [3, 4]);
    const [, [broken]] = await counted('{\n  "kind": "refund",\n  "args": {,}\n}');
    assert.match(broken, /^Line 3, column 1: the action is not strict JSON/);
  });

  test("of an export count as often as they stand for, and every digit is kept", async (t) => {
    const page = await open(t);
    const line = { record: "decision", id: "hp_1", action: { kind: "refund", args: { amount: 640, currency: "EUR" } }, confidence: 0.9, asked_severity: null, subject: null, source: {}, context: {}, probability: 0.25, wrong: true };
    await write(page, "actions", `${JSON.stringify(line)}\n{"kind":"get_order","args":{"n":12345678901234567890.10}}`);
    assert.deepEqual(await texts(page, "#list .verdict"), ["Held", "Proceeds"]);
    assert.match(await page.textContent("#workload"), /Held a day80080 %/);
    assert.match(await page.textContent("#workload"), /Of 1 action known to be wrong 0 would proceed\./);
    await page.click('#list [data-place="1"]');
    assert.match(await page.textContent(".action"), /12345678901234567890\.10/);
  });

  test("of a file, and many of them", async (t) => {
    const page = await open(t);
    const next = random(5);
    const many = generated(12_000, 11).map((action) => (next() < 0.5 ? action : action.replace('"kind":"', '"kind":"get_')));
    await page.setInputFiles("#actions-file", { name: "actions.jsonl", mimeType: "application/json", buffer: Buffer.from(many.join("\n")) });
    await page.waitForFunction(() => /^2000 actions; of 12000/.test(document.querySelector("#actions-says")?.textContent));
    assert.equal((await texts(page, "#list li")).length, 200);
    await page.click("button:has-text('Show more')");
    assert.equal((await texts(page, "#list li")).length, 400);
    await page.setInputFiles("#policy-file", { name: "policy.toml", mimeType: "text/plain", buffer: Buffer.from('holdpoint = 1\nname = "from a file"\n') });
    await page.waitForFunction(() => /^Valid: from a file/.test(document.querySelector("#policy-says")?.textContent));
    assert.deepEqual(page.complaints, []);
  });

  test("are text and nothing else, and what they hide is shown", async (t) => {
    const page = await open(t);
    const hostile = '{"kind":"refund<img src=x onerror=ran()>","args":{"amount":640,"to":"‮drowssap","__proto__":{"x":1},"<b>":"</pre><script>ran()</script>"}}';
    await write(page, "policy", SHOP.replaceAll("Refunds above 500", "<svg onload=ran()>\\u202e"));
    await write(page, "actions", `${hostile}\n${hostile.replace("refund<", "refund\\u200b<")}`);
    assert.equal(await page.evaluate(() => document.querySelectorAll("main img, main svg, main script, main b:not(#workload b)").length), 0);
    const shown = await page.textContent(".action");
    assert.match(shown, /refund<img src=x onerror=ran\(\)>/);
    assert.match(shown, /U\+202E/);
    assert.match(shown, /"__proto__": \{/);
    assert.match(await page.textContent("#list"), /U\+200B/);
    assert.deepEqual(page.complaints, []);
  });
});

test("a volume says whether the review is real, at risk or theatre", async (t) => {
  const page = await open(t);
  const judged = async (volume) => {
    await page.evaluate(() => document.querySelector("#workload").replaceChildren());
    await page.fill("#volume", volume);
    await page.waitForFunction(() => document.querySelector("#workload")?.childElementCount > 0);
    return (await texts(page, "#workload .verdict")).join() || page.textContent("#workload");
  };
  assert.equal(await judged("1000"), "Real");
  assert.equal(await judged("100000"), "Theatre");
  const { capacity, hold, actions, review_minutes } = Policy.parse(SHOP).backtest(ACTIONS, { perDay: 100_000 });
  assert.match(await page.textContent("#workload"), new RegExp(`Held a day${((hold / actions) * 100_000).toLocaleString("en")}`));
  assert.ok((await page.textContent("#workload")).includes(capacity[0].advice));
  assert.match(await page.textContent("#workload"), new RegExp(`Time of review a day${((review_minutes / actions) * 100_000 / 60).toFixed(1).replace(/\.0$/, "")} h`));
  assert.match(await judged("-1"), /^As soon as there is a number/);
  assert.match(await judged(""), /^As soon as there is a number/);
  await judged("500");
  await page.reload();
  await page.waitForSelector("#verdict");
  assert.equal(await page.inputValue("#volume"), "500", "what was written is still there after a reload");
});

test("without the wasm it says so", async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.route("**/gate_bg.wasm", (route) => route.abort());
  await page.goto(`${holdpoint.url}/playground`);
  await page.waitForFunction(() => document.querySelector("#loading")?.textContent.startsWith("The gate could not be loaded"));
});

for (const theme of THEMES) {
  for (const [size, viewport] of Object.entries(SIZES)) {
    test(`everybody can use it: ${theme}, ${size}`, async (t) => {
      const page = await open(t, { viewport, colorScheme: theme });
      await fitsEverybody(page, `${theme}, ${size}`);
      await picture(page, `playground-${theme}-${size}`);
      await write(page, "policy", WRONG);
      await fitsEverybody(page, `${theme}, ${size}, with problems`);
      await picture(page, `playground-problems-${theme}-${size}`);
    });
  }
}
