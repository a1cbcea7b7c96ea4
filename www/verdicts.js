// Verdicts: of several actions a list to choose from, of the chosen one its reasons, and the action with the fields
// that the reasons are about.

import { element, percent } from "./figures.js";
import { isLeaf, read, written } from "./json.js";
import { reveal } from "./reveal.js";
import { playground as texts } from "./texts.js";

/** So many are drawn at once; the rest on demand. */
const DRAWN = 200;

let filter = null;
/** The action that is looked at, by its text; none is chosen yet: the first that somebody has to look at. */
let chosen = null;
let drawn = DRAWN;

const badge = (verdict) => element("span", { className: `verdict ${verdict}` }, texts.verdicts[verdict]);

/** The action of a text: of a line of an export the one that was decided. */
function actionOf(text) {
  const known = read(text);
  return "record" in known ? { ...known, ...known.action, action: undefined } : known;
}

const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

/** So many values of an action are drawn: whoever pastes more knows them. */
const MOST_VALUES = 2000;
let left = MOST_VALUES;

/** Appends a value as JSON, with what is pointed to marked. */
function appendJson(parent, value, pointer, depth, pointed) {
  left -= 1;
  if (left < 0) {
    if (left === -1) parent.append("…");
    return;
  }
  const target = pointed.has(pointer) ? element("mark") : parent;
  if (target !== parent) parent.append(target);
  if (isLeaf(value)) {
    target.append(reveal(written(value)));
    return;
  }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const indent = "  ".repeat(depth + 1);
  target.append(`${open}\n`);
  for (const [place, [name, inner]] of members.entries()) {
    if (left < 0) break;
    target.append(indent);
    if (open === "{") target.append(reveal(JSON.stringify(name)), ": ");
    appendJson(target, inner, `${pointer}/${escaped(name)}`, depth + 1, pointed);
    target.append(place < members.length - 1 ? ",\n" : "\n");
  }
  target.append(`${"  ".repeat(depth)}${close}`);
}

function reasonItem({ criterion, category, message, fields }) {
  const item = element("li", {}, reveal(message ?? category));
  const about = [criterion === null ? texts.builtIn : criterion, message === null ? null : category, ...fields];
  item.append(element("span", { className: "aside" }, reveal(about.filter(Boolean).join(" · "))));
  return item;
}

function detail({ text, verdict }) {
  const { severity, desk, confidence, audit, reasons } = verdict;
  const says = {
    proceed: () => texts.proceeds(percent(audit), audit),
    hold: () => texts.holds(desk),
    block: () => texts.blocks,
  }[verdict.verdict]();
  const action = element("pre", { className: "action", tabindex: "0", "aria-label": texts.action });
  const pointed = new Set(reasons.flatMap(({ fields }) => fields));
  left = MOST_VALUES;
  appendJson(action, actionOf(text), "", 0, pointed);
  const compared = texts.confidence(confidence.given, confidence.threshold);
  return element(
    "div",
    { id: "verdict" },
    element("p", { className: "lead" }, badge(verdict.verdict), " ", reveal(says)),
    element("p", { className: "quiet" }, reveal(texts.facts(severity, desk, compared))),
    element("ul", { className: "reasons" }, ...reasons.map(reasonItem)),
    action,
  );
}

/** Shows actions that have a verdict, each `{text, line, verdict}`. */
export function showVerdicts(box, decided) {
  if (decided.length === 0) return box.replaceChildren();

  if (decided.length === 1) return box.replaceChildren(detail(decided[0]));
  const again = () => showVerdicts(box, decided);
  const count = (word) => decided.filter(({ verdict }) => verdict.verdict === word).length;
  const filters = [null, "proceed", "hold", "block"].map((word) => {
    const button = element("button", { type: "button", className: "small", "aria-pressed": String(filter === word) }, word === null ? texts.all(decided.length) : `${texts.verdicts[word]} ${count(word)}`);
    button.addEventListener("click", () => {
      [filter, drawn] = [word, DRAWN];
      again();
      box.querySelector(`.filters button[aria-pressed="true"]`).focus();
    });
    return button;
  });
  const matching = [...decided.entries()].filter(([, { verdict }]) => filter === null || verdict.verdict === filter);
  const [looked] = matching.find(([, { text }]) => text === chosen) ?? matching.find(([, { verdict }]) => verdict.verdict !== "proceed") ?? matching[0] ?? [];
  const rows = matching.slice(0, drawn).map(([place, { text, line, verdict }]) => {
    const kind = element("span", { className: "kind" }, reveal(String(actionOf(text).kind)));
    const why = element("span", { className: "why" }, reveal(verdict.reasons.map(({ category }) => category).join(", ")));
    const button = element("button", { type: "button", "data-place": place, ...(place === looked ? { "aria-current": "true" } : {}) }, element("span", { className: "quiet" }, String(line)), badge(verdict.verdict), kind, why);
    button.addEventListener("click", () => {
      chosen = text;
      const scrolled = box.querySelector("#list").scrollTop;
      again();
      box.querySelector("#list").scrollTop = scrolled;
      box.querySelector(`[data-place="${place}"]`).focus({ preventScroll: true });
    });
    return element("li", {}, button);
  });
  const more = matching.length > drawn ? element("button", { type: "button", className: "small" }, texts.more(matching.length - drawn)) : null;
  more?.addEventListener("click", () => {
    const next = drawn;
    drawn += DRAWN;
    again();
    box.querySelectorAll("#list button")[next]?.focus();
  });
  box.replaceChildren(
    element("div", { className: "filters", role: "group", "aria-label": texts.filter }, ...filters),
    element("ol", { id: "list", tabindex: "0", "aria-label": texts.list }, ...rows),
    ...(more ? [more] : []),
    ...(looked === undefined ? [] : [detail(decided[looked])]),
  );
}
