// What time and failure do to a case: undo windows, deadlines, leases, kills and restarts.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Holdpoint, until } from "../harness/holdpoint.mjs";

const policy = (desk) => `holdpoint = 1\n[desks.main]\nreviewers = 1000\n${desk}\n`;

async function running(desk, run) {
  const holdpoint = await Holdpoint.start({ policy: policy(desk) });
  const app = (await holdpoint.key("app")).key;
  const reviewer = (await holdpoint.key("reviewer")).key;
  const world = {
    holdpoint,
    app,
    reviewer,
    hold: async (headers) => (await holdpoint.ask("POST", "/v1/actions", { key: app, body: { kind: "refund", args: { at: Math.random() } }, headers })).json,
    decide: (action, decision, more = {}) =>
      holdpoint.ask("POST", `/v1/cases/${action.id}/decision`, { key: reviewer, body: { decision, digest: action.digest, ...more } }),
    undo: (action) => holdpoint.ask("POST", `/v1/cases/${action.id}/undo`, { key: reviewer }),
    read: async (action, headers) => (await holdpoint.ask("GET", `/v1/actions/${action.id}`, { key: app, headers })).json,
    shown: async (action) => (await holdpoint.ask("GET", `/v1/cases/${action.id}`, { key: reviewer })).json,
  };
  try {
    await run(world);
  } finally {
    await holdpoint.stop();
  }
}

test("a decision is released after its undo window, and not before", () =>
  running('undo = "2s"', async ({ hold, decide, read, shown }) => {
    const action = await hold();
    const decided = await decide(action, "approve");
    assert.ok(Date.parse(decided.json.release_at) > Date.now());
    assert.equal((await shown(action)).status, "approved");
    const meanwhile = await read(action);
    assert.deepEqual([meanwhile.status, meanwhile.may_run, meanwhile.decision], ["held", false, null]);
    const released = await read(action, { prefer: "wait=20" });
    assert.deepEqual([released.status, released.may_run], ["approved", true]);
    assert.ok(Date.now() >= Date.parse(decided.json.release_at));
  }));

test("an edit that can still be taken back shows itself to nobody but the desk", () =>
  running('undo = "2s"', async ({ hold, decide, read, undo, shown }) => {
    const action = await hold();
    await decide(action, "edit", { args: { at: 1 } });
    assert.deepEqual((await shown(action)).action.args, { at: 1 });
    const meanwhile = await read(action);
    assert.deepEqual([meanwhile.status, meanwhile.digest, meanwhile.action, meanwhile.permit], ["held", action.digest, action.action, null]);
    assert.equal((await undo(action)).json.case.digest, action.digest);
    await decide(action, "edit", { args: { at: 2 } });
    const released = await read(action, { prefer: "wait=20" });
    assert.deepEqual([released.status, released.action.args], ["edited", { at: 2 }]);
  }));

test("within the window its own person takes it back, and afterwards nobody", () =>
  running('undo = "2s"', async ({ holdpoint, hold, decide, undo, read }) => {
    const action = await hold();
    await decide(action, "approve");
    const other = (await holdpoint.key("reviewer", { name: "somebody else" })).key;
    const foreign = await holdpoint.ask("POST", `/v1/cases/${action.id}/undo`, { key: other });
    assert.equal(foreign.status, 403, foreign.text);
    assert.equal((await undo(action)).json.case.status, "held");
    assert.equal((await read(action)).status, "held");
    await decide(action, "reject", { reason: "other" });
    assert.equal((await read(action, { prefer: "wait=20" })).status, "rejected");
    assert.equal((await undo(action)).status, 409);
  }));

test("a deadline ends in expired, wakes who waits, and lets nothing run", () =>
  running('expires = "2s"\nundo = "0s"', async ({ hold, decide, read }) => {
    const action = await hold();
    const waited = await read(action, { prefer: "wait=20" });
    assert.deepEqual([waited.status, waited.may_run], ["expired", false]);
    const late = await decide(action, "approve");
    assert.deepEqual([late.status, late.json.code, late.json.case.status], [409, "conflict", "expired"]);
    assert.equal((await read(action)).may_run, false);
  }));

test("a decision before the deadline counts though its window ends after it; undone after it, the case is expired", () =>
  running('expires = "2s"\nundo = "4s"', async ({ hold, decide, undo, read }) => {
    const [kept, undone] = [await hold(), await hold()];
    await decide(kept, "approve");
    await decide(undone, "approve");
    await until("the deadline has passed", async () => Date.now() > Math.max(...[kept, undone].map(({ expires }) => Date.parse(expires))) + 50);
    assert.equal((await undo(undone)).json.case.status, "expired");
    assert.equal((await read(undone)).status, "expired");
    assert.equal((await read(kept, { prefer: "wait=20" })).status, "approved");
  }));

