// What decisions tell, on one page: five questions, each with its answer first and the numbers behind it.

import { Offline, first, send } from "./api.js";
import { prepare, tryWith } from "./backtest.js";
import { behind, element, facts, isFew, number, percent, plain, ratio, seconds, share, table } from "./figures.js";
import { written } from "./json.js";
import { overConfidence, rates, stacks } from "./plot.js";
import { reveal } from "./reveal.js";
import { insights as texts } from "./texts.js";

const at = (id) => document.getElementById(id);
const { desks = [], role, problem } = first();

/** Counts the questions: only the newest answer is drawn. */
let asked = 0;

const name = (row) => reveal(row.name);
const aside = (text) => element("span", { className: "aside" }, text);
const lead = (...parts) => element("p", { className: "lead" }, ...parts);
const bold = (text) => element("b", {}, text);

function fill(id, ...children) {
  at(id).replaceChildren(...children.filter(Boolean));
}

// Can the people keep up?

function drawCapacity(capacity) {
  const { capacity: words, verdicts, levels } = texts;
  const asks = (row) => plain(row.held_per_hour) + plain(row.audits_per_hour);
  const busy = capacity.filter((row) => asks(row) > 0);
  const idle = capacity.filter((row) => asks(row) === 0).map(({ desk }) => desk);
  if (busy.length === 0) return fill("keep-up", element("p", {}, words.nothing));
  const answers = busy.map(({ desk, verdict, advice, level }) =>
    lead(element("span", { className: `verdict ${verdict}` }, verdicts[verdict]), " ", bold(`${desk}: `), advice, levels[level] ? ` ${levels[level]}` : ""),
  );
  const rows = busy.map((row) => ({ ...row, name: row.desk }));
  const over = (row) => Math.max(0, asks(row) - plain(row.reviews_per_hour));
  const parts = [
    [(row) => asks(row) - over(row), "bar", words.asked],
    [over, "over", words.over],
    [(row) => Math.max(0, plain(row.reviews_per_hour) - asks(row)), "rest", words.possible],
  ];
  const plot = stacks(words.plot, rows, parts, (row) => percent(asks(row) / plain(row.reviews_per_hour)));
  const [desk, asked, possible, people, look, time, wait, started, expire, expired, unaudited, waiting, later] = words.columns;
  const columns = [
    [desk, (row) => row.desk],
    [asked, (row) => element("span", {}, number(asks(row)), aside(words.hours(plain(row.hours)))), true],
    [possible, (row) => number(row.reviews_per_hour), true],
    [people, (row) => number(row.reviewers), true],
    [look, (row) => element("span", {}, seconds(row.seconds_per_review), aside(row.seconds_are ?? "")), true],
    [time, (row) => percent(row.utilisation), true],
    [wait, (row) => (row.expected_wait_seconds === null ? words.forever : seconds(row.expected_wait_seconds)), true],
    [started, (row) => percent(row.started_within_60s), true],
    [expire, (row) => percent(row.expected_expiries), true],
    [expired, (row) => share(row.expired), true],
    [unaudited, (row) => share(row.unaudited), true],
    [waiting, ({ backlog }) => number(backlog.waiting), true],
    [later, ({ backlog }) => element("span", {}, number(backlog.in_eight_hours), backlog.hours_to_breach === null ? null : aside(words.breach(plain(backlog.hours_to_breach) === 0 ? 0 : number(backlog.hours_to_breach)))), true],
  ];
  const quiet = idle.length > 0 ? element("p", { className: "quiet" }, words.nothingAt(idle.join(", "))) : null;
  fill("keep-up", ...answers, plot, behind(words.plot, columns, rows), quiet);
}

// Do they look?

/** So many timed decisions say something of a team's pace. */
const SOME = 20;

