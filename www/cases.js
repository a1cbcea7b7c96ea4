// Every case of a desk, found by filter and words; and one case with its whole story.

import { Offline, first, now, send } from "./api.js";
import { draw } from "./case.js";
import { drawContext } from "./context.js";
import { pieces } from "./difference.js";
import { compareBy } from "./fields.js";
import { verify } from "./views.js";
import { reveal } from "./reveal.js";
import { settlement } from "./settle.js";
import * as skips from "./skips.js";
import { storyOf } from "./story.js";
import { ago, cases as texts } from "./texts.js";

const STATUSES = ["held", "approved", "edited", "running", "done", "failed", "unknown", "rejected", "expired", "withdrawn", "lapsed", "to_audit", "confirmed", "overturned", "unaudited"];
const SEVERITIES = ["none", "low", "medium", "high", "critical"];
const PAGE = 50;

const at = (id) => document.getElementById(id);
const { desks = [], role, problem } = first();
compareBy(pieces);

let next = null;
/** Counts the questions: only the newest answer is drawn. */
let asked = 0;

async function ask(method, path, body, name) {
  try {
    const answer = await send(method, path, body, name);
    if (answer.status === 401) location.assign(`/sign-in?page=cases&${location.search.slice(1)}`);
    return answer;
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    return { ok: false, status: 0, body: null };
  }
}

const get = (path) => ask("GET", path);

function cell(...children) {
  const td = document.createElement("td");
  td.append(...children);
  return td;
}

function quiet(...children) {
  const span = document.createElement("span");
  span.className = "aside kind";
  span.append(...children);
  return span;
}

const word = (status) => status.replace("_", " ");

/** How a case stands; what wants a person's attention is marked. */
function standing(status, text = word(status)) {
  const span = document.createElement("span");
  span.className = "state";
  span.dataset.state = status;
  span.append(text);
  return span;
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function decisionCell({ decision, status, outcome }) {
  if (!decision) return cell("");
  const why = [decision.reason, decision.category].filter(Boolean).join(", ");
  const td = cell(`${decision.decision} by `, reveal(decision.by ?? ""));
  if (why) td.append(quiet(why));
  // What Holdpoint sent itself says so by its status.
  if (outcome && outcome !== status) td.append(quiet(texts.outcome(outcome)));
  return td;
}

function row(shown) {
  const link = document.createElement("a");
  link.href = here({ case: shown.id });
  link.append(shown.title === null ? texts.deleted : reveal(shown.title));
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.href);
  });
  const severity = document.createElement("span");
  severity.className = "badge";
  severity.dataset.severity = shown.severity;
  severity.textContent = shown.severity;
  const since = document.createElement("time");
  since.dateTime = shown.created;
  since.title = shown.created;
  since.textContent = ago(now() - Date.parse(shown.created));
  const tr = document.createElement("tr");
  tr.append(cell(since), cell(link, quiet(reveal(shown.kind))), cell(severity), cell(standing(shown.status)), decisionCell(shown));
  return tr;
}

/** This page's address with other parameters. */
function here(more) {
  const parameters = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(more)) {
    if (value) parameters.set(name, value);
    else parameters.delete(name);
  }
  return `/review/cases?${parameters}`;
}

function go(href) {
  history.pushState(null, "", href);
  show();
}

const filters = ["status", "severity", "kind", "search"];

function query(parameters, after) {
  const query = new URLSearchParams({ limit: PAGE, order: "newest" });
  for (const name of filters) if (parameters.get(name)) query.set(name, parameters.get(name));
  if (after) query.set("after", after);
  return query;
}

/** How many pages that hold nothing are gone through at a time. */
const FURTHER = 5;

async function list(after, further = FURTHER) {
  asked += 1;
  const mine = asked;
  const parameters = new URLSearchParams(location.search);
  const desk = at("desk").value;
  at("found").textContent = texts.looking;
  const answer = await get(`/v1/desks/${encodeURIComponent(desk)}/cases?${query(parameters, after)}`);
  if (mine !== asked) return;
  if (!answer.ok) {
    at("found").textContent = texts.failed(answer.body?.detail ?? "");
    return;
  }
  const rows = answer.body.cases.map(row);
  if (after) at("cases").tBodies[0].append(...rows);
  else at("cases").tBodies[0].replaceChildren(...rows);
  next = answer.body.next;
  at("more").hidden = next === null;
  const shown = at("cases").tBodies[0].rows.length;
  at("found").textContent = texts.found(shown, next !== null);
  // A page may hold nothing and still not be the last: it goes on a little, and then asks.
  if (next !== null && rows.length === 0 && further > 0) await list(next, further - 1);
}

