// The review page: one case at a time, the next one at once, and nothing decided twice.

import { Offline, now, send, written } from "./api.js";
import { draw } from "./case.js";
import * as choices from "./choices.js";
import * as edit from "./edit.js";
import { showHelp } from "./help.js";
import { listen } from "./keys.js";
import { texts } from "./texts.js";

/** After a case is painted, keys and clicks are deaf for this long: they were meant for what stood there before. */
const ARM_MS = 300;
const SKIP_MS = 10 * 60_000;
const REFRESH_MS = 5_000;
const RETRY_MS = 2_000;
/** A lease is renewed only for somebody who is there; reading a long text without a touch is being there. */
const PRESENT_MS = 120_000;
/** A case that has run out here is asked about again only after this: the desk has to see it too. */
const SETTLE_MS = 1_000;
const LOOK_AHEAD = 2;

const at = (id) => document.getElementById(id);

const state = {
  person: null,
  desk: null,
  desks: [],
  shown: null,
  lease: null,
  ahead: [],
  shownAt: 0,
  armedAt: 0,
  skipped: new Map(),
  last: null,
  pending: null,
  done: 0,
  busy: false,
  /** Cases on their way to another desk. */
  moving: new Set(),
  expiring: false,
  /** Counts what was asked for next: only the newest answer says what is shown. */
  asked: 0,
  offline: false,
  signedOut: false,
  lastInput: performance.now(),
};

// What the page says

function say(text) {
  at("status").textContent = text;
}

function connection() {
  const box = at("connection");
  box.hidden = !state.offline;
  box.textContent = state.offline ? texts.offline(state.pending ? 1 : 0) : "";
}

function notice(title, text, link = false) {
  state.shown = null;
  state.lease = null;
  at("case").hidden = true;
  at("notice").hidden = false;
  at("notice-title").textContent = title;
  at("notice-text").textContent = text;
  at("notice-link").hidden = !link;
  closePanels();
  buttons();
  tick();
}

function signedOut() {
  state.signedOut = true;
  notice(texts.signedOut, texts.signedOutText, true);
}

function buttons() {
  for (const id of ["approve", "reject", "edit", "move", "skip"]) {
    at(id).disabled = state.shown === null;
  }
  at("undo").disabled = !canUndo();
}

const canUndo = () => state.last !== null && state.last.releaseAt !== null && now() < state.last.releaseAt;

function show(shown, lease) {
  state.shown = shown;
  state.lease = lease;
  at("notice").hidden = true;
  at("case").hidden = false;
  draw(shown);
  closePanels();
  words(shown.oversight);
  buttons();
  tick();
  window.scrollTo(0, 0);
  at("title").focus({ preventScroll: true });
  state.shownAt = performance.now();
  arm();
}

/** Before it runs a person approves or rejects; afterwards they confirm or overturn. */
function words(oversight) {
  const { yes, no } = texts.actions[oversight];
  at("approve").firstElementChild.textContent = yes;
  at("reject").firstElementChild.textContent = no;
  at("deadline-word").textContent = oversight === "after" ? texts.due : texts.expires;
}

function closePanels() {
  choices.close();
  edit.end();
}

const busyElsewhere = () => choices.choosing() || edit.editing();

function arm() {
  state.armedAt = performance.now() + ARM_MS;
}

const armed = () => performance.now() >= state.armedAt && document.visibilityState === "visible";

// Talking to Holdpoint

/** Sends a request; notes whether we are on line and signed in. */
async function ask(method, path, body, name) {
  try {
    const answer = await send(method, path, body, name);
    state.offline = false;
    connection();
    if (answer.status === 401) signedOut();
    return answer;
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
    state.offline = true;
    connection();
    return null;
  }
}

function skipping() {
  for (const [id, until] of state.skipped) {
    if (until <= now()) state.skipped.delete(id);
  }
  // What is being decided or moved is not asked for, though it may not have arrived yet.
  const leaving = state.pending ? [state.pending.shown.id] : [];
  return [...state.skipped.keys(), ...leaving, ...state.moving];
}

