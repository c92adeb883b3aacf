// What every page has to hold, whatever it shows: axe-core finds no violation, in light and in dark,
// and nothing lies beyond the right edge at 360 pixels.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// The markup is the same in dark; only what depends on colours is looked at again.
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

// Violations as lines of text, none when all is well. Evaluated, not added to the page: its content
// security policy would rightly refuse that.
async function violations(page, rules) {
  await page.evaluate(AXE);
  const options = { resultTypes: ["violations"], runOnly: rules };
  const found = await page.evaluate((options) => globalThis.axe.run(document, options), options);
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${id}: ${help}\n    ${node.html.slice(0, 200)}\n    ${node.failureSummary.replaceAll("\n", " ").slice(0, 300)}`));
}

// What is wider than the window, by its own words; none when nothing has to be scrolled sideways.
export async function overflowing(page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > width + 1);
    return wide.slice(0, 3).map((element) => `${element.tagName} ${element.className}: ${element.textContent.trim().slice(0, 60)}`)
      .concat(`the page is ${document.documentElement.scrollWidth} wide`);
  });
}

// Everything wrong with a page as it stands: light, dark and narrow.
export async function faults(page) {
  const faults = [];
  const size = page.viewportSize();
  for (const [scheme, rules] of [["light", EVERY_RULE], ["dark", COLOUR_RULES]]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    faults.push(...(await violations(page, rules)).map((words) => `${scheme}: ${words}`));
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 360, height: 780 });
  faults.push(...(await overflowing(page)).map((words) => `at 360: ${words}`));
  await page.setViewportSize(size);
  return faults;
}
