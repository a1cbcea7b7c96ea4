// A simulated deployment through the real Worker: what it says of itself is held against the truth.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { Deployment, POLICY } from "../harness/deployment.mjs";
import { until } from "../harness/holdpoint.mjs";
import { refused } from "../harness/shop.mjs";

let deployment, insights;
before(async () => {
  deployment = await Deployment.run({ count: 5000, seed: 1 });
  const { holdpoint } = deployment;
  insights = await until("every label and count has arrived", async () => {
    const { json } = await deployment.insights();
    const counted = ["proceed", "audit", "hold", "block"].reduce((sum, name) => sum + json.passed[name], 0);
    return json.labels >= deployment.decided && counted >= deployment.actions.length && json;
  });
  deployment.ask = (...all) => holdpoint.ask(...all);
});
after(() => deployment.close());

const lines = (text) => text.split("\n").filter(Boolean).map((line) => JSON.parse(line));

test("every decision is one label, and everything that passed is counted", () => {
  assert.equal(insights.labels, deployment.decided);
  const { passed } = insights;
  assert.equal(passed.hold, deployment.actions.filter(({ held }) => held).length);
  assert.equal(passed.proceed + passed.audit, deployment.actions.filter(({ held }) => !held).length);
  assert.equal(passed.hold + passed.audit, deployment.decided, "whoever was to be looked at was looked at");
  assert.equal(passed.kind.find(({ name }) => name === "get_booking").proceed, deployment.actions.filter(({ kind }) => kind === "get_booking").length);
});

describe("estimates", () => {
  test("hold the truth, and forgetting the probabilities does not", () => {
    const truths = [["all", deployment.truth()], ...["refund", "send_email", "rebook"].map((kind) => [kind, deployment.truth((action) => action.kind === kind)])];
    const of = (name) => (name === "all" ? insights.overrides.all : insights.overrides.kind.find((row) => row.name === name)).wrong;
    // Which actions are drawn for audits is left to chance in each run. An interval at 95 % may miss; three of four, or
    // one by more than as much again as it is wide to that side, is about one run in a thousand. How often
    // they hold is counted over hundreds of deployments in tests/statistics.rs.
    const missed = truths.filter(([name, truth]) => truth < of(name).low || truth > of(name).high);
    const beyond = ([name, truth]) => {
      const { rate, low, high } = of(name);
      return truth < rate ? rate - truth > 2.2 * (rate - low) : truth - rate > 2.2 * (high - rate);
    };
    assert.ok(missed.length < 3 && !missed.some(beyond), JSON.stringify(missed.map(([name, truth]) => [name, truth, of(name)])));
    const { naive, rate } = of("all");
    assert.ok(naive - deployment.truth() > 0.02 && Math.abs(rate - deployment.truth()) < naive - deployment.truth(), `${naive} ${rate} ${deployment.truth()}`);
  });

  test("rest on nothing that a rubber stamp said", () => {
    assert.ok(insights.left_out > 400 && insights.left_out < insights.labels / 2, String(insights.left_out));
    assert.equal(insights.overrides.all.n, insights.labels - insights.left_out);
  });
});

test("the planted pattern is found first, and is the criterion that a person would have written", async () => {
  const [found, ...others] = insights.patterns.found;
  // Which actions are audited is left to chance, and one in ten patterns may be.
  assert.ok(others.length <= 1, JSON.stringify(others));
  assert.deepEqual([found.kind, found.property, found.criterion.when, found.criterion.category], ["refund", "currency is USD", 'args.currency == "USD"', "wrong currency"]);
  assert.ok(found.with.low > 0.5 && found.without.high < 0.12 && found.lift > 5);
  const checked = await deployment.ask("POST", "/v1/policy/check", { key: deployment.holdpoint.admin, body: POLICY + found.criterion.toml, headers: { "content-type": "application/toml" } });
  assert.deepEqual([checked.status, checked.json.problems, checked.json.warnings], [200, [], []]);
});

test("edits say that amounts are cents", () => {
  const [edit] = insights.overrides.edits;
  assert.deepEqual([edit.kind, edit.path], ["refund", "/amount"]);
  assert.ok(Math.abs(edit.ratio - 0.01) < 0.0005 && edit.n > 10);
});

