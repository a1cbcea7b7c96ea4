// Editing by the tool's own schema: what an app offers the AI as `tools` types the fields that a person fills in.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { launch, signedIn } from "../harness/browser.mjs";
import { complete, fitsEverybody, picture, says, shows } from "../harness/page.mjs";
import { reviewing } from "../harness/reviewing.mjs";
import { Shop } from "../harness/shop.mjs";
import { Upstream, call, completion } from "../harness/upstream.mjs";

const POLICY = `holdpoint = 1
[kinds.book]
severity = "critical"
title = "Book {args.room}"
[desks.main]
reviewers = 1000
undo = "0s"
`;

const SCHEMA = {
  type: "object",
  $defs: { email: { type: "string", format: "email" } },
  properties: {
    room: { type: "string", enum: ["single", "double", "suite"], description: "The kind of room." },
    nights: { type: "integer", minimum: 1, maximum: 14 },
    price: { type: "number", exclusiveMinimum: 0, multipleOf: 0.5 },
    from: { type: "string", format: "date" },
    code: { type: "string", pattern: "^[A-Z]{3}-\\d+$", maxLength: 8 },
    guest: { type: "object", properties: { name: { type: "string", minLength: 1 }, mail: { $ref: "#/$defs/email" }, vip: { type: "boolean" } }, required: ["name"] },
    breakfast: { type: "boolean" },
    remark: { anyOf: [{ type: "string" }, { type: "null" }] },
    fixed: { const: "eur" },
  },
  required: ["room", "nights", "fixed"],
};

const ARGS = { room: "single", nights: 2, price: 80.5, from: "2026-12-01", code: "ABC-12", guest: { name: "Ana" }, remark: null, fixed: "eur", extra: { list: [] } };

let browser, upstream, shop, page;
before(async () => {
  browser = await launch();
  upstream = await Upstream.start(({ body }) => {
    const answered = body.messages.some(({ role }) => role === "tool");
    return completion(answered ? { content: "done" } : { tool_calls: [call("book", JSON.parse(body.messages.at(-1).content))] });
  });
  shop = await Shop.open({ policy: POLICY, upstreams: { ai: { url: upstream.url, dialect: "openai" } } });
});
after(async () => {
  await browser.close();
  await shop.close();
  await upstream.stop();
});

/** A client asks the AI, which calls the tool; the answer comes when somebody has decided. */
function asks(args = ARGS, tools = [{ type: "function", function: { name: "book", parameters: SCHEMA } }]) {
  const body = { model: "m", messages: [{ role: "user", content: JSON.stringify(args) }], ...(tools && { tools }) };
  return shop.ask("POST", "/to/ai/v1/chat/completions", { key: shop.app, body, headers: { "holdpoint-wait": "60" } });
}
const ran = async (answer) => JSON.parse((await answer).json.choices[0].message.tool_calls[0].function.arguments);
const field = (name) => page.getByLabel(name, { exact: true });
const save = () => page.keyboard.press("Control+Enter");
/** What is said under a field. */
const told = (name) => field(name).evaluate((input) => document.getElementById(input.getAttribute("aria-describedby")).textContent);

async function editing(args, tools) {
  const answer = asks(args, tools);
  const [held] = await reviewing(shop.holdpoint, shop.ana).held();
  page = await signedIn(browser, shop.holdpoint, shop.ana, { bypassCSP: true });
  await page.goto(`${shop.holdpoint.url}/review?case=${held.id}`);
  await shows(page, "Book");
  await complete(page);
  await page.keyboard.press("e");
  await page.waitForSelector("#editing:not([hidden])");
  return { answer, held };
}

describe("by schema", () => {
  test("fields have their types, constraints are told one by one, and what is saved has the schema's types", async () => {
    const { answer } = await editing();
    assert.deepEqual(await field("room").evaluate(({ tagName, options }) => [tagName, ...[...options].map(({ text }) => text)]), ["SELECT", "single", "double", "suite"]);
    assert.equal(await field("from").getAttribute("type"), "date");
    assert.equal(await field("fixed").isDisabled(), true);
    assert.match(await page.innerText("#fields"), /The kind of room\./);
    await fitsEverybody(page, "editing by schema");
    await picture(page, "schema-desktop-light");
    for (const [name, value, message] of [
      ["nights", "2.5", "A whole number is needed."],
      ["nights", "0", "At least 1."],
      ["nights", "15", "At most 14."],
      ["nights", "two", "A number is needed, such as 12 or 12.5."],
      ["price", "0", "More than 0."],
      ["price", "80.3", "A multiple of 0.5."],
      ["code", "abc", "It has to match ^[A-Z]{3}-\\d+$."],
      ["code", "ABC-123456", "At most 8 characters."],
      ["guest.name", "", "At least 1 character."],
      ["guest.mail", "nobody", "This is no email."],
    ]) {
      const before = await field(name).inputValue();
      await field(name).fill(value);
      await save();
      assert.equal(await told(name), message, `${name} ${value}`);
      assert.equal(await field(name).evaluate((input) => input === document.activeElement), true, "the focus is there");
      await field(name).fill(before);
    }
    await field("room").selectOption("suite");
    await field("nights").fill("3");
    await field("guest.mail").fill("ana@shop.example");
    await field("guest.vip").selectOption("true");
    await field("breakfast").selectOption("false");
    await save();
    await says(page, "Let run as edited: Book single");
    assert.deepEqual(await ran(answer), { ...ARGS, room: "suite", nights: 3, guest: { name: "Ana", mail: "ana@shop.example", vip: true }, breakfast: false });
    await page.context().close();
  });

  test("an optional member is left out, a null is filled, and what nobody touched stays as it was", async () => {
    const { answer } = await editing();
    await page.locator("tr", { has: field("price") }).getByRole("button", { name: "Leave out" }).click();
    await field("remark").fill("late arrival");
    await save();
    await says(page, "Let run as edited");
    const { price: _, ...rest } = ARGS;
    assert.deepEqual(await ran(answer), { ...rest, remark: "late arrival" });
    await page.context().close();
  });

  test("a value that is none of the choices has to become one", async () => {
    const { answer } = await editing({ ...ARGS, room: "cave" });
    await field("nights").fill("3");
    await save();
    assert.equal(await told("room"), "Choose one of the others.");
    await field("room").selectOption("double");
    await save();
    await says(page, "Let run as edited");
    assert.equal((await ran(answer)).room, "double");
    await page.context().close();
  });

  test("without a schema, by what stands there", async () => {
    const { answer } = await editing({ room: "x", n: 1, list: [], flag: true }, null);
    assert.equal(await field("room").evaluate(({ tagName }) => tagName), "TEXTAREA");
    await field("list").fill("[1, 2.50]");
    await field("n").fill("1.0");
    await save();
    await says(page, "Let run as edited");
    assert.deepEqual(await ran(answer), { room: "x", n: 1, list: [1, 2.5], flag: true });
    await page.context().close();
  });
});

