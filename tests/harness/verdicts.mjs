// The world of verdicts: one kind of action for each, and a reviewer who decides as the actions themselves say.

export const POLICY = `holdpoint = 1
[kinds.get_order]
severity = "none"
[kinds.lookup]
severity = "none"
[kinds.refund]
severity = "critical"
reasons = ["wrong amount", "not asked for"]
[kinds.mail]
severity = "critical"
reasons = ["wrong amount", "not asked for"]
[kinds.guess]
severity = "medium"
[kinds.slow]
severity = "critical"
desk = "slow"
[kinds.never]
severity = "low"
[[criteria]]
id = "never-ever"
category = "never"
kinds = ["never"]
when = "true"
then = "block"
[desks.main]
reviewers = 1000
undo = "0s"
[desks.slow]
expires = "1s"
`;

/** A reviewer who decides what is held as its own arguments say, until stopped. */
export class Reviewer {
  constructor(holdpoint, key, edited = (args) => ({ ...args, n: args.n + 0.5 })) {
    Object.assign(this, { holdpoint, key, edited, stopped: false });
    this.work = this.decideAll();
  }

  async decideAll() {
    while (!this.stopped) {
      const page = await this.holdpoint.ask("GET", "/v1/desks/main/cases?status=held&limit=200", { key: this.key });
      await Promise.all(page.json.cases.map((held) => this.decide(held)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async decide({ id, digest, action }) {
    const { decide } = action.args;
    const decision = {
      approve: { decision: "approve" },
      edit: { decision: "edit", args: this.edited(action.args) },
      reject: { decision: "reject", reason: "wrong amount", note: "never seen by an app" },
    }[decide];
    if (!decision) return;
    const decided = await this.holdpoint.ask("POST", `/v1/cases/${id}/decision`, { key: this.key, body: { digest, ...decision } });
    if (decided.status !== 200 && decided.status !== 409) throw new Error(decided.text);
  }

  async stop() {
    this.stopped = true;
    await this.work;
  }
}
