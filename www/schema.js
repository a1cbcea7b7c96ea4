// As much of JSON Schema as types a field and says what is wrong with its value.

import { compare, isMultiple } from "./decimal.js";
import { Digits, isNumber } from "./json.js";
import { unescaped } from "./leaves.js";
import { editing as texts } from "./texts.js";

const MAX_REFERENCES = 20;
const types = ({ type }) => (Array.isArray(type) ? type : type === undefined ? [] : [type]);

/** A schema without its references and without the choice of being null; `{}` where it is none that is known. */
function resolved(schema, root, left = MAX_REFERENCES) {
  if (schema === null || typeof schema !== "object" || left === 0) return {};
  if (typeof schema.$ref === "string") {
    const steps = schema.$ref.startsWith("#/") ? schema.$ref.slice(2).split("/") : [];
    const target = steps.reduce((found, step) => found?.[unescaped(step)], root);
    return resolved(steps.length > 0 ? target : undefined, root, left - 1);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(choices)) return schema;
  const others = choices.filter((choice) => choice?.type !== "null");
  if (others.length !== 1) return {};
  const nullable = others.length < choices.length;
  return { ...resolved(others[0], root, left - 1), ...(nullable ? { nullable } : {}) };
}

/** An object schema's members; none where it says them in a way that is not known. */
const propertiesOf = ({ properties }) => (properties !== null && typeof properties === "object" && !Array.isArray(properties) ? properties : {});

/** The schema of the value at a JSON Pointer; `{}` where nothing is known. */
export function schemaAt(root, pointer) {
  const steps = pointer === "" ? [] : pointer.slice(1).split("/").map(unescaped);
  return steps.reduce((schema, step) => {
    const properties = propertiesOf(schema);
    const below = Object.hasOwn(properties, step) ? properties[step] : (schema.items ?? schema.additionalProperties);
    return resolved(below, root);
  }, resolved(root, root));
}

/** The members that an object may have and has not, each with its schema. */
export function lacking(root, pointer, value) {
  const properties = propertiesOf(schemaAt(root, pointer));
  const names = Object.keys(properties).filter((name) => !Object.hasOwn(value, name));
  return names.map((name) => ({ name, schema: resolved(properties[name], root) })).filter(({ schema }) => !types(schema).some((type) => type === "object" || type === "array"));
}

/** Whether the member of that name may be left out. */
export function isOptional(root, pointer, name) {
  const schema = schemaAt(root, pointer);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.hasOwn(propertiesOf(schema), name) && !required.includes(name);
}

/** What a field of this schema holds; nothing where that is not said. */
export function typeOf(schema) {
  const named = types(schema).filter((type) => type !== "null");
  return named.length === 1 ? named[0] : undefined;
}

/** Whether a field of this schema may hold nothing. */
export const isNullable = (schema) => schema.nullable === true || types(schema).includes("null");

const text = (value) => (value instanceof Digits ? value.text : String(value));

function numberProblem(schema, value) {
  const own = text(value);
  const limit = (name) => (isNumber(schema[name]) ? text(schema[name]) : undefined);
  const [least, most, above, below, step] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].map(limit);
  if (typeOf(schema) === "integer" && !isMultiple(own, "1")) return texts.wrong.integer;
  if (least !== undefined && compare(own, least) < 0) return texts.wrong.least(least);
  if (most !== undefined && compare(own, most) > 0) return texts.wrong.most(most);
  if (above !== undefined && compare(own, above) <= 0) return texts.wrong.above(above);
  if (below !== undefined && compare(own, below) >= 0) return texts.wrong.below(below);
  if (step !== undefined && compare(step, "0") > 0 && !isMultiple(own, step)) return texts.wrong.step(step);
  return undefined;
}

/** What is not tested here: a pattern that is none, or one that could take for ever (repetition of a repetition). */
const PATTERN_LENGTH = 500;
const ENDLESS = /[*+}]\)*[*+{]|[*+}].*\)[*+{]|\|.*\)[*+{]/;

function fits(text, pattern) {
  try {
    return text.length > PATTERN_LENGTH || ENDLESS.test(pattern) || new RegExp(pattern, "u").test(text);
  } catch {
    return true;
  }
}

const FORMATS = {
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  "date-time": (text) => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d/.test(text),
  email: (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
};

function textProblem(schema, text) {
  const length = [...text].length;
  if (length < schema.minLength) return texts.wrong.shorter(schema.minLength);
  if (length > schema.maxLength) return texts.wrong.longer(schema.maxLength);
  if (typeof schema.pattern === "string" && !fits(text, schema.pattern)) return texts.wrong.pattern(schema.pattern);
  if (FORMATS[schema.format]?.(text) === false) return texts.wrong.format(schema.format);
  return undefined;
}

/** What is wrong with a value, in words; nothing where nothing is. */
export function problem(schema, value) {
  if (value === null) return isNullable(schema) || typeOf(schema) === undefined ? undefined : texts.wrong.nothing;
  const type = typeOf(schema);
  const is = Array.isArray(value) ? "array" : isNumber(value) ? "number" : typeof value;
  if (type !== undefined && type !== is && !(type === "integer" && is === "number")) return texts.wrong.type(type);
  if (is === "number") return numberProblem(schema, value);
  return is === "string" ? textProblem(schema, value) : undefined;
}
