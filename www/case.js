// Draws one case: what will run first, and why it is here. Everything that an AI wrote is text and nothing else.

import { Digits } from "./api.js";
import { reveal } from "./reveal.js";
import { texts } from "./texts.js";

/** How many fields without a flag are shown before the rest is folded. */
const SHOWN = 8;

const at = (id) => document.getElementById(id);

function isLeaf(value) {
  return value === null || typeof value !== "object" || value instanceof Digits || Object.keys(value).length === 0;
}

/** The leaves of a value, each with its JSON Pointer and a readable path. */
export function leaves(value, pointer = "", path = "") {
  if (isLeaf(value)) {
    return [{ pointer, path, value }];
  }
  return Object.entries(value).flatMap(([name, inner]) => {
    const step = Array.isArray(value) ? `[${name}]` : path === "" ? name : `.${name}`;
    return leaves(inner, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, path + step);
  });
}

function asText(value) {
  if (value instanceof Digits) return value.text;
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}

const within = (pointer, field) => pointer === field || pointer.startsWith(`${field}/`) || field.startsWith(`${pointer}/`);

function row({ path, value, why }) {
  const tr = document.createElement("tr");
  const th = document.createElement("th");
  th.scope = "row";
  const td = document.createElement("td");
  if (why) {
    tr.className = "flagged";
    th.append("⚠ ");
  }
  th.append(reveal(path, texts.showAll));
  if (value === undefined || value === "") {
    const none = document.createElement("i");
    none.textContent = value === undefined ? texts.missing : texts.empty;
    td.append(none);
  } else {
    td.append(reveal(asText(value), texts.showAll));
  }
  if (why) {
    const note = document.createElement("p");
    note.className = "flag";
    note.textContent = `${texts.flagged}: ${why}`;
    td.append(note);
  }
  tr.append(th, td);
  return tr;
}

/** The fields of the arguments, flagged ones first, and those that a condition looked for in vain. */
function fields(action, reasons) {
  const flags = reasons.flatMap((reason) =>
    reason.fields.filter((field) => field.startsWith("/args/")).map((field) => ({ field: field.slice("/args".length), why: reason.category })),
  );
  const all = Object.keys(action.args).length === 0 ? [] : leaves(action.args);
  const missing = flags
    .filter(({ field }) => !all.some((leaf) => within(leaf.pointer, field)))
    .map(({ field, why }) => ({ path: field.slice(1).replaceAll("/", "."), value: undefined, why }));
  const named = all.map((leaf) => ({ ...leaf, why: flags.find(({ field }) => within(leaf.pointer, field))?.why }));
  return [...missing, ...named.filter((leaf) => leaf.why), ...named.filter((leaf) => !leaf.why)];
}

function drawFields(shown) {
  const rows = fields(shown.action, shown.verdict.reasons);
  const flagged = rows.filter((field) => field.why).length;
  const visible = rows.slice(0, flagged + SHOWN);
  const folded = rows.slice(visible.length);
  at("fields").tBodies[0].replaceChildren(...visible.map(row));
  const more = at("more-fields");
  more.hidden = folded.length === 0;
  more.open = false;
  more.querySelector("summary").textContent = texts.moreFields(folded.length);
  more.querySelector("tbody").replaceChildren(...folded.map(row));
}

function drawWhy({ oversight, verdict: { reasons } }) {
  at("why-heading").textContent = oversight === "after" ? texts.toAudit : texts.held;
  at("why").hidden = false;
  const items = reasons.map((reason) => {
    const item = document.createElement("li");
    const category = document.createElement("b");
    category.textContent = reason.category;
    item.append(category);
    if (reason.message) {
      item.append(`: ${reason.message}`);
    }
    return item;
  });
  at("why-list").replaceChildren(...items);
}

function drawContext(action) {
  const account = { ...(action.subject === null ? {} : { subject: action.subject }), ...action.context, source: action.source };
  const rows = leaves(account).filter((leaf) => leaf.path !== "" && !(leaf.path === "source" && isLeaf(leaf.value)));
  const details = at("context");
  details.open = false;
  details.querySelector("summary").textContent = texts.context;
  at("context-note").textContent = rows.length === 0 ? texts.noContext : texts.contextNote;
  details.querySelector("tbody").replaceChildren(...rows.map(row));
}

/** Shows a case in full. */
export function draw(shown) {
  const severity = at("severity");
  severity.textContent = shown.severity;
  severity.dataset.severity = shown.severity;
  at("title-text").replaceChildren(reveal(shown.title, texts.showAll));
  const marks = [];
  if (shown.irreversible) marks.push(texts.irreversible);
  // What others have answered is not told: everybody judges for themselves.
  if (shown.oversight === "before" && shown.approvals.needed > 1) marks.push(texts.votes(shown.approvals.needed));
  if (shown.raised_by) marks.push(texts.makesGood);
  at("marks").hidden = marks.length === 0;
  at("marks").textContent = marks.join(" · ");
  drawWhy(shown);
  drawFields(shown);
  drawContext(shown.action);
  at("runs").textContent = shown.oversight === "after" ? texts.ran : texts.runs;
  at("fingerprint").hidden = false;
  at("digest").textContent = shown.digest.slice("sha256:".length, "sha256:".length + 16);
  at("policy").textContent = shown.verdict.policy.slice("sha256:".length, "sha256:".length + 8);
}
