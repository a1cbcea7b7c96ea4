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

/** Brings the policy in force, to be changed and tried. */
export async function prepare() {
  at("backtest").hidden = false;
  at("backtest").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  const answer = await fetch("/v1/policy", { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (answer?.ok && at("policy").value === "") at("policy").value = await answer.text();
}

/** Tries the policy with one more criterion. */
export function tryWith(criterion) {
  const policy = at("policy");
  if (!policy.value.includes(criterion)) policy.value = `${policy.value.trimEnd()}\n\n${criterion}`;
  at("backtest-title").scrollIntoView({ block: "start" });
  run();
}

async function run() {
  const text = at("policy").value;
  at("tried").textContent = texts.trying;
  at("trial").replaceChildren();
  const since = at("since").value;
  const json = text.trimStart().startsWith("{");
  let policy = text;
  try {
    if (json) policy = JSON.parse(text);
  } catch {
    // As it is, so that its problem is told with its line.
  }
  const answer = await ask("POST", `/v1/policy/backtest?since=${since}`, { policy, actions: null });
  if (!answer.ok) {
    const problems = answer.body?.problems ?? [];
    at("tried").textContent = texts.failed(problems.length > 0 ? "" : (answer.body?.detail ?? ""));
    at("trial").replaceChildren(element("ul", {}, ...problems.map((problem) => element("li", {}, reveal(texts.problem(problem))))));
    return;
  }
  const { before, after, actions, stands_for: stands } = answer.body;
  at("tried").textContent = texts.done(plain(actions), number(stands));
  const rows = Object.entries(texts.rows).map(([name, word]) => ({ word, before: before[name], after: after[name] }));
  const [what, today, then] = texts.columns;
  at("trial").replaceChildren(
    element("p", {}, texts.letThrough(plain(after.let_through), plain(before.let_through))),
    table(texts.rows.hold, [[what, (row) => row.word], [today, (row) => number(row.before), true], [then, (row) => number(row.after), true]], rows),
    element("ul", {}, ...answer.body.capacity.flatMap(({ criteria, desk, advice, verdict }) => [
      verdict === "real" ? null : element("li", {}, `${desk}: ${advice}`),
      ...(criteria ?? []).map(({ id, message }) => element("li", {}, reveal(`${desk}, ${id}: ${message}`))),
    ]).filter(Boolean)),
  );
}
