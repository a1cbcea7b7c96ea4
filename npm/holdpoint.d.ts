/// <reference lib="esnext.disposable" preserve="true" />

/**
 * The gate that runs at the edge, in the browser, in bundlers and in Node: what it would say of an action, before
 * anything is sent. Verdicts and digests are the edge's, byte for byte.
 *
 * @packageDocumentation
 */

/**
 * Makes the package ready. In browsers, bundlers and edge runtimes it loads the wasm that lies beside the script, once:
 * every further call gives the same promise. In Node, Bun and Deno the package is ready when it is imported, and this
 * resolves at once.
 *
 * @param source Where the wasm is, if not beside the script: an address, an answer to `fetch`, its bytes, or a
 * compiled module (as Cloudflare Workers import it).
 */
export default function init(source?: WasmSource | Promise<WasmSource>): Promise<void>;

/** What `init` takes the wasm from. */
export type WasmSource = string | { readonly href: string } | Fetched | ArrayBuffer | ArrayBufferView | CompiledModule;

/** A `Response`, named so that the types need neither the DOM's nor Node's. */
export interface Fetched {
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `WebAssembly.Module`. */
export interface CompiledModule {
  readonly holdpoint?: never;
}

/** Anything that JSON can write. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** An object that JSON can write. A member that is `undefined` is left out, as `JSON.stringify` does. */
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined;
}

/** How bad it is if an action is wrong, in rising order. */
export type Severity = "none" | "low" | "medium" | "high" | "critical";

/** What an AI proposes to do: the body of `POST /v1/actions`. */
export interface Action {
  /** The tool's name, 1 to 256 characters. */
  readonly kind: string;
  /** Its arguments. */
  readonly args?: JsonObject | null | undefined;
  /** How sure the proposer is, from 0 to 1; none counts as 0. */
  readonly confidence?: number | null | undefined;
  /** At least this severe: it can only raise. */
  readonly severity?: Severity | null | undefined;
  /** On whose behalf, or about whom; at most 1,000 characters. */
  readonly subject?: string | null | undefined;
  /** Where it came from: model, agent. */
  readonly source?: JsonObject | null | undefined;
  /** What the reviewer should know beside it. */
  readonly context?: JsonObject | null | undefined;
  /** For whom a permit is made out. Has no say in the verdict. */
  readonly audience?: string | null | undefined;
  /** Whether a permit is wanted. Has no say in the verdict. */
  readonly permit?: boolean | null | undefined;
}

/** An action that a policy is tried on. */
export interface TriedAction extends Action {
  /** What it is called in the result; at most 200 characters. */
  readonly id?: string | null | undefined;
  /** Whether it is known to be wrong. */
  readonly wrong?: boolean | null | undefined;
}

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = `sha256:${string}`;

/** A place in an action, as a JSON Pointer (RFC 6901): `/args/amount`. */
export type Pointer = string;

/** Why a verdict is what it is. */
export interface Reason {
  /** The criterion that matched; `null` for what is built in. */
  readonly criterion: string | null;
  /** The error category that a person should catch; built in are `low confidence`, `critical severity` and the like. */
  readonly category: string;
  /** For people. */
  readonly message: string | null;
  /** The parts of the action that the condition read, for highlighting. */
  readonly fields: readonly Pointer[];
}

/** How sure the proposer was, and what that was compared with. */
export interface Confidence {
  /** As given; `null` where none was. */
  readonly given: number | null;
  /** What a calibration made of it; `null` while none is in force. */
  readonly calibrated: number | null;
  /** What it was compared with; `null` where it was not. */
  readonly threshold: number | null;
}

interface AnyVerdict {
  /** The highest severity that kind, caller and criteria gave it. */
  readonly severity: Severity;
  /** The desk whose people look at it. */
  readonly desk: string;
  readonly confidence: Confidence;
  /** Why: the criteria that matched, in the policy's order, then what is built in. */
  readonly reasons: readonly Reason[];
  /** The policy that decided. */
  readonly policy: Digest;
}

