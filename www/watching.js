// What happens to cases and desks while a person looks at one: hints, leases, breaks.

import { Live } from "./live.js";
import { Pace } from "./pace.js";
import { editing as drafts, later, texts } from "./texts.js";

/** A lease is renewed when this much of it is left, for somebody who is there. */
const RENEW_MS = 30_000;
const PRESENT_MS = 120_000;
/** Without hints from the desk it is asked this often; with them, now and then. */
const POLL_MS = 5_000;
const SELDOM_MS = 60_000;
/** A case that has run out here is asked about again only after this: the desk has to see it too. */
const SETTLE_MS = 1_000;
/** A lease is not asked for more often than this. */
const AGAIN_MS = 800;
/** Everybody gets the same hint: not everybody asks at the same moment. */
const SPREAD_MS = 300;

const at = (id) => document.getElementById(id);

/** Watches, from now on. */
export function watcher(page) {
  const { state, say, ask, desks, outbox, now } = page;
  const pace = new Pace(performance.now());
  const live = new Live(hinted);
  live.watch(desks.names());

  /** The case on the page is not ours to decide any more. */
  function lost(shown, why, draft) {
    state.leases.delete(shown.id);
    if (page.occupied()) {
      say(draft);
      return;
    }
    say(why);
    page.goOn();
    page.claim();
  }

  let renewing = false;
  let renewedAt = 0;

  /** Keeps the case on the page for whoever is there; takes it where that was not done yet. */
  async function renew() {
    const { shown } = state;
    const here = document.visibilityState === "visible" && pace.idleMs(performance.now()) < PRESENT_MS;
    const lease = shown && state.leases.get(shown.id);
    if (!here || !shown || outbox.entries.length > 0 || renewing) return;
    const since = performance.now() - Math.max(state.shownAt, renewedAt);
    const due = lease ? Date.parse(lease.until) - now() <= RENEW_MS : true;
    if (!due || since < AGAIN_MS) return;
    renewing = true;
    const answer = await ask("POST", `/v1/cases/${shown.id}/lease`).finally(() => (renewing = false));
    renewedAt = performance.now();
    if (state.shown !== shown || !answer) return;
    if (answer.ok) state.leases.set(shown.id, answer.body.lease);
    else if (answer.status === 409) lost(shown, texts.leased(shown.title), drafts.leaseLost);
  }

  const load = document.createElement("section");
  load.id = "load";
  load.hidden = true;
  load.setAttribute("aria-label", later.load);
  // The numbers change with every reading, and are not read out each time.
  const [said, numbers] = [document.createElement("span"), document.createElement("span")];
  said.setAttribute("role", "status");
  load.append(said, numbers);
  at("strip").after(load);

  /** Says where a desk cannot keep its deadlines; what is said already is not said again. */
  function drawLoad() {
    const { capacity } = desks.get(state.desk);
    const overloaded = capacity?.level === "overloaded";
    load.hidden = !overloaded;
    const text = overloaded ? later.overloaded : "";
    if (said.textContent !== text) said.textContent = text;
    numbers.textContent = overloaded ? later.overloadedBy(capacity) : "";
  }

  /** A desk's hint: what waits there now, and what changed. */
  function hinted(desk, { held, to_audit, unknown, oldest, capacity, changed = [] }, again) {
    // What changed while nothing was heard is asked for.
    if (again && desk === state.desk && state.shown && !page.occupied()) page.claim();
    desks.update(desk, { held, to_audit, unknown, oldest, capacity });
    desks.draw(state.desk);
    drawLoad();
    if (desk !== state.desk) return;
    const over = new Map(changed.filter(({ status }) => !["held", "to_audit"].includes(status)).map(({ id, status }) => [id, status]));
    state.ahead = state.ahead.filter(({ id }) => !over.has(id));
    const { shown } = state;
    if (shown && over.has(shown.id) && !outbox.ids().includes(shown.id)) ended(shown, over.get(shown.id));
    else if (shown === null && held + to_audit > 0) setTimeout(claimIfIdle, Math.random() * SPREAD_MS);
  }

  /** It ended while somebody looked at it. */
  function ended(shown, status) {
    const why = { expired: later.expired, unaudited: later.unaudited, withdrawn: later.withdrawn, moved: later.movedAway }[status] ?? texts.somebodyElse;
    lost(shown, why(shown.title), status === "expired" ? drafts.expiredDraft : drafts.endedDraft(shown.title));
  }

  let expiring = false;

  /** The deadline of the case on the page has come. */
  function expireIfDue() {
    const { shown } = state;
    if (shown === null || expiring || Date.parse(shown.expires) > now() || outbox.ids().includes(shown.id)) return;
    const audit = shown.oversight === "after";
    if (page.occupied()) {
      say(audit ? drafts.endedDraft(shown.title) : drafts.expiredDraft);
      return;
    }
    expiring = true;
    say((audit ? later.unaudited : later.expired)(shown.title));
    page.goOn();
    setTimeout(() => {
      expiring = false;
      page.claim();
    }, SETTLE_MS);
  }

  function claimIfIdle() {
    if (state.shown === null && document.visibilityState === "visible") page.claim();
  }

  async function refresh() {
    if (document.visibilityState !== "visible") return;
    const since = performance.now() - state.askedAt;
    const often = !live.hears(state.desk) || state.signedOut || state.offline;
    if (since >= (often ? POLL_MS : SELDOM_MS)) {
      if (!(await page.refreshDesks())) return;
      live.watch(desks.names());
      outbox.wake();
      if (state.shown === null) await page.claim();
    }
    await renew();
  }

  function nudge() {
    state.nudge = later.breakDue;
    page.drawStrip();
  }

  function decided() {
    pace.decided();
    if (pace.breakIsDue()) nudge();
    drawPace();
  }

  function drawPace() {
    at("pace").textContent = pace.words(state.done, state.opinions);
  }

  function present() {
    pace.input(performance.now());
  }

  function soon() {
    state.askedAt = -Infinity;
    refresh();
  }

  at("strip-close").addEventListener("click", () => {
    pace.rested();
    state.nudge = null;
    page.drawStrip();
  });
  document.addEventListener("visibilitychange", soon);
  window.addEventListener("online", soon);
  for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) document.addEventListener(event, present, { passive: true });
  drawLoad();
  setInterval(drawLoad, 1_000);
  setInterval(expireIfDue, 500);
  setInterval(refresh, 1_000);
  setInterval(drawPace, 10_000);

  return { decided };
}
