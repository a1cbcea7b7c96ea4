// The leaves of a JSON value: what is looked at one by one.

import { isLeaf } from "./json.js";

export const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

export const unescaped = (step) => step.replaceAll("~1", "/").replaceAll("~0", "~");

/** A path that a person reads, and that no other member has. */
function step(path, name, inArray) {
  if (inArray) return `${path}[${name}]`;
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}

/** The leaves of a value, each with its JSON Pointer and a readable path. */
export function leaves(value) {
  const found = [];
  const walk = (inner, pointer, path) => {
    if (isLeaf(inner)) {
      found.push({ pointer, path, value: inner });
      return;
    }
    for (const [name, below] of Object.entries(inner)) walk(below, `${pointer}/${escaped(name)}`, step(path, name, Array.isArray(inner)));
  };
  walk(value, "", "");
  return found.filter(({ pointer }) => pointer !== "");
}
