// Permits: any JOSE library verifies them, and each is redeemed once.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { calculateJwkThumbprint, createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { Shop, refused } from "../harness/shop.mjs";

const [first, second] = [randomBytes(32).toString("base64url"), randomBytes(32).toString("base64url")];

let shop;
before(async () => (shop = await Shop.open({ secrets: { HOLDPOINT_SIGNING_KEY: first } })));
after(() => shop.close());

async function approved(args = { amount: 400 }, more = {}) {
  const action = await shop.hold("refund", args, more);
  await shop.decide(shop.ana, action, "approve");
  return (await shop.read(action)).json;
}

const keys = () => createRemoteJWKSet(new URL("/.well-known/jwks.json", shop.holdpoint.url));
const verify = (permit, options = {}) =>
  jwtVerify(permit, keys(), { issuer: shop.holdpoint.url, typ: "holdpoint-permit+jwt", algorithms: ["EdDSA"], ...options });
const redeem = (action, permit, more) => shop.to(action, "redeem", { permit }, more);

describe("a permit", () => {
  test("says exactly what may run, for whom, and why", async () => {
    const action = await approved();
    const { payload, protectedHeader } = await verify(action.permit, { audience: shop.holdpoint.url });
    const { iat, exp, ...claims } = payload;
    assert.deepEqual(claims, {
      iss: shop.holdpoint.url,
      sub: action.id,
      aud: shop.holdpoint.url,
      jti: action.id,
      kind: "refund",
      digest: action.digest,
      policy: action.verdict.policy,
      basis: "approved",
    });
    assert.equal(exp - iat, 300);
    assert.deepEqual(Object.keys(protectedHeader), ["alg", "typ", "kid"]);
  });

  test("is named by the thumbprint of its key", async () => {
    const { keys } = (await shop.ask("GET", "/.well-known/jwks.json")).json;
    assert.equal(keys.length, 1);
    assert.equal(keys[0].kid, await calculateJwkThumbprint(keys[0]));
    assert.equal(keys[0].d, undefined);
    assert.equal(decodeProtectedHeader((await approved()).permit).kid, keys[0].kid);
  });

  test("is renewed with the same name while it may run, and ends with its use", async () => {
    const action = await approved();
    const again = (await shop.read(action)).json;
    const [one, other] = [await verify(action.permit), await verify(again.permit)];
    assert.equal(one.payload.jti, other.payload.jti);
    assert.equal((await redeem(action, action.permit)).status, 200);
    refused(await redeem(action, again.permit), "conflict", 409);
    const used = (await shop.read(action)).json;
    assert.deepEqual([used.status, used.may_run, used.permit], ["approved", false, null]);
  });

  test("of an edited action is for the edited arguments", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const edited = (await shop.decide(shop.ana, action, "edit", { args: { amount: 4 } })).json.case;
    const { payload } = await verify((await shop.read(action)).json.permit);
    assert.deepEqual([payload.basis, payload.digest], ["edited", edited.digest]);
    assert.notEqual(payload.digest, action.digest);
  });

  test("is made out to the audience that the app names", async () => {
    const action = await approved({ amount: 400 }, { audience: "billing" });
    await verify(action.permit, { audience: "billing" });
    await assert.rejects(verify(action.permit, { audience: "shipping" }), /aud/);
  });

  test("for what proceeds is given when asked for", async () => {
    const without = (await shop.propose("get_order")).json;
    assert.equal(without.permit, null);
    const action = (await shop.propose("get_order", { id: 1 }, { permit: true })).json;
    const { payload } = await verify(action.permit);
    assert.deepEqual([payload.basis, payload.sub, payload.digest], ["proceed", action.id, action.digest]);
    const redeemed = await redeem(action, action.permit);
    assert.deepEqual([redeemed.status, redeemed.json.digest], [200, action.digest]);
    refused(await redeem(action, action.permit), "conflict", 409);
  });

  test("is not given for what may not run", async () => {
    const held = await shop.hold("refund", { amount: 400 }, { permit: true });
    assert.equal(held.permit, null);
    const blocked = (await shop.propose("refund", { amount: 1, to: "nobody" }, { permit: true })).json;
    assert.deepEqual([blocked.status, blocked.permit], ["blocked", null]);
    await shop.decide(shop.ana, held, "reject", { reason: "wrong amount" });
    assert.equal((await shop.read(held)).json.permit, null);
  });
});

describe("redeeming", () => {
  test("is for whoever runs it, and of twenty at once one wins", async () => {
    const executor = (await shop.holdpoint.key("app", { name: "the executor" })).key;
    const action = await approved();
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(action, action.permit, { key: executor })));
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array(19).fill(409)]);
    const [won] = answers.filter(({ status }) => status === 200);
    assert.deepEqual(Object.keys(won.json), ["id", "digest", "at"], "the arguments stay between app and desk");
  });

  test("of an audited and of an unaudited action is alike", async () => {
    for (const audit of [true, false]) {
      const action = (await shop.propose("note", { audit }, { permit: true })).json;
      assert.equal((await redeem(action, action.permit)).status, 200, `audit ${audit}`);
      refused(await redeem(action, action.permit), "conflict", 409);
    }
  });

  test("takes no permit that was changed, is another's, or is none", async () => {
    const [action, other] = [await approved(), await approved()];
    const [header, claims, signature] = action.permit.split(".");
    const forged = JSON.parse(Buffer.from(claims, "base64url"));
    const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const [what, permit] of [
      ["no permit", "x"],
      ["claims changed", `${header}.${encoded({ ...forged, sub: other.id, jti: other.id })}.${signature}`],
      ["a signature changed", `${header}.${claims}.${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`],
      ["alg none", `${encoded({ alg: "none", typ: "holdpoint-permit+jwt", kid: decodeProtectedHeader(action.permit).kid })}.${claims}.`],
      ["another's key", `${encoded({ ...decodeProtectedHeader(action.permit), kid: "x" })}.${claims}.${signature}`],
      ["another action's", other.permit],
    ]) {
      const answer = await redeem(action, permit);
      refused(answer, "invalid", 422);
      assert.ok(!answer.text.includes(claims), what);
    }
    assert.equal((await redeem(action, action.permit)).status, 200);
  });

  test("is over once the app has reported that it ran", async () => {
    const action = await approved();
    assert.equal((await shop.to(action, "outcome", { outcome: "done" })).status, 200);
    refused(await redeem(action, action.permit), "conflict", 409);
  });
});

describe("rotation", () => {
  test("of the signing key leaves what the old one signed good", async () => {
    const [old, action] = [await approved(), await approved()];
    const bindings = (keys) => shop.holdpoint.setSecret("HOLDPOINT_SIGNING_KEY", keys);
    await bindings(`${second},${first}`);
    const published = (await shop.ask("GET", "/.well-known/jwks.json")).json;
    assert.equal(published.keys.length, 2);
    await jwtVerify(old.permit, createLocalJWKSet(published));
    const fresh = (await shop.read(action)).json.permit;
    assert.equal(decodeProtectedHeader(fresh).kid, published.keys[0].kid);
    assert.notEqual(decodeProtectedHeader(fresh).kid, decodeProtectedHeader(old.permit).kid);
    assert.equal((await redeem(old, old.permit)).status, 200);
    await bindings(second);
    refused(await redeem(action, action.permit), "invalid", 422);
    assert.equal((await redeem(action, (await shop.read(action)).json.permit)).status, 200);
  });
});
