// Text that wants to be more than text: none of it runs, and what is visible is what is decided.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { complete, fitsEverybody, picture, says, shows } from "../harness/page.mjs";
import { Shop } from "../harness/shop.mjs";

const tags = ["img src=x", "svg", "body", "video src=x", "details open", "iframe", "math", "input autofocus", "marquee", "a href=x"];
const events = ["onerror", "onload", "onfocus", "ontoggle", "onstart", "onmouseover"];
const MARKUP = [
  ...tags.flatMap((tag, at) => [`<${tag} ${events[at % events.length]}=ran()>`, `"><${tag} ${events[(at + 1) % events.length]}='ran()' x="`, `--><${tag}/${events[(at + 2) % events.length]}=ran()//`]),
  "<script>ran()</script>",
  "</script><script>ran()</script>",
  "</textarea></title></style><script>ran()</script>",
  "<!--<script>ran()//-->",
  "]]><script>ran()</script>",
  "<style>*{display:none}</style>",
  "<link rel=stylesheet href=//evil.example/x.css>",
  "<base href=//evil.example>",
  "<meta http-equiv=refresh content='0;url=//evil.example'>",
  "<form action=//evil.example><button>Approve</button></form>",
  "<template><script>ran()</script></template>",
  "javascript:ran()",
  "data:text/html,<script>ran()</script>",
  "{{constructor.constructor('ran()')()}}",
  "${ran()}",
  "#{ran()}",
  "<%= ran() %>",
  "[click](javascript:ran())",
  "![x](https://evil.example/pixel.png)",
  "&lt;script&gt;ran()&lt;/script&gt;",
  "&#x3c;script&#x3e;",
  "\\u003cscript\\u003e",
  "%3Cscript%3Eran()%3C/script%3E",
  "<ſcript>ran()</ſcript>",
  "＜script＞ran()＜/script＞",
  "\";ran();//",
  "';ran();//",
  "`;ran();//",
];
const code = (...points) => String.fromCodePoint(...points);
const INVISIBLE = [
  0x00, 0x07, 0x08, 0x0b, 0x0c, 0x0d, 0x1b, 0x7f, 0x85, 0xa0, 0xad, 0x34f, 0x61c, 0x115f, 0x180e, 0x1680, 0x2003, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f,
  0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x202f, 0x2060, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x2800, 0x3000, 0x3164, 0xfe0f, 0xfeff,
  0xffa0, 0xfff9, 0xfffc, 0xe000, 0xe0041, 0xe0001, 0xf0000, 0x10fffd, 0x1d173,
].map((point) => `pay${code(point)}pal.example`);
const DISGUISED = [
  " leading",
  "trailing ",
  "   ",
  `ana@\u202emoc.live\u202c`,
  `${code(0x202e)}txt.exe`,
  `\u2066safe\u2069 \u2067evil\u2069`,
  `z${code(...Array(40).fill(0x0300))}algo`,
  "аpple.com",
  "pаypаl",
  "ехаmрle",
  "аррӏе",
  "сосо",
  "gооgle",
  "ｅｘａｍｐｌｅ",
  "𝐞𝐱𝐚𝐦𝐩𝐥𝐞",
  "ⓔⓧⓐⓜⓟⓛⓔ",
  "exampǀe",
  "Αpple",
  "ℓogin",
  "١٢٣",
  "９９",
  "miⅽrosoft",
  // One letter of another script in a Latin word, each in its turn.
  ..."аеорсухіѕһᴏοαρν".split("").map((letter) => `ban${letter}k`),
];
/** Nothing is wrong with these: nothing is marked. */
const HONEST = ["Müller & Söhne", "Привет, мир", "東京都", "مرحبا", "naïve café", "a  b", "line\nline", "tab\there", "👍🏽 fine", "שלום"];
const STRUCTURES = [
  { "<b onclick=ran()>": "<i>x</i>" },
  { "a.b": 1, a: { b: 2 } },
  { __proto__x: 1, constructor: "x", toString: "y", hasOwnProperty: "z" },
  { deep: { deep: { deep: { deep: [[[["x"]]]] } } } },
  { "": "empty name", " ": "a space" },
  { poses: ["true", "null", "640", "{}", "-1.5"], is: [true, null, 640, {}, -1.5] },
];
const NUMBERS = ["9007199254740993", "0.1e1", "-0", "1e308", "1.10", "12345678901234567890.12", "1e-320", "123e3"];
const TEXTS = [...MARKUP, ...INVISIBLE, ...DISGUISED, ...HONEST];

