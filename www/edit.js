// Editing: a field for each value, typed by the tool's schema where the request carried one, else by what stands
// there; or all of it as JSON.

import { Digits, isLeaf, isNumber, read, written } from "./json.js";
import { escaped, leaves, unescaped } from "./leaves.js";
import { hides, reveal } from "./reveal.js";
import { isNullable, isOptional, lacking, problem, schemaAt, typeOf } from "./schema.js";
import { editing as texts } from "./texts.js";

/** As long as a number of an action may be. */
const NUMBER = /^-?(0|[1-9]\d{0,399})(\.\d{1,399})?([eE][+-]?\d{1,3})?$/;

/** The member is to be left out. */
const ABSENT = Symbol("absent");
/** What a field holds that cannot be a value: it is never sent. */
class Wrong {
  constructor(message) {
    this.message = message;
  }
}
const wrong = (message) => new Wrong(message);

const at = (id) => document.getElementById(id);

let editor = null;
/** What a condition has read: comes first where not all can be shown. */
let flagged = [];

/** Whether the case on the page is being edited. */
export const editing = () => editor !== null;

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function textField(value, { format }) {
  const area = format === "date" ? element("input", { type: "date" }) : element("textarea", {});
  area.value = value;
  // What such a field cannot hold is edited as text.
  if (area.value === "" && value !== "") return textField(value, {});
  // A text field has line ends of its own: what nobody touched stays as it was.
  const before = area.value;
  if (area.rows) area.rows = Math.min(8, Math.max(1, value.split("\n").length, Math.ceil(value.length / 70)));
  const lineEnd = /\r\n/.test(value) && !/(^|[^\r])\n/.test(value) ? "\r\n" : "\n";
  return { element: area, read: () => (area.value === before ? value : area.value.replaceAll("\n", lineEnd)) };
}

/** `given` is what stands there, where that is no number. */
function numberField(value, given = value) {
  const before = value instanceof Digits ? value.text : String(value ?? "");
  const input = element("input", { value: before, inputMode: "decimal", autocomplete: "off" });
  const read = () => {
    const text = input.value.trim();
    if (text === before && given !== undefined) return given;
    return NUMBER.test(text) ? new Digits(text) : wrong(texts.wrong.number);
  };
  return { element: input, read };
}

function choiceField(value, options) {
  const select = element("select", {});
  const known = options.findIndex((option) => written(option) === written(value ?? null));
  const all = known >= 0 || value === undefined ? options : [value, ...options];
  for (const option of all) select.append(new Option(typeof option === "string" ? option : written(option)));
  select.selectedIndex = Math.max(known, 0);
  const read = () => {
    const chosen = all[select.selectedIndex];
    return all === options || select.selectedIndex > 0 ? chosen : wrong(texts.wrong.choice);
  };
  return { element: select, read };
}

function jsonField(value, text = written(value)) {
  const area = element("textarea", { value: text, rows: 3, spellcheck: false });
  const readField = () => {
    try {
      const found = read(area.value);
      return Array.isArray(found) === Array.isArray(value) && typeof found === "object" && found !== null ? found : wrong(texts.wrong.json);
    } catch {
      return wrong(texts.wrong.json);
    }
  };
  return { element: area, read: readField };
}

/** A field that may be left empty: what it then stands for. */
function perhaps({ element: input, read }, nothing) {
  input.placeholder = nothing === null ? texts.nothingThere : texts.notSet;
  return { element: input, read: () => (input.value === "" ? nothing : read()) };
}

/** A field by the schema, where it says enough, else by what stands there. */
function fieldOf(value, schema) {
  const vacant = value === null || value === undefined;
  const nothing = value === null ? null : ABSENT;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) {
    const options = schema.enum.filter((option) => option !== null);
    if (!vacant) return choiceField(value, isNullable(schema) ? [...options, null] : options);
    return offered(options, nothing);
  }
  const type = typeOf(schema);
  if (typeof value === "string" && (type === "number" || type === "integer")) return numberField(new Digits(value), value);
  if (isNumber(value) && type === "string") return textField(written(value), schema);
  if (vacant && (type === "array" || type === "object")) return perhaps(jsonField(type === "array" ? [] : {}, ""), nothing);
  if (typeof value === "boolean") return choiceField(value, [true, false]);
  if (type === "boolean") return offered([true, false], nothing);
  if (isNumber(value)) return numberField(value);
  if (type === "number" || type === "integer") return perhaps(numberField(undefined), nothing);
  if (vacant) return perhaps(textField("", {}), nothing);
  return typeof value === "string" ? textField(value, schema) : jsonField(value);
}

