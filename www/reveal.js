// Makes visible what a text could hide: direction marks, zero-width and control characters, look-alike spaces.

const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ue000-\uf8ff]|[\u{e0000}-\u{e0fff}]|[\u{f0000}-\u{10ffff}]/gu;

/** Whether a text holds what a text field would not show. */
export const hides = (text) => text.search(HIDDEN) >= 0;

const LONG = 2000;

/** Letters of one script that look like those of another, next to each other in one word. */
function mixesScripts(text) {
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.some(
    (word) => /\p{Script=Latin}/u.test(word) && /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Cherokee}\p{Script=Armenian}]/u.test(word),
  );
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

function append(parent, text) {
  let end = 0;
  for (const match of text.matchAll(HIDDEN)) {
    parent.append(text.slice(end, match.index));
    const mark = document.createElement("span");
    mark.className = "hidden-character";
    mark.textContent = codePoint(match[0]);
    parent.append(mark);
    end = match.index + match[0].length;
  }
  parent.append(text.slice(end));
}

/** An element that shows a text as it is, in its own direction, long ones cut with their length. */
export function reveal(text, showAllLabel) {
  const box = document.createElement("bdi");
  box.className = "value";
  box.dir = "ltr";
  append(box, text.length > LONG ? text.slice(0, LONG) : text);
  if (text.length > LONG) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = showAllLabel(text.length);
    button.addEventListener("click", () => {
      box.replaceChildren();
      append(box, text);
    });
    box.append("… ", button);
  }
  if (mixesScripts(text)) {
    const mark = document.createElement("span");
    mark.className = "hidden-character";
    mark.textContent = "letters of two scripts in one word";
    box.append(" ", mark);
  }
  return box;
}
