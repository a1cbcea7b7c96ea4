// The help, and the switch for single keys.

import { setSingleKeys, singleKeysOn } from "./keys.js";
import { texts } from "./texts.js";

const at = (id) => document.getElementById(id);

export function showHelp() {
  at("help").showModal();
}

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

at("help-button").addEventListener("click", showHelp);
at("single-keys").addEventListener("click", () => {
  setSingleKeys(!singleKeysOn());
  drawSingleKeys();
});
drawHelp();
drawSingleKeys();
