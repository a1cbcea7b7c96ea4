// A policy on the left, actions on the right, and what the gate makes of them: decided here, by the edge's own gate.

import init, { ActionError, Policy, check } from "../pkg/browser.js";
import actionsOfShop from "../examples/shop.jsonl";
import policyOfShop from "../examples/shop.toml";
import { editor } from "./editor.js";
import { element } from "./figures.js";
import { lineOfByte, proposalOf, splitActions } from "./proposals.js";
import { reveal, spelled } from "./reveal.js";
import { playground as texts } from "./texts.js";
import { showVerdicts } from "./verdicts.js";
import { showWorkload } from "./workload.js";

const at = (id) => document.getElementById(id);

/** Whoever pastes more waits for an answer that says no more. */
const MOST_ACTIONS = 2000;
/** How long nothing is typed before everything is decided again, in milliseconds. */
const PAUSE = 120;
const KEPT = "holdpoint-playground";

let pause;
let ready = false;
function changed() {
  clearTimeout(pause);
  if (ready) pause = setTimeout(update, PAUSE);
}

/** A status is said again whenever it is written: only where it is another one. */
function say(id, text) {
  if (at(id).textContent !== text) at(id).textContent = text;
}

const policyEditor = editor(at("policy"), texts.policyLabel, "policy-says", changed);
const actionsEditor = editor(at("actions"), texts.actionsLabel, "actions-says", changed);

/** What stands in a button has no button of its own to open the rest. */
const short = (text) => (text.length > 400 ? `${[...text.slice(0, 400)].slice(0, -1).join("")}…` : text);

/** Problems as a list: each leads to its place. */
function list(id, problems, to) {
  const shown = problems.slice(0, 100).map((problem) => {
    const button = element("button", { type: "button" }, texts.place(problem), " ", reveal(short(problem.message)));
    if (problem.hint) button.append(element("span", { className: "hint" }, reveal(short(problem.hint))));
    button.addEventListener("click", () => to.go(problem));
    return element("li", { className: problem.kind }, button);
  });
  at(id).replaceChildren(...shown);
}

let policy = null;

function updatePolicy() {
  const found = check(policyEditor.text);
  const kind = (kind) => (problem) => ({ ...problem, kind });
  const problems = [...found.problems.map(kind("problem")), ...found.warnings.map(kind("warning"))];
  policyEditor.mark(problems);
  list("policy-problems", problems, policyEditor);
  policy?.free();
  policy = found.problems.length === 0 ? Policy.parse(policyEditor.text) : null;
  say("policy-says", policy ? texts.valid(policy.name === null ? null : spelled(policy.name), policy.digest, found.warnings.length) : texts.invalid(found.problems.length));
}

/** Each action with its verdict, or with why it has none. */
function decided() {
  const all = splitActions(actionsEditor.text);
  const some = all.slice(0, MOST_ACTIONS).map((action) => {
    try {
      const proposal = proposalOf(action.text);
      // What is known beside the action is read as strictly as the action.
      if (proposal !== action.text) policy.backtest(`[${action.text}]`);
      return { ...action, verdict: policy.decide(proposal) };
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      return { ...action, error };
    }
  });
  return { all, some };
}

/** Where an action that cannot be read is to be mended. */
function problemOf({ text, line, error }) {
  const [, byte] = /at byte (\d+)$/.exec(error.message) ?? [];
  const inner = byte === undefined ? 0 : lineOfByte(text, Number(byte));
  return { line: line + inner, column: 1, length: (text.split("\n")[inner] ?? "").length || 1, message: error.message, hint: null, kind: "problem" };
}

let shown = [];

function updateActions() {
  if (policy === null) {
    actionsEditor.mark([]);
    list("actions-problems", [], actionsEditor);
    say("actions-says", "");
    at("verdicts").replaceChildren(element("p", { className: "quiet" }, texts.noPolicy));
    shown = [];
    return;
  }
  const { all, some } = decided();
  const problems = some.filter(({ error }) => error).map(problemOf);
  actionsEditor.mark(problems);
  list("actions-problems", problems, actionsEditor);
  say("actions-says", texts.counted(some.length, problems.length, all.length));
  shown = some.filter(({ verdict }) => verdict);
  showVerdicts(at("verdicts"), shown);
}

function updateWorkload() {
  const perDay = at("volume").valueAsNumber;
  showWorkload(at("workload"), policy, shown, perDay);
}

/** Each by itself, so that what is too large to be kept leaves the others. */
const kept = {
  policy: () => policyEditor.text,
  actions: () => actionsEditor.text,
  volume: () => at("volume").value,
};

function keep() {
  for (const [name, text] of Object.entries(kept)) {
    try {
      sessionStorage.setItem(`${KEPT}-${name}`, text());
    } catch {
      // An old one would come back in its place.
      sessionStorage.removeItem(`${KEPT}-${name}`);
    }
  }
}

function keptOr(name, otherwise) {
  try {
    return sessionStorage.getItem(`${KEPT}-${name}`) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function update() {
  updatePolicy();
  updateActions();
  updateWorkload();
  keep();
}

for (const [id, target] of [["policy-file", policyEditor], ["actions-file", actionsEditor]]) {
  at(id).addEventListener("change", async ({ target: input }) => {
    const [file] = input.files;
    if (file) target.set(await file.text());
    // The same file, changed, is another one.
    input.value = "";
  });
}
let volumePause;
at("volume").addEventListener("input", () => {
  clearTimeout(volumePause);
  if (ready) volumePause = setTimeout(() => (updateWorkload(), keep()), PAUSE);
});

policyEditor.field.value = keptOr("policy", policyOfShop);
actionsEditor.field.value = keptOr("actions", actionsOfShop);
at("volume").value = keptOr("volume", at("volume").value);
at("loading").textContent = texts.loading;
init("/www/gate_bg.wasm").then(
  () => {
    ready = true;
    at("loading").textContent = "";
    update();
  },
  () => (at("loading").textContent = texts.failed),
);
