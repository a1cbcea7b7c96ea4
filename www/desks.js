// The desks that a person is good for: what waits there, and since when.

import { now } from "./api.js";
import { span, texts } from "./texts.js";

const at = (id) => document.getElementById(id);

let known = [];

export const names = () => known.map(({ name }) => name);
export const get = (desk) => known.find(({ name }) => name === desk) ?? { held: 0, to_audit: 0, oldest: null };

export function set(desks) {
  known = desks;
}

export function update(desk, counts) {
  known = known.map((one) => (one.name === desk ? { ...one, ...counts } : one));
}

/** The desk where most waits. */
export function busiest() {
  const waits = (desk) => desk.held + desk.to_audit;
  return known.reduce((a, b) => (waits(b) > waits(a) ? b : a)).name;
}

/** Draws the switcher, unless somebody is choosing. */
export function draw(current) {
  const choice = at("desk");
  const { held, to_audit } = get(current);
  document.title = `${held + to_audit > 0 ? `(${held + to_audit}) ` : ""}Review · Holdpoint`;
  const label = ({ name, held, to_audit, oldest }) => texts.deskOption(name, held, to_audit, oldest === null ? undefined : span(now() - Date.parse(oldest)));
  const labels = known.map(label);
  const drawn = [...choice.options].map(({ text }) => text);
  if (document.activeElement === choice) return;
  if (choice.value === current && labels.length === drawn.length && labels.every((text, index) => text === drawn[index])) return;
  choice.replaceChildren(...known.map(({ name }, index) => new Option(labels[index], name, false, name === current)));
}
