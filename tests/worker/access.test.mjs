// Signing in by Cloudflare Access: assertions of a local issuer, good ones and others.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { Shop, refused } from "../harness/shop.mjs";
import { until } from "../harness/holdpoint.mjs";

const AUDIENCE = "0123456789abcdef";
let shop, issuer, current, retired;

/** An issuer that publishes keys, as Access does. */
async function startIssuer() {
  const issuer = { keys: [], fetched: 0 };
  issuer.server = createServer((request, response) => {
    issuer.fetched += 1;
    const found = request.url === "/cdn-cgi/access/certs" && !issuer.down;
    response.writeHead(found ? 200 : 500, { "content-type": "application/json" }).end(JSON.stringify({ keys: issuer.keys }));
  });
  await new Promise((resolve) => issuer.server.listen(0, "127.0.0.1", resolve));
  issuer.url = `http://127.0.0.1:${issuer.server.address().port}`;
  return issuer;
}

async function newKey(kid, algorithm = "RS256") {
  const pair = await generateKeyPair(algorithm, { extractable: true });
  return { kid, private: pair.privateKey, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg: algorithm, use: "sig" } };
}

const claims = (more = {}) => ({ iss: issuer.url, aud: [AUDIENCE], sub: "user-1", email: "Ana@Example.com", ...more });

function assertion(key, more = {}, { algorithm = "RS256", expires = "5m" } = {}) {
  const token = new SignJWT(claims(more)).setProtectedHeader({ alg: algorithm, kid: key.kid, typ: "JWT" }).setIssuedAt();
  return token.setExpirationTime(expires).sign(key.private);
}

const ask = (token, method = "GET", path = "/v1/desks", more = {}) =>
  shop.ask(method, path, { ...more, headers: { "cf-access-jwt-assertion": token, ...more.headers } });

before(async () => {
  issuer = await startIssuer();
  current = await newKey("key-1");
  issuer.keys = [current.jwk];
  shop = await Shop.open({ vars: { ACCESS_TEAM: issuer.url, ACCESS_AUD: AUDIENCE } });
  await shop.holdpoint.key("reviewer", { name: "ana at work", person: "ana@example.com", desks: ["main"] });
  await shop.holdpoint.key("app", { name: "an app of a person", person: "app@example.com" });
});
after(async () => {
  await shop.close();
  issuer.server.closeAllConnections();
  await new Promise((resolve) => issuer.server.close(resolve));
});

describe("an assertion", () => {
  test("names the person, who has the role and desks of their key", async () => {
    const answer = await ask(await assertion(current));
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.person, "ana@example.com");
    assert.deepEqual(answer.json.desks.map(({ name }) => name), ["main"]);
    refused(await ask(await assertion(current), "GET", "/v1/keys"), "forbidden", 403);
  });

  test("is the same person in capitals, who does not decide their own", async () => {
    const own = (await shop.holdpoint.key("app", { name: "own app", person: "ANA@example.com" })).key;
    const action = await shop.hold("refund", { amount: 400 }, { key: own });
    const body = { decision: "approve", digest: action.digest };
    const answer = await ask(await assertion(current), "POST", `/v1/cases/${action.id}/decision`, { headers: { origin: shop.holdpoint.url }, body });
    refused(answer, "forbidden", 403);
  });

  test("of somebody without a key lets nobody in", async () => {
    refused(await ask(await assertion(current, { email: "eve@example.com" })), "forbidden", 403);
    refused(await ask(await assertion(current, { email: "app@example.com" })), "forbidden", 403);
  });

  test("decides only from the own origin", async () => {
    const action = await shop.hold("refund", { amount: 400 });
    const decide = async (headers) =>
      ask(await assertion(current), "POST", `/v1/cases/${action.id}/decision`, { headers, body: { decision: "approve", digest: action.digest } });
    refused(await decide({}), "forbidden", 403);
    refused(await decide({ origin: "https://evil.example" }), "forbidden", 403);
    const decided = await decide({ origin: shop.holdpoint.url });
    assert.deepEqual([decided.status, decided.json.case.decision.by], [200, "ana@example.com"]);
  });

  test("that is not quite right lets nobody in", async () => {
    const other = await newKey("key-1");
    const good = await assertion(current);
    const [header, payload, signature] = good.split(".");
    const unsigned = `${Buffer.from('{"alg":"none","kid":"key-1"}').toString("base64url")}.${payload}.`;
    const ps256 = { ...(await newKey("key-1", "PS256")) };
    for (const [what, token] of [
      ["another key of the same name", await assertion(other)],
      ["another audience", await assertion(current, { aud: ["another"] })],
      ["another issuer", await assertion(current, { iss: "https://evil.example" })],
      ["over", await assertion(current, {}, { expires: "-2m" })],
      ["a service token", await assertion(current, { sub: "", email: undefined, common_name: "service" })],
      ["another algorithm", await assertion(ps256, {}, { algorithm: "PS256" })],
      ["none", unsigned],
      ["changed", `${header}.${Buffer.from(JSON.stringify(claims({ email: "ben" }))).toString("base64url")}.${signature}`],
      ["no token", "x"],
    ]) {
      refused(await ask(token), "unauthenticated", 401);
      assert.ok(what);
    }
    assert.equal((await ask(good)).status, 200);
  });

  test("stands behind a key: whoever shows one is that", async () => {
    const answer = await ask(await assertion(current), "GET", "/v1/desks", { key: shop.ben });
    assert.equal(answer.json.person, "ben");
    refused(await ask(await assertion(current), "GET", "/v1/desks", { key: "hpk_0123456789012345678901234567890123456789012" }), "unauthenticated", 401);
  });
});

describe("the issuer's keys", () => {
  test("rotate: a new one is fetched, one that was taken back is refused, and a made-up name is not asked for often", async () => {
    [retired, current] = [current, await newKey("key-2")];
    issuer.keys = [current.jwk];
    const rotated = await assertion(current);
    await until("the new key is known", async () => (await ask(rotated)).status === 200);
    refused(await ask(await assertion(retired)), "unauthenticated", 401);
    const { fetched } = issuer;
    const invented = await newKey("key-of-eve");
    for (let count = 0; count < 10; count += 1) refused(await ask(await assertion(invented)), "unauthenticated", 401);
    assert.ok(issuer.fetched - fetched <= 2, `${issuer.fetched - fetched} fetches for ten made-up keys`);
  });

  test("that are known are good while the issuer is away", async () => {
    issuer.down = true;
    assert.equal((await ask(await assertion(current))).status, 200);
    issuer.down = false;
  });

  test("are not asked for where Access is not configured", async () => {
    const token = await assertion(current);
    const bare = await Shop.open();
    try {
      refused(await bare.ask("GET", "/v1/desks", { headers: { "cf-access-jwt-assertion": token } }), "unauthenticated", 401);
    } finally {
      await bare.close();
    }
  });
});
