// A policy is tried on what was recorded, before anybody stores it.

import { Offline, send } from "./api.js";
import { element, number, plain, table } from "./figures.js";
import { reveal } from "./reveal.js";
import { insights } from "./texts.js";

const { trial: texts } = insights;
const at = (id) => document.getElementById(id);

async function ask(method, path, body) {
  try {
    return await send(method, path, body);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    return { ok: false, status: 0, body: null };
  }
}

/** The policy in force, once it has come; null where it did not. */
let inForce;

async function load() {
  const answer = await fetch("/v1/policy", { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return null;
  const text = await answer.text();
  if (at("policy").value === "") at("policy").value = text;
  return text;
}

/** Brings the policy in force, to be changed and tried. */
export function prepare() {
  at("backtest").hidden = false;
  at("backtest").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  inForce = load();
}

/** A policy with one more criterion, in the syntax that it has. */
function withCriterion(text, { toml, ...criterion }) {
  if (!text.trimStart().startsWith("{")) return text.includes(toml) ? text : `${text.trimEnd()}\n\n${toml}`;
  const policy = JSON.parse(text);
  const known = (policy.criteria ?? []).some(({ id }) => id === criterion.id);
  return known ? text : JSON.stringify({ ...policy, criteria: [...(policy.criteria ?? []), criterion] }, null, 2);
}

/** Tries the policy with one more criterion. */
export async function tryWith(criterion) {
  const policy = at("policy");
  if ((await inForce) === null) inForce = load();
  if ((await inForce) === null) {
    at("tried").textContent = texts.notLoaded;
    return;
  }
  try {
    policy.value = withCriterion(policy.value, criterion);
  } catch {
    // What is no JSON is told with its line when it is tried.
  }
  at("backtest-title").scrollIntoView({ block: "start" });
  at("try").focus({ preventScroll: true });
  await run();
}

/** Counts the trials: only the newest is drawn. */
let tried = 0;

async function run() {
  tried += 1;
  const mine = tried;
  const text = at("policy").value;
  at("tried").textContent = texts.trying;
  at("trial").replaceChildren();
  const desk = at("desk").value;
  const query = new URLSearchParams({ since: at("since").value, ...(desk && { desk }) });
  let policy = text;
  try {
    if (text.trimStart().startsWith("{")) policy = JSON.parse(text);
  } catch {
    // As it is, so that its problem is told with its line.
  }
  const answer = await ask("POST", `/v1/policy/backtest?${query}`, { policy, actions: null });
  if (mine !== tried) return;
  if (answer.status === 401) {
    location.assign("/sign-in?page=insights");
    return;
  }
  if (answer.ok) drawTrial(answer.body);
  else drawProblems(answer.body);
}

function drawProblems(body) {
  const problems = body?.problems ?? [];
  at("tried").textContent = texts.failed(problems.length > 0 ? "" : (body?.detail ?? ""));
  const said = (problem) => (problem.line === undefined ? problem.message : texts.problem(problem));
  at("trial").replaceChildren(element("ul", {}, ...problems.map((problem) => element("li", {}, reveal(said(problem))))));
}

function drawTrial({ before, after, actions, stands_for: stands, overridden, truncated, capacity }) {
  at("tried").textContent = texts.done(plain(actions), number(stands), truncated);
  const rows = Object.entries(texts.rows).map(([name, word]) => ({ word, before: before[name], after: after[name] }));
  const [what, today, then] = texts.columns;
  const columns = [[what, (row) => row.word], [today, (row) => number(row.before), true], [then, (row) => number(row.after), true]];
  const says = capacity.flatMap(({ criteria = [], desk, advice, verdict }) => [
    ...(verdict === "real" ? [] : [`${desk}: ${advice}`]),
    ...criteria.map(({ id, message }) => `${desk}, ${id}: ${message}`),
  ]);
  at("trial").replaceChildren(
    element("p", {}, texts.letThrough(plain(after.let_through), plain(before.let_through), plain(overridden))),
    table(texts.table, columns, rows),
    element("ul", {}, ...says.map((text) => element("li", {}, reveal(text)))),
  );
}