function drawLooks(vigilance) {
  const words = texts.look;
  if (plain(vigilance.n) === 0) return fill("look", element("p", {}, words.unknown));
  const signs = vigilance.signs.map((sign) => words.signs[sign]);
  const known = plain(vigilance.under_floor.n) >= SOME || vigilance.z !== null;
  const expected = vigilance.expected_overrides === null ? words.notExpected : words.against(number(vigilance.observed_overrides), number(vigilance.expected_overrides));
  const team = facts([
    [words.facts.seconds, seconds(vigilance.seconds), texts.restsOn(number(vigilance.under_floor.n))],
    [words.facts.floor, share(vigilance.under_floor)],
    [words.facts.streak, number(vigilance.longest_streak)],
    [words.facts.expected, expected, vigilance.z === null ? null : words.z(number(vigilance.z), vigilance.z_needed)],
  ]);
  const [person, decisions, overrides, time, floor, streak, against, sign] = words.columns;
  const columns = [
    [person, name],
    [decisions, (row) => number(row.n), true],
    [overrides, (row) => share(row), true],
    [time, (row) => seconds(row.seconds), true],
    [floor, (row) => share(row.under_floor), true],
    [streak, (row) => number(row.longest_streak), true],
    [against, (row) => (row.z === null ? "–" : number(row.z)), true],
    [sign, (row) => [...(row.stamping ? [words.stamping] : []), ...row.signs.map((sign) => words.words[sign])].join(", ")],
  ];
  const people = vigilance.people && element("details", {}, element("summary", {}, words.people), table(words.people, columns, vigilance.people));
  const stamping = vigilance.people?.filter((row) => row.stamping) ?? [];
  if (stamping.length > 0) signs.unshift(words.stamps(stamping.length, vigilance.people.length));
  fill("look", lead(signs.length > 0 ? signs.join(" ") : known ? words.none : words.tooFew), team, people, element("p", { className: "quiet" }, words.drills));
}

// What do they overturn, and why?

/** A plot shows so many rows, and says so. */
const first12 = (words, rows) => [rows.length > 12 ? words + texts.firstOf(12, rows.length) : words, rows.slice(0, 12)];

function drawOverrides(overrides) {
  const words = texts.overturn;
  const ended = overrides.decision.filter(({ k }) => plain(k) > 0).map((row) => ({ ...row, name: words.ends[row.name] }));
  const listed = (caption, rows) => behind(caption, [[words.listed[0], name], [words.listed[1], (row) => share(row), true]], rows);
  const ends = ended.length > 0 && element("div", {}, rates(words.decisions, ended), listed(words.decisions, ended));
  const { all } = overrides;
  if (plain(all.n) === 0) return fill("overturn", element("p", {}, words.none), ends);
  const choice = element("select", { id: "dimension" }, ...Object.entries(words.dimensions).map(([value, word]) => new Option(word, value)));
  const plots = element("div", { id: "by-dimension" });
  const draw = () => plots.replaceChildren(...byDimension(overrides[choice.value], words.dimensions[choice.value]));
  choice.addEventListener("change", draw);
  draw();
  const audits = plain(all.audited.n);
  const wrong = isFew(audits)
    ? [words.tooFew(audits)]
    : words.wrong(bold(`${percent(all.wrong.rate)} (${percent(all.wrong.low)} – ${percent(all.wrong.high)})`), number(audits), percent(all.wrong.naive));
  const reasons = overrides.reason.length > 0 && element("div", {}, rates(...first12(words.reasons, overrides.reason)), listed(words.reasons, overrides.reason));
  fill(
    "overturn",
    lead(...words.lead(share(all))),
    element("p", {}, ...wrong),
    element("p", {}, element("label", { for: "dimension" }, `${words.by} `), choice),
    plots,
    element("div", { className: "two" }, reasons || null, ends || null),
    drawEdits(overrides.edits),
  );
}

function byDimension(rows, word) {
  const words = texts.overturn;
  if (rows.length === 0) return [element("p", { className: "quiet" }, texts.none)];
  const [reviewed, held, audited, wrong, naive] = words.columns;
  const columns = [
    [word, name],
    [reviewed, (row) => share(row), true],
    [held, (row) => share(row.held), true],
    [audited, (row) => share(row.audited), true],
    [wrong, (row) => share(row.wrong), true],
    [naive, (row) => percent(row.wrong.naive), true],
  ];
  return [rates(...first12(words.plot(word), rows)), behind(words.plot(word), columns, rows)];
}

function drawEdits(edits) {
  const words = texts.overturn;
  if (edits.length === 0) return null;
  const value = (json) => reveal(typeof json === "string" ? json : written(json));
  const becomes = (row) => {
    const said = element("span", {});
    const add = (...parts) => said.append(element("span", { className: "aside" }, ...parts));
    const times = plain(row.ratio);
    const slip = times !== null && words.slips.find(([known]) => Math.abs(Math.log(times / known)) < 0.1);
    if (times !== null) add(words.ratio(ratio(times)), slip ? `: ${slip[1]}` : "");
    if (row.always !== null) add(words.always(value(row.always).textContent));
    else for (const { from, to, n } of row.moves.slice(0, 3)) if (plain(n) > 1) add(words.move(value(from).textContent, value(to).textContent, number(n)));
    return said;
  };
  const [member, times, what] = words.editColumns;
  const columns = [[member, (row) => reveal(`${row.kind}${row.path}`)], [times, (row) => number(row.n), true], [what, becomes]];
  return element("div", {}, element("h3", {}, words.edits), table(words.edits, columns, edits));
}