/** A choice that nothing was chosen of yet. */
function offered(options, nothing) {
  const select = element("select", {});
  select.append(new Option(nothing === null ? texts.nothingThere : texts.notSet));
  for (const option of options) select.append(new Option(typeof option === "string" ? option : written(option)));
  return { element: select, read: () => (select.selectedIndex === 0 ? nothing : options[select.selectedIndex - 1]) };
}

let count = 0;

function row({ path, pointer, value }, schema, optional) {
  const field = fieldOf(value, schema);
  const id = `edit-${(count += 1)}`;
  const label = element("label", { htmlFor: id });
  label.append(reveal(path));
  const th = element("th", { scope: "row" });
  th.append(label);
  const note = element("p", { className: "error", id: `${id}-problem` });
  field.element.id = id;
  field.element.setAttribute("aria-describedby", note.id);
  const td = element("td", {});
  td.append(field.element);
  if (schema.readOnly === true || "const" in schema) field.element.disabled = true;
  if (typeof schema.description === "string") td.append(element("p", { className: "aside", textContent: schema.description.slice(0, 300) }));
  if (typeof value === "string" && hides(value)) {
    // A text field shows no hidden characters: below it they are.
    const as = element("p", {});
    as.append(`${texts.asItIs} `, reveal(value));
    td.append(as);
  }
  const made = { ...field, value: value === undefined ? ABSENT : value, schema, note, pointer, left: false };
  if (optional && value !== undefined) td.append(leaveOut(made));
  td.append(note);
  const tr = element("tr", {});
  tr.append(th, td);
  return { tr, field: made };
}

/** A button that leaves an optional member out, or takes it in again. */
function leaveOut(field) {
  const button = element("button", { type: "button", className: "small", textContent: texts.leaveOut });
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    field.left = !field.left;
    field.element.disabled = field.left;
    button.setAttribute("aria-pressed", String(field.left));
  });
  return button;
}

const parentOf = (pointer) => pointer.slice(0, pointer.lastIndexOf("/"));
const nameOf = (pointer) => unescaped(pointer.slice(pointer.lastIndexOf("/") + 1));

/** Every object within a value, with its pointer and path. */
function objects(value, pointer = "", path = "") {
  if (value === null || typeof value !== "object" || value instanceof Digits || Array.isArray(value)) return [];
  const inner = Object.entries(value).filter(([, below]) => !isLeaf(below));
  return [
    { pointer, path, value },
    ...inner.flatMap(([name, below]) => objects(below, `${pointer}/${escaped(name)}`, path === "" ? name : `${path}.${name}`)),
  ];
}

function additions(root, args) {
  return objects(args).flatMap(({ pointer, path, value }) =>
    lacking(root, pointer, value).map(({ name, schema }) => ({
      leaf: { path: path === "" ? name : `${path}.${name}`, pointer: `${pointer}/${escaped(name)}` },
      schema,
    })),
  );
}

/** A field too many is no help: so many can be typed into one by one, the rest as JSON. */
const MAX_FIELDS = 300;

function drawFields(args, root) {
  const isFlagged = ({ pointer }) => flagged.some((field) => pointer === field || pointer.startsWith(`${field}/`));
  const all = leaves(args);
  const known = all.length <= MAX_FIELDS ? all : all.toSorted((a, b) => isFlagged(b) - isFlagged(a)).slice(0, MAX_FIELDS);
  const present = known.map((leaf) => row(leaf, schemaAt(root, leaf.pointer), isOptional(root, parentOf(leaf.pointer), nameOf(leaf.pointer))));
  const absent = additions(root, args).slice(0, MAX_FIELDS).map(({ leaf, schema }) => row(leaf, schema, false));
  const rows = [...present, ...absent];
  editor = { args, root, all: rows.map(({ field }) => field), json: null };
  const left = all.length - known.length;
  const more = left > 0 ? [note(texts.notShown(left))] : [];
  at("fields").tBodies[0].replaceChildren(...rows.map(({ tr }) => tr), ...more, switcher(texts.asJson, (now) => drawJson(now, root)));
  return editor.all.find(({ element: input }) => !input.disabled)?.element;
}

/** JSON in lines, with every digit. */
function pretty(value, indent = "") {
  if (isLeaf(value)) return written(value);
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const members = Object.entries(value).map(([name, below]) => `${inner}${list ? "" : `${JSON.stringify(name)}: `}${pretty(below, inner)}`);
  return `${list ? "[" : "{"}\n${members.join(",\n")}\n${indent}${list ? "]" : "}"}`;
}

