// Policies and actions on which every form of the gate has to say the same: real ones, generated ones, and hostile ones.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./holdpoint.mjs";

const shared = join(process.env.HOLDPOINT_DATA ?? join(root, "..", "shared", "data"), "airline", "actions.jsonl");

/** Whether the recorded actions are on this machine; they are not part of the project. */
export const hasAirline = existsSync(shared);

export const airline = () =>
  readFileSync(shared, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const { kind, args, confidence, model } = JSON.parse(line);
      return JSON.stringify({ kind, args, confidence, source: { model } });
    });

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const WORDS = ["USD", "EUR", "", "refund", "ä", "日本", "👩‍👩‍👧", "a/b~c", "\u0000", "\u2028", "‮drowssap", "\"quoted\"", "\\", "<script>", "pricing"];
const NUMBERS = [0, 1, -1, 0.1, 499.99, 500, 500.01, 1e6, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 9007199254740991, -9007199254740991, 226822002283336.62, 123456.789];

function value(next, depth) {
  const kind = Math.floor(next() * (depth > 0 ? 6 : 4));
  const pick = (all) => all[Math.floor(next() * all.length)];
  if (kind === 0) return pick(NUMBERS);
  if (kind === 1) return pick(WORDS);
  if (kind === 2) return next() < 0.5;
  if (kind === 3) return null;
  if (kind === 4) return Array.from({ length: Math.floor(next() * 4) }, () => value(next, depth - 1));
  return object(next, depth - 1);
}

function object(next, depth) {
  const names = ["amount", "currency", "to", "body", "items", "Z", "__proto__", "ä", "a b", "1"];
  // Defined, not assigned: one of the names is special.
  const made = Object.create(null);
  for (const name of names) if (next() < 0.4) made[name] = value(next, depth);
  return made;
}

/** Actions as an app would write them. */
export function generated(count, seed) {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const action = { kind: ["refund", "send_mail", "get_order", "delete_user", "wire", "x"][Math.floor(next() * 6)] };
    if (next() < 0.9) action.args = object(next, 3);
    if (next() < 0.8) action.confidence = [0, 0.5, 0.8, 0.95, 1, 0.7999999999999999, next()][Math.floor(next() * 7)];
    if (next() < 0.3) action.severity = ["none", "low", "medium", "high", "critical"][Math.floor(next() * 5)];
    if (next() < 0.3) action.subject = `customer ${Math.floor(next() * 100)}`;
    if (next() < 0.3) action.source = { model: "m", agent: WORDS[Math.floor(next() * WORDS.length)] };
    if (next() < 0.3) action.context = object(next, 1);
    return JSON.stringify(action);
  });
}

