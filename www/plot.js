// Plots as SVG: bars with whiskers. What they show is in the table behind them, and in their words. Across they
// are measured in shares of their width, so that their letters have the same size on a phone.

import { element, isFew, percent, plain } from "./figures.js";
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

function figure(caption, says, height, ...children) {
  const drawing = svg("svg", { width: "100%", height, role: "img", "aria-label": says }, ...children);
  return element("figure", {}, element("figcaption", {}, caption), drawing);
}

const share = (hundredths) => `${hundredths.toFixed(3)}%`;
const line = (x1, x2, y1, y2, kind) => svg("line", { x1: share(x1), x2: share(x2), y1, y2, class: kind });
const text = (x, y, anchor, kind, words) => svg("text", { x: share(x), y, "text-anchor": anchor, class: kind }, words);
const bar = (x, y, width, kind) => svg("rect", { x: share(x), y, width: share(Math.max(0, width)), height: 19, class: kind });

/** An AI wrote these names: what hides in them is shown. What is long ends where the bars begin. */
function named(name, y, kind) {
  const shown = reveal(name).textContent;
  const most = matchMedia("(max-width: 40rem)").matches ? 15 : 30;
  return text(LEFT - 1.5, y, "end", kind, shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`);
}

const clean = (name) => reveal(name).textContent;

/** Shares, each a bar from zero with the whisker of its interval. */
export function rates(caption, rows) {
  const most = Math.max(0.05, ...rows.map(({ rate, high, n }) => (isFew(n) ? plain(rate) : plain(high)) ?? 0));
  const x = (value) => LEFT + Math.min(1, plain(value) / most) * (RIGHT - LEFT);
  const drawn = rows.map(({ name, rate, low, high, n }, at) => {
    const [y, few] = [at * ROW, isFew(n) ? "few" : ""];
    const middle = y + 15.5;
    return svg(
      "g",
      {},
      named(name, y + 20, few),
      bar(LEFT, y + 6, x(rate) - LEFT, `bar ${few}`),
      line(x(low), x(high), middle, middle, "whisker"),
      ...[low, high].map((end) => line(x(end), x(end), middle - 5, middle + 5, "whisker")),
      text(100, y + 20, "end", few, percent(rate)),
    );
  });
  const says = `${caption}: ${rows.map(({ name, rate }) => `${clean(name)} ${percent(rate)}`).join(", ")}`;
  return figure(caption, says, rows.length * ROW, line(LEFT, LEFT, 0, rows.length * ROW, "axis"), ...drawn);
}

/** Parts of a whole: `parts` gives widths and classes; the longest row fills the width. */
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
  const says = `${caption}: ${rows.map((row) => `${clean(row.name)} ${value(row)}`).join(", ")}`;
  return figure(caption, says, rows.length * ROW, ...drawn);
}

/** Shares over confidence, in tenths, with lines at thresholds. */
export function overConfidence(caption, tenths, lines) {
  const [height, left, right, bottom, top] = [220, 12, 98, 190, 12];
  const known = tenths.filter(({ n }) => plain(n) > 0);
  const shown = ({ weighted, rate }) => plain(weighted ?? rate);
  const most = Math.max(0.05, ...known.map((tenth) => (isFew(tenth.n) ? shown(tenth) : Math.max(shown(tenth), plain(tenth.high)))));
  const x = (confidence) => left + plain(confidence) * (right - left);
  const y = (value) => bottom - Math.min(1, plain(value) / most) * (bottom - top);
  const drawn = known.map((tenth) => {
    const { from, to, low, high, n } = tenth;
    const middle = (x(from) + x(to)) / 2;
    const column = svg("rect", { x: share(x(from) + 0.6), y: y(shown(tenth)), width: share(x(to) - x(from) - 1.2), height: bottom - y(shown(tenth)), class: isFew(n) ? "bar few" : "bar" });
    return svg("g", {}, column, line(middle, middle, y(low), y(high), "whisker"));
  });
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => text(x(at), bottom + 20, "middle", "quiet", String(at)));
  const scale = [0, most / 2, most].map((at) => text(left - 1.5, y(at) + 5, "end", "quiet", percent(at)));
  const marks = lines.map(({ at, kind }) => line(x(at), x(at), top, bottom, kind));
  const says = `${caption}: ${known.map((tenth) => `${tenth.from} to ${tenth.to} ${percent(shown(tenth))}`).join(", ")}`;
  return figure(caption, says, height, line(left, right, bottom, bottom, "axis"), ...drawn, ...marks, ...ticks, ...scale);
}
