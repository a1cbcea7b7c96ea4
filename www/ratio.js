// What changed between two numbers.

import { Digits, isNumber } from "./json.js";

const asNumber = (value) => (value instanceof Digits ? Number(value.text) : value);

function rounded(ratio) {
  const digits = ratio >= 100 ? 0 : ratio >= 10 ? 1 : 2;
  return String(Number(ratio.toFixed(digits)));
}

/** How many times the number before a number is: `×10`, `÷4`; nothing where that says nothing. */
export function ratio(before, after) {
  if (!isNumber(before) || !isNumber(after)) return undefined;
  const [from, to] = [asNumber(before), asNumber(after)];
  const times = to / from;
  if (!Number.isFinite(times) || times <= 0 || times === 1) return undefined;
  const shown = rounded(times > 1 ? times : 1 / times);
  return shown === "1" ? undefined : `${times > 1 ? "×" : "÷"}${shown}`;
}
