// What tests of the pages look at: what is shown and said, whether everybody can use it, and how it looks.
// A wait may begin while the next document is still on its way: it has none of its elements then, and the wait asks again.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./holdpoint.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const pictures = join(root, "tests/screenshots");
mkdirSync(pictures, { recursive: true });

export const SIZES = { desktop: { width: 1280, height: 800 }, tablet: { width: 768, height: 1024 }, phone: { width: 360, height: 740 } };
export const THEMES = ["light", "dark"];

/** Waits until the page shows a case with this in its title, and takes keys. */
export async function shows(page, title) {
  await page.waitForFunction((title) => document.getElementById("case")?.hidden === false && document.getElementById("title-text")?.textContent.includes(title), title);
  await page.waitForTimeout(350);
}

export const says = (page, text) => page.waitForFunction((text) => document.getElementById("status")?.textContent.includes(text), text);
/** From now on every sentence of the status is kept, as a screen reader hears it; `heard` waits for one that may be gone again. */
export const listen = (page) =>
  page.evaluate(() => {
    const status = document.getElementById("status");
    globalThis.said = [];
    new MutationObserver(() => globalThis.said.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });
  });
export const heard = (page, text) => page.waitForFunction((text) => globalThis.said.some((sentence) => sentence.includes(text)), text);

export const stripSays = (page, text) => page.waitForFunction((text) => document.getElementById("strip")?.hidden === false && document.getElementById("strip-text")?.textContent.includes(text), text);
export const noticeSays = (page, text) => page.waitForFunction((text) => document.getElementById("notice")?.hidden === false && document.getElementById("notice-title")?.textContent === text, text);

/** Waits until what the first decision does not need was fetched. */
export const complete = (page) => page.waitForFunction(() => document.adoptedStyleSheets.length > 0);

/** How many cases wait at the desk that is chosen, by the switcher. */
export const waiting = (page) => page.evaluate(() => document.getElementById("desk").selectedOptions[0]?.text ?? "");

/** Loses the answer to the first request of that kind: it was done, and nobody knows. */
export async function loseFirstAnswer(page, pattern) {
  let lost = 0;
  await page.route(pattern, async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
}

/** No barrier that axe finds, nothing cut off, nothing too small to touch. */
export async function fitsEverybody(page, state) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(found.violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], state);
  const layout = await page.evaluate(() => ({
    sideways: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    bar: (document.getElementById("bar")?.getBoundingClientRect().height ?? 0) / innerHeight,
    key: (document.querySelector("#fields th")?.offsetWidth ?? 0) / (document.getElementById("fields")?.offsetWidth || 1),
    small: [...document.querySelectorAll("#bar button")].filter((button) => button.offsetParent && button.getBoundingClientRect().height < 44).length,
    overlapping: [...document.querySelectorAll("#bar > div:not([hidden])")].length,
  }));
  assert.ok(layout.sideways <= 0, `${state}: sideways by ${layout.sideways}`);
  return layout;
}

/** Keeps a picture. */
export const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });
