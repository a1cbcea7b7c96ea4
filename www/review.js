// The review page: one case at a time, the next one at once, and nothing decided twice.

import { Offline, first, now, send } from "./api.js";
import { draw, showUnseen } from "./case.js";
import { compareBy } from "./fields.js";
import * as choices from "./choices.js";
import * as desks from "./desks.js";
import { listen } from "./keys.js";
import { Outbox } from "./outbox.js";
import { spelled } from "./reveal.js";
import { skipped, unskip } from "./skips.js";
import { clock, texts } from "./texts.js";

/** After a case is painted, keys and clicks are deaf for this long: they were meant for what stood there before. */
const ARM_MS = 300;
const LOOK_AHEAD = 4;
/** What the first decision does not need is fetched when the page has stood for so long. */
const LATER_MS = 1_000;
const RETRY_MS = 10_000;
const UNDOS = 10;

const at = (id) => document.getElementById(id);

const state = {
  desk: null,
  shown: null,
  ahead: [],
  /** The leases that are ours, by case. */
  leases: new Map(),
  /** What was decided and can perhaps be taken back, the newest last: `{shown, releaseAt, text}`. */
  decided: [],
  /** Cases on their way to another desk. */
  moving: new Set(),
  shownAt: 0,
  armedAt: 0,
  /** When the key was pressed or the button clicked that is being handled. */
  pressedAt: 0,
  done: 0,
  opinions: { agreed: 0, of: 0 },
  busy: false,
  /** Counts what was asked for next: only the newest answer says what is shown. */
  asked: 0,
  offline: false,
  signedOut: false,
  nudge: null,
  askedAt: performance.now(),
};

/** What is fetched later; until then nothing is edited, and no digest was found to differ. */
let later = { editing: () => false, endEdit: () => {}, freeze: () => {}, isOther: () => false, verify: () => {}, decided: () => {}, said: () => ({}) };
let fetching = null;

/** Fetches it, once; false where it cannot be had now. */
function fetchLater() {
  fetching ??= import("/www/later.js").then(
    (module) => {
      later = module.begin(page);
      compareBy(later.pieces);
      // What changed within texts can be marked now.
      if (state.shown?.last_approved && !occupied()) redraw();
      else if (state.shown) later.verify(state.shown);
      return true;
    },
    () => {
      fetching = null;
      setTimeout(fetchLater, RETRY_MS);
      return false;
    },
  );
  return fetching;
}

/** Does something of what is fetched later, unless another case has come meanwhile; what is about no case is done. */
const withLater = (name, always) => async (event) => {
  if (event?.detail > 1) return;
  const { shown } = state;
  if (!(await fetchLater())) say(texts.notLoaded);
  else if (always || state.shown === shown) later[name]();
};

/** What the rest of the page works with. */
const page = { state, now, say, ask, show, notice, goOn, claim, decide, offerReasons, refreshDesks, drawStrip, drawDone, closePanels, choosing: choices.choosing, offer: choices.offer, leaveChoices: choices.leave, occupied, free, redraw, desks };

const outbox = new Outbox({
  ask,
  next: () => [{ want: LOOK_AHEAD + 1, skip: leaving(), first: state.shown?.id }, (state.asked += 1)],
  leaseOf: (id) => state.leases.get(id),
  answered,
  refused,
  changed: drawStrip,
});
page.outbox = outbox;

// What the page says

/** Says it once; titles in it are an AI's words, and hide nothing here either. */
function say(text) {
  const plain = spelled(text);
  if (at("status").textContent !== plain) at("status").textContent = plain;
  at("countdown").textContent = "";
}

function drawStrip() {
  const kept = outbox.entries.length;
  const away = state.offline || outbox.entries.some(({ tries }) => tries > 0);
  const text = state.signedOut ? texts.signedOut : !away ? (state.nudge ?? "") : navigator.onLine === false || kept === 0 ? texts.offline(kept) : texts.notAnswering(kept);
  at("strip").hidden = text === "";
  at("strip-text").textContent = text;
  at("strip-link").hidden = !state.signedOut;
  at("strip-link").textContent = texts.signInAgain;
  at("strip-close").hidden = text === "" || text !== state.nudge;
}

function notice(title, text) {
  state.shown = null;
  at("case").hidden = true;
  at("notice").hidden = false;
  at("notice-title").textContent = title;
  at("notice-text").textContent = text;
  closePanels();
  at("notice-title").focus();
  tick();
}

const canUndo = () => outbox.entries.length > 0 || now() < (state.decided.at(-1)?.releaseAt ?? 0);

function buttons() {
  for (const id of ["approve", "reject", "edit", "move", "skip"]) at(id).disabled = state.shown === null;
  at("undo").disabled = !canUndo();
}

function drawDone() {
  at("done").textContent = String(state.done);
}

function show(shown) {
  state.shown = shown;
  at("notice").hidden = true;
  at("case").hidden = false;
  closePanels();
  at("context").open = false;
  redraw();
  words(shown.oversight);
  tick();
  window.scrollTo(0, 0);
  at("title").focus({ preventScroll: true });
  state.shownAt = performance.now();
  arm();
}

/** Draws the case anew, as it stands. */
function redraw() {
  const { open } = at("context");
  draw(state.shown, now());
  at("context").open = open;
  later.verify(state.shown);
}

/** Before it runs a person approves or rejects; afterwards they confirm or overturn. */
function words(oversight) {
  const { yes, no } = texts.actions[oversight];
  at("approve").firstElementChild.textContent = yes;
  at("reject").firstElementChild.textContent = no;
  at("deadline-word").textContent = oversight === "after" ? texts.due : texts.expires;
  at("deadline-then").textContent = oversight === "after" ? "" : texts.expiresThen;
}

function closePanels() {
  choices.close();
  later.said();
  later.endEdit();
}

/** Somebody types or chooses: nothing is taken from under their hands. */
function occupied() {
  return choices.choosing() || later.editing();
}

function arm() {
  state.armedAt = Infinity;
  // From the moment at which it is on screen; what was pressed before was not meant for it, whenever it is handled.
  requestAnimationFrame(() => setTimeout(() => (state.armedAt = performance.now() + ARM_MS)));
}

const armed = () => state.pressedAt >= state.armedAt && document.visibilityState === "visible";

/** Whether a case is there, and nothing is under way that it could be taken for. */
function free() {
  return state.shown !== null && !state.busy && armed() && !outbox.ids().includes(state.shown.id);
}

// Talking to Holdpoint

/** Sends a request; notes whether we are on line and signed in. Null: nobody knows whether it arrived. */
async function ask(method, path, body, name) {
  let answer = null;
  try {
    answer = await send(method, path, body, name);
  } catch (error) {
    if (!(error instanceof Offline)) throw error;
  }
  state.offline = answer === null;
  if (answer) state.signedOut = answer.status === 401;
  drawStrip();
  return answer;
}

/** What is not to be shown now: skipped, being decided, or on its way to another desk. */
const leaving = () => [...skipped(now()), ...outbox.ids(), ...state.moving];

async function refreshDesks() {
  state.askedAt = performance.now();
  const answer = await ask("GET", "/v1/desks");
  if (answer?.ok) know(answer.body);
  else if (answer && answer.status !== 401 && state.shown === null) notice(texts.broken, answer.body?.detail ?? "");
  return answer?.ok === true;
}

/** Learns which desks there are, and what waits there. */
function know({ desks: known, you }) {
  state.opinions = you ?? state.opinions;
  desks.set(known);
  if (known.length === 0) {
    notice(texts.noDesk, texts.noDeskText);
    return;
  }
  if (!desks.names().includes(state.desk)) state.desk = desks.busiest();
  desks.draw(state.desk);
}

async function claim(wanted = state.shown?.id) {
  // The decision that is being sent brings what comes next along.
  if (outbox.entries.length > 0 || !state.desk) return;
  state.asked += 1;
  const { asked } = state;
  const answer = await ask("POST", `/v1/desks/${state.desk}/claim`, { want: LOOK_AHEAD + 1, skip: leaving(), first: wanted });
  if (asked !== state.asked) return;
  if (answer?.ok) take(answer.body);
  else if (answer && answer.status !== 401 && state.shown === null) notice(texts.broken, answer.body?.detail ?? "");
}

const same = (a, b) => a?.id === b?.id && a?.digest === b?.digest;

