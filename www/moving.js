// Cases and people that go elsewhere: to another desk, to another time, away.

import * as skips from "./skips.js";
import { later as texts, texts as common } from "./texts.js";

const RETRY_MS = 2_000;

const at = (id) => document.getElementById(id);

/** What the page does to move. */
export function mover(page) {
  const { state, say, ask, desks } = page;

  async function moveTo(desk) {
    const { shown } = state;
    if (shown === null) return;
    state.moving.add(shown.id);
    page.goOn();
    const answer = await delivered(`/v1/cases/${shown.id}/move`, { desk });
    state.moving.delete(shown.id);
    say(answer.ok ? texts.moved(shown.title, desk) : common.refused(answer.body?.detail ?? String(answer.status)));
    await page.claim();
  }

  /** Sends until there is an answer; its name keeps it from happening twice. */
  async function delivered(path, body) {
    const name = crypto.randomUUID();
    for (;;) {
      const answer = await ask("POST", path, body, name);
      if (answer && answer.status < 500 && answer.status !== 401) return answer;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** S: not shown to this person again for ten minutes. */
  async function skip() {
    const { shown } = state;
    if (!page.free()) return;
    skips.skipFor(shown.id, page.now());
    state.leases.delete(shown.id);
    page.goOn();
    say(texts.skipped(shown.title));
    await ask("DELETE", `/v1/cases/${shown.id}/lease`);
    await page.claim();
  }

  function openDesks() {
    if (!page.free()) return;
    const others = desks.names().filter((name) => name !== state.shown.desk);
    if (others.length === 0) say(texts.noOtherDesk);
    else page.offer({ label: texts.whereTo, options: others, choose: moveTo, opener: at("move") });
  }

  function giveBack() {
    if (state.shown && state.leases.has(state.shown.id)) return ask("DELETE", `/v1/cases/${state.shown.id}/lease`);
    return undefined;
  }

  async function changeDesk() {
    if (at("desk").value === state.desk) return;
    giveBack();
    state.desk = at("desk").value;
    // What was asked for before is of another desk.
    state.asked += 1;
    page.closePanels();
    state.shown = null;
    state.ahead = [];
    at("case").hidden = true;
    at("desk").blur();
    desks.draw(state.desk);
    await page.claim();
  }

  async function signOut() {
    if (page.outbox.entries.length > 0) {
      say(texts.sendFirst);
      return;
    }
    await giveBack();
    const answer = await ask("POST", "/sign-out");
    if (!answer?.ok) return;
    skips.forget();
    location.assign("/sign-in");
  }

  return { openDesks, changeDesk, signOut, skip };
}
