// Webhooks: signed by the Standard Webhooks specification, sent at least once, given up after seven days.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const POLICY = `holdpoint = 1
[kinds.tweet]
severity = "low"
undone_by = "delete_tweet"
[[criteria]]
id = "all-tweets"
category = "public words"
kinds = ["tweet"]
when = "true"
then = "audit"
[desks.main]
reviewers = 1000
undo = "1s"
expires = "20s"
[desks.quick]
expires = "1s"
[kinds.quick]
desk = "quick"
`;

/** A receiver that keeps what it was sent and answers what `answer` says. */
class Receiver {
  static async start() {
    const receiver = new Receiver();
    receiver.received = [];
    receiver.answer = () => 204;
    receiver.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const message = { path: request.url, headers: request.headers, text: Buffer.concat(chunks).toString() };
      message.body = JSON.parse(message.text);
      receiver.received.push(message);
      response.writeHead(receiver.answer(message), { location: "/elsewhere" }).end();
    });
    await new Promise((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}`;
    return receiver;
  }

  of(action, path = "/hook") {
    return this.received.filter((message) => message.path === path && message.body.data.id === action.id);
  }

  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

let shop, receiver;
before(async () => {
  receiver = await Receiver.start();
  shop = await Shop.open({
    policy: POLICY,
    vars: { WEBHOOKS: { ops: { url: `${receiver.url}/hook`, secret: "OPS_SECRET" }, gone: { url: `${receiver.url}/gone`, secret: "OPS_SECRET" } } },
    secrets: { OPS_SECRET: secret },
  });
  receiver.answer = ({ path }) => (path === "/gone" ? 410 : 204);
});
after(async () => {
  await shop.close();
  await receiver.stop();
});

const types = (action) => receiver.of(action).map(({ body }) => body.type);

describe("a notification", () => {
  test("is signed so that the official library verifies it, and names the action but not its arguments", async () => {
    const action = await shop.hold("refund", { iban: "DE89-canary" });
    const [message] = await until("it arrives", async () => receiver.of(action).length > 0 && receiver.of(action));
    const body = new Webhook(secret).verify(message.text, message.headers);
    assert.equal(body.type, "action.held");
    assert.deepEqual(Object.keys(body.data), ["id", "seq", "kind", "severity", "desk", "status", "undo", "link"]);
    assert.deepEqual([body.data.seq, body.data.kind, body.data.status], [1, "refund", "held"]);
    assert.equal(body.data.link, `${shop.holdpoint.url}/v1/actions/${action.id}`);
    assert.ok(Math.abs(Date.parse(body.timestamp) - Date.now()) < 60_000);
    assert.ok(!message.text.includes("canary"));
    assert.throws(() => new Webhook(secret).verify(message.text.replace("held", "hold"), message.headers));
    assert.throws(() => new Webhook(`whsec_${randomBytes(32).toString("base64")}`).verify(message.text, message.headers));
  });

  test("of a decision leaves at its release, and not where it was taken back", async () => {
    const action = await shop.hold("refund", {});
    await shop.decide(shop.ana, action, "approve");
    assert.equal((await shop.ask("POST", `/v1/cases/${action.id}/undo`, { key: shop.ana })).status, 200);
    const rejected = await shop.decide(shop.ana, action, "reject", { reason: "other" });
    const [, message] = await until("it arrives", async () => receiver.of(action).length > 1 && receiver.of(action));
    assert.ok(Date.now() >= Date.parse(rejected.json.release_at));
    assert.deepEqual([message.body.type, message.body.data.status], ["action.decided", "rejected"]);
    assert.deepEqual(types(action), ["action.held", "action.decided"], "the approval was never told");
    const [first, second] = receiver.of(action).map(({ body }) => body.data.seq);
    assert.ok(second > first);
  });

  test("tells what expired", async () => {
    const action = await shop.hold("quick", {});
    await until("it arrives", async () => types(action).includes("action.expired"));
  });

  test("tells what was overturned, with the action that makes it good, and tells of no audit otherwise", async () => {
    const action = (await shop.propose("tweet", { text: "x" })).json;
    await shop.decide(shop.ana, action, "overturn", { reason: "other" });
    const [message] = await until("it arrives", async () => receiver.of(action).length > 0 && receiver.of(action));
    assert.equal(message.body.type, "action.overturned");
    assert.equal(message.body.data.undo, (await shop.read(action)).json.undo);
    const confirmed = (await shop.propose("tweet", { text: "y" })).json;
    await shop.decide(shop.ana, confirmed, "confirm");
    await shop.hold("refund", {});
    assert.deepEqual(types(confirmed), []);
  });

  test("of an overturn that is taken back in time is not sent, and nothing is raised", async () => {
    const action = (await shop.propose("tweet", { text: "z" })).json;
    const decided = await shop.decide(shop.ana, action, "overturn", { reason: "other" });
    await shop.ask("POST", `/v1/cases/${action.id}/undo`, { key: shop.ana });
    await until("the window is over", async () => Date.now() > Date.parse(decided.json.release_at) + 300);
    assert.deepEqual([types(action), (await shop.read(action)).json.undo], [[], null]);
    assert.equal((await shop.shown(action)).status, "to_audit");
  });
});

