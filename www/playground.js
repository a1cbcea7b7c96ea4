// A policy on the left, actions on the right, and what the gate makes of them: decided here, by the edge's own gate.

import init, { ActionError, Policy, check } from "../pkg/browser.js";
import actionsOfShop from "../examples/shop.jsonl";
import policyOfShop from "../examples/shop.toml";
import { editor } from "./editor.js";
import { element } from "./figures.js";
import { lineOfByte, proposalOf, splitActions } from "./proposals.js";
import { reveal } from "./reveal.js";
import { playground as texts } from "./texts.js";
import { showVerdicts } from "./verdicts.js";
import { showWorkload } from "./workload.js";

const at = (id) => document.getElementById(id);

/** Whoever pastes more waits for an answer that says no more. */
const MOST_ACTIONS = 10_000;
/** How long nothing is typed before everything is decided again, in milliseconds. */
const PAUSE = 120;
const KEPT = "holdpoint-playground";

let pause;
function changed() {
  clearTimeout(pause);
  pause = setTimeout(update, PAUSE);
}

const policyEditor = editor(at("policy"), texts.policyLabel, "policy-says", changed);
const actionsEditor = editor(at("actions"), texts.actionsLabel, "actions-says", changed);

/** Problems as a list: each leads to its place. */
function list(id, problems, to) {
  const shown = problems.slice(0, 100).map((problem) => {
    const button = element("button", { type: "button" }, texts.place(problem), " ", reveal(problem.message));
    if (problem.hint) button.append(element("span", { className: "hint" }, reveal(problem.hint)));
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
  at("policy-says").textContent = policy ? texts.valid(policy.name, policy.digest, found.warnings.length) : texts.invalid(found.problems.length);
}

/** Each action with its verdict, or with why it has none. */
function decided() {
  const all = splitActions(actionsEditor.text);
  const some = all.slice(0, MOST_ACTIONS).map((action) => {
    try {
      return { ...action, verdict: policy.decide(proposalOf(action.text)) };
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      return { ...action, error };
    }
  });
  return { all, some };
}

/** Where an action that cannot be read is to be mended. */
function problemOf({ text, line, error }) {
  const [, byte] = /at byte (\d+)/.exec(error.message) ?? [];
  const inner = byte === undefined ? 0 : lineOfByte(text, Number(byte));
  return { line: line + inner, column: 1, length: (text.split("\n")[inner] ?? "").length || 1, message: error.message, hint: null, kind: "problem" };
}

let shown = [];

function updateActions() {
  if (policy === null) {
    actionsEditor.mark([]);
    list("actions-problems", [], actionsEditor);
    at("actions-says").textContent = "";
    at("verdicts").replaceChildren(element("p", { className: "quiet" }, texts.noPolicy));
    shown = [];
    return;
  }
  const { all, some } = decided();
  const problems = some.filter(({ error }) => error).map(problemOf);
  actionsEditor.mark(problems);
  list("actions-problems", problems, actionsEditor);
  at("actions-says").textContent = texts.counted(some.length, problems.length, all.length);
  shown = some.filter(({ verdict }) => verdict);
  showVerdicts(at("verdicts"), shown);
}

function updateWorkload() {
  const perDay = at("volume").valueAsNumber;
  showWorkload(at("workload"), policy, shown, perDay);
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([policyEditor.text, actionsEditor.text, at("volume").value]));
  } catch {
    // A browser that keeps nothing, or not so much.
  }
}

function update() {
  updatePolicy();
  updateActions();
  updateWorkload();
  keep();
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}

for (const [id, target] of [["policy-file", policyEditor], ["actions-file", actionsEditor]]) {
  at(id).addEventListener("change", async ({ target: input }) => {
    const [file] = input.files;
    if (file) target.set(await file.text());
    // The same file, changed, is another one.
    input.value = "";
  });
}
at("volume").addEventListener("input", changed);

const [policyText = policyOfShop, actionsText = actionsOfShop, volume = at("volume").value] = kept();
at("loading").textContent = texts.loading;
init("/www/gate_bg.wasm").then(
  () => {
    at("loading").textContent = "";
    at("volume").value = volume;
    policyEditor.field.value = policyText;
    actionsEditor.field.value = actionsText;
    update();
  },
  () => (at("loading").textContent = texts.failed),
);
