// Editing: a field for each value, typed by what stands there. What comes out has the same members.

import { Digits } from "./api.js";
import { leaves } from "./case.js";
import { hides, reveal } from "./reveal.js";
import { texts } from "./texts.js";

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

const at = (id) => document.getElementById(id);

let fields = null;

/** Whether the case on the page is being edited. */
export const editing = () => fields !== null;

function textField(value) {
  const area = document.createElement("textarea");
  area.value = value;
  // A text field has line ends of its own: what nobody touched stays as it was.
  const before = area.value;
  area.rows = Math.min(8, Math.max(1, value.split("\n").length, Math.ceil(value.length / 70)));
  return { element: area, read: () => (area.value === before ? value : area.value) };
}

function numberField(value) {
  const input = document.createElement("input");
  const before = value instanceof Digits ? value.text : String(value);
  input.value = before;
  input.inputMode = "decimal";
  const read = () => {
    const text = input.value.trim();
    if (!NUMBER.test(text)) return undefined;
    return text === before ? value : new Digits(text);
  };
  return { element: input, read, wrong: texts.noNumber };
}

function choiceField(value) {
  const select = document.createElement("select");
  for (const option of [true, false]) select.append(new Option(String(option), String(option), option === value, option === value));
  return { element: select, read: () => select.value === "true" };
}

function nothingField() {
  const input = document.createElement("input");
  input.placeholder = texts.nothingThere;
  return { element: input, read: () => (input.value === "" ? null : input.value) };
}

function fieldOf(value) {
  if (typeof value === "string") return textField(value);
  if (typeof value === "number" || value instanceof Digits) return numberField(value);
  if (typeof value === "boolean") return choiceField(value);
  if (value === null) return nothingField();
  return null;
}

function row(leaf, index) {
  const tr = document.createElement("tr");
  const th = document.createElement("th");
  th.scope = "row";
  const td = document.createElement("td");
  const field = fieldOf(leaf.value);
  if (field === null) {
    th.append(reveal(leaf.path, texts.showAll));
    td.textContent = JSON.stringify(leaf.value);
    tr.append(th, td);
    return { tr };
  }
  const label = document.createElement("label");
  field.element.id = `edit-${index}`;
  label.htmlFor = field.element.id;
  label.append(reveal(leaf.path, texts.showAll));
  th.append(label);
  const problem = document.createElement("p");
  problem.className = "error";
  problem.id = `edit-problem-${index}`;
  field.element.setAttribute("aria-describedby", problem.id);
  td.append(field.element);
  if (typeof leaf.value === "string" && hides(leaf.value)) {
    // A text field shows no hidden characters: below it they are.
    const note = document.createElement("p");
    note.append(`${texts.asItIs} `, reveal(leaf.value, texts.showAll));
    td.append(note);
  }
  td.append(problem);
  tr.append(th, td);
  return { tr, field: { ...field, problem, pointer: leaf.pointer } };
}

/** Puts a field in the place of each value. */
export function begin(args) {
  const rows = (Object.keys(args).length === 0 ? [] : leaves(args)).map(row);
  fields = { args, all: rows.flatMap(({ field }) => field ?? []) };
  at("fields").tBodies[0].replaceChildren(...rows.map(({ tr }) => tr));
  at("more-fields").hidden = true;
  at("fingerprint").hidden = true;
  at("buttons").hidden = true;
  at("editing").hidden = false;
  fields.all[0]?.element.focus();
}

/** Keeps what was typed as it stands, or lets it be typed again. */
export function freeze(frozen) {
  at("fields").inert = frozen;
}

/** Ends editing; the case has to be drawn again. */
export function end() {
  fields = null;
  freeze(false);
  at("editing").hidden = true;
  at("buttons").hidden = false;
}

/** The arguments as edited; undefined where a field holds what it cannot, which it then says. */
export function edited() {
  const values = new Map();
  let first;
  for (const { element, read, wrong, problem, pointer } of fields.all) {
    const value = read();
    problem.textContent = value === undefined ? wrong : "";
    element.setAttribute("aria-invalid", String(value === undefined));
    if (value === undefined) first ??= element;
    values.set(pointer, value);
  }
  if (first) {
    first.focus();
    return undefined;
  }
  return rebuilt(fields.args, "", values);
}

function rebuilt(value, pointer, values) {
  if (values.has(pointer)) return values.get(pointer);
  if (value === null || typeof value !== "object" || value instanceof Digits) return value;
  const step = (name) => `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const members = Object.entries(value).map(([name, inner]) => [name, rebuilt(inner, step(name), values)]);
  return Array.isArray(value) ? members.map(([, inner]) => inner) : Object.fromEntries(members);
}
