// Hints from the desks, over one WebSocket each: what waits there, and which cases changed. Without them the page
// works as well, by asking now and then.

/** A page opens so many sockets at most; it asks about its other desks. */
const MAX_SOCKETS = 12;
const FIRST_MS = 1_000;
const MAX_MS = 30_000;
const PING_MS = 30_000;

/** Watches desks; `told` gets the desk's name and the hint. */
export class Live {
  #told;
  #sockets = new Map();

  constructor(told) {
    this.#told = told;
  }

  /** Watches these desks, and no others. */
  watch(desks) {
    const wanted = desks.slice(0, MAX_SOCKETS);
    for (const [desk, { socket }] of this.#sockets) {
      if (wanted.includes(desk)) continue;
      this.#sockets.delete(desk);
      socket?.close();
    }
    for (const desk of wanted) if (!this.#sockets.has(desk)) this.#open(desk, 0);
  }

  /** Whether hints of a desk arrive. */
  hears(desk) {
    return this.#sockets.get(desk)?.socket?.readyState === WebSocket.OPEN;
  }

  #open(desk, failures, again = false) {
    const url = new URL(`/v1/desks/${encodeURIComponent(desk)}/live`, location.href.replace(/^http/, "ws"));
    const socket = new WebSocket(url);
    const entry = { socket };
    this.#sockets.set(desk, entry);
    let opened = false;
    let first = true;
    const pings = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send("ping"), PING_MS);
    socket.addEventListener("open", () => (opened = true));
    socket.addEventListener("message", ({ data }) => {
      if (data === "pong") return;
      this.#told(desk, JSON.parse(data), again && first);
      first = false;
    });
    socket.addEventListener("close", () => {
      clearInterval(pings);
      if (this.#sockets.get(desk) !== entry) return;
      // Everybody loses the connection at the same moment: nobody comes back at the same moment.
      const tries = opened ? 0 : failures + 1;
      const wait = Math.min(FIRST_MS * 2 ** tries, MAX_MS) * (0.5 + Math.random());
      setTimeout(() => this.#sockets.get(desk) === entry && this.#open(desk, tries, true), wait);
    });
  }
}