const nested = (depth) => `{"kind":"refund","args":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;

/** Texts that somebody sends who means no good, or knows no better. */
export const HOSTILE = [
  "null", "[]", "1", '"refund"', "{}", "{", '{"kind":"refund"', '{"kind":"refund"}}', '{"kind":"refund",}', "{'kind':'refund'}",
  '{"kind":"refund","kind":"get_order"}', '{"kind":"refund","args":{"amount":1,"amount":2}}', '{"kind":"refund","args":{"amount":1,"\\u0061mount":2}}',
  '{"kind":""}', '{"kind":null}', '{"kind":1}', `{"kind":"${"k".repeat(256)}"}`, `{"kind":"${"k".repeat(257)}"}`, '{"kind":"refund","extra":1}', '{"kind":"refund","kind ":1}',
  '{"kind":"refund","args":null}', '{"kind":"refund","args":[]}', '{"kind":"refund","args":"{}"}',
  '{"kind":"refund","confidence":"0.9"}', '{"kind":"refund","confidence":1.1}', '{"kind":"refund","confidence":-0.1}', '{"kind":"refund","confidence":null}', '{"kind":"refund","confidence":-0}',
  '{"kind":"refund","confidence":1e-400}', '{"kind":"refund","confidence":0.99999999999999999999}', '{"kind":"refund","confidence":1.0000000000000001}', '{"kind":"refund","confidence":NaN}', '{"kind":"refund","confidence":1e0}',
  '{"kind":"refund","severity":"CRITICAL"}', '{"kind":"refund","severity":"none"}', '{"kind":"refund","severity":"critical"}',
  '{"kind":"refund","args":{"amount":9007199254740993}}', '{"kind":"refund","args":{"amount":-9223372036854775808}}', '{"kind":"refund","args":{"amount":18446744073709551616}}',
  '{"kind":"refund","args":{"amount":1e400}}', '{"kind":"refund","args":{"amount":1e401}}', '{"kind":"refund","args":{"amount":1E+2}}', '{"kind":"refund","args":{"amount":500.000000000000000000001}}',
  '{"kind":"refund","args":{"amount":0.1000000000000000055511151231257827}}', '{"kind":"refund","args":{"amount":-0.0}}', '{"kind":"refund","args":{"amount":01}}', '{"kind":"refund","args":{"amount":+1}}', '{"kind":"refund","args":{"amount":.5}}', '{"kind":"refund","args":{"amount":0x10}}',
  `{"kind":"refund","args":{"amount":${"9".repeat(400)}}}`, `{"kind":"refund","args":{"amount":${"9".repeat(401)}}}`,
  '{"kind":"refund","args":{"to":"\\ud800"}}', '{"kind":"refund","args":{"to":"\\udc00\\ud800"}}', '{"kind":"refund","args":{"to":"\\ud83d\\ude00"}}', '{"kind":"refund","args":{"to":"\\u0000"}}', '{"kind":"refund","args":{"to":"\t"}}', '{"kind":"refund","args":{"to":"\\x41"}}',
  '{"kind":"refund","args":{"__proto__":{"amount":1},"constructor":{"prototype":{}},"toString":1}}', '{"kind":"__proto__","args":{}}', '{"kind":"refund\\u0000","args":{}}', '{"kind":"get_*","args":{}}', '{"kind":"refu\u200bnd","args":{"amount":1}}', '{"kind":"ｒefund","args":{}}',
  '{"kind":"refund","args":{"amount":"600"}}', '{"kind":"refund","args":{"amount":{"value":600}}}', '{"kind":"refund","args":{"amount":[600]}}', '{"kind":"refund","args":{"amount":true}}',
  '{"kind":"send_mail","args":{"body":"PRICING and discount"}}', `{"kind":"send_mail","args":{"body":"${"a".repeat(20_000)}"}}`, `{"kind":"send_mail","args":{"body":"${"price ".repeat(5_000)}"}}`,
  nested(20), nested(62), nested(63), nested(64), nested(500), `{"kind":"refund","args":{${Array.from({ length: 2000 }, (_, at) => `"m${at}":${at}`).join(",")}}}`,
  `{"kind":"wire","args":{"amount":1,"meta":{"confidence":0.9}}}`, `{"kind":"wire","args":{"amount":1,"meta":{"confidence":"high"}}}`, `{"kind":"wire","confidence":0.99,"args":{"amount":1,"meta":{"confidence":0.2}}}`, `{"kind":"wire","confidence":0.2,"args":{"meta":{"confidence":2}}}`,
  '\ufeff{"kind":"refund"}', '{"kind":"refund"}\u00a0', ' \t{"kind" : "refund" , "args" : { } }\t ', '// a comment', '{"kind":"refund","subject":""}', `{"kind":"refund","subject":"${"s".repeat(1001)}"}`,
  `{"kind":"refund","args":{"to":"${"x".repeat(1 << 20)}"}}`,
];

const LANGUAGE = `holdpoint = 1
name = "all of it"
[severity.medium]
threshold = 0.7
audit = 0.1
[unlisted]
severity = "medium"
[kinds."get_*"]
severity = "none"
[kinds.wire]
severity = "high"
confidence = "/meta/confidence"
title = "Wire {args.amount}"
[[criteria]]
id = "large"
category = "above 500"
kinds = ["refund", "wire"]
when = "args.amount > 500"
severity = "critical"
message = "Above 500 two people decide."
[[criteria]]
id = "pricing"
category = "mentions pricing"
kinds = ["send_*"]
when = 'args.body.matches("(?i)pric(e|ing)|discount")'
then = "audit"
audit = 0.5
[[criteria]]
id = "no-currency"
category = "not in euros"
when = 'has(args.currency) && args.currency != "EUR"'
then = "hold"
[[criteria]]
id = "rounding"
category = "more than cents"
kinds = ["refund"]
when = "double(args.amount) * 100.0 != double(int(double(args.amount) * 100.0))"
then = "audit"
[[criteria]]
id = "hidden"
category = "invisible characters"
when = 'kind.contains("\\u200b") || (has(args.to) && string(args.to).contains("\\u202e"))'
then = "block"
[[criteria]]
id = "agent"
category = "unknown agent"
kinds = ["delete_user"]
when = 'source.agent != "support" || subject == "customer 42" || confidence < 0.9'
severity = "high"
`;

/** Policies, each a text: examples, the smallest, the whole language, and the same as JSON. */
export const policies = () => ({
  smallest: "holdpoint = 1\n",
  airline: readFileSync(join(root, "examples/airline.toml"), "utf8"),
  shop: readFileSync(join(root, "examples/shop.toml"), "utf8"),
  "all of it": LANGUAGE,
  "as JSON": JSON.stringify({ holdpoint: 1, name: "json ä 👩‍👩‍👧", unlisted: { severity: "low" }, kinds: { refund: { severity: "high" } }, criteria: [{ id: "to", category: "has a target", when: "'to' in args", then: "hold" }] }),
});

/** The actions that a policy is tried on. */
export function actions(name) {
  const seed = [...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) | 0;
  return [...(hasAirline ? airline() : []), ...generated(150, seed), ...HOSTILE];
}

/** The text of a member of a JSON object, as it stands there. */
export function raw(text, name) {
  let [depth, at, from, key] = [0, 0, -1, null];
  const closes = () => {
    if (key === name) return text.slice(from, at);
    key = null;
    return undefined;
  };
  for (; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') {
      const start = at;
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
      if (depth === 1 && key === null) key = JSON.parse(text.slice(start, at + 1));
    } else if (letter === "{" || letter === "[") depth += 1;
    else if (letter === ":" && depth === 1) from = at + 1;
    else if (letter === "," && depth === 1) {
      const found = closes();
      if (found !== undefined) return found;
    } else if (letter === "}" || letter === "]") {
      if (depth === 1) return closes();
      depth -= 1;
    }
  }
  return undefined;
}
