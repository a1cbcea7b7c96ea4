// A form that says what Holdpoint's gate would say, before anything is sent.

import init, { Policy, type Action, type Verdict } from "holdpoint";
import text from "./policy.toml?raw";

const form = document.querySelector<HTMLFormElement>("#refund")!;
const submit = document.querySelector<HTMLButtonElement>("#submit")!;
const because = document.querySelector<HTMLElement>("#because")!;

/** What the form would have done. */
function proposed(): Action {
  const fields = new FormData(form);
  const text = (name: string) => String(fields.get(name) ?? "");
  const note = text("note");
  return {
    kind: "refund",
    args: { order: text("order"), amount: Number(text("amount")), currency: text("currency"), note: note === "" ? undefined : note },
  };
}

/** The button's words, for each verdict its own. */
function label(verdict: Verdict): string {
  switch (verdict.verdict) {
    case "proceed":
      return "Refund now";
    case "hold":
      return "Ask for approval";
    case "block":
      return "Not allowed";
  }
}

function show(): void {
  const fields = form.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("[name]");
  for (const field of fields) field.removeAttribute("data-pointed");
  if (!form.checkValidity()) {
    submit.textContent = "Fill in the form";
    submit.disabled = true;
    because.replaceChildren();
    return;
  }
  let verdict: Verdict;
  try {
    if (policy === null) throw new Error("no preview");
    verdict = policy.decide(proposed());
  } catch {
    // Without a preview the form still works: what counts is what the edge says.
    submit.textContent = "Send";
    submit.disabled = false;
    because.replaceChildren();
    return;
  }
  submit.textContent = label(verdict);
  submit.disabled = verdict.verdict === "block";
  submit.dataset["verdict"] = verdict.verdict;
  because.replaceChildren(
    ...verdict.reasons.map(({ message, category }) => {
      const line = document.createElement("p");
      line.textContent = message ?? category;
      return line;
    }),
  );
  // The parts of the action that the reasons are about: `/args/amount` is the field `amount`.
  const pointed = new Set(verdict.reasons.flatMap(({ fields }) => fields));
  for (const field of fields) field.toggleAttribute("data-pointed", pointed.has(`/args/${field.name}`));
}

const policy = await init().then(() => Policy.parse(text)).catch(() => null);
form.addEventListener("input", show);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  // Send it to your server, which asks Holdpoint with its key (`POST /v1/actions`) and does what that answers: what is
  // shown here decides nothing.
  because.textContent = `Would be sent: ${JSON.stringify(proposed())}`;
});
show();
