// What the first decision does not need: fetched after it, or when it is asked for. It is another script than the
// first part of the page, with copies of its own of what both import: what has a state comes in by `page`.

import { pieces } from "./difference.js";
import { editor } from "./editing.js";
import { showHelp } from "./help.js";
import style from "./later.css";
import { later as texts } from "./texts.js";
import { mover } from "./moving.js";
import { undoing } from "./undo.js";
import { unknowns } from "./unknown.js";
import { isOther, otherText, verify, views } from "./views.js";
import { watcher } from "./watching.js";
import { words } from "./words.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
document.adoptedStyleSheets.push(sheet);

/** Makes the rest of the page work with its first part. */
export function begin(page) {
  followed(page);
  const drawUnknown = unknowns(page);
  /** With each case that comes; the line above it comes and goes in the same moment. */
  const shown = (of) => {
    drawUnknown();
    return verify(of);
  };
  return { showHelp, pieces, isOther, otherText, verify: shown, ...views(page), ...mover(page), ...editor(page), ...watcher(page), ...words(page), ...undoing(page) };
}

/** What became of the case that a link has led to, where that is not the one on the page. */
function followed({ state, say }) {
  const { wanted } = state;
  if (wanted === null) say(texts.notFound);
  else if (wanted && state.shown?.id !== wanted.id) say(texts.notFree(wanted.title ?? wanted.kind, wanted.status));
}
