// The help, and the switch for single keys.

import { setSingleKeys, singleKeysOn } from "./keys.js";
import { help as texts } from "./texts.js";

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

function made() {
  const rows = texts.keys.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)]);
  const label = () => texts.singleKeys(singleKeysOn());
  const single = make("button", { type: "button", id: "single-keys" }, label());
  single.addEventListener("click", () => {
    setSingleKeys(!singleKeysOn());
    single.textContent = label();
  });
  const close = make("button", { type: "button" }, texts.close);
  const title = make("h2", { id: "help-title" }, texts.title);
  const buttons = make("p", { className: "row" }, single, close);
  const dialog = make("dialog", { id: "help" }, title, make("dl", {}, ...rows), make("p", { className: "quiet" }, texts.note), buttons);
  dialog.setAttribute("aria-labelledby", "help-title");
  close.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  return dialog;
}

/** Shows the keys. */
export function showHelp() {
  (document.getElementById("help") ?? made()).showModal();
}