test("an undo that is repeated under its name is one undo", () =>
  running('undo = "3s"', async ({ holdpoint, reviewer, hold, decide }) => {
    const action = await hold();
    await decide(action, "approve");
    const undo = () => holdpoint.ask("POST", `/v1/cases/${action.id}/undo`, { key: reviewer, headers: { "idempotency-key": "undo-1" } });
    assert.deepEqual([(await undo()).status, (await undo()).json.case.status], [200, "held"]);
    await decide(action, "reject", { reason: "other" });
    assert.equal((await undo()).json.case.status, "rejected", "the later decision stands");
  }));

test("an audit that nobody did in time is unaudited, and a finding then comes too late", () =>
  running('audit_within = "1s"\nundo = "0s"\n[kinds.note]\nseverity = "low"\n[severity.low]\naudit = 1.0', async ({ holdpoint, app, decide, shown, read }) => {
    const action = (await holdpoint.ask("POST", "/v1/actions", { key: app, body: { kind: "note" } })).json;
    await until("it is unaudited", async () => (await shown(action)).status === "unaudited");
    const late = await decide(action, "confirm");
    assert.deepEqual([late.status, late.json.refusal, late.json.case.status], [409, "too_late", "unaudited"]);
    assert.equal((await read(action)).status, "proceed");
  }));

test("an approval that nobody used in time is lapsed", () =>
  running('undo = "0s"\nvalid = "1s"', async ({ hold, decide, read }) => {
    const action = await hold();
    await decide(action, "approve");
    assert.equal((await read(action)).status, "approved");
    await until("it has lapsed", async () => (await read(action)).status === "lapsed");
    assert.equal((await read(action)).may_run, false);
  }));

test("a lease that ran out is another's to take, and its old token is worth nothing", () =>
  running('lease = "1s"\nundo = "0s"', async ({ holdpoint, reviewer, hold, decide }) => {
    const action = await hold();
    const lease = (await holdpoint.ask("POST", `/v1/cases/${action.id}/lease`, { key: reviewer })).json.lease;
    const other = (await holdpoint.key("reviewer", { name: "somebody else" })).key;
    const take = () => holdpoint.ask("POST", `/v1/cases/${action.id}/lease`, { key: other });
    assert.equal((await take()).status, 409);
    await until("the lease has run out", async () => (await take()).status === 200);
    assert.equal((await decide(action, "approve", { lease: lease.token })).status, 409);
  }));

test("16 clients that decide 200 cases at once: one winner each, and everybody is told how it stands", (t) =>
  running('undo = "0s"', async ({ holdpoint, hold, read }) => {
    const keys = await Promise.all(Array.from({ length: 16 }, async (_, at) => (await holdpoint.key("reviewer", { name: `reviewer ${at}` })).key));
    const actions = [];
    while (actions.length < 200) actions.push(...(await Promise.all(Array.from({ length: 20 }, () => hold()))));
    const won = new Map(actions.map(({ id }) => [id, []]));
    let told = 0;
    await Promise.all(
      keys.map(async (key, at) => {
        // Everybody decides every case, each in an order of their own.
        for (let step = 0; step < actions.length; step += 1) {
          const action = actions[(step * 7 + at * 13) % actions.length];
          const body = at % 2 === 0 ? { decision: "approve" } : { decision: "reject", reason: "other" };
          const answer = await holdpoint.ask("POST", `/v1/cases/${action.id}/decision`, { key, body: { ...body, digest: action.digest } });
          if (answer.status === 200) won.get(action.id).push(answer.json.case.status);
          else assert.deepEqual([answer.status, answer.json.refusal, answer.json.case.id], [409, "not_open", action.id]);
          told += 1;
        }
      }),
    );
    assert.equal(told, 16 * 200);
    const winners = [...won.values()].flat().length;
    t.diagnostic(`${told} decisions on ${won.size} cases: ${winners} counted, ${told - winners} were told how the case stands`);
    for (const [id, winners] of won) {
      assert.equal(winners.length, 1, id);
      assert.equal((await read({ id })).status, winners[0]);
    }
  }));

