// The fields of an action, one row each: flagged ones first, then what changed since the last approval, then the
// rest. Everything that an AI wrote is text and nothing else.

import { Digits, isNumber } from "./json.js";
import { leaves } from "./leaves.js";
import { ratio } from "./ratio.js";
import { punctuate, reveal } from "./reveal.js";
import * as seen from "./seen.js";
import { texts } from "./texts.js";

/** How many rows are shown at least, before the rest is folded; and how many are drawn at a time. */
const SHOWN = 8;
const BATCH = 200;

/** How two texts are compared: they stand one under the other until that is known. */
let compared;

export function compareBy(pieces) {
  compared = pieces;
}

function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A value as text; one that could be taken for another type says which it is. */
function asText(value) {
  if (value instanceof Digits) return value.text;
  return typeof value === "string" ? value : JSON.stringify(value);
}

const same = (a, b) => typeof a === typeof b && isNumber(a) === isNumber(b) && asText(a) === asText(b);

const within = (pointer, field) => pointer === field || pointer.startsWith(`${field}/`) || field.startsWith(`${pointer}/`);

/** Longer texts are taken for nothing else. */
const POSE = 100;

/** A text that reads like a number, a truth value, nothing, a list or an object. */
const poses = (value) => typeof value === "string" && value.length <= POSE && /^(-?\d[\d.,eE+-]*|true|false|null|\{.*\}|\[.*\])$/s.test(value.trim());

function empty(value) {
  if (value === undefined) return texts.missing;
  return value === "" ? texts.empty : undefined;
}

function shownValue(value, parts) {
  const words = empty(value);
  if (words) return make("i", "", words);
  const box = reveal(parts ?? asText(value));
  if (!poses(value)) return box;
  return make("span", "", box, " ", make("span", "aside", texts.asText));
}

/** What stood there when an action like this was approved last. */
function beforeLine({ before, value }, parts) {
  if (before === undefined) return make("p", "was", texts.added);
  const times = ratio(before, value);
  const line = make("p", "was", `${texts.was} `, empty(before) ?? reveal(parts ?? asText(before)));
  if (times) line.append(" ", make("b", "ratio", times));
  return line;
}

/** A row; what is flagged is watched until it was on screen, from its beginning to its end. */
function row(field) {
  const { path, value, before, why, change } = field;
  const th = make("th", "", ...(why ? [make("span", "sign", "⚠"), " "] : []), reveal(path));
  th.scope = "row";
  const bothTexts = change === "changed" && typeof value === "string" && typeof before === "string";
  const parts = bothTexts && compared ? compared(before, value) : {};
  const td = make("td", "", shownValue(value, parts.after));
  if (why) {
    watch(td);
    watch(th);
  }
  if (change) td.append(beforeLine(field, parts.before));
  if (why) td.append(make("p", "flag", `${texts.flagged}: ${why}`));
  const tr = make("tr", why ? "flagged" : (change ?? ""), th, td);
  tr.tabIndex = -1;
  return tr;
}

/** Watches that all of what is flagged comes on screen; what is cut has to be opened first. */
function watch(cell) {
  const box = cell.querySelector(".value") ?? cell;
  const open = box.querySelector("button.open");
  if (!open) {
    punctuate(box, seen.sentinel);
    return;
  }
  seen.demand(open);
  cell.addEventListener(
    "opened",
    () => {
      seen.done(open);
      punctuate(box, seen.sentinel);
    },
    { once: true },
  );
}

/** The parts of an action beside its arguments that a condition read. */
function flaggedAround({ subject, source, context }, whyOf) {
  const fields = leaves({ subject, source, context });
  return fields.map((field) => ({ ...field, why: whyOf(field.pointer) })).filter(({ why }) => why);
}

/** The fields that a case has and had, in the order in which they are read. */
function ordered({ action, verdict, last_approved: last }) {
  const every = verdict.reasons.flatMap(({ fields, category }) => fields.map((field) => ({ field, why: category })));
  const flags = every.filter(({ field }) => /^\/args(\/|$)/.test(field)).map(({ field, why }) => ({ field: field.slice("/args".length), why }));
  const all = leaves(action.args);
  const old = new Map(last ? leaves(last.args).map((leaf) => [leaf.pointer, leaf]) : []);
  const pointers = new Set(all.map(({ pointer }) => pointer));
  const whyOf = (pointer) => [...new Set(flags.filter(({ field }) => within(pointer, field)).map(({ why }) => why))].join(", ");
  const named = all.map((leaf) => {
    const before = old.get(leaf.pointer)?.value;
    const change = last && (before === undefined ? "added" : same(before, leaf.value) ? undefined : "changed");
    return { ...leaf, before, change, why: whyOf(leaf.pointer) };
  });
  const gone = [...old.values()].filter(({ pointer }) => !pointers.has(pointer));
  const removed = gone.map(({ pointer, path, value }) => ({ path, before: value, change: "removed", why: whyOf(pointer) }));
  const known = [...pointers, ...gone.map(({ pointer }) => pointer)];
  const lacking = flags
    .filter(({ field }) => !known.some((pointer) => within(pointer, field)))
    .map(({ field, why }) => ({ path: field.slice(1).replaceAll("/", "."), why }));
  const around = flaggedAround(action, (pointer) => [...new Set(every.filter(({ field }) => within(pointer, field)).map(({ why }) => why))].join(", "));
  const fields = [...lacking, ...around, ...removed, ...named];
  const rank = ({ why, change }) => (why ? 0 : change ? 1 : 2);
  return fields.map((field, index) => ({ field, index })).sort((a, b) => rank(a.field) - rank(b.field) || a.index - b.index).map(({ field }) => field);
}

/** Draws rows, the first of them at once, the others when they are asked for. */
export function drawRows(tbody, fields) {
  const more = (from) => {
    const batch = fields.slice(from, from + BATCH);
    const rows = batch.map(row);
    const left = fields.length - from - batch.length;
    if (left > 0) {
      const button = make("button", "small open", texts.moreRows(Math.min(left, BATCH), left));
      button.type = "button";
      const last = make("tr", "", make("td", "", button));
      last.firstElementChild.colSpan = 2;
      button.addEventListener("click", () => {
        const next = more(from + BATCH);
        last.replaceWith(...next);
        seen.done(button);
        next[0].focus({ preventScroll: true });
      });
      if (fields[from + BATCH].why) seen.demand(button);
      rows.push(last);
    }
    return rows;
  };
  tbody.replaceChildren(...more(0));
}

/** Draws the fields of a case into a table, and the rest into what is folded. */
export function drawFields(shown, table, folded) {
  const fields = ordered(shown);
  const first = fields.filter(({ why, change }) => why || change).length;
  const visible = Math.max(first, Math.min(SHOWN, fields.length));
  drawRows(table.tBodies[0], fields.slice(0, visible));
  if (fields.length === 0) table.tBodies[0].append(make("tr", "", make("td", "", make("i", "", texts.noArguments))));
  const rest = fields.slice(visible);
  folded.hidden = rest.length === 0;
  folded.open = false;
  folded.querySelector("summary").textContent = texts.moreFields(rest.length, Boolean(shown.last_approved));
  const tbody = folded.querySelector("tbody");
  tbody.replaceChildren();
  folded.ontoggle = () => tbody.rows.length > 0 || drawRows(tbody, rest);
  return fields;
}
