// The canonical form of a case on the page, and whether what is shown is what a decision names.

import { canonical, digest } from "./canonical.js";
import { hideRaw, rawShown } from "./case.js";
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

/** D: the canonical JSON in the place of the fields, and back. */
export function rawView({ state, occupied }) {
  return {
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
  at("raw-note").textContent = texts.raw(named);
  at("raw-text").replaceChildren(reveal(canonical({ args: action.args, kind: action.kind })));
  at("fields").hidden = true;
  at("raw").hidden = false;
  at("raw-text").focus();
}