// Which errors do they catch?

function drawCaught({ all, category: rows }) {
  const words = texts.caught;
  if (rows.length === 0) return fill("catch", element("p", {}, words.none));
  const parts = [[(row) => row.caught, "good", words.stopped], [(row) => row.let_through, "rest", words.through]];
  const [category, before, found, estimated, of] = words.columns;
  // Of so many errors: those that somebody found.
  const found_ = (row) => plain(row.caught) + plain(row.found_after);
  const stopped = (row) => share({ rate: row.share, low: row.low, high: row.high, n: found_(row) });
  const columns = [
    [category, name],
    [before, (row) => number(row.caught), true],
    [found, (row) => number(row.found_after), true],
    [estimated, (row) => number(row.let_through), true],
    [of, stopped, true],
  ];
  const answer = isFew(all.audits) ? [words.tooFew(plain(all.caught))] : words.lead(stopped(all));
  fill("catch", lead(...answer), stacks(...first12(words.plot, rows), parts, (row) => percent(row.share)), behind(words.plot, columns, rows));
}

// What does it cost, and what does it save?

function drawMoney(economics, tenths) {
  const words = texts.money;
  const { cost_of_review: cost, damage_caught: saved, damage_let_through: through } = economics;
  const between = (low, high) => words.between(number(low), number(high));
  const money = facts([
    cost !== null && [words.cost, number(cost), words.looks(plain(economics.looks))],
    saved !== null && [words.saved, number(saved)],
    through !== null && [words.through, number(through), between(economics.damage_let_through_low, economics.damage_let_through_high)],
  ]);
  const rows = economics.severity.filter(({ looks, caught, audits }) => plain(looks) + plain(caught) + plain(audits) > 0);
  const lines = rows.flatMap(({ name: severity, threshold, optimum }) => [
    ...(threshold === null ? [] : [{ at: threshold, kind: "today", words: words.today(severity) }]),
    ...(optimum === null ? [] : [{ at: optimum.threshold, kind: "best", words: words.least(severity) }]),
  ]);
  const [confidence, wrong, naive, seen, proceeded] = words.confidence;
  const plotted = tenths.some(({ n }) => plain(n) > 0) && [
    overConfidence(words.plot, tenths, lines),
    behind(words.plot, [
      [confidence, ({ from, to }) => `${from} – ${to}`],
      [wrong, (row) => share({ ...row, k: undefined }), true],
      [naive, (row) => percent(row.naive), true],
      [seen, (row) => number(row.seen), true],
      [proceeded, (row) => number(row.proceeded), true],
    ], tenths),
  ];
  const [severity, looks, review, stopped, passed, pays, today, best] = words.columns;
  const columns = [
    [severity, name],
    [looks, (row) => number(row.looks), true],
    [review, (row) => number(row.cost_of_review), true],
    [stopped, (row) => number(row.caught), true],
    [passed, (row) => element("span", isFew(row.audits) ? { className: "few" } : {}, number(row.let_through), aside(`${between(row.let_through_low, row.let_through_high)}, ${texts.restsOn(number(row.audits))}`)), true],
    [pays, (row) => (row.break_even === null ? "–" : words.paysFrom(percent(row.break_even))), true],
    [today, (row) => (row.threshold === null ? "–" : String(row.threshold)), true],
    [best, (row) => (row.optimum === null ? "–" : words.best(row.optimum.threshold, number(row.optimum.n))), true],
  ];
  const missing = [cost === null ? words.noCost : null, saved === null ? words.noDamage : null].filter(Boolean);
  fill(
    "money",
    ...missing.map((text) => element("p", {}, text)),
    cost === null && saved === null ? null : money,
    rows.length > 0 ? table(words.columns[0], columns, rows) : null,
    lines.some(({ kind }) => kind === "best") ? element("p", { className: "quiet" }, words.assumes) : null,
    ...(plotted || []),
  );
}

// What should change?

function drawChanges({ capacity, economics, patterns }) {
  const words = texts.change;
  const mends = capacity.filter(({ verdict }) => verdict !== "real").map(({ desk, advice }) => element("li", {}, bold(`${desk}: `), advice));
  const thresholds = economics.severity
    .filter(({ optimum, threshold }) => optimum !== null && plain(optimum.n) >= 100 && optimum.threshold !== threshold && plain(optimum.cost_per_action_today) - plain(optimum.cost_per_action) > Math.max(0.005, plain(optimum.cost_per_action) * 0.05))
    .map(({ name: severity, threshold, optimum }) => element("li", {}, words.threshold(severity, threshold, optimum.threshold, number(plain(optimum.cost_per_action_today) - plain(optimum.cost_per_action)), number(optimum.n))));
  const list = [...mends, ...thresholds];
  fill(
    "change",
    list.length > 0 ? element("ul", { className: "changes" }, ...list) : patterns.found.length === 0 ? element("p", { className: "lead" }, words.none) : null,
    ...patterns.found.map(proposal),
    element("p", { className: "quiet" }, (patterns.found.length > 0 ? words.recorded : words.fewer)(plain(patterns.recorded))),
  );
}