/** Goes on with what a claim gave: the first case is ours, the rest a look ahead. */
function take({ cases, lease }) {
  const out = new Set(leaving());
  if (out.has(cases[0]?.id)) {
    // It was decided, skipped or moved while this was on its way: it is nobody's, and what is shown is ours.
    if (!outbox.ids().includes(cases[0].id)) ask("DELETE", `/v1/cases/${cases[0].id}/lease`);
    claim();
  }
  const given = cases.filter(({ id }) => !out.has(id));
  const [head] = given;
  if (head && head === cases[0] && lease) state.leases.set(head.id, lease);
  const { shown } = state;
  if (shown !== null && same(head, shown)) {
    state.ahead = given.slice(1);
    return;
  }
  if (shown !== null && occupied()) {
    state.ahead = given.filter(({ id }) => id !== shown.id);
    if (head?.id !== shown.id) later.leaseLost();
    return;
  }
  if (!head) {
    nothingLeft();
    return;
  }
  state.ahead = given.slice(1);
  if (shown !== null) say(head.id === shown.id ? texts.changedMeanwhile(shown.title) : texts.leased(shown.title));
  show(head);
}

/** Says why no case is here, by a count that is not older than the question. */
async function nothingLeft() {
  if (state.shown) say(texts.leased(state.shown.title));
  state.shown = null;
  state.ahead = [];
  at("case").hidden = true;
  const known = await refreshDesks();
  if (!known && state.shown === null && at("notice").hidden) notice(texts.nothingAhead, texts.nothingAheadText);
  if (!known || state.shown !== null || desks.names().length === 0) return;
  const { held, to_audit: audits } = desks.get(state.desk);
  if (held + audits > 0) notice(texts.nothingForYou, texts.nothingForYouText(held + audits));
  else notice(texts.nothing, texts.nothingText);
}

/** Shows the next case before anybody has answered; its lease follows. */
function goOn() {
  const out = new Set(leaving());
  state.ahead = state.ahead.filter(({ id, expires }) => !out.has(id) && Date.parse(expires) > now());
  const next = state.ahead.shift();
  if (next) {
    show(next);
  } else if (state.offline) {
    notice(texts.nothingAhead, texts.nothingAheadText);
  } else {
    state.shown = null;
    at("case").hidden = true;
    closePanels();
    tick();
  }
}

// Deciding

/** What a person's yes and no are called for the case on the page. */
const yes = () => (state.shown?.oversight === "after" ? "confirm" : "approve");
const no = () => (state.shown?.oversight === "after" ? "overturn" : "reject");

function approve() {
  if (!free()) return;
  if (later.isOther(state.shown)) say(later.otherText);
  else if (showUnseen()) {
    say(texts.lookFirst);
    arm();
  } else decide(yes());
}