function drawJson(args, root) {
  const area = element("textarea", { id: "edit-json", rows: 14, spellcheck: false });
  area.value = pretty(args);
  const note = element("p", { className: "error", id: "edit-json-problem" });
  area.setAttribute("aria-describedby", note.id);
  area.setAttribute("aria-label", texts.argumentsJson);
  const td = element("td", { colSpan: 2 });
  td.append(area, note);
  const tr = element("tr", {});
  tr.append(td);
  editor = { args, root, all: [], json: { area, note } };
  at("fields").tBodies[0].replaceChildren(tr, switcher(texts.asFields, (now) => drawFields(now, root)));
  area.focus();
  return area;
}

function note(text) {
  const td = element("td", { colSpan: 2, textContent: text });
  const tr = element("tr", {});
  tr.append(td);
  return tr;
}

function switcher(text, draw) {
  const button = element("button", { type: "button", className: "small", textContent: text });
  // What was typed goes along; what cannot be a value is told first.
  button.addEventListener("click", () => {
    const args = edited();
    if (args !== undefined) draw(args)?.focus();
  });
  const td = element("td", { colSpan: 2 });
  td.append(button);
  const tr = element("tr", {});
  tr.append(td);
  return tr;
}

/** Puts a field in the place of each value; the first flagged one has the focus. */
export function begin({ action: { args }, schema }, suspects = []) {
  flagged = suspects;
  const first = drawFields(args, schema ?? {});
  at("fields").hidden = false;
  for (const id of ["more-fields", "fingerprint", "buttons", "compared"]) at(id).hidden = true;
  at("editing").hidden = false;
  const suspect = editor.all.find(({ pointer, element: input }) => !input.disabled && flagged.includes(pointer));
  (suspect?.element ?? first)?.focus();
}

/** Keeps what was typed as it stands, or lets it be typed again. */
export function freeze(frozen) {
  at("fields").inert = frozen;
}

/** Ends editing; the case has to be drawn again. */
export function end() {
  if (editor) at("compared").hidden = true;
  editor = null;
  freeze(false);
  at("editing").hidden = true;
  at("buttons").hidden = false;
}

/** The arguments as edited; undefined where a field holds what it cannot, which it then says. */
export function edited() {
  if (editor.json) return editedJson(editor.json);
  const values = new Map();
  let first;
  for (const field of editor.all) {
    // What cannot be edited stays as it was.
    const fixed = field.element.disabled && !field.left;
    const value = field.left ? ABSENT : fixed ? field.value : field.read();
    const message = value === ABSENT || fixed ? undefined : value instanceof Wrong ? value.message : problem(field.schema, value);
    field.note.textContent = message ?? "";
    field.element.setAttribute("aria-invalid", String(message !== undefined));
    if (message !== undefined) first ??= field.element;
    values.set(field.pointer, value);
  }
  if (first) {
    first.focus();
    return undefined;
  }
  const args = rebuilt(editor.args, "", values);
  for (const [pointer, value] of values) if (value !== ABSENT) add(args, pointer, value);
  return args;
}

function editedJson({ area, note }) {
  let found;
  try {
    found = read(area.value);
  } catch (error) {
    found = error;
  }
  const isObject = found !== null && typeof found === "object" && !Array.isArray(found) && !(found instanceof Error) && !(found instanceof Digits);
  note.textContent = isObject ? "" : texts.wrong.object;
  area.setAttribute("aria-invalid", String(!isObject));
  if (isObject) return found;
  area.focus();
  return undefined;
}

function rebuilt(value, pointer, values) {
  if (values.has(pointer)) return values.get(pointer);
  if (value === null || typeof value !== "object" || value instanceof Digits) return value;
  const step = (name) => `${pointer}/${escaped(name)}`;
  const members = Object.entries(value).map(([name, inner]) => [name, rebuilt(inner, step(name), values)]);
  const kept = members.filter(([, inner]) => inner !== ABSENT);
  return Array.isArray(value) ? kept.map(([, inner]) => inner) : Object.fromEntries(kept);
}

/** Adds a member that was not there. */
function add(args, pointer, value) {
  const steps = pointer.slice(1).split("/").map(unescaped);
  const name = steps.pop();
  const parent = steps.reduce((found, step) => found?.[step], args);
  if (parent && !Array.isArray(parent) && !Object.hasOwn(parent, name)) Object.defineProperty(parent, name, { value, writable: true, enumerable: true, configurable: true });
}
