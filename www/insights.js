// What decisions tell, on one page: five questions, each with its answer first and the numbers behind it.

import { Offline, first, send } from "./api.js";
import { prepare, tryWith } from "./backtest.js";
import { behind, element, facts, number, percent, plain, seconds, share, table } from "./figures.js";
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
  const asked = capacity.filter((row) => plain(row.held_per_hour) + plain(row.audits_per_hour) > 0);
  if (asked.length === 0) return fill("keep-up", element("p", {}, words.nothing));
  const answers = asked.map(({ desk, verdict, advice, level }) =>
    lead(element("span", { className: `verdict ${verdict}` }, verdicts[verdict]), bold(`${desk}: `), advice, levels[level] ? ` ${levels[level]}` : ""),
  );
  const rows = asked.map((row) => ({ ...row, name: row.desk, asks: plain(row.held_per_hour) + plain(row.audits_per_hour) }));
  const room = (row) => Math.max(0, plain(row.reviews_per_hour) - row.asks);
  const over = (row) => Math.max(0, row.asks - plain(row.reviews_per_hour));
  const plot = stacks(words.plot, rows, [[(row) => row.asks - over(row), "bar"], [over, "over"], [room, "rest"]], (row) => percent(row.asks / plain(row.reviews_per_hour)));
  const [desk, asks, possible, look, busy, wait, started, expire, expired] = words.columns;
  const columns = [
    [desk, (row) => row.desk],
    [asks, (row) => number(row.asks), true],
    [possible, (row) => number(row.reviews_per_hour), true],
    [look, (row) => element("span", {}, seconds(row.seconds_per_review), aside(row.seconds_are ?? "")), true],
    [busy, (row) => percent(row.utilisation), true],
    [wait, (row) => (row.expected_wait_seconds === null ? words.forever : seconds(row.expected_wait_seconds)), true],
    [started, (row) => percent(row.started_within_60s), true],
    [expire, (row) => percent(row.expected_expiries), true],
    [expired, (row) => share(row.expired), true],
  ];
  fill("keep-up", ...answers, plot, behind(words.plot, columns, rows));
}

// Do they look?

