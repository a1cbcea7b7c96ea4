// A person's own pace and accuracy, side by side, and when a break is due.

import { later as texts } from "./texts.js";

/** Attention falls after so long, or so many decisions; a pause of so long is a break. */
const WORK_MS = 20 * 60_000;
const DECISIONS = 150;
const BREAK_MS = 5 * 60_000;
/** Somebody who touches nothing for so long is not at work. */
const IDLE_MS = 60_000;

export class Pace {
  #lastInput;
  #workedMs = 0;
  #sinceBreakMs = 0;
  #sinceBreak = 0;
  #nudged = false;

  constructor(at) {
    this.#lastInput = at;
  }

  /** A key, a click, a movement. */
  input(at) {
    const away = at - this.#lastInput;
    if (away >= BREAK_MS) this.rested();
    else if (away < IDLE_MS) {
      this.#workedMs += away;
      this.#sinceBreakMs += away;
    }
    this.#lastInput = at;
  }

  idleMs(at) {
    return at - this.#lastInput;
  }

  decided() {
    this.#sinceBreak += 1;
  }

  rested() {
    this.#sinceBreakMs = 0;
    this.#sinceBreak = 0;
    this.#nudged = false;
  }

  /** Whether a break is due, told once. */
  breakIsDue() {
    const due = this.#sinceBreakMs >= WORK_MS || this.#sinceBreak >= DECISIONS;
    if (!due || this.#nudged) return false;
    this.#nudged = true;
    return true;
  }

  /** Pace and accuracy in words: never the one without the other. */
  words(done, opinions) {
    const hours = this.#workedMs / 3_600_000;
    const anHour = done >= 5 && hours > 1 / 60 ? Math.round(done / hours) : undefined;
    return texts.pace(anHour, opinions);
  }
}
