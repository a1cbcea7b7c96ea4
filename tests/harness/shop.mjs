// A shop with its people: the world in which most tests of the running Worker play.

import assert from "node:assert/strict";
import { Holdpoint } from "./holdpoint.mjs";

export const POLICY = `holdpoint = 1
name = "shop"
[severity.critical]
approvals = 2
[kinds."get_*"]
severity = "none"
[kinds.refund]
severity = "high"
title = "Refund {args.amount}"
reasons = ["wrong amount", "not asked for"]
confidence = "/confidence"
undone_by = "take_back"
[kinds.wire]
severity = "critical"
[kinds.erase]
irreversible = true
[kinds.note]
severity = "low"
[kinds.tweet]
severity = "low"
undone_by = "delete_tweet"
[kinds.delete_tweet]
severity = "low"
[[criteria]]
id = "large"
category = "refund above 500"
kinds = ["refund"]
when = "args.amount > 500"
severity = "critical"
[[criteria]]
id = "never"
category = "to nobody"
kinds = ["refund"]
when = "has(args.to) && args.to == 'nobody'"
then = "block"
[[criteria]]
id = "look-at-tweets"
category = "public words"
kinds = ["tweet", "note"]
when = "args.audit == true"
then = "audit"
[desks.main]
undo = "0s"
reviewers = 1000
[desks.seniors]
reviewers = 1000
undo = "0s"
`;

export class Shop {
  static async open(options = {}) {
    const shop = new Shop();
    shop.holdpoint = await Holdpoint.start({ policy: POLICY, ...options });
    const { holdpoint } = shop;
    shop.app = (await holdpoint.key("app", { name: "the app" })).key;
    shop.ana = (await holdpoint.key("reviewer", { name: "ana" })).key;
    shop.ben = (await holdpoint.key("reviewer", { name: "ben" })).key;
    shop.cleo = (await holdpoint.key("reviewer", { name: "cleo" })).key;
    shop.auditor = (await holdpoint.key("auditor", { name: "an auditor" })).key;
    return shop;
  }

  close() {
    return this.holdpoint.stop();
  }

  ask(...all) {
    return this.holdpoint.ask(...all);
  }

  /** Proposes an action; the answer as it came. */
  propose(kind, args = {}, { key = this.app, headers, ...more } = {}) {
    return this.ask("POST", "/v1/actions", { key, headers, body: { kind, args, ...more } });
  }

  /** Proposes an action that is held. */
  async hold(kind, args, more) {
    const answer = await this.propose(kind, args, more);
    assert.equal(answer.status, 202, answer.text);
    return answer.json;
  }

  decide(key, action, decision, more = {}) {
    const reason = ["reject", "overturn"].includes(decision) ? { reason: action.reasons?.at(-1) ?? "other" } : {};
    const { headers, ...rest } = more;
    return this.ask("POST", `/v1/cases/${action.id}/decision`, { key, headers, body: { decision, digest: action.digest, ...reason, ...rest } });
  }

  read(action, { key = this.app, headers } = {}) {
    return this.ask("GET", `/v1/actions/${action.id}`, { key, headers });
  }

  async shown(action, key = this.ana) {
    return (await this.ask("GET", `/v1/cases/${action.id}`, { key })).json;
  }

  to(action, what, body, { key = this.app, headers } = {}) {
    return this.ask("POST", `/v1/actions/${action.id}/${what}`, { key, body, headers });
  }
}

/** A problem document with this code and status. */
export function refused(answer, code, status) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.code, code);
  assert.equal(answer.json.status, status);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
  assert.ok(answer.json.detail.length > 10);
}
