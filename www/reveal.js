// Makes visible what a text could hide: direction marks, zero-width and control characters, look-alike letters,
// spaces at the ends. What is shown is the text, character by character; marks stand beside or around it.

import { texts } from "./texts.js";

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ue000-\uf8ff]|\p{Cs}|[\u{1d173}-\u{1d17a}]|[\u{e0000}-\u{e0fff}]|[\u{f0000}-\u{10ffff}]|^ +| +$|\p{M}{4,}/gu;

/** Letters of other scripts that are drawn like Latin ones, pairwise. */
const PAIRS =
  "аaеeоoрpсcуyхxіiјjѕsԁdԛqԝwһhӏlкkмmтtвbгrпnАAВBЕEКKМMНHОOРPСCТTХXІIЈJЅSҮYοoαaρpνvιiκkυuτtηnγyωwΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXօoսuհhոnցgքpճtﬀfꞵbℓlıiɡgɑaǀlᴏoᴄcᴠvᴡwᴢzꜱs";
const LOOKS = new Map(PAIRS.match(/../gu).map((pair) => [...pair]));

/** The letter or digit that a character passes for, where it is another one. */
function looksLike(character) {
  if (character <= "\u007f") return undefined;
  const known = LOOKS.get(character);
  if (known) return known;
  const plain = character.normalize("NFKC");
  if (/^[\w.@/:-]+$/.test(plain)) return plain;
  return /\p{Nd}/u.test(character) ? "a digit" : undefined;
}

/** Whether a word passes for another: one of its own script is left in peace unless all of it does. */
function passes(word) {
  const foreign = [...word].filter((character) => character > "\u007f");
  const passing = foreign.map(looksLike);
  return /[A-Za-z]/.test(word) ? passing.some(Boolean) : passing.length > 0 && passing.every(Boolean);
}

/** What is marked in a text, in its order: `{from, to, word}`. */
function marksOf(text) {
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}\u2100-\u214f\u2460-\u24ff]+/gu)].filter(([word]) => passes(word));
  const found = [...words.map((match) => [match, true]), ...[...text.matchAll(HIDDEN)].map((match) => [match, false])];
  const marks = found.map(([{ 0: part, index }, word]) => ({ from: index, to: index + part.length, word }));
  // Of two that overlap the word is shown: it shows its hidden characters too.
  return marks.sort((a, b) => a.from - b.from || b.to - a.to).filter((mark, at, all) => !all.slice(Math.max(0, at - 3), at).some(({ to }) => to > mark.from));
}

/** Whether a text holds what a text field would not show. */
export const hides = (text) => marksOf(text).length > 0;

const LONG = 2000;
const LINES = 24;

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

function tagged(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/** A character that shows nothing, as its code point; it is still there to be copied. */
function hidden(characters) {
  const label = characters[0] === " " ? "␣".repeat(Math.min(characters.length, 20)) : [...characters].map(codePoint).join(" ");
  const mark = tagged("span", "hidden-character", label);
  mark.dataset.text = characters;
  return mark;
}

/** Appends a word with each letter that passes for another one marked, and said after it. */
function appendLookAlike(parent, word) {
  const box = tagged("span", "look-alike", "");
  const passing = [...word].filter((character) => looksLike(character) !== undefined);
  for (const character of word) {
    const mark = passing.includes(character) ? tagged("span", "letter", character) : character;
    box.append(character.search(HIDDEN) >= 0 ? hidden(character) : mark);
  }
  const note = tagged("span", "hidden-character", `${texts.looksLatin} ${passing.slice(0, 6).map(codePoint).join(" ")}`);
  note.dataset.text = "";
  parent.append(box, note);
}

/** Appends a stretch of a text, with its marks. */
function append(parent, text, marks, from, to) {
  let end = from;
  for (const mark of marks) {
    const [begins, ends] = [Math.max(mark.from, from), Math.min(mark.to, to)];
    if (begins >= ends) continue;
    parent.append(text.slice(end, begins));
    if (mark.word) appendLookAlike(parent, text.slice(begins, ends));
    else parent.append(hidden(text.slice(begins, ends)));
    end = ends;
  }
  parent.append(text.slice(end, to));
}

/** Appends pieces, each `[text, tag]`, as far as `length`; what is changed stands in `ins` or `del`. */
function appendAll(parent, pieces, length) {
  const text = pieces.map(([part]) => part).join("");
  const marks = marksOf(text.slice(0, length));
  let from = 0;
  for (const [part, tag] of pieces) {
    const to = Math.min(from + part.length, length);
    if (from >= to) return;
    const inner = tag ? document.createElement(tag) : parent;
    append(inner, text, marks, from, to);
    if (tag) parent.append(inner);
    from = to;
  }
}

/** Where a text is cut: after so many characters or lines, and not within a pair of surrogates. */
function cutAt(text) {
  const half = /[\ud800-\udbff]/.test(text[LONG - 1] ?? "");
  let at = Math.min(text.length, half ? LONG - 1 : LONG);
  for (let line = 0, end = -1; line < LINES; line += 1) {
    end = text.indexOf("\n", end + 1);
    if (end < 0 || end > at) return at;
    if (line === LINES - 1) at = end;
  }
  return at;
}

/**
 * An element that shows a text as it is, in its own direction; a long one is cut, says its length, and opens in
 * place. The text may come in pieces, `[text, "ins" | "del" | undefined]`.
 */
export function reveal(given) {
  const pieces = typeof given === "string" ? [[given]] : given;
  const text = pieces.map(([part]) => part).join("");
  const box = document.createElement("bdi");
  box.className = "value";
  box.dir = "ltr";
  const at = cutAt(text);
  appendAll(box, pieces, at);
  if (at === text.length) return box;
  const button = tagged("button", "small open", texts.showAll(text.length));
  button.type = "button";
  button.addEventListener("click", () => {
    box.replaceChildren();
    appendAll(box, pieces, text.length);
    box.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  });
  box.append("… ", button);
  return box;
}