async function refreshDesks() {
  const answer = await ask("GET", "/v1/desks");
  if (!answer?.ok) {
    if (answer && answer.status !== 401 && state.shown === null) notice(texts.broken, answer.body?.detail ?? "");
    return;
  }
  state.signedOut = false;
  state.desks = answer.body.desks;
  state.person = answer.body.person;
  if (state.desks.length === 0) {
    notice(texts.noDesk, texts.noDeskText);
    return;
  }
  if (!state.desks.some((desk) => desk.name === state.desk)) {
    const waits = (desk) => desk.held + desk.to_audit;
    const busiest = state.desks.reduce((a, b) => (waits(b) > waits(a) ? b : a));
    state.desk = busiest.name;
  }
  const choice = at("desk");
  const options = state.desks.map((desk) => new Option(`${desk.name} (${desk.held + desk.to_audit})`, desk.name, false, desk.name === state.desk));
  if (document.activeElement !== choice) choice.replaceChildren(...options);
  at("desk-choice").hidden = state.desks.length < 2;
  at("waiting").textContent = texts.waiting(current()?.held ?? 0, current()?.to_audit ?? 0);
}

const current = () => state.desks.find((desk) => desk.name === state.desk);

async function claim() {
  // The decision that is being sent brings what comes next along.
  if (state.pending !== null) return;
  state.asked += 1;
  const { asked } = state;
  const answer = await ask("POST", `/v1/desks/${state.desk}/claim`, { want: LOOK_AHEAD + 1, skip: skipping() });
  if (asked !== state.asked) return;
  if (answer?.ok) take(answer.body);
  else if (answer && answer.status !== 401) notice(texts.broken, answer.body?.detail ?? "");
}

/** Goes on with what a claim gave: the first case is ours, the rest a look ahead. */
function take(claimed) {
  const [first, ...ahead] = claimed.cases;
  const same = ({ id, digest }) => state.shown?.id === id && state.shown.digest === digest;
  if (first && !same(first) && busyElsewhere() && ahead.some(same)) {
    // Somebody types or chooses: another case may be more urgent, and still this one is finished first.
    state.ahead = claimed.cases.filter((given) => !same(given));
    leaseShown();
    return;
  }
  state.ahead = ahead;
  if (!first) {
    nothingLeft();
    return;
  }
  if (state.shown?.id === first.id && state.shown.digest === first.digest) {
    state.lease = claimed.lease;
    return;
  }
  if (state.shown !== null) say(texts.leased(state.shown.title));
  show(first, claimed.lease);
}

async function leaseShown() {
  const { shown } = state;
  const answer = await ask("POST", `/v1/cases/${shown.id}/lease`);
  if (answer?.ok && state.shown === shown) state.lease = answer.body.lease;
}

/** Says why no case is here, by a count that is not older than the question. */
async function nothingLeft() {
  state.shown = null;
  await refreshDesks();
  if (state.shown !== null || state.signedOut || state.desks.length === 0) return;
  const waiting = (current()?.held ?? 0) + (current()?.to_audit ?? 0);
  if (waiting > 0) notice(texts.nothingForYou, texts.nothingForYouText(waiting));
  else notice(texts.nothing, texts.nothingText);
}

/** Shows the next case before anybody has answered; its lease follows. */
function goOn() {
  const next = state.ahead.shift();
  if (next) {
    show(next, null);
  } else {
    state.shown = null;
    at("case").hidden = true;
    closePanels();
    buttons();
  }
}

/** Whether a case is there, and nothing is under way that it could be taken for. */
const free = () => state.shown !== null && state.pending === null && !state.busy && armed();

// Deciding

/** What a person's yes and no are called for the case on the page. */
const yes = () => (state.shown?.oversight === "after" ? "confirm" : "approve");
const no = () => (state.shown?.oversight === "after" ? "overturn" : "reject");

