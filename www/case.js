// Draws one case: what will run first, and why it is here.

import { drawFields } from "./fields.js";
import { reveal } from "./reveal.js";
import * as seen from "./seen.js";
import { ago, texts } from "./texts.js";

const at = (id) => document.getElementById(id);

function drawWhy({ oversight, verdict: { reasons, confidence } }) {
  at("why-heading").textContent = oversight === "after" ? texts.toAudit : texts.held;
  const items = reasons.map((reason) => {
    const item = document.createElement("li");
    const category = document.createElement("b");
    category.textContent = reason.category;
    item.append(category);
    if (reason.message) item.append(`: ${reason.message}`);
    if (reason.criterion) {
      const id = document.createElement("code");
      id.className = "aside";
      id.textContent = ` ${reason.criterion}`;
      item.append(id);
    }
    return item;
  });
  const numbers = texts.confidence(confidence);
  if (numbers && !reasons.some(({ category }) => category === "low confidence")) {
    const item = document.createElement("li");
    item.textContent = numbers;
    items.push(item);
  }
  at("why-list").replaceChildren(...items);
}

function drawMarks(shown) {
  const marks = [];
  if (shown.irreversible) marks.push(texts.irreversible);
  // What others have answered is not told: everybody judges for themselves.
  if (shown.oversight === "before" && shown.approvals.needed > 1) marks.push(texts.votes(shown.approvals.needed));
  if (shown.raised_by) marks.push(texts.makesGood);
  at("marks").hidden = marks.length === 0;
  at("marks").textContent = marks.join(" · ");
}

function drawCompared({ last_approved: last, action, kind }, changed, now) {
  at("compared").hidden = !last;
  if (!last) return;
  const when = ago(now - Date.parse(last.at));
  at("compared").replaceChildren((action.subject === null ? texts.beside : texts.compared)(changed), reveal(kind));
  if (action.subject !== null) at("compared").append(` ${texts.forSubject} `, reveal(action.subject));
  at("compared").append(`, ${when}.`);
}

function drawFingerprint(shown) {
  at("runs").textContent = shown.oversight === "after" ? texts.ran : texts.runs;
  at("fingerprint").hidden = false;
  at("digest").textContent = shown.digest.slice("sha256:".length, "sha256:".length + 16);
  at("digest").dataset.of = shown.digest;
  at("verified").textContent = "";
  at("policy").textContent = shown.verdict.policy.slice("sha256:".length, "sha256:".length + 8);
}

/** Shows a case in full, as it stands at that time. */
export function draw(shown, now) {
  seen.begin(at("bar") ?? document.createElement("i"));
  const severity = at("severity");
  severity.textContent = shown.severity;
  severity.dataset.severity = shown.severity;
  at("title-text").replaceChildren(reveal(shown.title));
  drawMarks(shown);
  drawWhy(shown);
  hideRaw();
  const fields = drawFields(shown, at("fields"), at("more-fields"));
  drawCompared(shown, fields.filter(({ change }) => change).length, now);
  drawFingerprint(shown);
}

/** Whether the canonical JSON stands in the place of the fields. */
export const rawShown = () => at("raw") !== null;

export function hideRaw() {
  at("raw")?.remove();
  at("fields").hidden = false;
}

/** Leads to a flagged part that was never on screen; false where all of them were. */
export function showUnseen() {
  if (rawShown() && seen.firstUnseen()) hideRaw();
  const element = seen.firstUnseen();
  if (!element) return false;
  element.scrollIntoView({ block: "center" });
  const target = element.matches("button") ? element : element.closest("tr");
  target?.focus({ preventScroll: true });
  return true;
}
