// Exchanges a key for a session. The key goes nowhere else and is not kept.
import { send, Offline } from "./api.js";
import { signingIn as texts } from "./texts.js";

const form = document.getElementById("form");
const key = document.getElementById("key");
const error = document.getElementById("error");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  try {
    const answer = await send("POST", "/sign-in", { key: key.value.trim() });
    if (answer.ok) {
      // What was asked for before signing in is shown after it.
      const { page, ...asked } = Object.fromEntries(new URLSearchParams(location.search));
      const query = new URLSearchParams(asked).toString();
      const path = { cases: "/review/cases", insights: "/insights" }[page] ?? "/review";
      location.assign(`${path}${query && `?${query}`}`);
      return;
    }
    error.textContent = texts[answer.status] ?? answer.body?.detail ?? texts.other;
  } catch (problem) {
    error.textContent = problem instanceof Offline ? texts.offline : texts.other;
  }
  key.select();
});

key.focus();
