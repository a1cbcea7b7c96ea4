// A text field with line numbers, in which problems are marked where they are.

import { element } from "./figures.js";

/** More lines are not numbered, and nothing is marked in them: the browser would be busy with them alone. */
const MOST_LINES = 5000;

/** Where a column, in characters, is in a line of JavaScript's. */
function offset(line, column) {
  let at = 0;
  for (let left = column - 1; left > 0 && at < line.length; left -= 1) at += line.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** Puts an editor into an element. `change` is told whenever its text is another one. */
export function editor(box, label, described, change) {
  const numbers = element("div");
  const gutter = element("div", { className: "gutter", "aria-hidden": "true" }, numbers);
  const marks = element("pre", { "aria-hidden": "true" });
  const field = element("textarea", { "aria-label": label, "aria-describedby": described, wrap: "off", spellcheck: "false", autocomplete: "off", autocapitalize: "off" });
  box.append(gutter, element("div", { className: "paper" }, marks, field));

  const follow = () => {
    numbers.style.transform = `translateY(${-field.scrollTop}px)`;
    marks.style.transform = `translate(${-field.scrollLeft}px, ${-field.scrollTop}px)`;
  };
  field.addEventListener("scroll", follow);
  field.addEventListener("input", change);

  for (const name of ["dragover", "dragleave", "drop"]) {
    box.addEventListener(name, async (event) => {
      // Text that is dragged is the browser's to drop.
      if (!event.dataTransfer?.types.includes("Files")) return;
      const [file] = event.dataTransfer.files;
      if (name !== "dragleave") event.preventDefault();
      box.classList.toggle("over", name === "dragover");
      if (name === "drop" && file) set(await file.text());
    });
  }

  function set(text) {
    field.value = text;
    field.scrollTop = 0;
    change();
  }

  /** The places of problems in the text, the earliest first, without overlaps. */
  function places(lines, problems) {
    const starts = [];
    let at = 0;
    for (const line of lines) {
      starts.push(at);
      at += line.length + 1;
    }
    let end = -1;
    return problems
      .filter(({ line }) => line >= 1 && line <= lines.length)
      .map(({ line, column, length, kind }) => {
        const text = lines[line - 1];
        const from = offset(text, column);
        return { from: starts[line - 1] + from, to: starts[line - 1] + Math.max(from + 1, offset(text, column + length)), kind };
      })
      .sort((a, b) => a.from - b.from)
      .filter(({ from, to }) => from >= end && ((end = to), true));
  }

  /** Numbers the lines and marks the problems, each `{line, column, length, kind}`. */
  function mark(problems) {
    const text = field.value;
    const lines = text.split("\n");
    const kinds = new Map();
    for (const { line, kind } of problems) if (kinds.get(line) !== "problem") kinds.set(line, kind);
    const count = Math.min(lines.length, MOST_LINES);
    const numbered = Array.from({ length: count }, (_, at) => element("span", kinds.has(at + 1) ? { className: kinds.get(at + 1) } : {}, `${at + 1}\n`));
    numbers.replaceChildren(...numbered);
    marks.replaceChildren();
    let end = 0;
    if (lines.length <= MOST_LINES) {
      for (const { from, to, kind } of places(lines, problems)) {
        // A mark at the end of a line has nothing to lie under.
        const covered = text.slice(from, to).split("\n")[0] || " ";
        marks.append(text.slice(end, from), element("mark", { className: kind }, covered));
        end = from + (covered === " " && text[from] === "\n" ? 0 : covered.length);
      }
      marks.append(`${text.slice(end)}\n`);
    }
    field.setAttribute("aria-invalid", String(problems.some(({ kind }) => kind === "problem")));
    follow();
  }

  /** Goes to a place in the text. */
  function go({ line, column, length }) {
    const lines = field.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    const text = lines[line - 1] ?? "";
    field.focus();
    field.setSelectionRange(start + offset(text, column), start + offset(text, column + length));
    const height = parseFloat(getComputedStyle(field).lineHeight);
    field.scrollTop = Math.max(0, (line - 4) * height);
    // Letters of one width: a share of the line is a share of its length.
    const share = text.length > 0 ? offset(text, column) / Math.max(...lines.map((one) => one.length)) : 0;
    field.scrollLeft = Math.max(0, share * field.scrollWidth - field.clientWidth / 2);
  }

  return { set, mark, go, field, get text() { return field.value; } };
}
