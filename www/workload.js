// What a policy would ask of the reviewers at a volume: with the pasted actions as the mix.

import { ActionError } from "../pkg/browser.js";
import { element, facts, number, percent, seconds, table } from "./figures.js";
import { reveal } from "./reveal.js";
import { playground as texts } from "./texts.js";

/** A row of numbers for each desk that is asked something. */
function desks(busy) {
  const [desk, asked, possible, people, time, wait, started, expire] = texts.columns;
  return table(texts.table, [
    [desk, (row) => reveal(row.desk)],
    [asked, (row) => number(row.held_per_hour + row.audits_per_hour), true],
    [possible, (row) => number(row.reviews_per_hour), true],
    [people, (row) => number(row.reviewers), true],
    [time, (row) => percent(row.utilisation), true],
    [wait, (row) => (row.expected_wait_seconds === null ? texts.forever : seconds(row.expected_wait_seconds)), true],
    [started, (row) => percent(row.started_within_60s), true],
    [expire, (row) => percent(row.expected_expiries), true],
  ], busy);
}

function told(tried, perDay, decided) {
  const total = tried.proceed + tried.hold + tried.block;
  const daily = (of) => (of / total) * perDay;
  const busy = tried.capacity.filter((row) => row.held_per_hour + row.audits_per_hour > 0);
  const verdicts = busy.map(({ desk, verdict, advice }) =>
    element("p", { className: "lead" }, element("span", { className: `verdict ${verdict}` }, texts.judgements[verdict]), " ", element("b", {}, reveal(desk)), ": ", reveal(advice)),
  );
  const adds = busy.flatMap(({ desk, criteria }) => criteria.map(({ id, message }) => element("li", {}, reveal(`${desk}, ${id}: ${message}`))));
  return [
    facts([
      [texts.held, number(daily(tried.hold)), percent(tried.hold / total)],
      [texts.audited, number(daily(tried.audits)), percent(tried.audits / total)],
      [texts.blocked, number(daily(tried.block)), percent(tried.block / total)],
      [texts.time, seconds(daily(tried.review_minutes) * 60)],
      [texts.expire, number(tried.expiries_per_day)],
    ]),
    ...(verdicts.length > 0 ? [...verdicts, desks(busy)] : [element("p", {}, texts.nothing)]),
    adds.length > 0 ? element("ul", {}, ...adds) : null,
    tried.overridden > 0 ? element("p", {}, texts.wrong(tried.let_through.length, tried.overridden)) : null,
    element("p", { className: "quiet" }, texts.mix(decided.length)),
  ].filter(Boolean);
}

/** Shows it; `decided` are actions that have a verdict. */
export function showWorkload(box, policy, decided, perDay) {
  const says = (text) => box.replaceChildren(element("p", { className: "quiet" }, text));
  if (policy === null) return says(texts.noPolicy);
  if (decided.length === 0) return says(texts.noActions);
  if (!(perDay >= 0 && perDay <= 1e9)) return says(texts.noVolume);
  try {
    // Line by line: an action may stand over several.
    const lines = decided.map(({ text }) => text.replace(/\r?\n/g, " "));
    box.replaceChildren(...told(policy.backtest(lines.join("\n"), { perDay }), perDay, decided));
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    box.replaceChildren(element("p", { className: "quiet" }, reveal(error.message)));
  }
}
