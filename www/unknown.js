// Says where actions were sent of which nobody knows what became, and leads to them.

import { later as texts } from "./texts.js";

/** A line above the case. */
export function unknowns({ state, desks }) {
  const line = document.createElement("p");
  line.id = "unknown";
  line.setAttribute("role", "status");
  document.getElementById("main").before(line);
  let beside = state.shown?.id;

  /** What is being decided does not move: while a case is on the page the line stays as it was when that came. */
  function drawUnknown() {
    const id = state.shown?.id;
    if (id !== undefined && id === beside) return;
    beside = id;
    const desk = [state.desk, ...desks.names()].map(desks.get).find(({ unknown }) => unknown > 0);
    const text = desk ? texts.unknown(desk.unknown, desk.name) : "";
    if (line.textContent === text) return;
    const href = `/review/cases?${new URLSearchParams({ desk: desk?.name ?? "", status: "unknown" })}`;
    const link = Object.assign(document.createElement("a"), { href, target: "_blank", rel: "noopener", textContent: text });
    line.replaceChildren(...(desk ? [link] : []));
  }

  drawUnknown();
  setInterval(drawUnknown, 1_000);
  return drawUnknown;
}
