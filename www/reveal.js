// Makes visible what a text could hide: direction marks, zero-width and control characters, look-alike letters and
// signs, white space at the ends. What is shown is the text, character by character; marks stand beside or around it.

import { texts } from "./texts.js";

/** A run of characters that show nothing (controls, formats, odd spaces, fillers, the unassigned), or more marks on one letter than any language has. */
const HIDDEN = /(?:(?![ \n\t])[\p{C}\p{Z}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\uffff\u{e0100}-\u{e01ef}])+|\p{M}{4,}/gu;

/** Letters of other scripts, and signs, that are drawn like Latin ones. */
const LOOKS = /[аеорсухіјѕԁԛԝһӏкмтгпАВЕКМНОРСТХІЈЅҮЗοαρνικυτηγωΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհոցքճꞵıɡɑǀᴏᴄᴠᴡᴢꜱ∕⁄‚∶‐−。]/;

/** Scripts whose letters stand in a Latin word only to be taken for Latin ones. */
const FOREIGN = /[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Cher}\p{sc=Armn}\p{sc=Copt}\p{sc=Lisu}]/u;

/** Whether a character passes for a Latin letter, a digit or a sign, and is another one. */
function looksLike(character) {
  if (character <= "\u007f") return false;
  const plain = character.normalize("NFKC");
  return LOOKS.test(character) || FOREIGN.test(character) || /^[\w.,@/:-]+$/.test(plain) || /\p{Nd}/u.test(character);
}

/** Whether a word passes for another: one of its own script is left in peace unless all of it does. */
function passes(word) {
  const foreign = [...word].filter((character) => character > "\u007f");
  if (/[A-Za-z]/.test(word)) return foreign.some(looksLike);
  return foreign.length > 0 && foreign.every((character) => looksLike(character) && (LOOKS.test(character) || !FOREIGN.test(character)));
}

const WORDS = /[\p{L}\p{M}\p{N}\u2100-\u214f\u2460-\u24ff]+|[․。．∕⁄／‚，∶：＠﹒‐‑−]/gu;

/** What is marked in a text, in its order and without overlaps: `{from, to, word}`. */
function marksOf(text) {
  const found = [];
  for (const { 0: word, index } of text.matchAll(WORDS)) if (passes(word)) found.push({ from: index, to: index + word.length, word: true });
  for (const { 0: part, index } of text.matchAll(HIDDEN)) found.push({ from: index, to: index + part.length });
  const begins = text.length - text.trimStart().length;
  const ends = text.trimEnd().length;
  if (begins > 0) found.push({ from: 0, to: begins });
  if (ends < text.length && ends > 0) found.push({ from: ends, to: text.length });
  let end = 0;
  // Of two that overlap the first is shown, and shows what is hidden in it.
  return found
    .sort((a, b) => a.from - b.from || b.to - a.to)
    .filter(({ from, to }) => from >= end && ((end = to), true));
}

/** Whether a text holds what a text field would not show. */
export const hides = (text) => marksOf(text).length > 0;

/** A short text in which whatever shows nothing is spelled out. */
export const spelled = (text) => text.replace(HIDDEN, (run) => `[${label(run)}]`);

const LONG = 2000;
const LINES = 24;
/** A part of a text that is watched by itself: a screenful or less. */
const WATCHED = 1500;

const codePoint = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

function tagged(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

const SPACES = { " ": "␣", "\n": "↵", "\t": "⇥" };

/** What stands for characters that show nothing: each by its code point, and of many how many there are. */
function label(characters) {
  const all = [...characters.slice(0, 12)];
  const each = all.slice(0, 6).map((character) => SPACES[character] ?? codePoint(character));
  const more = characters.length > each.length && all.length > 6 ? ` … ${characters.length}` : "";
  return each.join(each.every((one) => one.length === 1) ? "" : " ") + more;
}

/** Characters that show nothing, as what stands for them; they are still there to be copied. */
function hidden(characters) {
  const mark = tagged("span", "hidden-character", label(characters));
  mark.dataset.text = characters;
  return mark;
}

/** Appends a word with each letter that passes for another one marked, and said after it. */
function appendLookAlike(parent, word) {
  const box = tagged("span", "look-alike", "");
  const passing = new Set([...word].filter(looksLike));
  for (const character of word) {
    const mark = passing.has(character) ? tagged("span", "letter", character) : character;
    box.append(character.search(HIDDEN) >= 0 ? hidden(character) : mark);
  }
  const note = tagged("span", "hidden-character", `${texts.looksLatin} ${[...passing].slice(0, 6).map(codePoint).join(" ")}`);
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
    box.tabIndex = -1;
    box.focus({ preventScroll: true });
    box.dispatchEvent(new CustomEvent("opened", { bubbles: true }));
  });
  box.append("… ", button);
  return box;
}

/** Puts what `make` makes at the beginning and at the end of a shown text, and between, a screenful apart. */
export function punctuate(box, make) {
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  const places = [];
  for (let node = walker.nextNode(), since = 0; node; node = walker.nextNode()) {
    for (let at = WATCHED - since; at < node.length; at += WATCHED) places.push([node, at]);
    since = (since + node.length) % WATCHED;
  }
  // From the end, so that what was split does not move what comes before it.
  for (const [node, at] of places.reverse()) node.splitText(at).before(make());
  box.prepend(make());
  box.append(make());
}