function proposal(pattern) {
  const words = texts.change;
  const { criterion, lift } = pattern;
  const tells = words.tells(share(pattern.with), share(pattern.without), number(lift));
  const button = role === "admin" ? element("button", { type: "button" }, words.tryIt) : null;
  button?.addEventListener("click", () => tryWith(criterion));
  return element(
    "article",
    { className: "proposal" },
    element("h3", {}, reveal(words.pattern(pattern))),
    element("p", {}, ...tells),
    element("p", { className: "quiet" }, words.criterion),
    element("pre", { tabindex: "0" }, reveal(criterion.toml.trimEnd())),
    button ?? element("p", { className: "quiet" }, words.copy),
  );
}

function drawExports() {
  if (role === "reviewer") return;
  const links = Object.entries(texts.exportNames).map(([path, word]) =>
    element("li", {}, element("a", { href: `/v1/export/${path}`, download: `${path}.jsonl` }, word), " · ", element("a", { href: `/v1/export/${path}/manifest` }, texts.manifest)),
  );
  fill("exports", element("h3", {}, texts.exports), element("ul", {}, ...links));
}

// The question as a whole

function draw(insights) {
  drawCapacity(insights.capacity);
  drawLooks(insights.vigilance);
  drawOverrides(insights.overrides);
  drawCaught(insights.caught);
  drawMoney(insights.economics, insights.confidence);
  drawChanges(insights);
  at("answers").hidden = false;
}

async function show() {
  asked += 1;
  const mine = asked;
  const [desk, kind, since] = ["desk", "kind", "since"].map((id) => at(id).value);
  const query = new URLSearchParams({ ...(desk && { desk }), ...(kind && { kind }), since });
  history.replaceState(null, "", `/insights?${query}`);
  at("status").textContent = texts.looking;
  at("main").setAttribute("aria-busy", "true");
  const answer = await send("GET", `/v1/insights?${query}`).catch((error) => {
    if (!(error instanceof Offline)) throw error;
    return { ok: false, status: 0, body: null };
  });
  if (mine !== asked) return;
  at("main").removeAttribute("aria-busy");
  if (answer.status === 401) {
    location.assign(`/sign-in?page=insights&${query}`);
    return;
  }
  // Numbers of another desk or time do not stand under this one's name.
  at("answers").hidden = !answer.ok;
  if (!answer.ok) {
    at("status").textContent = texts.failed(answer.body?.detail ?? "");
    return;
  }
  const { labels, left_out: leftOut, open, truncated, passed } = answer.body;
  const span = texts.spans.find(([value]) => value === since)[1];
  at("status").textContent = texts.computed(plain(labels), plain(open), span, truncated) + (plain(leftOut) > 0 ? texts.leftOut(plain(leftOut)) : "");
  if (kind === "") options("kind", ["", ...passed.kind.map((row) => row.name)], "");
  draw(answer.body);
}

function options(id, values, chosen) {
  at(id).replaceChildren(...values.map((value) => new Option(value === "" ? texts.all : reveal(value).textContent, value, false, value === chosen)));
}

const parameters = new URLSearchParams(location.search);
options("desk", ["", ...desks], parameters.get("desk") ?? "");
options("kind", [...new Set(["", parameters.get("kind") ?? ""])], parameters.get("kind") ?? "");
const since = texts.spans.some(([value]) => value === parameters.get("since")) ? parameters.get("since") : "30d";
at("since").replaceChildren(...texts.spans.map(([value, word]) => new Option(word, value, false, value === since)));
for (const id of ["desk", "kind", "since"]) at(id).addEventListener("change", show);
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("sign-out").addEventListener("click", async () => {
  const answer = await send("POST", "/sign-out").catch(() => null);
  if (answer?.ok) location.assign("/sign-in?page=insights");
  else at("status").textContent = texts.signOutFailed;
});
at("to-review").hidden = role !== "reviewer";
at("to-cases").hidden = role === "admin";
drawExports();
if (role === "admin") prepare();
if (problem) at("status").textContent = texts.failed(problem.detail ?? "");
else show();
