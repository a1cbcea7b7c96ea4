// Numbers as people read them: each share with what it rests on, grey where that is little.

import { insights as texts } from "./texts.js";

/** Below this many a rate says little. */
export const FEW = 10;

export function element(name, props = {}, ...children) {
  const made = document.createElement(name);
  const { className, ...more } = props;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(more)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A number, also where it came with more digits than a double has; null where there is none. */
export const plain = (value) => (value === null || value === undefined ? null : Number(value?.text ?? value));

export function percent(share) {
  const value = plain(share);
  if (value === null) return "–";
  const hundred = value * 100;
  if (hundred > 0 && hundred < 0.1) return "< 0.1 %";
  if (hundred > 99.5 && hundred < 100) return "> 99 %";
  return `${hundred < 10 ? trim(hundred.toFixed(1)) : Math.round(hundred)} %`;
}

const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A count or an amount. */
export function number(value) {
  const known = plain(value);
  if (known === null) return "–";
  const size = Math.abs(known);
  if (size >= 100) return Math.round(known).toLocaleString("en");
  // What no queue of people can tell from nothing.
  if (size < 1e-6) return "0";
  return size < 0.01 ? (known < 0 ? "> -0.01" : "< 0.01") : trim(known.toFixed(size >= 10 ? 1 : 2));
}

/** A ratio, by its first digits, however small. */
export const ratio = (value) => String(Number(plain(value).toPrecision(2)));

/** A time. */
export function seconds(value) {
  const known = plain(value);
  if (known === null) return "–";
  if (known < 0.05) return "0 s";
  if (known < 90) return `${known < 10 ? trim(known.toFixed(1)) : Math.round(known)} s`;
  return known < 5400 ? `${Math.round(known / 60)} min` : `${trim((known / 3600).toFixed(1))} h`;
}

export const isFew = (n) => plain(n) < FEW;

/** A share with its interval and what it rests on. */
export function share({ rate, low, high, n, k }) {
  if (plain(n) === 0 || rate === null) return element("span", { className: "few" }, texts.none);
  const basis = k === undefined ? texts.restsOn(number(n)) : texts.of(number(k), number(n));
  const aside = element("span", { className: "aside" }, `${percent(low)} – ${percent(high)}, ${basis}`);
  return element("span", isFew(n) ? { className: "few" } : {}, percent(rate), aside);
}

/** Facts, each with its word. */
export function facts(rows) {
  return element("dl", {}, ...rows.filter(Boolean).map(([word, value, aside]) => {
    const shown = element("dd", {}, value);
    if (aside) shown.append(element("span", { className: "aside" }, aside));
    return element("div", {}, element("dt", {}, word), shown);
  }));
}

/** A table: columns are [head, cell of a row, whether it is a number]. */
export function table(caption, columns, rows) {
  const head = element("tr", {}, ...columns.map(([word, , numeric]) => element("th", { scope: "col", ...(numeric ? { className: "number" } : {}) }, word)));
  const body = rows.map((row) =>
    element("tr", {}, ...columns.map(([, cell, numeric], at) => {
      const shown = cell(row);
      return at === 0 ? element("th", { scope: "row" }, shown) : element("td", numeric ? { className: "number" } : {}, shown);
    })),
  );
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { className: "scroll", tabindex: "0", role: "region", "aria-label": caption }, made);
}

/** A table that stands behind a plot. */
export function behind(caption, columns, rows) {
  return element("details", {}, element("summary", {}, texts.table), table(caption, columns, rows));
}
