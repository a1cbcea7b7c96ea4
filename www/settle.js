// Where nobody knows what became of an action that was sent: a person who has looked says so, once.

import { element } from "./figures.js";
import { settling as texts, texts as common } from "./texts.js";

const OUTCOMES = ["done", "failed"];
/** After other buttons appear, a second click of a double click is not taken for theirs. */
const DEAF_MS = 300;

function button(text, act) {
  const made = element("button", { type: "button" }, text);
  const since = performance.now();
  made.addEventListener("click", ({ detail }) => (detail === 0 || performance.now() - since >= DEAF_MS) && act());
  return made;
}

/**
 * What is said under such a case, and, where `ask` sends requests for a reviewer, asked. `over` is told in a sentence
 * that it is not unknown any more.
 */
export function settlement({ id, decision }, { ask, over }) {
  const when = decision ? new Date(decision.at).toLocaleString() : null;
  const heading = element("h2", { id: "settle-heading" }, texts.heading);
  const lead = element("p", {}, texts.lead(when), " ", ask ? texts.look : texts.reviewers);
  const section = element("section", { id: "settle", "aria-labelledby": "settle-heading" }, heading, lead);
  if (!ask) return section;

  const sure = element("p", { id: "sure", tabindex: "-1" });
  const row = element("div", { className: "row" });
  const said = element("p", { role: "status" });
  section.append(sure, row, said);
  /** A repetition is the same request: an answer that was lost changes nothing. */
  const names = {};
  let chosen = null;
  let busy = false;

  /** The two answers. */
  function offer() {
    chosen = null;
    sure.hidden = true;
    const buttons = OUTCOMES.map((outcome) => button(texts.answers[outcome], () => choose(outcome)));
    row.replaceChildren(...buttons);
    return buttons;
  }

  /** It cannot be taken back, so it is asked once more: not of the button that has the focus. */
  function choose(outcome) {
    chosen = outcome;
    said.textContent = "";
    sure.textContent = texts.sure[outcome];
    sure.hidden = false;
    row.replaceChildren(button(texts.say[outcome], () => tell(outcome)), button(common.back, back));
    sure.focus({ preventScroll: true });
  }

  function back() {
    if (busy) return;
    const at = OUTCOMES.indexOf(chosen);
    said.textContent = "";
    offer()[at].focus();
  }

  async function tell(outcome) {
    if (busy) return;
    busy = true;
    said.textContent = common.sending;
    names[outcome] ??= crypto.randomUUID();
    const answer = await ask("POST", `/v1/cases/${encodeURIComponent(id)}/outcome`, { outcome }, names[outcome]);
    if (!section.isConnected) return;
    if (answer.ok) return over(texts.settled[outcome]);
    if (answer.body?.refusal === "not_open") return over(texts.already);
    busy = false;
    if (answer.status === 0 || answer.status === 429 || answer.status >= 500) {
      said.textContent = texts.again;
      return;
    }
    delete names[outcome];
    said.textContent = common.refused(answer.body?.detail ?? String(answer.status));
  }

  section.addEventListener("keydown", ({ key }) => key === "Escape" && chosen !== null && back());
  offer();
  return section;
}