function drawLooks(vigilance) {
  const words = texts.look;
  if (plain(vigilance.n) === 0) return fill("look", element("p", {}, words.unknown));
  const signs = vigilance.signs.map((sign) => words.signs[sign]);
  const expected = vigilance.expected_overrides === null ? words.notExpected : words.against(number(vigilance.k), number(vigilance.expected_overrides));
  const team = facts([
    [words.facts.seconds, seconds(vigilance.seconds)],
    [words.facts.floor, share(vigilance.under_floor)],
    [words.facts.streak, number(vigilance.longest_streak)],
    [words.facts.expected, expected, vigilance.z === null ? null : words.z(number(vigilance.z))],
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
    [sign, (row) => (row.stamping ? words.stamping : row.signs.join(", "))],
  ];
  const people = vigilance.people && element("details", {}, element("summary", {}, words.people), table(words.people, columns, vigilance.people));
  const stamping = vigilance.people?.filter((row) => row.stamping) ?? [];
  if (stamping.length > 0) signs.unshift(words.stamps(stamping.length, vigilance.people.length));
  fill("look", lead(signs.length > 0 ? signs.join(" ") : words.none), team, people, element("p", { className: "quiet" }, words.drills));
}

// What do they overturn, and why?

function drawOverrides(overrides) {
  const words = texts.overturn;
  if (plain(overrides.all.n) === 0) return fill("overturn", element("p", {}, words.none));
  const { all } = overrides;
  const choice = element("select", { id: "dimension" }, ...Object.entries(words.dimensions).map(([value, word]) => new Option(word, value)));
  const plots = element("div", { id: "by-dimension" });
  const draw = () => plots.replaceChildren(...byDimension(overrides[choice.value], words.dimensions[choice.value]));
  choice.addEventListener("change", draw);
  draw();
  const reasons = overrides.reason.length > 0 && rates(words.reasons, overrides.reason.slice(0, 8));
  const ended = overrides.decision.filter(({ k }) => plain(k) > 0).map((row) => ({ ...row, name: words.ends[row.name] }));
  const ends = rates(words.decisions, ended);
  const listed = (caption, rows) => behind(caption, [[words.listed[0], name], [words.listed[1], (row) => share(row), true]], rows);
  fill(
    "overturn",
    lead(...words.lead(bold(percent(all.rate)))),
    element("p", {}, ...words.wrong(bold(`${percent(all.wrong.rate)} (${percent(all.wrong.low)} – ${percent(all.wrong.high)})`), percent(all.wrong.naive))),
    element("p", {}, element("label", { for: "dimension" }, `${words.by} `), choice),
    plots,
    element("div", { className: "two" }, element("div", {}, reasons || null, listed(words.reasons, overrides.reason)), element("div", {}, ends, listed(words.decisions, ended))),
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
  return [rates(words.plot(word), rows.slice(0, 12)), behind(words.plot(word), columns, rows)];
}

function drawEdits(edits) {
  const words = texts.overturn;
  if (edits.length === 0) return null;
  const value = (json) => reveal(typeof json === "string" ? json : written(json));
  const becomes = (row) => {
    const said = element("span", {});
    const add = (...parts) => said.append(element("span", { className: "aside" }, ...parts));
    const ratio = plain(row.ratio);
    const slip = ratio !== null && words.slips.find(([known]) => Math.abs(Math.log(ratio / known)) < 0.1);
    if (ratio !== null) add(words.ratio(number(ratio)), slip ? `: ${slip[1]}` : "");
    if (row.always !== null) add(words.always(value(row.always).textContent));
    else for (const { from, to, n } of row.moves.slice(0, 3)) if (plain(n) > 1) add(words.move(value(from).textContent, value(to).textContent, number(n)));
    return said;
  };
  const [member, times, what] = words.editColumns;
  const columns = [[member, (row) => reveal(`${row.kind}${row.path}`)], [times, (row) => number(row.n), true], [what, becomes]];
  return element("div", {}, element("h3", {}, words.edits), table(words.edits, columns, edits));
}

// Which errors do they catch?

function drawCaught(caught) {
  const words = texts.caught;
  if (caught.length === 0) return fill("catch", element("p", {}, words.none));
  const sum = (of) => caught.reduce((total, row) => total + plain(of(row)), 0);
  const [stopped, through] = [sum(({ caught: n }) => n), sum(({ let_through: n }) => n)];
  const parts = [[(row) => row.caught, "good"], [(row) => row.let_through, "rest"]];
  const [category, before, found, estimated, of] = words.columns;
  const columns = [
    [category, name],
    [before, (row) => number(row.caught), true],
    [found, (row) => number(row.found_after), true],
    [estimated, (row) => number(row.let_through), true],
    [of, (row) => percent(row.share), true],
  ];
  fill("catch", lead(words.lead(percent(stopped / (stopped + through)))), stacks(words.plot, caught.slice(0, 12), parts, (row) => percent(row.share)), behind(words.plot, columns, caught));
}

// What does it cost, and what does it save?

function drawMoney(economics, tenths) {
  const words = texts.money;
  const known = economics.known;
  const money = facts([
    [words.cost, number(economics.cost_of_review)],
    [words.saved, number(economics.damage_caught)],
    [words.through, number(economics.damage_let_through)],
  ]);
  const lines = economics.severity.flatMap(({ threshold, optimum }) => [
    ...(threshold === null ? [] : [{ at: threshold, kind: "today" }]),
    ...(optimum === null ? [] : [{ at: optimum.threshold, kind: "best" }]),
  ]);
  const [confidence, labels, wrong, weighted, seen, proceeded] = words.confidence;
  const plotted = tenths.some(({ n }) => plain(n) > 0) && [
    overConfidence(words.plot, tenths, lines),
    lines.length > 0 ? element("p", { className: "quiet" }, words.lines) : null,
    behind(words.plot, [
      [confidence, ({ from, to }) => `${from} – ${to}`],
      [labels, (row) => number(row.n), true],
      [wrong, (row) => share(row), true],
      [weighted, (row) => percent(row.weighted), true],
      [seen, (row) => number(row.seen), true],
      [proceeded, (row) => number(row.proceeded), true],
    ], tenths),
  ];
  const [severity, looks, cost, stopped, through, pays, today, best] = words.columns;
  const columns = [
    [severity, name],
    [looks, (row) => number(row.looks), true],
    [cost, (row) => number(row.cost_of_review), true],
    [stopped, (row) => number(row.caught), true],
    [through, (row) => number(row.let_through), true],
    [pays, (row) => (row.break_even === null ? "–" : words.paysFrom(percent(row.break_even))), true],
    [today, (row) => (row.threshold === null ? "–" : String(row.threshold)), true],
    [best, (row) => (row.optimum === null ? "–" : words.best(row.optimum.threshold, number(row.optimum.n))), true],
  ];
  const sections = known ? [money, table(words.cost, columns, economics.severity), element("p", { className: "quiet" }, words.assumes)] : [element("p", {}, words.unknown)];
  fill("money", ...sections, ...(plotted || []));
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
    element("p", { className: "quiet" }, patterns.found.length > 0 ? words.recorded(plain(patterns.recorded)) : words.fewer),
  );
}

function proposal(pattern) {
  const words = texts.change;
  const { criterion, lift } = pattern;
  const tells = words.tells(share(pattern.with), share(pattern.without), number(lift));
  const button = role === "admin" ? element("button", { type: "button" }, words.tryIt) : null;
  button?.addEventListener("click", () => tryWith(criterion.toml));
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
  const answer = await send("GET", `/v1/insights?${query}`).catch((error) => {
    if (!(error instanceof Offline)) throw error;
    return { ok: false, status: 0, body: null };
  });
  if (mine !== asked) return;
  if (answer.status === 401) location.assign(`/sign-in?page=insights&${query}`);
  if (!answer.ok) {
    at("status").textContent = texts.failed(answer.body?.detail ?? "");
    return;
  }
  const { labels, left_out: leftOut, truncated, passed } = answer.body;
  const span = texts.spans.find(([value]) => value === since)[1];
  at("status").textContent = texts.computed(plain(labels), span, truncated) + (plain(leftOut) > 0 ? texts.leftOut(plain(leftOut)) : "");
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
});
at("to-review").hidden = role !== "reviewer";
at("to-cases").hidden = role === "admin";
drawExports();
if (role === "admin") prepare();
if (problem) at("status").textContent = texts.failed(problem.detail ?? "");
else show();