describe("whoever stamps", () => {
  test("is found, and the careful are not", () => {
    const { people } = insights.vigilance;
    assert.deepEqual(people.map(({ name, stamping }) => [name, stamping]), [["ana", false], ["ben", false], ["cleo", false], ["stan", true]]);
    assert.deepEqual(people.find(({ name }) => name === "stan").signs, ["pace", "streak", "overrides"]);
    assert.deepEqual(people.find(({ name }) => name === "ana").signs, []);
  });

  test("is nobody that colleagues are shown", async () => {
    const { key } = await deployment.holdpoint.key("reviewer", { name: "rita" });
    const { json } = await deployment.insights("", key);
    assert.equal(json.vigilance.people, null);
    assert.equal(json.labels, insights.labels);
  });
});

describe("a backtest", () => {
  const backtest = (body, query = "") => deployment.ask("POST", `/v1/policy/backtest${query}`, { key: deployment.holdpoint.admin, body });

  test("of the policy in force changes nothing", async () => {
    const { status, json } = await backtest({ policy: POLICY, actions: null });
    assert.equal(status, 200);
    assert.deepEqual([json.before, json.moves, json.actions], [json.after, [], deployment.decided]);
    assert.equal(json.before.hold, insights.passed.hold);
    const proceeded = deployment.actions.filter(({ kind, held }) => kind !== "get_booking" && !held).length;
    assert.ok(Math.abs(json.before.proceed - proceeded) < 4 * Math.sqrt(proceeded * 3), `${json.before.proceed} stand for ${proceeded}`);
  });

  test("of a looser one names what it would let through", async () => {
    const looser = POLICY.replace("threshold = 0.9", "threshold = 0.75");
    const { json } = await backtest({ policy: looser, actions: null });
    assert.ok(json.after.hold < json.before.hold && json.after.review_minutes < json.before.review_minutes);
    assert.ok(json.after.let_through > json.before.let_through);
    const named = json.let_through.filter(({ today }) => today === "hold").map(({ id }) => deployment.actions.find((action) => action.id === id));
    assert.ok(named.length > 0 && named.every(({ kind, wrong, confidence }) => kind === "refund" && wrong && confidence >= 0.75));
  });

  test("on actions that are given says what they do", async () => {
    const actions = [
      { kind: "refund", args: { amount: 1, currency: "USD" }, confidence: 0.95, wrong: true },
      { kind: "refund", args: { amount: 1, currency: "EUR" }, confidence: 0.95, wrong: false },
      { kind: "rebook", args: { tier: "vip" }, confidence: 1 },
    ];
    const { json } = await backtest({ policy: POLICY + insights.patterns.found[0].criterion.toml, actions }, "?per_day=480");
    assert.deepEqual([json.before.hold, json.after.hold, json.before.let_through, json.after.let_through], [1, 2, 1, 0]);
    assert.deepEqual(json.moves, [{ from: "proceed", to: "hold", n: 1 }]);
    const [main] = json.capacity;
    const added = main.criteria.find(({ id }) => id === "refund-currency-usd");
    assert.equal(added.holds_per_hour, 20, "a third of 480 in 8 hours");
  });

  test("says what is wrong with a policy, and with an action", async () => {
    const bad = await backtest({ policy: "holdpoint = 1\nnonsense = 1\n", actions: null });
    refused(bad, "invalid", 422);
    assert.equal(bad.json.problems[0].line, 2);
    const unknown = await backtest({ policy: POLICY, actions: [{ kind: "refund", colour: 1 }], more: 1 });
    refused(unknown, "invalid", 422);
    assert.deepEqual(unknown.json.problems.map(({ pointer }) => pointer), ["/more", "/actions/0/colour"]);
  });
});

describe("capacity before a policy is stored", () => {
  const check = (body, query, key = deployment.holdpoint.admin) => deployment.ask("POST", `/v1/policy/check${query}`, { key, body, headers: { "content-type": typeof body === "string" ? "application/toml" : "application/json" } });

  test("is computed from what was recorded, with what each criterion adds", async () => {
    const { json } = await check(POLICY.replace("reviewers = 60", "reviewers = 2"), "?per_day=4500");
    const [main] = json.capacity;
    assert.equal(main.verdict, "at_risk");
    assert.match(main.advice, /people instead of 2/);
    const [vip] = main.criteria;
    assert.match(vip.message, /^This criterion adds [\d.]+ holds an hour and takes away [\d.]+ audits an hour; the share started within 60 s goes from \d+ % to \d+ %\.$/);
    assert.ok(vip.started_within_60s_without > main.started_within_60s);
    const few = await check(POLICY.replace("reviewers = 60", "reviewers = 1"), "?per_day=20000");
    assert.equal(few.json.capacity[0].verdict, "theatre");
    const many = await check(POLICY, "?per_day=5000");
    assert.equal(many.json.capacity[0].verdict, "real");
  });

  test("needs the mix from an app, and is empty where nobody asks", async () => {
    refused(await check(POLICY, "?per_day=10", deployment.app), "invalid", 422);
    const given = await check({ policy: POLICY, actions: [{ kind: "refund" }] }, "?per_day=80", deployment.app);
    assert.equal(given.json.capacity[0].held_per_hour, 10);
    assert.deepEqual((await check(POLICY, "", deployment.app)).json.capacity, []);
    refused(await check(POLICY, "?per_day=many"), "invalid", 422);
  });
});