async function decide(decision, { reason, args } = {}) {
  const shown = state.shown;
  if (!free()) return;
  const body = {
    decision,
    digest: shown.digest,
    seen_ms: Math.min(Math.round(performance.now() - state.shownAt), 86_400_000),
    next: { want: LOOK_AHEAD + 1, skip: [...skipping(), shown.id] },
    reason,
    args,
  };
  if (state.lease && Date.parse(state.lease.until) > now()) body.lease = state.lease.token;
  state.asked += 1;
  state.pending = { shown, decision, reason, asked: state.asked, stays: args !== undefined };
  state.last = null;
  say(texts.sending);
  // What was typed stays until it is taken: it may be refused.
  if (args === undefined) goOn();
  else edit.freeze(true);
  await deliver(shown, body, crypto.randomUUID());
}

/** Sends a decision until it is answered; its name keeps it from counting twice. Nothing else is decided meanwhile. */
async function deliver(shown, body, name) {
  const answer = await ask("POST", `/v1/cases/${shown.id}/decision`, body, name);
  if (answer === null || answer.status >= 500) {
    if (answer !== null) say(texts.sendingAgain);
    setTimeout(() => deliver(shown, body, name), RETRY_MS);
    return;
  }
  if (answer.status === 401) {
    state.pending = null;
    return;
  }
  if (answer.body?.refusal === "lease") {
    const again = await leaseAgain(shown, body);
    if (again === null) {
      setTimeout(() => deliver(shown, body, name), RETRY_MS);
      return;
    }
    if (again) {
      deliver(shown, body, crypto.randomUUID());
      return;
    }
  }
  const pending = state.pending;
  state.pending = null;
  connection();
  if (answer.ok) {
    accepted(shown, pending, answer.body);
  } else if (pending.stays && ![404, 409].includes(answer.status)) {
    edit.freeze(false);
    say(texts.refused(answer.body?.problems?.[0]?.message ?? answer.body?.detail ?? ""));
  } else {
    say(whyNot(shown, answer));
    if (pending.stays) goOn();
    await claim();
    refreshDesks();
  }
}

/** Reading may take longer than a lease: where nobody else has come, the case is ours again. Null: nobody knows. */
async function leaseAgain(shown, body) {
  const answer = await ask("POST", `/v1/cases/${shown.id}/lease`);
  if (answer === null || answer.status >= 500) return null;
  if (!answer.ok || answer.body.lease.token === body.lease) return false;
  body.lease = answer.body.lease.token;
  return true;
}

/** What a decision came to, in a sentence. */
function outcome({ title }, decision, reason, status) {
  const waits = status === "held";
  switch (decision) {
    case "approve":
      return waits ? texts.voted(title) : texts.approved(title);
    case "edit":
      return waits ? texts.votedEdit(title) : texts.edited(title);
    case "confirm":
      return texts.confirmed(title);
    case "overturn":
      return texts.overturned(title, reason);
    default:
      return texts.rejected(title, reason);
  }
}

function accepted(shown, { decision, reason, asked }, body) {
  state.done += 1;
  at("done").textContent = String(state.done);
  const releaseAt = body.release_at === null ? null : Date.parse(body.release_at);
  state.last = { shown, releaseAt };
  const text = outcome(shown, decision, reason, body.case.status);
  state.lastText = text;
  say(text);
  tick();
  if (state.shown?.id === shown.id) goOn();
  if (body.next && asked === state.asked) take(body.next);
  else if (asked === state.asked || state.shown === null) claim();
  refreshDesks();
}

function whyNot(shown, { status, body }) {
  if (status !== 409) return texts.refused(body?.detail ?? String(status));
  if (body?.case?.status === "expired") return texts.tooLate(shown.title);
  return texts.somebodyElse(shown.title);
}

