// A deployment in which the truth is known: what an AI proposes, how often it is wrong, and who reviews it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Holdpoint } from "./holdpoint.mjs";

/** The same numbers for the same seed, each its own. */
export function random(seed) {
  let state = createHash("sha256").update(String(seed)).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296;
  };
}

export const POLICY = `holdpoint = 1
name = "deployment"
[severity.medium]
threshold = 0.8
audit = 0.25
damage = 40
[severity.high]
threshold = 0.9
audit = 0.4
damage = 400
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "high"
title = "Refund {args.amount} {args.currency}"
reasons = ["wrong amount", "wrong currency", "not asked for"]
[kinds.send_email]
severity = "medium"
title = "Write to {args.to}"
reasons = ["wrong person", "wrong tone"]
[kinds.rebook]
severity = "medium"
reasons = ["wrong flight", "not asked for"]
[[criteria]]
id = "vip"
category = "customer of note"
kinds = ["rebook"]
when = 'args.tier == "vip"'
[desks.main]
reviewers = 60
seconds_per_review = 20
cost_per_hour = 40
undo = "0s"
`;

/** How often each kind is wrong, but for the pattern: refunds in dollars are wrong in six of ten. */
const ERRORS = { refund: 0.06, send_email: 0.05, rebook: 0.09 };
const PLANTED = 0.6;

/** What the AI proposes: `wrong` is the truth, and never sent. */
export function actions(count, seed) {
  const next = random(seed);
  const pick = (list) => list[Math.floor(next() * list.length)];
  return Array.from({ length: count }, (_, at) => {
    const share = next();
    const kind = share < 0.35 ? "refund" : share < 0.65 ? "send_email" : share < 0.95 ? "rebook" : "get_booking";
    const args = {
      refund: () => ({ order: `o-${at}`, amount: Math.round(next() * 90_000) / 100, currency: pick(["EUR", "EUR", "EUR", "EUR", "GBP", "GBP", "CHF", "USD"]) }),
      send_email: () => ({ to: `customer-${at}@example.com`, body: "Your booking was changed as you asked. ".repeat(1 + Math.floor(next() * 6)) }),
      rebook: () => ({ booking: `b-${at}`, tier: pick(["basic", "plus", "vip"]), bags: Math.floor(next() * 4) }),
      get_booking: () => ({ booking: `b-${at}` }),
    }[kind]();
    const rate = kind === "refund" && args.currency === "USD" ? PLANTED : (ERRORS[kind] ?? 0);
    const wrong = next() < rate;
    // Sure of itself, and a little less so where it is wrong.
    const confidence = Math.round((wrong ? 0.6 : 0.72) * 100 + next() * 28) / 100;
    return { kind, args, confidence: Math.min(confidence, 1), model: pick(["model-a", "model-b"]), wrong };
  });
}

/** Works through a list, several at a time. */
export async function each(list, width, work) {
  let at = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (at < list.length) await work(list[at++]);
    }),
  );
}

/** What was wrong with it. */
const reasonFor = ({ kind, args }) => (kind === "refund" ? (args.currency === "USD" ? "wrong currency" : "wrong amount") : kind === "send_email" ? "wrong person" : "wrong flight");

export class Deployment {
  /** @param {{policy?: string, count?: number, seed?: number}} options */
  static async run({ policy = POLICY, count = 5000, seed = 1 } = {}) {
    const deployment = new Deployment();
    const holdpoint = await Holdpoint.start({ policy });
    deployment.holdpoint = holdpoint;
    deployment.app = (await holdpoint.key("app", { name: "assistant" })).key;
    deployment.auditor = (await holdpoint.key("auditor", { name: "olga" })).key;
    deployment.actions = actions(count, seed);
    await deployment.propose();
    await deployment.review(seed);
    return deployment;
  }

  close() {
    return this.holdpoint.stop();
  }

  async propose() {
    await each(this.actions, 24, async (action) => {
      const { kind, args, confidence, model } = action;
      const context = { request: `Please see to ${Object.values(args)[0]}` };
      const answer = await this.holdpoint.ask("POST", "/v1/actions", { key: this.app, body: { kind, args, confidence, source: { model }, context } });
      assert.ok([200, 202].includes(answer.status), answer.text);
      action.id = answer.json.id;
      action.held = answer.status === 202;
    });
  }

  /** Three people look; the fourth approves whatever there is. */
  async review(seed) {
    const byId = new Map(this.actions.map((action) => [action.id, action]));
    const names = ["ana", "ben", "cleo", "stan"];
    this.decided = 0;
    await Promise.all(names.map(async (name) => this.reviewer(name, byId, random(`${seed}-${name}`))));
  }

  async reviewer(name, byId, next) {
    const { key } = await this.holdpoint.key("reviewer", { name });
    const stamps = name === "stan";
    const claimed = await this.holdpoint.ask("POST", "/v1/desks/main/claim", { key, body: { want: 1 } });
    let [shown] = claimed.json.cases;
    while (shown) {
      const action = byId.get(shown.id);
      const overrides = action.wrong && !stamps;
      const after = shown.oversight === "after";
      const words = JSON.stringify(action.args).split(/\s+/).length;
      const seen_ms = Math.round(stamps ? 500 + next() * 400 : 2000 + words * 250 * (0.8 + next()));
      const edits = overrides && !after && action.kind === "refund" && reasonFor(action) === "wrong amount" && next() < 0.5;
      const verdict = edits
        ? { decision: "edit", args: { ...action.args, amount: Math.round(action.args.amount) / 100 } }
        : overrides
          ? { decision: after ? "overturn" : "reject", reason: reasonFor(action) }
          : { decision: after ? "confirm" : "approve" };
      const body = { ...verdict, digest: shown.digest, seen_ms, next: { want: 1 } };
      const answer = await this.holdpoint.ask("POST", `/v1/cases/${shown.id}/decision`, { key, body });
      assert.equal(answer.status, 200, answer.text);
      this.decided += 1;
      shown = answer.json.next?.cases[0];
    }
  }

  /** The truth about some actions. */
  truth(of = () => true) {
    const some = this.actions.filter((action) => action.kind !== "get_booking" && of(action));
    return some.filter(({ wrong }) => wrong).length / some.length;
  }

  insights(query = "", key = this.holdpoint.admin) {
    return this.holdpoint.ask("GET", `/v1/insights${query}`, { key });
  }
}
