// axe-core on every page, in light and dark, narrow and wide, in each language; and nothing scrolls sideways.
// MILEPOST_PAGES: JSON, [[path, person or null], …].
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { complaints, live, open, someone, withBrowser } from './milepost.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pages = JSON.parse(process.env.MILEPOST_PAGES);
let looked = 0;
let wrong = 0;

function report(where, what) {
  wrong += 1;
  console.log(`${where}: ${what}`);
}

async function look(page, where) {
  // Evaluated by the driver, so the page's own content policy stays in force.
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of result.violations) {
    const places = violation.nodes.slice(0, 3).map((node) => `\n    ${node.html.slice(0, 200)}\n    ${node.failureSummary.replaceAll('\n', ' ')}`);
    report(where, `${violation.id}: ${violation.help} (${violation.nodes.length} ×)${places.join('')}`);
  }
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (content > window_) report(where, `scrolls sideways: ${content} px of content in ${window_}`);
  looked += 1;
}

await withBrowser(async (browser) => {
  for (const locale of ['en', 'he']) {
    for (const colorScheme of ['light', 'dark']) {
      const contexts = new Map();
      for (const [path, person] of pages) {
        if (!contexts.has(person)) {
          contexts.set(person, await someone(browser, person, { locale, colorScheme, reducedMotion: 'reduce' }));
        }
        const page = await open(contexts.get(person), path);
        if (await page.locator('#main[data-stream]').count()) await live(page);
        for (const width of [360, 1280]) {
          await page.setViewportSize({ width, height: 900 });
          await look(page, `${path} as ${person ?? 'nobody'}, ${locale}, ${colorScheme}, ${width} px`);
        }
        await page.close();
      }
      for (const context of contexts.values()) await context.close();
    }
  }
  for (const complaint of complaints) report('a page', complaint);
  console.log(`${looked} views looked at, ${wrong} wrong`);
  if (wrong > 0 || looked === 0) process.exitCode = 1;
});