describe("a receiver", () => {
  test("that fails gets the same message again, with the same id", async () => {
    let failures = 1;
    receiver.answer = ({ path }) => (path === "/gone" ? 410 : failures-- > 0 ? 500 : 200);
    const action = await shop.hold("refund", {});
    const messages = await until("it arrives twice", async () => receiver.of(action).length > 1 && receiver.of(action));
    assert.equal(messages[0].headers["webhook-id"], messages[1].headers["webhook-id"]);
    assert.equal(messages[0].text, messages[1].text);
    for (const { text, headers } of messages) new Webhook(secret).verify(text, headers);
  });

  test("that redirects has not received", async () => {
    let redirects = 1;
    receiver.answer = ({ path }) => (path === "/gone" ? 410 : redirects-- > 0 ? 307 : 200);
    const action = await shop.hold("refund", {});
    await until("it arrives twice", async () => receiver.of(action).length > 1);
    assert.ok(!receiver.received.some(({ path }) => path === "/elsewhere"));
  });

  test("that is gone makes a dead letter, which an admin sees and sends again", async () => {
    const action = await shop.hold("refund", {});
    const letters = async () => (await shop.ask("GET", "/v1/dead-letters", { key: shop.holdpoint.admin })).json.dead_letters;
    const letter = await until("it is given up", async () => (await letters()).find((letter) => letter.action === action.id));
    assert.deepEqual([letter.desk, letter.webhook, letter.type, letter.tries], ["main", "gone", "action.held", 1]);
    assert.match(letter.error, /410/);
    receiver.answer = () => 200;
    const before = receiver.of(action, "/gone").length;
    assert.equal((await shop.ask("POST", `/v1/dead-letters/${letter.id}/resend`, { key: shop.holdpoint.admin })).status, 204);
    await until("it arrives", async () => receiver.of(action, "/gone").length > before);
    await until("it is gone from the list", async () => !(await letters()).some(({ id }) => id === letter.id));
    refused(await shop.ask("POST", `/v1/dead-letters/${letter.id}/resend`, { key: shop.holdpoint.admin }), "not_found", 404);
  });

  test("hears of everything although the runtime is killed again and again", async () => {
    receiver.answer = () => 200;
    const actions = [];
    for (let round = 0; round < 4; round += 1) {
      for (let count = 0; count < 5; count += 1) actions.push(await shop.hold("refund", {}));
      await shop.holdpoint.kill();
      await shop.holdpoint.run();
    }
    await shop.hold("refund", {});
    await until("all have arrived", async () => actions.every((action) => types(action).includes("action.held")), 30);
  });
});