function decide(decision, { reason, category, note, args } = {}) {
  if (!free()) return;
  const { shown } = state;
  const seen_ms = Math.min(Math.round(performance.now() - state.shownAt), 86_400_000);
  say(texts.sending);
  // What was typed stays until it is taken: it may be refused.
  if (args === undefined) {
    state.shown = null;
    goOn();
  } else later.freeze(true);
  outbox.add({ shown, decision, reason, category, note, args, seen_ms, stays: args !== undefined });
  buttons();
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

function answered({ shown, decision, reason, asked, undo: wanted }, body) {
  state.done += 1;
  drawDone();
  state.leases.delete(shown.id);
  const releaseAt = body.release_at === null ? null : Date.parse(body.release_at);
  const said = outcome(shown, decision, reason, body.case.status);
  const text = releaseAt === null || releaseAt <= now() ? said : `${said} ${texts.pressU}`;
  const last = { shown, releaseAt, text };
  state.decided = [...state.decided, last].slice(-UNDOS);
  say(text);
  if (state.shown?.id === shown.id) goOn();
  if (wanted) later.takeBack(last);
  else if (body.next && asked === state.asked) take(body.next);
  else if (outbox.entries.length === 0) claim();
  later.decided();
  fetchLater();
  tick();
}

function refused({ shown, stays }, answer) {
  state.leases.delete(shown.id);
  const gone = [404, 409].includes(answer.status);
  if (stays && state.shown?.id === shown.id) {
    later.freeze(false);
    say(gone ? later.goneDraft(shown) : texts.refused(answer.body?.problems?.[0]?.message ?? answer.body?.detail ?? ""));
    return;
  }
  say(whyNot(shown, answer));
  claim();
}

function whyNot(shown, { status, body }) {
  if (status === 409 && ["not_open", "lease", "moved"].includes(body?.refusal)) {
    const over = body.case?.status;
    return over === "expired" || over === "unaudited" ? texts.tooLate(shown.title) : texts.somebodyElse(shown.title);
  }
  return texts.refused(`${shown.title}: ${body?.detail ?? status}`);
}

// Reasons and skipping

function openReasons() {
  if (free()) offerReasons({ opener: at("reject") });
}

function offerReasons({ args, left = () => {}, ...more }) {
  const { shown } = state;
  const decision = no();
  choices.offer({
    label: texts.actions[shown.oversight].why,
    options: shown.reasons,
    extra: ["N", texts.addNote, withLater("showWords")],
    choose: (reason) => decide(decision, { reason, args, ...later.said() }),
    left: () => {
      later.said();
      left();
    },
    ...more,
  });
}

// Time

function tick() {
  at("deadline-box").hidden = state.shown === null;
  if (state.shown) {
    const left = Date.parse(state.shown.expires) - now();
    at("deadline").textContent = clock(left);
    at("deadline-box").classList.toggle("urgent", left < 60_000);
  }
  const last = state.decided.at(-1);
  const seconds = Math.ceil(((last?.releaseAt ?? 0) - now()) / 1000);
  const counts = seconds > 0 && at("status").textContent === spelled(last.text);
  at("countdown").textContent = counts ? texts.seconds(seconds) : "";
  buttons();
}

// The page

const showHelp = withLater("showHelp", true);

const keys = {
  a: approve,
  r: openReasons,
  e: withLater("startEdit"),
  x: withLater("openDesks"),
  s: withLater("skip"),
  u: withLater("undo", true),
  j: withLater("nextField"),
  k: withLater("previousField"),
  d: withLater("toggleRaw"),
};

listen((key) => {
  if (choices.choosing() && choices.take(key)) return true;
  if (key === "Escape" && later.editing()) later.leaveEdit();
  else if (key === "?") showHelp();
  else if (key in keys) occupied() || keys[key]();
  else return false;
  return true;
});

for (const [id, act] of Object.entries({ approve, reject: openReasons, skip: keys.s, "help-button": showHelp, edit: keys.e, move: keys.x, undo: keys.u })) {
  at(id).addEventListener("click", (event) => event.detail > 1 || act(event));
}
at("context").addEventListener("toggle", withLater("showContext", true));
at("sign-out").addEventListener("click", withLater("signOut", true));
at("desk").addEventListener("change", withLater("changeDesk", true));
for (const event of ["keydown", "click"]) document.addEventListener(event, ({ timeStamp }) => (state.pressedAt = timeStamp), true);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && arm());
window.addEventListener("online", () => outbox.wake());
window.addEventListener("offline", () => {
  state.offline = true;
  drawStrip();
});
window.addEventListener("beforeunload", (event) => {
  if (outbox.entries.length > 0 || state.moving.size > 0 || later.editing()) event.preventDefault();
});

/** Begins with what came with the document. */
function begin() {
  const { problem, claimed, asked_for: wanted, desk, ...known } = first();
  if (problem) {
    notice(texts.broken, problem.detail ?? "");
    return;
  }
  state.desk = desk;
  know(known);
  if (wanted) unskip(wanted.id);
  if (!claimed) claim(wanted?.id);
  else if (skipped(now()).includes(claimed.cases[0]?.id)) {
    ask("DELETE", `/v1/cases/${claimed.cases[0].id}/lease`).then(claim);
  } else take(claimed);
  if (!new URLSearchParams(location.search).has("case")) return;
  state.wanted = wanted;
  fetchLater();
  history.replaceState(null, "", "/review");
}

function start() {
  begin();
  setTimeout(fetchLater, LATER_MS);
  setInterval(tick, 500);
}

// A page that is made ready ahead looks at nothing, and leases nothing, until somebody looks at it.
if (document.prerendering) document.addEventListener("prerenderingchange", start, { once: true });
else start();