function fill(id, options, chosen, all) {
  at(id).replaceChildren(...(all ? [new Option(all, "")] : []), ...options.map((option) => new Option(word(option), option, false, option === chosen)));
}

function showList(parameters) {
  at("list").hidden = false;
  at("one").hidden = true;
  document.title = texts.title;
  fill("desk", desks.map(({ name }) => name), parameters.get("desk"));
  fill("status-filter", STATUSES, parameters.get("status"), texts.any);
  fill("severity-filter", SEVERITIES, parameters.get("severity"), texts.any);
  at("kind-filter").value = parameters.get("kind") ?? "";
  at("search").value = parameters.get("search") ?? "";
  return list();
}

function drawEntries(entries) {
  const items = entries.map(({ at: when, text, by, raw, desk }) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = when;
    time.textContent = `${new Date(when).toLocaleString()} · ${desk}`;
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = texts.entry;
    const pre = document.createElement("pre");
    pre.append(reveal(raw));
    details.append(summary, pre);
    item.append(time, text, ...(by ? [texts.by, reveal(by)] : []), details);
    return item;
  });
  at("entries").replaceChildren(...items);
}

/** Shows a case as it stands, and perhaps says why anew. */
async function showCase(id, said = "") {
  asked += 1;
  const mine = asked;
  const answer = await get(`/v1/cases/${encodeURIComponent(id)}`);
  if (mine !== asked) return;
  at("list").hidden = true;
  at("one").hidden = false;
  at("back").href = here({ case: undefined });
  at("said").textContent = said;
  at("settle")?.remove();
  at("entries").replaceChildren();
  at("story").hidden = !answer.ok;
  const shown = answer.body;
  const whole = answer.ok && shown.action !== null;
  at("case").hidden = !whole;
  at("gone").hidden = whole;
  const why = [403, 404].includes(answer.status) ? texts.notThere : texts.failed(shown?.detail ?? "");
  at("gone").textContent = answer.ok ? texts.deletedCase(word(shown.status)) : why;
  at("decide").hidden = true;
  if (!answer.ok) return;
  document.title = `${shown.title ?? shown.kind} · Holdpoint`;
  if (whole) {
    draw(shown, now());
    drawContext(shown);
    verify(shown);
    at("runs").textContent = texts.digest;
    at("standing").replaceChildren(standing(shown.status, capital(word(shown.status))), texts.standing(shown.desk, ago(now() - Date.parse(shown.created))), ...decided(shown));
    at("title").focus({ preventScroll: true });
  }
  if (shown.status === "unknown") {
    const told = (why) => showCase(id, why);
    at(whole ? "standing" : "gone").after(settlement(shown, { ask: role === "reviewer" ? ask : null, over: told }));
  }
  at("decide").hidden = role !== "reviewer" || !["held", "to_audit"].includes(shown.status);
  at("decide").href = `/review?case=${encodeURIComponent(id)}`;
  if (role === "reviewer") {
    at("story-note").textContent = texts.auditorsOnly;
    return;
  }
  const story = await storyOf(shown).catch(() => null);
  if (mine !== asked) return;
  at("story-note").textContent = story === null ? texts.noLedger : texts.chained(story.length);
  drawEntries(story ?? []);
}

/** Who decided it, and why. */
function decided({ decision }) {
  if (!decision) return [];
  const why = [decision.reason, decision.category].filter(Boolean).join(", ");
  const said = [` ${texts.decided(decision.decision)} `, reveal(decision.by ?? ""), why && `: ${why}`, "."];
  return decision.note ? [...said, ` ${texts.note} `, reveal(decision.note)] : said;
}

function show() {
  const parameters = new URLSearchParams(location.search);
  const id = parameters.get("case");
  return id ? showCase(id) : showList(parameters);
}

at("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  go(here(Object.fromEntries(new FormData(at("filters")))));
});
for (const id of ["desk", "status-filter", "severity-filter"]) at(id).addEventListener("change", () => at("filters").requestSubmit());
at("more").addEventListener("click", () => list(next));
at("back").addEventListener("click", (event) => {
  event.preventDefault();
  go(at("back").href);
});
at("sign-out").addEventListener("click", async () => {
  const answer = await send("POST", "/sign-out").catch(() => null);
  if (!answer?.ok) return;
  skips.forget();
  location.assign("/sign-in");
});
window.addEventListener("popstate", show);
at("to-review").hidden = role !== "reviewer";
if (problem) at("found").textContent = texts.failed(problem.detail ?? "");
else show();
