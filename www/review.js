// The review page: one case at a time, the next one at once, and nothing decided twice.

import { Offline, now, send } from "./api.js";
import { draw } from "./case.js";
import { listen, setSingleKeys, singleKeysOn } from "./keys.js";
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
  closeReasons();
  buttons();
  tick();
}

function signedOut() {
  state.signedOut = true;
  notice(texts.signedOut, texts.signedOutText, true);
}

function buttons() {
  for (const id of ["approve", "reject", "skip"]) {
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
  closeReasons();
  buttons();
  tick();
  window.scrollTo(0, 0);
  at("title").focus({ preventScroll: true });
  state.shownAt = performance.now();
  arm();
}

function arm() {
  state.armedAt = performance.now() + ARM_MS;
}

const armed = () => performance.now() >= state.armedAt && document.visibilityState === "visible";

// Talking to Holdpoint

/** Sends a request; notes whether we are on line and signed in. */
async function ask(method, path, body) {
  try {
    const answer = await send(method, path, body);
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
  return [...state.skipped.keys()];
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
    const busiest = state.desks.reduce((a, b) => (b.held > a.held ? b : a));
    state.desk = busiest.name;
  }
  const choice = at("desk");
  const options = state.desks.map((desk) => new Option(`${desk.name} (${desk.held})`, desk.name, false, desk.name === state.desk));
  if (document.activeElement !== choice) choice.replaceChildren(...options);
  at("desk-choice").hidden = state.desks.length < 2;
  at("waiting").textContent = String(current()?.held ?? 0);
}

const current = () => state.desks.find((desk) => desk.name === state.desk);

async function claim() {
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

/** Says why no case is here, by a count that is not older than the question. */
async function nothingLeft() {
  state.shown = null;
  await refreshDesks();
  if (state.shown !== null || state.signedOut || state.desks.length === 0) return;
  const held = current()?.held ?? 0;
  if (held > 0) notice(texts.nothingForYou, texts.nothingForYouText(held));
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
    buttons();
  }
}

// Deciding

async function decide(decision, reason) {
  const shown = state.shown;
  if (shown === null || state.pending !== null || !armed()) return;
  const body = {
    decision,
    digest: shown.digest,
    seen_ms: Math.min(Math.round(performance.now() - state.shownAt), 86_400_000),
    next: { want: LOOK_AHEAD + 1, skip: [...skipping(), shown.id] },
  };
  if (state.lease && Date.parse(state.lease.until) > now()) body.lease = state.lease.token;
  if (reason) body.reason = reason;
  state.asked += 1;
  state.pending = { shown, decision, reason, asked: state.asked };
  state.last = null;
  say(texts.sending);
  goOn();
  await deliver(shown, body, false);
}

/** Sends a decision until it is answered. Nothing else is decided meanwhile. */
async function deliver(shown, body, again) {
  const answer = await ask("POST", `/v1/cases/${shown.id}/decision`, body);
  if (answer === null || answer.status >= 500) {
    if (answer !== null) say(texts.sendingAgain);
    setTimeout(() => deliver(shown, body, true), RETRY_MS);
    return;
  }
  if (answer.status === 401) {
    state.pending = null;
    return;
  }
  const { refusal } = answer.body ?? {};
  if (refusal === "lease" && (await leaseAgain(shown, body))) {
    deliver(shown, body, again);
    return;
  }
  const pending = state.pending;
  state.pending = null;
  connection();
  const stands = answer.body?.case;
  // A first attempt may have arrived although its answer did not.
  const decided = stands?.decision?.by === state.person && stands.decision.decision === pending.decision;
  const arrived = again && (refusal === "voted_already" || (refusal === "not_open" && decided));
  if (answer.ok) {
    accepted(shown, pending, answer.body);
  } else if (arrived) {
    accepted(shown, pending, { case: stands, release_at: stands.release_at, next: null });
  } else {
    say(whyNot(shown, answer));
    await claim();
    refreshDesks();
  }
}

/** Reading may take longer than a lease: where nobody else has come, the case is ours again. */
async function leaseAgain(shown, body) {
  const answer = await ask("POST", `/v1/cases/${shown.id}/lease`);
  if (!answer?.ok || answer.body.lease.token === body.lease) return false;
  body.lease = answer.body.lease.token;
  return true;
}

function accepted(shown, { decision, reason, asked }, body) {
  state.done += 1;
  at("done").textContent = String(state.done);
  const releaseAt = body.release_at === null ? null : Date.parse(body.release_at);
  state.last = { shown, releaseAt };
  const voted = body.case.status === "held";
  const text = voted ? texts.voted(shown.title) : decision === "approve" ? texts.approved(shown.title) : texts.rejected(shown.title, reason);
  state.lastText = text;
  say(text);
  tick();
  if (body.next && asked === state.asked) take(body.next);
  else if (asked === state.asked) claim();
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
  const { shown } = state.last;
  const answer = await ask("POST", `/v1/cases/${shown.id}/undo`);
  state.busy = false;
  if (!answer || answer.status >= 500) {
    say(texts.undoAgain);
    return;
  }
  state.last = null;
  if (!answer.ok) {
    say(answer.status === 409 ? texts.undoTooLate : texts.refused(answer.body?.detail ?? String(answer.status)));
    buttons();
    return;
  }
  state.asked += 1;
  state.done = Math.max(0, state.done - 1);
  at("done").textContent = String(state.done);
  const given = state.shown;
  const lease = await ask("POST", `/v1/cases/${shown.id}/lease`);
  if (given) ask("DELETE", `/v1/cases/${given.id}/lease`);
  if (given) state.ahead.unshift(given);
  show(answer.body.case, lease?.ok ? lease.body.lease : null);
  say(texts.undone(shown.title));
  refreshDesks();
}

async function skip() {
  const shown = state.shown;
  if (shown === null || state.pending !== null || !armed()) return;
  state.skipped.set(shown.id, now() + SKIP_MS);
  goOn();
  say(texts.skipped(shown.title));
  await ask("DELETE", `/v1/cases/${shown.id}/lease`);
  await claim();
}

// Reasons

function openReasons() {
  if (state.shown === null || !armed()) return;
  const openedAt = performance.now();
  const meant = (event) => event.detail === 0 || performance.now() - openedAt >= ARM_MS;
  const chips = state.shown.reasons.map((reason, index) => {
    const chip = document.createElement("button");
    chip.type = "button";
    const key = document.createElement("kbd");
    key.textContent = String(index + 1);
    chip.append(key, ` ${reason}`);
    // The second click of a double click on Reject was not meant for what has come to stand there.
    chip.addEventListener("click", (event) => (meant(event) ? decide("reject", reason) : at("reasons").focus()));
    return chip;
  });
  const back = document.createElement("button");
  back.type = "button";
  const key = document.createElement("kbd");
  key.textContent = "Esc";
  back.append("Back ", key);
  back.addEventListener("click", leaveReasons);
  at("reasons").replaceChildren(...chips, back);
  at("reasons").hidden = false;
  at("buttons").hidden = true;
  at("reject").setAttribute("aria-expanded", "true");
  at("reasons").focus();
}

function closeReasons() {
  at("reasons").hidden = true;
  at("buttons").hidden = false;
  at("reject").setAttribute("aria-expanded", "false");
}

function leaveReasons() {
  closeReasons();
  at("reject").focus();
}

// Time

function clock(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
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
  a: () => at("reasons").hidden && decide("approve"),
  r: openReasons,
  s: () => at("reasons").hidden && skip(),
  u: undo,
  "?": () => at("help").showModal(),
};

listen((key) => {
  state.lastInput = performance.now();
  if (!at("reasons").hidden) {
    if (key === "Escape") {
      leaveReasons();
      return true;
    }
    const reason = /^[1-9]$/.test(key) ? state.shown?.reasons[Number(key) - 1] : undefined;
    if (reason !== undefined) {
      decide("reject", reason);
      return true;
    }
  }
  if (!(key in keys)) return false;
  keys[key]();
  return true;
});

function drawHelp() {
  const rows = texts.help.flatMap(([key, what]) => {
    const dt = document.createElement("dt");
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    dt.append(kbd);
    const dd = document.createElement("dd");
    dd.textContent = what;
    return [dt, dd];
  });
  at("help-keys").replaceChildren(...rows);
  at("help-note").textContent = texts.helpNote;
}

function drawSingleKeys() {
  at("single-keys").textContent = texts.singleKeys(singleKeysOn());
}

at("approve").addEventListener("click", (event) => event.detail > 1 || decide("approve"));
at("reject").addEventListener("click", openReasons);
at("skip").addEventListener("click", skip);
at("undo").addEventListener("click", undo);
at("help-button").addEventListener("click", keys["?"]);
at("single-keys").addEventListener("click", () => {
  setSingleKeys(!singleKeysOn());
  drawSingleKeys();
});
at("sign-out").addEventListener("click", async () => {
  if (state.shown && state.lease) await ask("DELETE", `/v1/cases/${state.shown.id}/lease`);
  const answer = await ask("POST", "/sign-out");
  if (answer?.ok) location.assign("/sign-in");
});
at("desk").addEventListener("change", async (event) => {
  if (state.shown && state.lease) ask("DELETE", `/v1/cases/${state.shown.id}/lease`);
  state.desk = event.target.value;
  state.asked += 1;
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

drawHelp();
drawSingleKeys();
refresh();
setInterval(refresh, REFRESH_MS);
setInterval(tick, 500);
