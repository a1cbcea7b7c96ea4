// Taking decisions back.

import { later as texts, texts as common } from "./texts.js";

/** U: what was not sent is not sent, what is on its way is taken back when it has arrived, what stands is undone. */
export function undoing(page) {
  const { state, say, ask, show, outbox, now } = page;

  /** A case comes back to the person who had decided it; what stood there is next. */
  function back(shown) {
    if (state.shown) state.ahead.unshift(state.shown);
    show(shown);
    say(texts.undone(shown.title));
  }

  async function takeBack(last) {
    const { shown } = last;
    const answer = await ask("POST", `/v1/cases/${shown.id}/undo`);
    if (!answer || answer.status >= 500) {
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
    await page.claim();
  }

  return async function undo() {
    if (state.busy) return;
    const unsent = outbox.retract();
    const coming = outbox.entries.at(-1);
    const last = state.decided.findLast(({ releaseAt }) => releaseAt !== null && now() < releaseAt);
    if (unsent) back(unsent);
    else if (coming) {
      coming.undo = true;
      say(texts.undoSoon);
    } else if (last) {
      state.busy = true;
      await takeBack(last).finally(() => (state.busy = false));
    } else if (state.decided.length > 0) say(texts.undoTooLate);
  };
}
