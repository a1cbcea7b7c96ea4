// Decisions on their way: one after the other, each sent until it is answered, and counted once.

import { now } from "./api.js";

const RETRY_MS = 2_000;
const MAX_RETRY_MS = 15_000;

/**
 * `ask` sends a request; null: nobody knows whether it arrived. `next` gives what is to be claimed with a decision,
 * `leaseOf` the token under which a case is looked at. `answered`, `refused` and `changed` are told what happens.
 */
export class Outbox {
  entries = [];
  #hooks;
  #sending = false;
  #wake = () => {};
  /** Woken while an attempt was on its way: should that fail, the next one does not wait. */
  #woken = false;

  constructor(hooks) {
    this.#hooks = hooks;
  }

  /** The ids of the cases that are being decided. */
  ids() {
    return this.entries.map(({ shown }) => shown.id);
  }

  /** Takes a decision: `{shown, decision, …}`. */
  add(entry) {
    this.entries.push({ ...entry, name: crypto.randomUUID(), body: null, tries: 0 });
    this.#hooks.changed();
    this.run();
  }

  /** Takes the last decision back, if it was never sent; gives its case. */
  retract() {
    const last = this.entries.at(-1);
    if (!last || last.body !== null) return undefined;
    this.entries.pop();
    this.#hooks.changed();
    return last.shown;
  }

  /** Sends at once what waits to be sent again. */
  wake() {
    this.#woken = true;
    this.#wake();
    this.run();
  }

  async run() {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.entries.length > 0 && (await this.#attempt(this.entries[0])));
    } finally {
      this.#sending = false;
    }
  }

  /** One attempt; false where nothing is to be sent for now. */
  async #attempt(entry) {
    // A repetition has to be the same to the letter.
    entry.body ??= this.#body(entry);
    this.#woken = false;
    const answer = await this.#hooks.ask("POST", `/v1/cases/${entry.shown.id}/decision`, entry.body, entry.name);
    if (answer?.status === 401) return false;
    if (answer === null || answer.status >= 500 || answer.status === 429) {
      entry.tries += 1;
      this.#hooks.changed();
      await this.#pause(Math.min(RETRY_MS * entry.tries, MAX_RETRY_MS));
      return true;
    }
    if (answer.body?.refusal === "lease") {
      const again = await this.#leaseAgain(entry);
      if (again === null) await this.#pause(RETRY_MS);
      if (again !== false) return true;
    }
    this.entries.shift();
    this.#hooks.changed();
    if (answer.ok) this.#hooks.answered(entry, answer.body);
    else this.#hooks.refused(entry, answer);
    return true;
  }

  #body(entry) {
    const { shown, decision, reason, category, note, args, seen_ms } = entry;
    const lease = this.#hooks.leaseOf(shown.id);
    const live = lease && Date.parse(lease.until) > now() ? lease.token : undefined;
    const [next, asked] = this.#hooks.next();
    entry.asked = asked;
    return { decision, digest: shown.digest, lease: live, args, reason, category, note, seen_ms, next };
  }

  /** Reading may take longer than a lease: where nobody else has come, the case is ours again. Null: nobody knows. */
  async #leaseAgain(entry) {
    const answer = await this.#hooks.ask("POST", `/v1/cases/${entry.shown.id}/lease`);
    if (answer === null || answer.status >= 500 || [401, 429].includes(answer.status)) return null;
    if (!answer.ok || answer.body.lease.token === entry.body.lease) return false;
    entry.body = { ...entry.body, lease: answer.body.lease.token };
    entry.name = crypto.randomUUID();
    return true;
  }

  #pause(ms) {
    if (this.#woken) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
