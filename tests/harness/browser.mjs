// A real Chromium, driven by playwright-core; nothing is downloaded.

import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(more = []) {
  const executablePath = process.env.HOLDPOINT_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, headless: true, args: [...ARGUMENTS, ...more] });
}

/** A page signed in as the holder of a key; what it logs as an error or refuses by its policy is collected. */
export async function signedIn(browser, holdpoint, key, { clockAhead = 0, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  if (clockAhead !== 0) {
    await context.addInitScript((ms) => {
      const real = Date.now.bind(Date);
      Date.now = () => real() + ms;
    }, clockAhead);
  }
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("dialog", (dialog) => (page.complaints.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.setDefaultTimeout(10_000);
  await page.goto(`${holdpoint.url}/sign-in`);
  await page.fill("#key", key);
  await page.click("button");
  await page.waitForURL("**/review**");
  return page;
}