test("ten kills under load: nothing acknowledged is lost, and nothing is redeemed twice", (t) =>
  running('undo = "0s"', async ({ holdpoint, app, hold, decide, read }) => {
    const redeemed = new Map();
    const acknowledged = new Map();
    const redeem = async ({ id, permit }) => {
      const answer = await holdpoint.ask("POST", `/v1/actions/${id}/redeem`, { key: app, body: { permit } });
      if (answer.status === 200) redeemed.set(id, (redeemed.get(id) ?? 0) + 1);
      return answer.status;
    };
    const permits = [];
    for (let round = 0; round < 10; round += 1) {
      let alive = true;
      const load = Array.from({ length: 4 }, async () => {
        while (alive) {
          try {
            const action = await hold();
            acknowledged.set(action.id, "held");
            if ((await decide(action, "approve")).status === 200) acknowledged.set(action.id, "approved");
            const answer = await read(action);
            permits.push(answer);
            await Promise.all([redeem(answer), redeem(answer)]);
          } catch {
            // The runtime was killed in the middle: this one was not acknowledged.
          }
        }
      });
      const before = acknowledged.size;
      await until("some load", async () => acknowledged.size > before + 8);
      await holdpoint.kill();
      alive = false;
      await Promise.all(load);
      await holdpoint.run();
    }
    for (const permit of permits) await redeem(permit);
    for (const [id, status] of acknowledged) {
      const found = await read({ id });
      assert.ok(found.status === status || (status === "held" && found.status === "approved"), `${id}: ${status}, found ${found.status}`);
    }
    t.diagnostic(`10 kills: ${acknowledged.size} acknowledged, 0 lost; ${redeemed.size} redeemed, 0 twice`);
    assert.ok(redeemed.size > 40, `${redeemed.size} redeemed`);
    assert.ok([...redeemed.values()].every((times) => times === 1), "each at most once, over all kills");
  }));

test("whatever was acknowledged is there after a kill, and the alarm still ends what is overdue", () =>
  running('undo = "0s"\nexpires = "15s"', async ({ holdpoint, hold, decide, read, shown }) => {
    const acknowledged = new Map();
    for (let round = 0; round < 5; round += 1) {
      let alive = true;
      const load = Array.from({ length: 4 }, async (_, lane) => {
        while (alive) {
          try {
            const action = await hold();
            if (!action?.id) continue;
            acknowledged.set(action.id, { action, status: "held" });
            if (lane % 2 === 0) {
              const decision = lane === 0 ? "approve" : "reject";
              const decided = await decide(action, decision, lane === 0 ? {} : { reason: "other" });
              if (decided.status === 200) acknowledged.get(action.id).status = lane === 0 ? "approved" : "rejected";
            }
          } catch {
            // The runtime was killed in the middle: this one was not acknowledged.
          }
        }
      });
      const before = acknowledged.size;
      await until("some load", async () => acknowledged.size > before + 15);
      await holdpoint.kill();
      alive = false;
      await Promise.all(load);
      await holdpoint.run();
    }
    let held;
    for (const { action, status } of acknowledged.values()) {
      const found = (await shown(action)).status;
      // What was acknowledged as held may have been decided without the answer arriving.
      const further = status === "held" && ["approved", "rejected", "expired"].includes(found);
      assert.ok(found === status || further, `${action.id}: ${status}, found ${found}`);
      if (found === "held") held = action;
    }
    assert.ok(acknowledged.size > 60, `${acknowledged.size} acknowledged cases`);
    assert.ok(held, "some case is still held");
    assert.equal((await read(held, { prefer: "wait=30" })).status, "expired");
  }));

/** The desk's database, as the killed runtime left it. */
function deskDatabase(holdpoint) {
  const folder = join(holdpoint.directory, "disk", "desk");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(folder, file));
    if (database.prepare("SELECT name FROM sqlite_master WHERE name = 'cases'").all().length > 0) return database;
    database.close();
  }
  throw new Error("no desk is on disk");
}