async function undo() {
  if (!canUndo() || state.busy) {
    if (state.last) say(texts.undoTooLate);
    return;
  }
  state.busy = true;
  await takeBack(state.last);
  state.busy = false;
}

async function takeBack(last) {
  const { shown } = last;
  const answer = await ask("POST", `/v1/cases/${shown.id}/undo`);
  if (!answer || answer.status >= 500) {
    say(texts.undoAgain);
    return;
  }
  if (state.last === last) state.last = null;
  if (!answer.ok) {
    say(answer.status === 409 ? texts.undoTooLate : texts.refused(answer.body?.detail ?? String(answer.status)));
    buttons();
    return;
  }
  state.asked += 1;
  state.done = Math.max(0, state.done - 1);
  at("done").textContent = String(state.done);
  const lease = await ask("POST", `/v1/cases/${shown.id}/lease`);
  const given = state.shown;
  if (given) ask("DELETE", `/v1/cases/${given.id}/lease`);
  if (given) state.ahead.unshift(given);
  show(answer.body.case, lease?.ok ? lease.body.lease : null);
  say(texts.undone(shown.title));
  refreshDesks();
}

// Editing, and other desks

function startEdit() {
  if (!free()) return;
  edit.begin(state.shown.action.args);
}

function leaveEdit() {
  if (choices.choosing() || state.pending !== null) return;
  edit.end();
  if (state.shown) draw(state.shown);
  at("edit").focus();
}

/** Before it runs an edit is the decision; of what ran it says what should have been, and a reason is needed. */
function saveEdit() {
  if (!edit.editing() || state.shown === null || state.pending !== null) return;
  const args = edit.edited();
  if (args === undefined) return;
  if (written(args) === written(state.shown.action.args)) {
    say(texts.unchanged);
    return;
  }
  if (state.shown.oversight === "before") {
    decide("edit", { args });
    return;
  }
  edit.freeze(true);
  choices.offer({
    left: () => edit.freeze(false),
    label: texts.actions.after.why,
    options: state.shown.reasons,
    choose: (reason) => decide("overturn", { reason, args }),
    opener: at("save"),
    instead: at("editing"),
  });
}

function openDesks() {
  if (!free()) return;
  const others = state.desks.map(({ name }) => name).filter((name) => name !== state.shown.desk);
  if (others.length === 0) {
    say(texts.noOtherDesk);
    return;
  }
  choices.offer({ label: texts.whereTo, options: others, choose: moveTo, opener: at("move") });
}

async function moveTo(desk) {
  const shown = state.shown;
  if (shown === null) return;
  state.moving.add(shown.id);
  goOn();
  const answer = await ask("POST", `/v1/cases/${shown.id}/move`, { desk }, crypto.randomUUID());
  state.moving.delete(shown.id);
  say(answer?.ok ? texts.moved(shown.title, desk) : texts.refused(answer?.body?.detail ?? texts.offline(0)));
  await claim();
  refreshDesks();
}

async function skip() {
  const shown = state.shown;
  if (!free()) return;
  state.skipped.set(shown.id, now() + SKIP_MS);
  goOn();
  say(texts.skipped(shown.title));
  await ask("DELETE", `/v1/cases/${shown.id}/lease`);
  await claim();
}

// Reasons

function openReasons() {
  if (!free()) return;
  const decision = no();
  choices.offer({
    label: texts.actions[state.shown.oversight].why,
    options: state.shown.reasons,
    choose: (reason) => decide(decision, { reason }),
    opener: at("reject"),
  });
}

// Time

function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 2880) return `${Math.floor(minutes / 1440)} days`;
  if (minutes >= 120) return `${Math.floor(minutes / 60)} h`;
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

