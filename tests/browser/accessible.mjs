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
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of result.violations) {
    const places = violation.nodes.slice(0, 3).map((node) => `\n    ${node.html.slice(0, 200)}\n    ${node.failureSummary.replaceAll('\n', ' ')}`);
    report(where, `${violation.id}: ${violation.help} (${violation.nodes.length} ×)${places.join('')}`);
  }
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  if (content > window_) report(where, `scrolls sideways: ${content} px of content in ${window_}`);
  looked += 1;
}

/** One page in one language and theme, narrow and wide. Loaded for each theme: a change of theme passes through others. */
async function lookAt(context, path, where) {
  const page = await open(context, path);
  if (await page.locator('#main[data-stream]').count()) await live(page);
  // Evaluated by the driver, so the page's own content policy stays in force.
  await page.evaluate(axe);
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    await look(page, `${where}, ${width} px`);
  }
  await page.close();
}

await withBrowser(async (browser) => {
  const contexts = new Map();
  const waiting = [];
  for (const locale of ['en', 'he']) {
    for (const colorScheme of ['light', 'dark']) {
      for (const [path, person] of pages) {
        const key = `${person ?? 'nobody'}, ${locale}, ${colorScheme}`;
        const options = { locale, colorScheme, reducedMotion: 'reduce' };
        if (!contexts.has(key)) contexts.set(key, await someone(browser, person, options));
        waiting.push(() => lookAt(contexts.get(key), path, `${path} as ${key}`));
      }
    }
  }
  const work = async () => { while (waiting.length) await waiting.shift()(); };
  await Promise.all([work(), work()]);
  for (const complaint of complaints) report('a page', complaint);
  console.log(`${looked} views looked at, ${wrong} wrong`);
  if (wrong > 0 || looked === 0) process.exitCode = 1;
});