test("cases of the first version's tables are still there, to the last digit", () =>
  running('undo = "0s"', async ({ holdpoint, app, hold, decide, read, shown }) => {
    const body = '{"kind":"refund","args":{"amount":12345678901234567890,"text":"a \\"quote\\" and \\u0007"}}';
    const [open, decided, lone] = [(await holdpoint.ask("POST", "/v1/actions", { key: app, body })).json, await hold(), await hold()];
    await decide(decided, "reject", { reason: "other", note: "no" });
    const before = await Promise.all([open, decided, lone].map(shown));
    await holdpoint.kill();
    // The same cases as the first version wrote them.
    const database = deskDatabase(holdpoint);
    const rows = database.prepare("SELECT * FROM cases ORDER BY rowid").all();
    for (const table of ["cases", "runs", "tokens", "outbox", "opinions", "arrivals", "handled", "load"]) database.exec(`DROP TABLE ${table}`);
    database.exec("DROP INDEX ledger_by_subject");
    database.exec("DELETE FROM schema_version WHERE version > 2");
    database.exec("CREATE TABLE cases (id TEXT PRIMARY KEY, open INTEGER NOT NULL, proposer TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, valid INTEGER NOT NULL, facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT");
    database.exec("CREATE INDEX cases_by_deadline ON cases (open, expires, id)");
    const insert = database.prepare("INSERT INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const row of rows) {
      const { content, probability, undone_by, raised_by, audience, origin, keep, ...facts } = JSON.parse(row.facts);
      const { shown: text, ...rest } = content;
      const { state, votes, lease } = JSON.parse(row.progress);
      const first = { ...facts, ...rest, ...text, action: "ACTION" };
      const action = /"action":(\{.*\}),"salt"/.exec(row.facts)[1];
      if (state.decision) delete state.decision.args;
      const { before: _, ...old } = { ...state, ...(state.is === "decided" ? { taken: null } : {}) };
      insert.run(row.id, row.open, row.proposer, row.created, row.expires, row.valid, JSON.stringify(first).replace('"ACTION"', () => action), JSON.stringify({ state: old, votes, lease }));
    }
    database.exec("CREATE TRIGGER cases_stay BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases do not vanish'); END");
    database.exec("CREATE TRIGGER facts_stay BEFORE UPDATE OF facts ON cases BEGIN SELECT RAISE(ABORT, 'what was held does not change'); END");
    database.close();
    await holdpoint.run();
    assert.deepEqual(await Promise.all([open, decided, lone].map(shown)), before);
    const text = (await holdpoint.ask("GET", `/v1/cases/${open.id}`, { key: (await holdpoint.key("auditor")).key })).text;
    assert.ok(text.includes('"amount":12345678901234567890'), text);
    assert.equal((await decide(open, "approve")).status, 200);
    assert.deepEqual([(await read(open)).status, (await read(decided)).decision.note], ["approved", "no"]);
    // What was open then, and approved since, is what a later one is compared with.
    assert.equal((await shown(await hold())).last_approved.id, open.id);
  }));

test("every change has its entry in a chain without gaps, across kills, and nobody rewrites it", () =>
  running('undo = "0s"', async ({ holdpoint, hold, decide, undo }) => {
    const decided = new Map();
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 5; count += 1) {
        const action = await hold();
        const decision = count % 2 === 0 ? "approve" : "reject";
        assert.equal((await decide(action, decision, { reason: "other" })).status, 200);
        decided.set(action.id, decision);
      }
      await hold();
      await holdpoint.kill();
      await holdpoint.run();
    }
    await undo({ id: [...decided.keys()][0] });
    await holdpoint.kill();
    const database = deskDatabase(holdpoint);
    const entries = database.prepare("SELECT seq, hash, text FROM ledger ORDER BY seq").all();
    let previous = `sha256:${createHash("sha256").update("").digest("hex")}`;
    entries.forEach(({ seq, hash, text }, at) => {
      const entry = JSON.parse(text);
      assert.equal(seq, at + 1);
      assert.equal(entry.seq, seq);
      assert.equal(entry.prev, previous);
      assert.equal(hash, `sha256:${createHash("sha256").update(text).digest("hex")}`);
      previous = hash;
    });
    const told = (type) => entries.map(({ text }) => JSON.parse(text)).filter((entry) => entry.type === type);
    assert.equal(told("held").length, 18);
    assert.deepEqual(new Map(told("decided").map(({ subject, detail }) => [subject, detail.decision])), decided);
    for (const statement of [
      "UPDATE ledger SET text = '{}' WHERE seq = 1",
      "DELETE FROM ledger WHERE seq = 1",
      "INSERT OR REPLACE INTO ledger (seq, at, hash, text) VALUES (1, 0, '', '{}')",
      "INSERT INTO ledger (seq, at, hash, text) VALUES (99, 0, '', '{}')",
      "UPDATE cases SET facts = '{}'",
      "DELETE FROM cases",
    ]) {
      assert.throws(() => database.exec(statement), /entr|vanish|change/, statement);
    }
    database.close();
    await holdpoint.run();
  }));

test("the runtime's log has neither keys nor arguments", () =>
  running('undo = "0s"', async ({ holdpoint, app, reviewer }) => {
    const secret = "canary-7f3a91";
    await holdpoint.ask("POST", "/v1/actions", { key: app, body: { kind: "refund", args: { secret } } });
    await holdpoint.ask("POST", "/v1/actions", { key: app, body: `{"kind":"refund","args":{"x":"${secret}"},}` });
    await holdpoint.ask("POST", "/v1/actions", { key: `${reviewer}x`, body: { kind: "refund", args: { secret } } });
    assert.match(holdpoint.log, /\{"route":"\/v1\/actions","method":"POST","status":400,"code":"malformed"\}/);
    for (const hidden of [secret, app, reviewer, holdpoint.admin]) assert.ok(!holdpoint.log.includes(hidden));
  }));
