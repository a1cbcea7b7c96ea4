// A category and a note beside a reason: neither is needed.

import { later as texts } from "./texts.js";

const at = (id) => document.getElementById(id);

function labelled(text, field) {
  const label = document.createElement("label");
  label.append(`${text} `, field);
  return label;
}

/** N: room for a category and a note under the reasons. */
export function words({ state, leaveChoices }) {
  const category = document.createElement("select");
  const note = Object.assign(document.createElement("input"), { id: "note", maxLength: 2000, autocomplete: "off" });
  const box = Object.assign(document.createElement("div"), { id: "words" });
  const chosen = labelled(texts.category, category);
  box.append(chosen, labelled(texts.note, note));

  /** With the note written, Enter goes back to the reasons and decides nothing; Escape leaves. */
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === note) at("reasons").focus();
    else if (event.key === "Escape") leaveChoices();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function showWords() {
    // The category of the first criterion is what a decision is filed under unless it says otherwise.
    if (box.isConnected) {
      note.focus();
      return;
    }
    const reasons = state.shown.verdict.reasons.toSorted((a, b) => (a.criterion === null) - (b.criterion === null));
    const categories = [...new Set(reasons.map((reason) => reason.category))];
    category.replaceChildren(...categories.map((name) => new Option(name)));
    chosen.hidden = categories.length < 2;
    note.value = "";
    at("reasons").after(box);
    note.focus();
  }

  /** What was said in words, once. */
  function said() {
    if (!box.isConnected) return {};
    box.remove();
    return { note: note.value.trim() || undefined, category: chosen.hidden ? undefined : category.value };
  }

  return { showWords, said };
}