let browser, shop, page;
before(async () => {
  browser = await launch();
  shop = await Shop.open();
});
after(async () => {
  await browser.close();
  await shop.close();
});

/** What stands in the fields: names and values, as text, with every mark taken for what it stands for. */
function fieldsShown() {
  const plain = (element) => {
    const copy = element.cloneNode(true);
    for (const extra of copy.querySelectorAll(".aside, .was, .flag, .sign, .sentinel, button")) extra.remove();
    for (const mark of copy.querySelectorAll(".hidden-character")) mark.replaceWith(mark.dataset.text);
    return copy.textContent;
  };
  const rows = [...document.querySelectorAll("#fields tr, #more-fields tr")].filter((row) => row.cells.length === 2);
  return rows.map((row) => ({
    path: plain(row.cells[0].querySelector(".value")),
    value: plain(row.cells[1].querySelector(".value") ?? row.cells[1]),
    marks: [...row.cells[1].querySelectorAll(".hidden-character")].length,
    invisible: [...row.cells[1].querySelectorAll(".hidden-character")].filter((mark) => mark.offsetWidth === 0).length,
  }));
}

async function look(key, id) {
  await page.goto(`${shop.holdpoint.url}/review?case=${id}`);
  await page.waitForFunction(() => document.getElementById("case")?.hidden === false);
  await complete(page);
  await page.waitForFunction(() => document.getElementById("verified")?.textContent);
  for (let open = page.locator("#main button.open").first(); (await open.count()) > 0; open = page.locator("#main button.open").first()) await open.click();
  assert.match(await page.textContent("#verified"), /✓/, "what is shown has the digest that is decided");
  return page.evaluate(fieldsShown);
}

async function nothingRan() {
  assert.deepEqual(page.complaints, []);
  assert.equal(await page.evaluate(() => globalThis.ranTimes), 0);
  const grown = await page.evaluate(() => document.querySelectorAll("main img, main script, main svg, main iframe, main form, main style, main link, main video, main math, main input, main a, main meta, main base, main template").length);
  assert.equal(grown, 0, "no element is made of text");
}

test(`${TEXTS.length} hostile and honest texts: none runs, and the visible text is the canonical text`, async (t) => {
  const requests = [];
  page = await signedIn(browser, shop.holdpoint, shop.ana);
  page.on("request", (request) => requests.push(new URL(request.url()).host));
  await page.addInitScript(() => {
    globalThis.ranTimes = 0;
    globalThis.ran = () => (globalThis.ranTimes += 1);
  });
  const size = 7;
  for (let from = 0; from < TEXTS.length; from += size) {
    const texts = TEXTS.slice(from, from + size);
    const args = Object.fromEntries(texts.map((text, at) => [`field_${at}`, text]));
    const action = await shop.hold("refund", { amount: texts[0], ...args }, { subject: texts[1], source: { model: texts[2] }, context: { request: texts[3] } });
    const rows = await look(shop.ana, action.id);
    assert.equal(rows.length, texts.length + 1);
    for (const [at, text] of texts.entries()) {
      const row = rows.find(({ path }) => path === `field_${at}`);
      assert.equal(row.value, text, JSON.stringify(text));
      assert.equal(row.invisible, 0, `marks of ${JSON.stringify(text)} can be seen`);
      if (INVISIBLE.includes(text) || DISGUISED.includes(text)) assert.ok(row.marks > 0, `${JSON.stringify(text)} is marked`);
      if (HONEST.includes(text)) assert.equal(row.marks, 0, `${JSON.stringify(text)} is left in peace`);
    }
    await page.click("#context summary");
    await nothingRan();
    await shop.to(action, "withdraw");
  }
  assert.deepEqual([...new Set(requests)], [new URL(shop.holdpoint.url).host]);
  t.diagnostic(`${TEXTS.length} texts in ${Math.ceil(TEXTS.length / size)} cases`);
});

