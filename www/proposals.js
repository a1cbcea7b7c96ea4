// Actions as people paste them: one, an array, or one a line; proposals, actions with what is known of them, or an export.

import { read, written } from "./json.js";

const breaks = (text) => text.split("\n").length - 1;

/** Where the elements of a JSON array begin and end; null where it has no end. */
function elements(text, start) {
  const found = [];
  let [depth, from] = [0, start + 1];
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"') {
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    } else if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") {
      depth -= 1;
      if (depth > 0) continue;
      found.push([from, at]);
      return text.slice(at + 1).trim() === "" ? found : null;
    } else if (letter === "," && depth === 1) {
      found.push([from, at]);
      from = at + 1;
    }
  }
  return null;
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** White space of JSON's: what else looks like it is part of the action, and refused. */
const SPACE = /^[ \t\r\n]+|[ \t\r\n]+$/g;

/** The actions of a text, each `{text, line}`. */
export function splitActions(text) {
  const trimmed = text.replace(SPACE, "");
  if (trimmed === "") return [];
  const start = text.indexOf(trimmed);
  const first = 1 + breaks(text.slice(0, start));
  const whole = [{ text: trimmed, line: first }];
  if (text[start] === "[") {
    const found = elements(text, start);
    if (found === null) return whole;
    let [counted, line] = [start, first];
    const parts = found.map(([from, to]) => {
      const slice = text.slice(from, to);
      const begins = from + slice.search(/[^ \t\r\n]|$/);
      line += breaks(text.slice(counted, begins));
      counted = begins;
      return { text: slice.replace(SPACE, ""), line };
    });
    return parts.length === 1 && parts[0].text === "" ? [] : parts;
  }
  const lines = text.split("\n").map((line, at) => ({ text: line.replace(SPACE, ""), line: at + 1 })).filter(({ text }) => text !== "");
  // One that is written over several lines is no JSON in any of them, but perhaps in a number or a word of a list.
  const stands = ({ text }) => text.startsWith("{") && isJson(text);
  return isJson(trimmed) || !(stands(lines[0]) || lines.slice(1).some((line) => line.text.includes('"kind"') && stands(line))) ? whole : lines;
}

/** What would be sent of it: without what is known of it, and of a line of an export the action that was decided. */
export function proposalOf(text) {
  let known;
  try {
    known = read(text);
  } catch {
    return text;
  }
  if (known === null || typeof known !== "object" || Array.isArray(known)) return text;
  if ("record" in known) {
    const { action, confidence, asked_severity: severity, subject, source, context } = known;
    return written({ kind: action?.kind, args: action?.args, confidence, severity, subject, source, context });
  }
  if (!("id" in known) && !("wrong" in known)) return text;
  const { id: _id, wrong: _wrong, ...proposal } = known;
  return written(proposal);
}

/** On which line of a text a byte of its UTF-8 is, from 0. */
export function lineOfByte(text, byte) {
  return breaks(new TextDecoder().decode(new TextEncoder().encode(text).slice(0, byte)));
}
