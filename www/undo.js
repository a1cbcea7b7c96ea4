// Taking decisions back.

import { later as texts, texts as common } from "./texts.js";

/** U: what was not sent is not sent, what is on its way is taken back when it has arrived, what stands is undone. */
export function undoing(page) {
  const { state, say, ask, show, outbox, now, desks } = page;

  /** A case comes back to the person who had decided it; what stood there is next. */
  function back(shown) {
    say(texts.undone(shown.title));
    if (page.occupied()) {
      // It is the next one, when what is being typed is finished.
      state.ahead.unshift(shown);
      return;
    }
    // What was asked for before does not know of it.
    state.asked += 1;
    if (desks.names().includes(shown.desk) && state.desk !== shown.desk) {
      state.desk = shown.desk;
      state.ahead = [];
      state.shown = null;
      desks.draw(state.desk);
    }
    if (state.shown) state.ahead.unshift(state.shown);
    show(shown);
  }

  /** Takes one decision back: exactly this one. */
  async function takeBack(last) {
    if (state.busy) return;
    state.busy = true;
    try {
      // A repetition of it is the same request: an answer that was lost changes nothing.
      last.undoName ??= crypto.randomUUID();
      const answer = await ask("POST", `/v1/cases/${last.shown.id}/undo`, undefined, last.undoName);
      if (!answer || answer.status >= 500 || answer.status === 401) {
        say(texts.undoAgain);
        return;
      }
      state.decided = state.decided.filter((entry) => entry !== last);
      if (!answer.ok) {
        say(answer.status === 409 ? texts.undoTooLate : common.refused(answer.body?.detail ?? String(answer.status)));
        return;
      }
      state.done = Math.max(0, state.done - 1);
      page.drawDone();
      back(answer.body.case);
    } finally {
      state.busy = false;
    }
    await page.claim();
  }

  async function undo() {
    const unsent = outbox.retract();
    const coming = outbox.entries.at(-1);
    const last = state.decided.at(-1);
    if (unsent) back(unsent);
    else if (coming) {
      coming.undo = true;
      say(texts.undoSoon);
    } else if (last && last.releaseAt === null) say(texts.undoVote);
    else if (last && now() < last.releaseAt) await takeBack(last);
    else if (last) say(texts.undoTooLate);
  }

  return { undo, takeBack };
}