test("names and shapes: each path is told apart, each value from one of another type", async () => {
  const paths = new Set();
  for (const args of STRUCTURES) {
    const action = await shop.hold("wire", args);
    const rows = await look(shop.ana, action.id);
    const own = rows.map(({ path }) => path);
    assert.equal(new Set(own).size, own.length, own.join(" | "));
    for (const path of own) paths.add(path);
    if (args.poses) {
      assert.equal(await page.locator("#fields tr", { hasText: "as text" }).count(), args.poses.length);
    }
    await nothingRan();
    await shop.to(action, "withdraw");
  }
  assert.ok(paths.has('["a.b"]') && paths.has("a.b"));
});

test("numbers have the digits that were sent, and the digest is that of the decision", async () => {
  const body = `{"kind":"wire","args":{${NUMBERS.map((text, at) => `"n${at}":${text}`).join(",")}}}`;
  const action = (await shop.ask("POST", "/v1/actions", { key: shop.app, body })).json;
  const rows = await look(shop.ana, action.id);
  const shown = Object.fromEntries(rows.map(({ path, value }) => [path, value]));
  for (const [at, text] of NUMBERS.entries()) assert.equal(Number(shown[`n${at}`]), Number(text));
  assert.equal(shown.n0, "9007199254740993");
  assert.equal(shown.n5, "12345678901234567890.12");
  await page.keyboard.press("d");
  await page.waitForSelector("#raw");
  const raw = await page.textContent("#raw-text");
  const { createHash } = await import("node:crypto");
  assert.equal(`sha256:${createHash("sha256").update(raw).digest("hex")}`, action.digest);
  await shop.to(action, "withdraw");
});

test("megabytes: cut, opened in place, and every character is there", async () => {
  const text = `${"word ".repeat(180_000)}the end`;
  const action = await shop.hold("wire", { text, lines: "x\n".repeat(5000) });
  await page.goto(`${shop.holdpoint.url}/review?case=${action.id}`);
  await shows(page, "wire");
  assert.ok((await page.evaluate(() => document.documentElement.scrollHeight)) < 3000, "a long text does not push the rest away");
  const rows = await look(shop.ana, action.id);
  assert.ok(rows.find(({ path }) => path === "text").value === text);
  await shop.to(action, "withdraw");
});

test("thousands of fields: folded with their count, drawn when asked for", async () => {
  const args = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`field_${at}`, at]));
  const action = await shop.hold("wire", args);
  await page.goto(`${shop.holdpoint.url}/review?case=${action.id}`);
  await shows(page, "wire");
  assert.equal(await page.textContent("#more-fields summary"), "2992 more fields");
  assert.equal(await page.locator("tr").count(), 8);
  await page.click("#more-fields summary");
  await page.locator("#more-fields button", { hasText: "Show 200 of 2792 more" }).click();
  await page.locator("#more-fields tr", { hasText: "field_407" }).waitFor();
  await shop.to(action, "withdraw");
});

test("marks never overlap: whatever is mixed, the visible text is the canonical text", async () => {
  // By a fixed seed, of what hides, what passes for something else, and what is plain.
  let seed = 7;
  const next = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  const parts = ["a", "pay", "1", "500", " ", "  ", "\n", "\t", "а", "пример", "\u200b", "\ufe00", "\u0301\u0301\u0301\u0301", "\u202e", "․", "∕", "𝐞", "Ꭺ", "東", "\u2028", "-", "."];
  const texts = Array.from({ length: 140 }, () => Array.from({ length: 1 + next(24) }, () => parts[next(parts.length)]).join(""));
  for (let from = 0; from < texts.length; from += 70) {
    const some = texts.slice(from, from + 70);
    const action = await shop.hold("wire", Object.fromEntries(some.map((text, at) => [`f${at}`, text])));
    await page.goto(`${shop.holdpoint.url}/review?case=${action.id}`);
    await shows(page, "wire");
    await page.click("#more-fields summary");
    // A browser tells that something was opened after it is, and only then are its rows drawn.
    await page.locator("#more-fields tr", { hasText: `f${some.length - 1}` }).waitFor();
    const rows = await page.evaluate(fieldsShown);
    for (const [at, text] of some.entries()) assert.equal(rows.find(({ path }) => path === `f${at}`).value, text, JSON.stringify(text));
    await shop.to(action, "withdraw");
  }
});

