// Cases and people that go to another desk.

import * as skips from "./skips.js";
import { later as texts, texts as common } from "./texts.js";

const at = (id) => document.getElementById(id);

/** What the page does to move. */
export function mover(page) {
  const { state, say, ask, desks } = page;

  async function moveTo(desk) {
    const { shown } = state;
    if (shown === null) return;
    state.moving.add(shown.id);
    page.goOn();
    const answer = await ask("POST", `/v1/cases/${shown.id}/move`, { desk }, crypto.randomUUID());
    state.moving.delete(shown.id);
    say(answer?.ok ? texts.moved(shown.title, desk) : common.refused(answer?.body?.detail ?? common.offline(0)));
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
    giveBack();
    state.desk = at("desk").value;
    page.closePanels();
    state.shown = null;
    state.ahead = [];
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

  return { openDesks, changeDesk, signOut };
}