/** It may run. */
export interface ProceedVerdict extends AnyVerdict {
  readonly verdict: "proceed";
  /** The share of such actions that people look at afterwards, from 0 to 1. */
  readonly audit: number;
}

/** A person decides before it runs. */
export interface HoldVerdict extends AnyVerdict {
  readonly verdict: "hold";
  readonly audit: null;
}

/** It may not run, and nobody is asked. */
export interface BlockVerdict extends AnyVerdict {
  readonly verdict: "block";
  readonly audit: null;
}

/** What the gate answers. `JSON.stringify` of it gives the edge's bytes. */
export type Verdict = ProceedVerdict | HoldVerdict | BlockVerdict;

/** A problem of a policy, or a warning: where, what, and how to mend it. */
export interface Problem {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, in characters (Unicode code points). */
  readonly column: number;
  /** How many characters it covers, at least 1. */
  readonly length: number;
  /** What is wrong. */
  readonly message: string;
  /** How to mend it, where that can be said. */
  readonly hint: string | null;
}

/** What `check` finds. */
export interface Checked {
  /** Why the text is no policy; empty where it is one. */
  readonly problems: readonly Problem[];
  /** What is legal and was hardly meant. */
  readonly warnings: readonly Problem[];
}

/** What is wrong with an action, and where. */
export interface FieldProblem {
  /** A JSON Pointer into the action, or into the array of actions; empty for the whole. */
  readonly pointer: Pointer;
  readonly message: string;
}

/** A text that is no policy. */
export declare class PolicyError extends Error {
  private constructor();
  override readonly name: "PolicyError";
  /** All problems, in the order of the text; at least one. */
  readonly problems: readonly [Problem, ...Problem[]];
}

/** What cannot be read as an action. */
export declare class ActionError extends Error {
  private constructor();
  override readonly name: "ActionError";
  /** That of Holdpoint's HTTP API: no strict JSON, larger than 1 MiB, or not acceptable. */
  readonly code: "malformed" | "too_large" | "invalid";
  /** What is not acceptable; empty for what is no JSON. */
  readonly problems: readonly FieldProblem[];
}

/** Whether people can do what they are asked: the worst of several checks. */
export type Judgement = "real" | "at_risk" | "theatre" | "unknown";

/** One of the things that have to be so for a review to be real. */
export interface CapacityCheck {
  readonly check: "coverage" | "reading" | "expiries" | "catch" | "overrides";
  /** What was found; `null` where it is not known. */
  readonly value: number | null;
  /** What is needed. */
  readonly needed: number;
  readonly verdict: Judgement;
}

/** What would help, each alone. */
export interface Mends {
  /** So many people. */
  readonly people: number;
  /** So many seconds for a look. */
  readonly seconds: number;
  /** This share of what is held and audited now. */
  readonly share: number;
  readonly cheapest: "people" | "seconds" | "share";
}

/** What one criterion asks of a desk. */
export interface CriterionLoad {
  /** The criterion. */
  readonly id: string;
  /** Looks at held actions that it adds. */
  readonly holds_per_hour: number;
  /** Audits that it adds. */
  readonly audits_per_hour: number;
  /** The share started within 60 s if it were not there. */
  readonly started_within_60s_without: number;
  /** The same as one sentence. */
  readonly message: string;
}

/** What a desk would be asked to do, and what would come of it. */
export interface Capacity {
  readonly desk: string;
  /** Looks that held actions need, in an hour of the desk's day. */
  readonly held_per_hour: number;
  /** Audits in that hour. */
  readonly audits_per_hour: number;
  /** People on shift, as the policy says. */
  readonly reviewers: number;
  /** What a look takes, as the policy says. */
  readonly seconds_per_review: number;
  /** Looks that they can give at 85 % of their time. */
  readonly reviews_per_hour: number;
  /** Can give over asked for; `null`: nothing is asked for. */
  readonly coverage: number | null;
  /** The share of all their time that they are busy; above 1 they cannot keep up. */
  readonly utilisation: number;
  /** Before a held action is started on; `null`: it grows without end. */
  readonly expected_wait_seconds: number | null;
  /** The share of held actions that is started on within 60 s. */
  readonly started_within_60s: number;
  /** The share of held actions that is expected to expire. */
  readonly expected_expiries: number;
  /** Seconds there are for each look; `null`: nothing is asked for. */
  readonly seconds_available: number | null;
  /** Seconds that reading takes; `null`: not known. */
  readonly reading_seconds: number | null;
  /** Whether the review is real, or theatre: the worst of the checks. */
  readonly verdict: Judgement;
  readonly checks: readonly CapacityCheck[];
  /** `null`: nothing has to change. */
  readonly mends: Mends | null;
  /** What should change, in a sentence. */
  readonly advice: string;
  /** What each criterion adds, where there are not too many actions to tell. */
  readonly criteria: readonly CriterionLoad[];
}

