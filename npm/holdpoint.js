// Policies, verdicts and problems as JavaScript has them. What decides is the wasm, which speaks JSON texts: the same
// parser reads them that reads what is sent to Holdpoint, and the same writer writes what it answers.

import { Gate, check as checkText, digest as digestOf } from "./gate.js";

let ready = false;

/** For this package's entries alone. */
export function markReady() {
  ready = true;
}

/** A policy that is none; `problems` says where, why, and how to mend it. */
export class PolicyError extends Error {
  constructor(problems) {
    const [{ line, column, message, hint }] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    super(`line ${line}, column ${column}: ${message}${hint === null ? "" : `; ${hint}`}${more}`);
    this.name = "PolicyError";
    this.problems = problems;
  }
}

/** What cannot be read as an action; `code` and `problems` are those of Holdpoint's HTTP API. */
export class ActionError extends Error {
  constructor({ code, detail, problems = [] }) {
    const [first] = problems;
    super(first === undefined ? detail : `${first.pointer === "" ? "the action" : first.pointer}: ${first.message}`);
    this.name = "ActionError";
    this.code = code;
    this.problems = problems;
  }
}

/** Half a character, which UTF-8 cannot write. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The text of an action or of several, and whether it was written from an object. */
function written(action) {
  if (typeof action === "string") {
    if (LONE_SURROGATE.test(action)) throw new ActionError({ code: "malformed", detail: "the text has a lone surrogate in it, which UTF-8 cannot write" });
    return [action, false];
  }
  const text = JSON.stringify(action);
  if (text === undefined) throw new ActionError({ code: "malformed", detail: `an action is an object or its JSON text, not ${typeof action}` });
  return [text, true];
}

/** Calls the wasm; what it throws is a problem document. */
function asked(call) {
  if (!ready) throw new Error("holdpoint is not ready: `await init()` first");
  try {
    return call();
  } catch (error) {
    throw typeof error === "string" ? new ActionError(JSON.parse(error)) : error;
  }
}

function policyText(text) {
  if (typeof text !== "string") throw new TypeError(`a policy is a text, TOML or JSON, not ${text === null ? "null" : typeof text}`);
  const at = text.search(LONE_SURROGATE);
  if (at < 0) return { text };
  const before = text.slice(0, at).split("\n");
  const column = [...before[before.length - 1]].length + 1;
  return { text, problem: { line: before.length, column, length: 1, message: "a lone surrogate is no character", hint: null } };
}

export class Policy {
  #gate;

  constructor(gate) {
    if (!(gate instanceof Gate)) throw new TypeError("a policy is made by `Policy.parse(text)`");
    this.#gate = gate;
  }

  static parse(policy, { calibration = null } = {}) {
    if (calibration !== null) throw new TypeError("this version of Holdpoint has no calibrations yet: leave `calibration` out");
    const { text, problem } = policyText(policy);
    if (problem) throw new PolicyError([problem]);
    if (!ready) throw new Error("holdpoint is not ready: `await init()` first");
    let gate;
    try {
      gate = Gate.parse(text);
    } catch (error) {
      throw typeof error === "string" ? new PolicyError(JSON.parse(error)) : error;
    }
    return new Policy(gate);
  }

  get #held() {
    if (this.#gate === null) throw new Error("this policy was freed");
    return this.#gate;
  }

  get digest() {
    return this.#held.digest();
  }

  get name() {
    return this.#held.name() ?? null;
  }

  decide(action) {
    const gate = this.#held;
    const [text, fromObject] = written(action);
    return JSON.parse(asked(() => gate.decide(text, fromObject)));
  }

  backtest(actions, { perDay } = {}) {
    const gate = this.#held;
    if (typeof actions !== "string" && !Array.isArray(actions)) throw new TypeError("a backtest takes an array of actions, or their text: a JSON array, or one a line");
    if (perDay !== undefined && typeof perDay !== "number") throw new TypeError("`perDay` is a number of actions");
    const [text, fromObject] = written(actions);
    return JSON.parse(asked(() => gate.backtest(text, perDay, fromObject)));
  }

  free() {
    this.#gate?.free();
    this.#gate = null;
  }
}

// Where the runtime knows `using`.
if (Symbol.dispose) Object.defineProperty(Policy.prototype, Symbol.dispose, { value: Policy.prototype.free, writable: true, configurable: true });

export function check(policy) {
  const { text, problem } = policyText(policy);
  if (problem) return { problems: [problem], warnings: [] };
  return JSON.parse(asked(() => checkText(text)));
}

export function digest(action) {
  const [text, fromObject] = written(action);
  return asked(() => digestOf(text, fromObject));
}