describe("an export", () => {
  const get = (path, key = deployment.auditor) => deployment.ask("GET", `/v1/export/${path}`, { key });

  test("of decisions has each once, with its probability, and nobody's name", async () => {
    const { text, headers } = await get("decisions");
    assert.equal(headers.get("content-type"), "application/jsonl");
    const all = lines(text);
    assert.equal(all.length, deployment.decided);
    assert.equal(new Set(all.map(({ id }) => id)).size, deployment.decided);
    assert.ok(all.every(({ probability, sampled_by }) => (sampled_by === "held" ? probability === 1 : [0.25, 0.4].includes(probability))));
    for (const name of ["ana", "stan"]) assert.ok(!text.includes(`"${name}"`));
    const splits = Object.groupBy(all, ({ split }) => split);
    assert.ok(splits.train.length > all.length * 0.75 && splits.test.length > all.length * 0.06);
    assert.equal(all.filter(({ left_out: why }) => why === "stamping").length, insights.left_out);
  });

  test("for training is what a manifest says, byte for byte", async () => {
    for (const path of ["kto", "dpo", "dpo?format=trl", "decisions?redact=/args,/context"]) {
      const until = path.includes("?") ? "&until=2099-01-01T00:00:00Z" : "?until=2099-01-01T00:00:00Z";
      const [{ text }, { json: manifest }] = await Promise.all([get(path + until), get(`${path.replace(/^(\w+)/, "$1/manifest")}${until}`)]);
      const all = lines(text);
      assert.equal(manifest.sha256, createHash("sha256").update(text).digest("hex"), path);
      assert.equal(manifest.lines, all.length);
      assert.ok(all.length > 10);
      if (path === "decisions?redact=/args,/context") assert.ok(all.every(({ action, context, digest }) => action.args === null && context === null && digest === null));
      if (path === "kto") assert.ok(all.every(({ prompt, completion, label }) => prompt[0].role === "user" && completion[0].role === "assistant" && typeof label === "boolean"));
      if (path === "dpo") assert.ok(all.every(({ input, preferred_output: [good], non_preferred_output: [bad] }) => input.messages.length === 1 && good.content !== bad.content));
      if (path === "dpo?format=trl") assert.deepEqual(Object.keys(all[0]), ["prompt", "chosen", "rejected"]);
      if (path !== "decisions?redact=/args,/context") assert.ok(manifest.left_out.stamping > 0);
    }
  });

  test("of another name, form or pointer is refused", async () => {
    refused(await get("nothing"), "not_found", 404);
    for (const path of ["kto?format=trl", "dpo?format=csv", "dpo?redact=args", "dpo?since=yesterday", "dpo?until=1d"]) refused(await get(path), "invalid", 422);
    refused(await get("dpo", deployment.app), "forbidden", 403);
  });
});

test("insights are told by desk, kind and time, to those whose they are", async () => {
  const of = async (query, key) => (await deployment.insights(query, key)).json;
  const refunds = await of("?kind=refund");
  assert.deepEqual(refunds.overrides.kind.map(({ name }) => name), ["refund"]);
  assert.equal((await of(`?since=${new Date(Date.now() + 60_000).toISOString()}`)).labels, 0);
  const elsewhere = await deployment.holdpoint.key("reviewer", { name: "otto", desks: ["elsewhere"] });
  assert.equal((await of("", elsewhere.key)).labels, 0, "of another desk");
  refused(await deployment.insights("?desk=main", elsewhere.key), "not_found", 404);
  refused(await deployment.insights("?since=yesterday"), "invalid", 422);
  refused(await deployment.insights("", deployment.app), "forbidden", 403);
});
