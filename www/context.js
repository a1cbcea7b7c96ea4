// What an app or an AI says about a case, which nobody has verified.

import { drawRows } from "./fields.js";
import { isLeaf } from "./json.js";
import { leaves } from "./leaves.js";
import { later as texts } from "./texts.js";

/** Draws it into its place. */
export function drawContext({ action: { subject, context, source } }) {
  const details = document.getElementById("context");
  const fields = leaves({ subject, context, source }).filter(({ path, value }) => !(value === null || (isLeaf(value) && ["context", "source"].includes(path))));
  drawRows(details.querySelector("tbody"), fields);
  details.querySelector("p").textContent = fields.length === 0 ? texts.noContext : texts.contextNote;
}
