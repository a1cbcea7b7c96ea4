// The same policy in four engines, and the actions that they decide: for Node and for a browser alike.
//
// Twelve rules over a customer-service action of about 1.3 kB. Every engine says all rules that match, none stops at the
// first. Amounts and confidences are whole numbers, because Cedar has no fractions; texts are searched for literals,
// because it has no regular expressions.

const RULES = [
  { id: "large-refund", kind: "refund", amount: 500 },
  { id: "huge-refund", kind: "refund", amount: 5000 },
  { id: "foreign", currencyIsNot: "EUR" },
  { id: "low-confidence", confidence: 50 },
  { id: "large-credit", kind: "credit", amount: 300 },
  { id: "many-items", kind: "order", quantity: 20 },
  { id: "discount", kind: "send_mail", body: "discount" },
  { id: "legal", kind: "send_mail", body: "lawyer" },
  { id: "pricing", kind: "send_mail", body: "pricing" },
  { id: "new-customer", kind: "refund", tier: "new" },
  { id: "blocked-tier", tier: "blocked" },
  { id: "night", kind: "order", hour: 23 },
];

/** Numbers from 0 to 1, the same each time (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function actions(count = 1000) {
  const next = random(7);
  const pick = (all) => all[Math.floor(next() * all.length)];
  const words = ["your", "order", "has", "left", "our", "house", "this", "morning", "and", "will", "arrive", "soon", "we", "are", "sorry"];
  return Array.from({ length: count }, (_, at) => {
    const body = Array.from({ length: 60 }, () => pick(words)).concat(next() < 0.1 ? [pick(["discount", "lawyer", "pricing"])] : []).join(" ");
    const items = Array.from({ length: 1 + Math.floor(next() * 8) }, (_, item) => ({ sku: `SKU-${item}-${at}`, quantity: 1 + Math.floor(next() * 4), price: Math.floor(next() * 900) }));
    const args = { order: `A${at}`, amount: Math.floor(next() ** 4 * 8000), currency: next() < 0.9 ? "EUR" : "USD", tier: pick(["gold", "silver", "new", "blocked"]), quantity: Math.floor(next() * 22), hour: Math.floor(next() * 24), body, items, address: { street: "Long Street 12", city: "Hamburg", zip: "20095" } };
    return { kind: pick(["refund", "credit", "order", "send_mail", "get_order"]), args, confidence: Math.floor(next() * 101) };
  });
}

// Holdpoint.

function condition({ amount, currencyIsNot, confidence, quantity, body, tier, hour }) {
  if (amount !== undefined) return `args.amount > ${amount}`;
  if (currencyIsNot !== undefined) return `args.currency != "${currencyIsNot}"`;
  if (confidence !== undefined) return `confidence < ${confidence / 100}`;
  if (quantity !== undefined) return `args.quantity > ${quantity}`;
  if (body !== undefined) return `args.body.contains("${body}")`;
  if (tier !== undefined) return `args.tier == "${tier}"`;
  return `args.hour >= ${hour}`;
}

export const policy = () =>
  `holdpoint = 1\n[unlisted]\nseverity = "low"\n${RULES.map(
    (rule) => `[[criteria]]\nid = "${rule.id}"\ncategory = "${rule.id}"\n${rule.kind ? `kinds = ["${rule.kind}"]\n` : ""}when = '${condition(rule)}'\nthen = "hold"\n`,
  ).join("")}`;

// json-logic-js.

function logic({ kind, amount, currencyIsNot, confidence, quantity, body, tier, hour }) {
  const of = (name) => ({ var: name });
  const test =
    amount !== undefined ? { ">": [of("args.amount"), amount] }
    : currencyIsNot !== undefined ? { "!==": [of("args.currency"), currencyIsNot] }
    : confidence !== undefined ? { "<": [of("confidence"), confidence] }
    : quantity !== undefined ? { ">": [of("args.quantity"), quantity] }
    : body !== undefined ? { in: [body, of("args.body")] }
    : tier !== undefined ? { "===": [of("args.tier"), tier] }
    : { ">=": [of("args.hour"), hour] };
  return kind === undefined ? test : { and: [{ "===": [of("kind"), kind] }, test] };
}

// json-rules-engine.

function rule({ id, kind, amount, currencyIsNot, confidence, quantity, body, tier, hour }) {
  const on = (fact, operator, value) => ({ fact, operator, value });
  const test =
    amount !== undefined ? on("amount", "greaterThan", amount)
    : currencyIsNot !== undefined ? on("currency", "notEqual", currencyIsNot)
    : confidence !== undefined ? on("confidence", "lessThan", confidence)
    : quantity !== undefined ? on("quantity", "greaterThan", quantity)
    : body !== undefined ? on("body", "includes", body)
    : tier !== undefined ? on("tier", "equal", tier)
    : on("hour", "greaterThanInclusive", hour);
  return { conditions: { all: kind === undefined ? [test] : [on("kind", "equal", kind), test] }, event: { type: id } };
}

// Cedar.

function forbid({ id, kind, amount, currencyIsNot, confidence, quantity, body, tier, hour }) {
  const test =
    amount !== undefined ? `context.args.amount > ${amount}`
    : currencyIsNot !== undefined ? `context.args.currency != "${currencyIsNot}"`
    : confidence !== undefined ? `context.confidence < ${confidence}`
    : quantity !== undefined ? `context.args.quantity > ${quantity}`
    : body !== undefined ? `context.args.body like "*${body}*"`
    : tier !== undefined ? `context.args.tier == "${tier}"`
    : `context.args.hour >= ${hour}`;
  return [id, `forbid(principal, action${kind === undefined ? "" : ` == Action::"${kind}"`}, resource) when { ${test} };`];
}

/** Every engine as `decide(action)`, which gives the ids of the rules that match. */
export function engines({ Policy, jsonLogic, Engine, cedar }) {
  const gate = Policy.parse(policy());
  const held = (verdict) => verdict.reasons.map(({ criterion }) => criterion);
  const logics = RULES.map((each) => [each.id, logic(each)]);
  const rules = new Engine(RULES.map(rule), { allowUndefinedFacts: true });
  rules.addOperator("includes", (text, part) => typeof text === "string" && text.includes(part));
  const prepared = cedar.preparsePolicySet("bench", { staticPolicies: { all: "permit(principal, action, resource);", ...Object.fromEntries(RULES.map(forbid)) }, templates: {}, templateLinks: [] });
  if (prepared.type !== "success") throw new Error(JSON.stringify(prepared));
  // Its confidence goes from 0 to 1.
  const scaled = (action) => ({ ...action, confidence: action.confidence / 100 });
  return {
    "holdpoint, of an object": { prepare: scaled, decide: (action) => held(gate.decide(action)) },
    "holdpoint, of JSON text": { prepare: (action) => JSON.stringify(scaled(action)), decide: (text) => held(gate.decide(text)) },
    "json-logic-js": { prepare: (action) => action, decide: (action) => logics.filter(([, each]) => jsonLogic.apply(each, action)).map(([id]) => id) },
    "json-rules-engine": {
      prepare: ({ kind, args, confidence }) => ({ kind, confidence, amount: args.amount, currency: args.currency, quantity: args.quantity, body: args.body, tier: args.tier, hour: args.hour }),
      decide: async (facts) => (await rules.run(facts)).events.map(({ type }) => type),
    },
    "@cedar-policy/cedar-wasm": {
      prepare: ({ kind, args, confidence }) => ({ principal: { type: "App", id: "a" }, action: { type: "Action", id: kind }, resource: { type: "Shop", id: "s" }, context: { args, confidence }, preparsedPolicySetId: "bench", entities: [], validateRequest: false }),
      decide: (call) => cedar.statefulIsAuthorized(call).response.diagnostics.reason.filter((id) => id !== "all"),
    },
  };
}

