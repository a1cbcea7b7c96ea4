// Exchanges a key for a session. The key goes nowhere else and is not kept.
import { send, Offline } from "./api.js";
import { texts } from "./texts.js";

const form = document.getElementById("form");
const key = document.getElementById("key");
const error = document.getElementById("error");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  error.textContent = "";
  try {
    const answer = await send("POST", "/sign-in", { key: key.value.trim() });
    if (answer.ok) {
      location.assign("/review");
      return;
    }
    error.textContent = texts.signIn[answer.status] ?? answer.body?.detail ?? texts.signIn.other;
  } catch (problem) {
    error.textContent = problem instanceof Offline ? texts.signIn.offline : texts.signIn.other;
  }
  key.select();
});

key.focus();
