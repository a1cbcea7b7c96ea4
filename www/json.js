// JSON in which numbers that JavaScript would round keep the digits that were sent.

const BRAND = Symbol.for("holdpoint.digits");

/** A number literal that a JavaScript number does not hold. */
export class Digits {
  [BRAND] = true;

  constructor(text) {
    this.text = text;
  }

  // Two scripts of one page each have this class; JSON cannot make what has this name.
  static [Symbol.hasInstance](value) {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** Whether a value is a number, whoever holds it. */
export const isNumber = (value) => typeof value === "number" || value instanceof Digits;

/** Whether a value has nothing in it that is looked at by itself. */
export const isLeaf = (value) => value === null || typeof value !== "object" || value instanceof Digits || Object.keys(value).length === 0;

/** JSON text in which every number has the digits that it came with. */
export function written(value) {
  if (value instanceof Digits) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`).join(",")}}`;
}

function keepDigits(_key, value, context) {
  const source = context?.source;
  return typeof value === "number" && source !== undefined && source !== String(value) ? new Digits(source) : value;
}

/** The value that a JSON text stands for, with every digit. */
export const read = (text) => JSON.parse(text, keepDigits);