/** An action that is known to be wrong and would proceed. */
export interface LetThrough {
  /** Its place in what was given, from 0. */
  readonly at: number;
  readonly id: string | null;
  readonly kind: string;
}

/** What a policy would have made of actions. A line of an export counts as often as its probability says. */
export interface Backtest {
  /** So many were given. */
  readonly actions: number;
  /** The volume for which expiries and capacity are told, in actions a day. */
  readonly per_day: number;
  /** So many of them are known to be wrong. */
  readonly overridden: number;
  readonly proceed: number;
  readonly hold: number;
  readonly block: number;
  /** Audits of those that proceed, as expected. */
  readonly audits: number;
  /** Minutes of people's time for all of it, by the desks' own pace. */
  readonly review_minutes: number;
  /** Held actions that nobody would decide in time, a day, at that volume. */
  readonly expiries_per_day: number;
  readonly let_through: readonly LetThrough[];
  /** How each came out, in their order. */
  readonly outcomes: readonly Verdict["verdict"][];
  /** Whether the people of each desk can keep up at that volume. */
  readonly capacity: readonly Capacity[];
}

/** How a policy is read. */
export interface PolicyOptions {
  /** Calibrations come with a later version; until then only `null`. */
  readonly calibration?: null | undefined;
}

/** What a backtest is asked for. */
export interface BacktestOptions {
  /** The volume, in actions a day, from 0 to 1e9; those that are given where it is left out. */
  readonly perDay?: number | undefined;
}

/**
 * A policy, ready to decide. It lives in wasm's memory: `free` gives that back at once, `using policy = …` at the end of
 * its block, and the garbage collector some time after nobody holds it any more.
 */
export declare class Policy {
  private constructor();
  /**
   * Reads a policy, TOML or the same as JSON.
   *
   * @throws {PolicyError} with all its problems.
   */
  static parse(text: string, options?: PolicyOptions): Policy;
  /** The SHA-256 of the text: what verdicts and the edge name it by. */
  get digest(): Digest;
  /** What the policy calls itself. */
  get name(): string | null;
  /**
   * The verdict on an action.
   *
   * @param action An object, read as `JSON.stringify` writes it, or JSON text, of which every digit counts.
   * @throws {ActionError} for what Holdpoint would refuse to read, and for a whole number in an object beyond
   * ±(2^53 − 1): JavaScript has rounded it, or may have.
   */
  decide(action: Action | string): Verdict;
  /**
   * What it would make of actions, and what that would ask of the reviewers.
   *
   * @param actions An array, or text: a JSON array, or an action a line. A line of `GET /v1/export/decisions` is one too.
   * @throws {ActionError} with the place of whatever cannot be read, and for a volume out of its range.
   * @throws {TypeError} for what is neither an array nor a text.
   */
  backtest(actions: readonly TriedAction[] | string, options?: BacktestOptions): Backtest;
  /** Gives its memory back. Whatever is asked of it afterwards throws. */
  free(): void;
  /** The same, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** Problems and warnings of a policy, without making one. */
export declare function check(text: string): Checked;

/**
 * The digest of an action's kind and arguments: what approvals and permits are bound to.
 *
 * @throws {ActionError} as `decide` does.
 */
export declare function digest(action: Action | string): Digest;