function tick() {
  const box = at("deadline-box");
  box.hidden = state.shown === null;
  if (state.shown) {
    const left = Date.parse(state.shown.expires) - now();
    at("deadline").textContent = clock(left);
    box.classList.toggle("urgent", left < 60_000);
    if (left <= 0 && state.pending === null && !state.expiring) expire(state.shown);
  }
  if (state.last && state.lastText && at("status").textContent.startsWith(state.lastText)) {
    const seconds = Math.ceil(((state.last.releaseAt ?? 0) - now()) / 1000);
    at("status").textContent = seconds > 0 ? `${state.lastText} ${texts.undoWithin(seconds)}` : state.lastText;
  }
  buttons();
}

function expire(shown) {
  state.expiring = true;
  say(texts.expired(shown.title));
  goOn();
  setTimeout(() => {
    state.expiring = false;
    claim();
  }, SETTLE_MS);
}

async function renew() {
  const here = document.visibilityState === "visible" && performance.now() - state.lastInput < PRESENT_MS;
  const shown = state.shown;
  if (!here || shown === null || !state.lease || state.pending) return;
  if (Date.parse(state.lease.until) - now() > 30_000) return;
  const answer = await ask("POST", `/v1/cases/${shown.id}/lease`);
  if (state.shown !== shown || !answer) return;
  if (answer.ok) {
    state.lease = answer.body.lease;
  } else if (answer.status === 409) {
    say(texts.somebodyElse(shown.title));
    closePanels();
    state.shown = null;
    claim();
  }
}

async function refresh() {
  if (document.visibilityState !== "visible" || state.signedOut) return;
  await refreshDesks();
  if (state.shown === null && state.pending === null && !state.signedOut && state.desk && !state.offline) await claim();
  await renew();
}

// The page

const keys = {
  a: () => busyElsewhere() || decide(yes()),
  r: () => busyElsewhere() || openReasons(),
  e: () => busyElsewhere() || startEdit(),
  x: () => busyElsewhere() || openDesks(),
  s: () => busyElsewhere() || skip(),
  u: () => busyElsewhere() || undo(),
  "?": showHelp,
};

listen((key) => {
  state.lastInput = performance.now();
  if (choices.choosing() && choices.take(key)) return true;
  if (key === "Escape" && edit.editing()) {
    leaveEdit();
    return true;
  }
  if (!(key in keys)) return false;
  keys[key]();
  return true;
});

at("fields").addEventListener("keydown", (event) => {
  state.lastInput = performance.now();
  if (event.key === "Escape") leaveEdit();
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveEdit();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

at("approve").addEventListener("click", (event) => event.detail > 1 || decide(yes()));
at("edit").addEventListener("click", startEdit);
at("move").addEventListener("click", openDesks);
at("save").addEventListener("click", (event) => event.detail > 1 || saveEdit());
at("back").addEventListener("click", leaveEdit);
at("reject").addEventListener("click", openReasons);
at("skip").addEventListener("click", skip);
at("undo").addEventListener("click", undo);
at("sign-out").addEventListener("click", async () => {
  if (state.shown && state.lease) await ask("DELETE", `/v1/cases/${state.shown.id}/lease`);
  const answer = await ask("POST", "/sign-out");
  if (answer?.ok) location.assign("/sign-in");
});
at("desk").addEventListener("change", async (event) => {
  if (state.shown && state.lease) ask("DELETE", `/v1/cases/${state.shown.id}/lease`);
  state.desk = event.target.value;
  state.asked += 1;
  closePanels();
  state.shown = null;
  state.ahead = [];
  event.target.blur();
  await refresh();
});
for (const event of ["pointerdown", "pointermove", "wheel"]) {
  document.addEventListener(event, () => (state.lastInput = performance.now()), { passive: true });
}
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    arm();
    refresh();
  }
});
window.addEventListener("online", refresh);
window.addEventListener("offline", () => {
  state.offline = true;
  connection();
});
window.addEventListener("beforeunload", (event) => {
  if (state.pending) event.preventDefault();
});

refresh();
setInterval(refresh, REFRESH_MS);
setInterval(tick, 500);
