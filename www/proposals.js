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

/** A part of the text, without the space around it, and the line on which it begins. */
function part(text, from, to) {
  const slice = text.slice(from, to);
  const begins = from + slice.length - slice.trimStart().length;
  return { text: slice.trim(), line: 1 + breaks(text.slice(0, begins)) };
}

/** The actions of a text, each `{text, line}`. */
export function splitActions(text) {
  if (text.trim() === "") return [];
  const whole = [part(text, 0, text.length)];
  const start = text.search(/\S/);
  if (text[start] === "[") {
    const found = elements(text, start);
    if (found === null) return whole;
    return text.slice(found[0][0], found.at(-1)[1]).trim() === "" ? [] : found.map(([from, to]) => part(text, from, to));
  }
  const lines = text.split("\n").map((line, at) => ({ text: line.trim(), line: at + 1 })).filter(({ text }) => text !== "");
  // One that is written over several lines is no JSON in its first.
  return isJson(text) || !isJson(lines[0].text) ? whole : lines;
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
