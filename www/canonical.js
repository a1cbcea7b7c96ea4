// The canonical form of an action and its digest, as contract and RFC 8785 have them: what a person sees is held
// against what their decision names.

import { Digits } from "./json.js";

/** A number's sign, its digits without zeros around them, and the power of ten of the first of them. */
function parts(text) {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  const digits = (whole + fraction).replace(/^0+/, "");
  return { sign, digits: digits.replace(/0+$/, ""), power: Number(exponent) - fraction.length + digits.length - 1 };
}

/** A number in canonical form: as its nearest double is written where that is the same number, else exactly. */
function canonicalNumber(text) {
  const { sign, digits, power } = parts(text);
  if (digits === "") return "0";
  const double = String(Number(text));
  if (/\d/.test(double)) {
    const near = parts(double);
    if (near.digits === digits && near.power === power) return double;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${sign}${digits[0]}${fraction}e${power < 0 ? "-" : "+"}${Math.abs(power)}`;
}

/** The canonical form of a value. */
export function canonical(value) {
  if (value instanceof Digits) return canonicalNumber(value.text);
  if (typeof value === "number") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

/** The digest of an action, as `sha256:…`; nothing where the browser has no such function. */
export async function digest({ kind, args }) {
  if (!globalThis.crypto?.subtle) return undefined;
  const bytes = new TextEncoder().encode(canonical({ args, kind }));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