test("no text takes for ever: what makes an expression try again and again is drawn at once", async () => {
  const texts = { list: `[${" ".repeat(150_000)}\nx`, spaces: `${" ".repeat(150_000)}x`, marks: "\u200b".repeat(100_000), letters: "а".repeat(20_000) };
  const action = await shop.hold("wire", texts);
  const began = Date.now();
  await look(shop.ana, action.id);
  await page.keyboard.press("e");
  await page.waitForSelector("#editing:not([hidden])");
  assert.ok(Date.now() - began < 8000, "it does not stand still");
  await page.keyboard.press("Escape");
  await shop.to(action, "withdraw");
});

test("what a condition read beside the arguments is flagged among the fields", async () => {
  const before = (await shop.ask("GET", "/v1/policy", { key: shop.holdpoint.admin })).text;
  await shop.holdpoint.putPolicy(`${before}[[criteria]]\nid = "asked"\ncategory = "urgent words"\nwhen = "context.request.contains('now')"\n`);
  const action = await shop.hold("wire", { amount: 1 }, { subject: "customer 1", context: { request: "do it now", subject: "somebody else" } });
  const rows = await look(shop.ana, action.id);
  assert.deepEqual(rows[0].path, "context.request");
  assert.match(await page.innerText("#fields tr.flagged"), /do it now\s+Flagged: urgent words/);
  await page.click("#context summary");
  await page.waitForFunction(() => document.querySelectorAll("#context tr").length > 0);
  const context = await page.innerText("#context");
  assert.match(context, /subject\s+customer 1/);
  assert.match(context, /context\.subject\s+somebody else/);
  await shop.to(action, "withdraw");
  await shop.holdpoint.putPolicy(before);
});

test("nothing is approved whose flagged part was never on screen: it says so, scrolls there, and then it can be", async () => {
  await shop.holdpoint.putPolicy(`holdpoint = 1
[[criteria]]
id = "words"
category = "promises"
when = "args.body.contains('guarantee') || args.last == 'x'"
`);
  const body = `${"We looked at your account with care. ".repeat(80)}We guarantee it.`;
  const action = await shop.hold("mail", { ...Object.fromEntries(Array.from({ length: 3 }, (_, at) => [`line_${at}`, "text ".repeat(30)])), last: "no", body });
  const tall = Array.from({ length: 40 }, (_, at) => `reason ${at}\n`).join("");
  const second = await shop.hold("mail", { body: `guarantee\n${tall}`, last: "x" });
  await page.goto(`${shop.holdpoint.url}/review?case=${action.id}`);
  await page.setViewportSize({ width: 800, height: 500 });
  await shows(page, "mail");
  await page.keyboard.press("a");
  await says(page, "was not on screen");
  assert.equal((await shop.shown(action)).status, "held");
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON", "its rest has to be opened");
  await fitsEverybody(page, "flagged part not seen");
  await picture(page, "unseen-desktop-light");
  // However often A is pressed: what is cut was not on screen.
  for (let press = 0; press < 3; press += 1) {
    await page.waitForTimeout(350);
    await page.keyboard.press("a");
  }
  assert.equal((await shop.shown(action)).status, "held");
  await page.locator("#fields button.open").first().click();
  await page.waitForTimeout(400);
  for (let press = 0; press < 12 && (await shop.shown(action)).status === "held"; press += 1) {
    await page.keyboard.press("a");
    await page.waitForTimeout(500);
  }
  assert.equal((await shop.shown(action)).status, "approved");
  await page.goto(`${shop.holdpoint.url}/review?case=${second.id}`);
  await shows(page, "mail");
  await page.keyboard.press("a");
  await says(page, "was not on screen");
  assert.equal((await shop.shown(second)).status, "held");
  await page.waitForTimeout(350);
  await page.keyboard.press("r");
  await page.keyboard.press("1");
  await says(page, "Rejected");
  await page.context().close();
});
