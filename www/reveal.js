// Makes visible what a text could hide: direction marks, zero-width and control characters, look-alike letters,
// spaces at the ends. What is shown is the text, character by character; marks stand beside or around it.

import { texts } from "./texts.js";

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\ue000-\uf8ff]|\p{Cs}|[\u{1d173}-\u{1d17a}]|[\u{e0000}-\u{e0fff}]|[\u{f0000}-\u{10ffff}]|^ +| +$|\p{M}{4,}/gu;

/** Letters of other scripts that are drawn like Latin ones, pairwise. */
const PAIRS =
  "аaеeоoрpсcуyхxіiјjѕsԁdԛqԝwһhӏlкkмmтtвbгrпnАAВBЕEКKМMНHОOРPСCТTХXІIЈJЅSҮYοoαaρpνvιiκkυuτtηnγyωwΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXօoսuհhոnցgքpճtﬀfꞵbℓlıiɡgɑaǀl";
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

/** Where a word's letters pass for others: a word of its own script is left in peace unless all of it does. */
function* lookAlikes(text) {
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}\p{N}\u2100-\u214f]+/gu)) {
    if (/^[\u0000-\u007f]*$/.test(word)) continue;
    const mixed = /[A-Za-z]/.test(word);
    const foreign = [...word].filter((character) => character > "\u007f");
    const passing = foreign.map(looksLike);
    if (mixed ? passing.some(Boolean) : passing.every(Boolean)) yield { from: index, to: index + word.length };
  }
}

/** Whether a text holds what a text field would not show. */
export const hides = (text) => text.search(HIDDEN) >= 0;

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

function appendPlain(parent, text) {
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    parent.append(text.slice(end, match.index), hidden(match[0]));
    end = match.index + match[0].length;
  }
  parent.append(text.slice(end));
}

/** Appends a word with each letter that passes for another one marked, and said after it. */
function appendLookAlike(parent, word) {
  const box = tagged("span", "look-alike", "");
  for (const character of word) {
    if (looksLike(character) === undefined) appendPlain(box, character);
    else box.append(tagged("span", "letter", character));
  }
  const codes = [...word].filter((character) => looksLike(character) !== undefined).slice(0, 6).map(codePoint);
  const note = tagged("span", "hidden-character", `${texts.looksLatin} ${codes.join(" ")}`);
  note.dataset.text = "";
  parent.append(box, note);
}

/** Appends a piece of a text. A piece may begin or end within the text: only at its ends spaces are marked. */
function append(parent, text) {
  let end = 0;
  for (const { from, to } of lookAlikes(text)) {
    appendPlain(parent, text.slice(end, from));
    appendLookAlike(parent, text.slice(from, to));
    end = to;
  }
  appendPlain(parent, text.slice(end));
}

/** Appends pieces, each `[text, tag]`; what is changed stands in `ins` or `del`. */
function appendAll(parent, pieces) {
  for (const [text, tag] of pieces) {
    if (!tag) append(parent, text);
    else {
      const element = document.createElement(tag);
      append(element, text);
      parent.append(element);
    }
  }
}

/** Where a text is cut: after so many characters or lines. */
function cutAt(text) {
  let at = Math.min(text.length, LONG);
  for (let line = 0, end = -1; line < LINES; line += 1) {
    end = text.indexOf("\n", end + 1);
    if (end < 0 || end > at) return at;
    if (line === LINES - 1) at = end;
  }
  return at;
}

function cut(pieces, length) {
  const kept = [];
  let left = length;
  for (const [text, tag] of pieces) {
    if (left <= 0) break;
    // Not within a pair of surrogates.
    const end = left < text.length && /[\ud800-\udbff]/.test(text[left - 1]) ? left - 1 : left;
    kept.push([text.slice(0, end), tag]);
    left -= text.length;
  }
  return kept;
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
  if (at === text.length) {
    appendAll(box, pieces);
    return box;
  }
  appendAll(box, cut(pieces, at));
  const button = tagged("button", "small open", texts.showAll(text.length));
  button.type = "button";
  button.addEventListener("click", () => {
    box.replaceChildren();
    appendAll(box, pieces);
    box.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  });
  box.append("… ", button);
  return box;
}
