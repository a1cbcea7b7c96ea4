// Editing the case on the page, from E to what is saved.

import { hideRaw } from "./case.js";
import * as edit from "./edit.js";
import { written } from "./json.js";
import { editing as texts } from "./texts.js";

const at = (id) => document.getElementById(id);

function button(id, className, text, key, shortcuts) {
  const made = Object.assign(document.createElement("button"), { type: "button", id, className });
  const kbd = document.createElement("kbd");
  kbd.textContent = key;
  made.append(`${text} `, kbd);
  made.setAttribute("aria-keyshortcuts", shortcuts);
  return made;
}

/** The buttons that stand in the place of the others while somebody edits. */
function drawButtons() {
  const group = Object.assign(document.createElement("div"), { id: "editing", hidden: true, role: "group", ariaLabel: texts.label });
  group.append(button("save", "approve", texts.save, "Ctrl ⏎", "Control+Enter Meta+Enter"), button("back", "", texts.back, "Esc", "Escape"));
  at("buttons").after(group);
}

/** What the page does to edit. */
export function editor(page) {
  drawButtons();
  const { state, say } = page;
  const isSent = () => page.outbox.ids().includes(state.shown?.id);

  function startEdit() {
    if (!page.free() || page.occupied()) return;
    hideRaw();
    const flagged = state.shown.verdict.reasons.flatMap(({ fields }) => fields.map((field) => field.replace(/^\/args/, "")));
    edit.begin(state.shown, flagged);
  }

  function leaveEdit() {
    // What could not be sent yet is taken back.
    if (isSent()) page.outbox.retract();
    if (page.choosing() || isSent()) return;
    edit.end();
    if (state.shown === null) return;
    page.redraw();
    at("edit").focus();
    // What happened to the case meanwhile was kept from whoever typed.
    page.claim();
  }

  /** Before it runs an edit is the decision; of what ran it says what should have been, and a reason is needed. */
  function saveEdit() {
    if (!edit.editing() || state.shown === null || isSent()) return;
    const args = edit.edited();
    if (args === undefined) return;
    if (written(args) === written(state.shown.action.args)) say(texts.unchanged);
    else if (state.shown.oversight === "before") page.decide("edit", { args });
    else {
      edit.freeze(true);
      page.offerReasons({ args, left: () => edit.freeze(false), opener: at("save"), instead: at("editing") });
    }
  }

  at("fields").addEventListener("keydown", (event) => {
    if (!edit.editing() || event.isComposing) return;
    if (event.key === "Escape") leaveEdit();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) saveEdit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  at("save").addEventListener("click", (event) => event.detail > 1 || saveEdit());
  at("back").addEventListener("click", leaveEdit);

  return {
    startEdit,
    leaveEdit,
    editing: edit.editing,
    endEdit: edit.end,
    freeze: edit.freeze,
    leaseLost: () => say(texts.leaseLost),
    goneDraft: ({ title }) => texts.somebodyElseDraft(title),
  };
}
