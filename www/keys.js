// Single keys, with the guards that keep a slip from being a decision.

const STORED = "holdpoint-single-keys";

/** Whether single keys are switched on; kept in this browser. */
export function singleKeysOn() {
  return localStorage.getItem(STORED) !== "off";
}

export function setSingleKeys(on) {
  localStorage.setItem(STORED, on ? "on" : "off");
}

/** Calls `handle` with a lower-case key, unless the key belongs to something else. */
export function listen(handle) {
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
    const chord = event.ctrlKey || event.metaKey || event.altKey;
    if (event.repeat || event.isComposing || typing || chord || document.querySelector("dialog[open]")) {
      return;
    }
    if (event.key === "Enter" || event.key === " ") {
      return;
    }
    if (event.key !== "Escape" && !singleKeysOn()) {
      return;
    }
    if (handle(event.key.length === 1 ? event.key.toLowerCase() : event.key)) {
      event.preventDefault();
    }
  });
}
