// A row of numbered chips in the place of the buttons: reasons to reject, desks to move to.

import { texts } from "./texts.js";

/** After the chips appear, a second click of a double click is not taken for a choice. */
const DEAF_MS = 300;

const at = (id) => document.getElementById(id);

let open = null;

/** Whether something is to be chosen now. */
export const choosing = () => open !== null;

function chip(key, text, act) {
  const button = document.createElement("button");
  button.type = "button";
  if (key) {
    const kbd = document.createElement("kbd");
    kbd.textContent = key;
    button.append(kbd, " ");
  }
  button.append(text);
  button.addEventListener("click", act);
  return button;
}

/** Offers options under a label, in the place of `instead`, and perhaps an `extra` chip, `[key, text, act]`; `choose` is told which. */
export function offer({ label, options, choose, opener, extra, instead = at("buttons"), left = () => {} }) {
  const openedAt = performance.now();
  const meant = (event) => event.detail === 0 || performance.now() - openedAt >= DEAF_MS;
  open = { options, choose, opener, instead, left, extra };
  const chips = options.map((option, index) =>
    chip(index < 9 ? String(index + 1) : "", option, (event) => (meant(event) ? pick(index) : at("reasons").focus())),
  );
  const more = extra ? [chip(...extra)] : [];
  at("reasons").replaceChildren(...chips, ...more, chip("Esc", texts.back, leave));
  at("reasons").setAttribute("aria-label", label);
  at("reasons").hidden = false;
  instead.hidden = true;
  opener?.setAttribute("aria-expanded", "true");
  at("reasons").focus();
}

function pick(index) {
  const { options, choose } = open;
  close();
  choose(options[index]);
}

/** Takes a key, where something is to be chosen; false where it is none of the choices. */
export function take(key) {
  if (key === "Escape") {
    leave();
    return true;
  }
  if (key === open.extra?.[0].toLowerCase()) {
    open.extra[2]();
    return true;
  }
  const index = /^[1-9]$/.test(key) ? Number(key) - 1 : -1;
  if (open.options[index] === undefined) return false;
  pick(index);
  return true;
}

/** Puts the buttons back. */
export function close() {
  open?.opener?.setAttribute("aria-expanded", "false");
  at("reasons").hidden = true;
  if (open) open.instead.hidden = false;
  open = null;
}

/** Leaves without a choice. */
export function leave() {
  const { opener, left } = open;
  close();
  left();
  opener?.focus();
}
