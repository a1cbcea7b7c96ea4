// Plots as SVG: bars with whiskers. What they show is in the table behind them, and in their words. Across they
// are measured in shares of their width, so that their letters have the same size on a phone.

import { element, isFew, number, percent, plain } from "./figures.js";
import { reveal } from "./reveal.js";

const SPACE = "http://www.w3.org/2000/svg";
const ROW = 32;
/** Where the bars begin and end, in hundredths of the width. */
const [LEFT, RIGHT] = [34, 86];

function svg(name, props, ...children) {
  const made = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(props)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function figure(caption, says, height, children, legend = []) {
  const drawing = svg("svg", { width: "100%", height, role: "img", "aria-label": says }, ...children);
  const keys = legend.map(([kind, words]) => element("span", {}, element("i", { className: kind }), words));
  return element("figure", {}, element("figcaption", {}, caption, element("div", { className: "legend" }, ...keys)), drawing);
}

const share = (hundredths) => `${hundredths.toFixed(3)}%`;
const line = (x1, x2, y1, y2, kind) => svg("line", { x1: share(x1), x2: share(x2), y1, y2, class: kind });
/** A whisker is seen on every ground. */
const whisker = (...ends) => ["halo", "whisker"].map((kind) => line(...ends, kind));
const text = (x, y, anchor, kind, words) => svg("text", { x: share(x), y, "text-anchor": anchor, class: kind }, words);
const bar = (x, y, width, kind) => svg("rect", { x: share(x), y, width: share(Math.max(0, width)), height: 19, class: kind });

/** An AI wrote these names: what hides in them is shown. */
const clean = (name) => reveal(name).textContent;

/** What is too long for its place loses its middle: names of tools differ at both ends. */
function named(name, y, kind) {
  const shown = [...clean(name)];
  const most = matchMedia("(max-width: 40rem)").matches ? 17 : 32;
  const half = Math.floor((most - 1) / 2);
  const words = shown.length <= most ? shown.join("") : `${shown.slice(0, half).join("")}…${shown.slice(-half).join("")}`;
  return text(LEFT - 1.5, y, "end", kind, words);
}

/** Shares, each a bar from zero with the whisker of its interval. */
export function rates(caption, rows) {
  // What rests on little does not set the scale.
  const sure = rows.filter(({ n }) => !isFew(n));
  const most = Math.max(0.05, ...(sure.length > 0 ? sure.map(({ high }) => plain(high)) : rows.map(({ rate }) => plain(rate) ?? 0)));
  const x = (value) => LEFT + Math.min(1, plain(value) / most) * (RIGHT - LEFT);
  const drawn = rows.map(({ name, rate, low, high, n }, at) => {
    const [y, few] = [at * ROW, isFew(n) ? "few" : ""];
    const middle = y + 15.5;
    return svg(
      "g",
      {},
      named(name, y + 20, few),
      bar(LEFT, y + 6, x(rate) - LEFT, `bar ${few}`),
      ...whisker(x(low), x(high), middle, middle),
      // An end that is not in the picture has no mark.
      ...[low, high].filter((end) => plain(end) <= most).flatMap((end) => whisker(x(end), x(end), middle - 5, middle + 5)),
      text(100, y + 20, "end", few, percent(rate)),
    );
  });
  const says = `${caption}: ${rows.map(({ name, rate, low, high, n }) => `${clean(name)} ${percent(rate)} (${percent(low)} – ${percent(high)}, n ${number(n)})`).join(", ")}`;
  return figure(caption, says, rows.length * ROW, [line(LEFT, LEFT, 0, rows.length * ROW, "axis"), ...drawn]);
}

/** Parts of a whole: `parts` gives widths, classes and words; the longest row fills the width. */
export function stacks(caption, rows, parts, value) {
  const total = (row) => parts.reduce((sum, [of]) => sum + plain(of(row)), 0);
  const scale = (RIGHT - LEFT - 6) / Math.max(1e-9, ...rows.map(total));
  const drawn = rows.map((row, at) => {
    let x = LEFT;
    const bars = parts.map(([of, kind]) => {
      const width = plain(of(row)) * scale;
      const drawn = bar(x, at * ROW + 6, width, kind);
      x += width;
      return drawn;
    });
    return svg("g", {}, named(row.name, at * ROW + 20, ""), ...bars, text(100, at * ROW + 20, "end", "", value(row)));
  });
  const told = (row) => parts.map(([of, , words]) => `${words} ${number(of(row))}`).join(", ");
  const says = `${caption}: ${rows.map((row) => `${clean(row.name)} ${value(row)}, ${told(row)}`).join("; ")}`;
  const legend = parts.filter(([of]) => rows.some((row) => plain(of(row)) > 0)).map(([, kind, words]) => [kind, words]);
  return figure(caption, says, rows.length * ROW, drawn, legend);
}

/** Shares over confidence, in tenths, with lines at thresholds: each says whose it is. */
export function overConfidence(caption, tenths, lines) {
  const [height, left, right, bottom, top] = [250, 12, 98, 210, 12 + 16 * lines.length];
  const known = tenths.filter(({ n }) => plain(n) > 0);
  const most = Math.max(0.05, ...known.map(({ n, rate, high }) => plain(isFew(n) ? rate : high)));
  const x = (confidence) => left + plain(confidence) * (right - left);
  const y = (value) => bottom - Math.min(1, plain(value) / most) * (bottom - top);
  const drawn = known.map(({ from, to, rate, low, high, n }) => {
    // Thresholds stand in the middle of a tenth: its whisker stands beside it.
    const at = x(from) + (x(to) - x(from)) * 0.4;
    const column = svg("rect", { x: share(x(from) + 0.6), y: y(rate), width: share(x(to) - x(from) - 1.2), height: bottom - y(rate), class: isFew(n) ? "bar few" : "bar" });
    return svg("g", {}, column, ...whisker(at, at, y(low), y(high)));
  });
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => text(x(at), bottom + 20, "middle", "quiet", String(at)));
  const scale = [0, most / 2, most].map((at) => text(left - 1.5, y(at) + 5, "end", "quiet", percent(at)));
  const marks = lines.flatMap(({ at, kind, words }, place) => {
    const height = 12 + 16 * place;
    return [line(x(at), x(at), height, bottom, kind), text(x(at) - 0.8, height + 4, "end", "quiet", words)];
  });
  const bars = known.map(({ from, to, rate, low, high, n }) => `${from} to ${to} ${percent(rate)} (${percent(low)} – ${percent(high)}, n ${number(n)})`);
  const says = `${caption}: ${[...bars, ...lines.map(({ at, words }) => `${words} ${at}`)].join(", ")}`;
  return figure(caption, says, height, [line(left, right, bottom, bottom, "axis"), ...drawn, ...marks, ...ticks, ...scale]);
}
