// What the first decision does not need: fetched after it, or when it is asked for.

import { editor } from "./editing.js";
import { showHelp } from "./help.js";
import style from "./later.css";
import { mover } from "./moving.js";
import { isOther, otherText, rawView, verify } from "./raw.js";
import { undoing } from "./undo.js";
import { watcher } from "./watching.js";
import { words } from "./words.js";

const sheet = new CSSStyleSheet();
sheet.replaceSync(style);
document.adoptedStyleSheets.push(sheet);

/** Makes the rest of the page work with its first part. */
export function begin(page) {
  return { showHelp, isOther, otherText, verify, ...rawView(page), ...mover(page), ...editor(page), ...watcher(page), ...words(page), undo: undoing(page) };
}
