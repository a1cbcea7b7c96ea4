// Single keys, with the guards that keep a slip from being a decision.

const STORED = "holdpoint-single-keys";

/** Whether single keys are switched on; kept in this browser, and while the page is open. */
export function singleKeysOn() {
  return (document.body.dataset.singleKeys ?? kept()) !== "off";
}

function kept() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function setSingleKeys(on) {
  document.body.dataset.singleKeys = on ? "on" : "off";
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing knows it until the page is closed.
  }
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
    // On a keyboard of another script the key in the same place is meant.
    const place = /^Key([A-Z])$/.exec(event.code)?.[1];
    const key = place && event.key > "\u007f" ? place : event.key;
    if (handle(key.length === 1 ? key.toLowerCase() : key)) {
      event.preventDefault();
    }
  });
}