/** Decisions a second of each engine, in turns: the median of some rounds. All have to find the same. */
export async function measure(parts, { rounds = 7, count = 1000 } = {}) {
  const known = actions(count);
  const all = Object.entries(engines(parts)).map(([name, { prepare, decide }]) => ({ name, decide, input: known.map(prepare), speeds: [] }));
  const expected = [];
  for (const engine of all) {
    for (const [at, input] of engine.input.entries()) {
      const found = (await engine.decide(input)).sort().join();
      expected[at] ??= found;
      if (expected[at] !== found) throw new Error(`${engine.name} finds ${found} where others find ${expected[at]}: ${JSON.stringify(known[at])}`);
    }
  }
  const matches = expected.reduce((sum, found) => sum + (found === "" ? 0 : found.split(",").length), 0);
  for (let round = 0; round < rounds; round += 1) {
    for (const engine of round % 2 === 0 ? all : [...all].reverse()) {
      const began = performance.now();
      for (const input of engine.input) {
        const found = engine.decide(input);
        if (found instanceof Promise) await found;
      }
      engine.speeds.push(count / ((performance.now() - began) / 1000));
    }
  }
  const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
  const bytes = known.reduce((sum, action) => sum + JSON.stringify(action).length, 0) / count;
  return { matches, bytes, rounds, engines: all.map(({ name, speeds }) => ({ name, perSecond: median(speeds) })) };
}
