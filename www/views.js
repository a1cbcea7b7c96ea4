// Other views of the case on the page: its canonical form, and whether that is what a decision names; field by field.

import { canonical, digest } from "./canonical.js";
import { hideRaw, rawShown } from "./case.js";
import { drawContext } from "./context.js";
import { reveal } from "./reveal.js";
import { digests as texts } from "./texts.js";

const at = (id) => document.getElementById(id);

/** The case whose digest was found to be another than that of what is shown. */
let differs = null;

/** Whether what is shown is not what a decision would name. */
export const isOther = (shown) => differs === shown;

/** Why it is not to be approved. */
export const otherText = texts.differs;

/** Holds what is shown against the digest that a decision will name. */
export async function verify(shown) {
  const found = await digest(shown.action);
  if (found !== undefined && found !== shown.digest) differs = shown;
  if (at("digest").dataset.of !== shown.digest) return;
  at("verified").textContent = found === undefined ? "" : found === shown.digest ? texts.verified : texts.differs;
  at("verified").classList.toggle("error", differs === shown);
}

/** D: the canonical JSON in the place of the fields, and back; J and K: from field to field. */
export function views({ state, occupied }) {
  return {
    showContext: () => state.shown && at("context").open && drawContext(state.shown),
    nextField: () => moveFocus(1),
    previousField: () => moveFocus(-1),
    toggleRaw: () => {
      if (state.shown === null || occupied()) return;
      if (!rawShown()) {
        showRaw(state.shown);
        return;
      }
      hideRaw();
      at("title").focus({ preventScroll: true });
    },
  };
}

function showRaw({ action, digest: named }) {
  const note = Object.assign(document.createElement("p"), { className: "quiet", textContent: texts.raw(named) });
  const text = Object.assign(document.createElement("pre"), { id: "raw-text", tabIndex: 0, role: "region", ariaLabel: texts.canonical });
  text.append(reveal(canonical({ args: action.args, kind: action.kind })));
  const raw = Object.assign(document.createElement("div"), { id: "raw" });
  raw.append(note, text);
  at("fields").after(raw);
  at("fields").hidden = true;
  text.focus();
}

/** Moves the focus to the next or the previous field. */
function moveFocus(direction) {
  if (rawShown()) hideRaw();
  const rows = [...document.querySelectorAll("#fields tr, #more-fields[open] tr, #context[open] tr")];
  if (rows.length === 0) return;
  const index = rows.indexOf(document.activeElement?.closest("tr"));
  const next = index < 0 ? (direction > 0 ? 0 : rows.length - 1) : Math.min(Math.max(index + direction, 0), rows.length - 1);
  rows[next].focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "center" });
}