test("what cannot be edited, and what schemas get wrong, changes nothing by itself", async () => {
  const schema = {
    type: "object",
    properties: {
      status: { type: "string", enum: ["open"], readOnly: true },
      step: { type: "number", multipleOf: 0.01 },
      id: { type: "integer", maximum: 9007199254740992 },
      tags: { type: ["array", "null"] },
      odd: { type: "object", properties: null, required: true },
      text: { type: "string", pattern: "^(a+)+$" },
    },
    required: null,
  };
  const args = { status: "closed", step: 6000000.01, id: 5, tags: null, odd: { x: 1 }, text: "a".repeat(40) + "!", lines: "one\r\ntwo" };
  const { answer } = await editing(args, [{ type: "function", function: { name: "book", parameters: schema } }]);
  await field("step").fill("6000000.005");
  await save();
  assert.equal(await told("step"), "A multiple of 0.01.");
  await field("step").fill("6000000.02");
  await field("id").fill("9007199254740993");
  await save();
  assert.equal(await told("id"), "At most 9007199254740992.");
  await field("id").fill("6");
  await field("tags").fill('["a"]');
  await field("lines").fill("one\ntwo\nthree");
  await save();
  await says(page, "Let run as edited");
  assert.deepEqual(await ran(answer), { ...args, step: 6000000.02, id: 6, tags: ["a"], lines: "one\r\ntwo\r\nthree" });
  await page.context().close();
});

test("from fields to JSON and back, what was typed goes along", async () => {
  const { answer } = await editing({ room: "x", n: 1 }, null);
  await field("room").fill("typed");
  await page.getByRole("button", { name: "Edit all as JSON" }).click();
  const area = page.getByLabel("Arguments as JSON");
  assert.match(await area.inputValue(), /"room": "typed"/);
  await area.fill('{"room":"typed twice","n":2}');
  await page.getByRole("button", { name: "Edit as fields again" }).click();
  assert.equal(await field("room").inputValue(), "typed twice");
  await save();
  await says(page, "Let run as edited");
  assert.deepEqual(await ran(answer), { room: "typed twice", n: 2 });
  await page.context().close();
});

test("all of it as JSON: broken text is told, and digits stay", async () => {
  const { answer } = await editing({ room: "x", n: 1 }, null);
  await page.getByRole("button", { name: "Edit all as JSON" }).click();
  const area = page.getByLabel("Arguments as JSON");
  assert.equal(await area.inputValue(), '{\n  "room": "x",\n  "n": 1\n}');
  for (const broken of ['{"room": ', "[1]", '"x"', "12345678901234567890"]) {
    await area.fill(broken);
    await save();
    await page.waitForFunction(() => document.getElementById("edit-json-problem")?.textContent === "This has to be one JSON object.");
  }
  await area.fill('{"room":"y","n":12345678901234567890,"new":{"a":[true,null]}}');
  await save();
  await says(page, "Let run as edited");
  const text = (await answer).json.choices[0].message.tool_calls[0].function.arguments;
  assert.equal(text, '{"room":"y","n":12345678901234567890,"new":{"a":[true,null]}}');
  await page.context().close();
});

test("what the policy blocks is told, the case is unchanged, and what was typed stays", async () => {
  await shop.holdpoint.putPolicy(`${POLICY}[[criteria]]\nid = "no-suites"\ncategory = "too large"\nwhen = "args.room == 'suite'"\nthen = "block"\n`);
  const { answer, held } = await editing();
  await field("room").selectOption("suite");
  await save();
  await says(page, "blocked by `no-suites`");
  assert.equal(await field("room").inputValue(), "suite");
  assert.equal((await shop.shown(held)).digest, held.digest);
  await page.keyboard.press("Escape");
  await page.waitForSelector("#editing", { state: "hidden" });
  await page.waitForTimeout(350);
  await page.keyboard.press("a");
  await says(page, "Approved");
  assert.deepEqual(await ran(answer), ARGS);
  await page.context().close();
});
