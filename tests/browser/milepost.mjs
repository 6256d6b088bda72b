// What the browser tests share: Chromium, people signed in, and words with the Rust test that started this script.
// Lines that begin with @ are requests to it (`@restart`); it answers with one line on standard input.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const url = process.env.MILEPOST_URL;
export const people = JSON.parse(process.env.MILEPOST_PEOPLE ?? '{}');
/** Milliseconds to wait for what must happen, on a slow and busy machine; never a measure of speed. */
export const patience = 30_000;

let answers;
/** Asks the Rust test to do something to the server; resolves with its answer. */
export async function ask(request) {
  answers ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  console.log(`@${request}`);
  return (await answers.next()).value;
}

/** Runs `scenario(browser)`, and closes the browser whatever happens. */
export async function withBrowser(scenario) {
  const browser = await chromium.launch({
    executablePath: process.env.MILEPOST_CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', `--host-resolver-rules=${process.env.MILEPOST_HOST_RULES ?? ''}`],
  });
  try {
    await scenario(browser);
  } catch (error) {
    console.error(error.stack ?? error);
    process.exitCode = 1;
  } finally {
    await browser.close();
    process.stdin.unref?.();
  }
}

/** Errors in scripts, refused loads and content policy violations: a page that works has none. */
export const complaints = [];

/** A browser of one's own (cookies, language, theme). `person` is a name of the cast, already signed in. */
export async function someone(browser, person, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en', ...options });
  context.setDefaultTimeout(patience);
  if (person) {
    const cookies = Object.entries(people[person]).map(([name, value]) => ({ name, value, url, httpOnly: true }));
    await context.addCookies(cookies);
  }
  context.on('weberror', (error) => complaints.push(`script: ${error.error().stack}`));
  context.on('console', (message) => {
    const network = /Failed to load resource|net::ERR_/.test(message.text());
    if (message.type() === 'error' && !network) complaints.push(`console: ${message.text()}`);
  });
  return context;
}

/** Opens a page; `at` is another address of the server. */
export async function open(context, path, at = url) {
  const page = await context.newPage();
  await page.goto(at + path);
  return page;
}

/** Waits until the light shows this state, and gives its words. */
export async function light(page, state) {
  const found = page.locator(`#light[data-state="${state}"]`);
  await found.waitFor({ state: 'attached' });
  return (await found.innerText()).trim();
}

/** Headless Chromium shows every page to itself; a tab behind another is hidden. */
export function hide(page, hidden) {
  return page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (value ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

/** Waits until the page's own light says that it hears the server. */
export async function live(page) {
  await page.locator('#light[data-state="live"]').waitFor({ state: 'attached' });
}

/** Waits until `check()` gives something true. */
export async function until(what, check, within = patience) {
  const deadline = performance.now() + within;
  for (;;) {
    const found = await check();
    if (found) return found;
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** By keys alone, to an element whose focus is seen. */
export async function tabTo(page, what, selector) {
  await until(`Tab reaches ${what}`, async () => {
    await page.keyboard.press('Tab');
    return page.evaluate((wanted) => document.activeElement.matches(wanted), selector);
  });
  const shown = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.notEqual(shown, 'none', `the focus on ${what} is seen`);
}

/** Posts a form as the signed-in person of `context`, from outside any page. */
export async function post(context, path, fields) {
  const answer = await context.request.post(url + path, {
    form: fields, maxRedirects: 0, headers: { 'sec-fetch-site': 'same-origin', origin: url },
  });
  assert.ok([200, 303].includes(answer.status()), `POST ${path}: ${answer.status()} ${await answer.text()}`);
  return answer;
}

/** What a person reads in the page's main part; times as the moments they are, not as their age. */
export async function reading(page) {
  return page.locator('#main').evaluate((main) => {
    const copy = main.cloneNode(true);
    copy.querySelectorAll('time').forEach((time) => { time.textContent = ` ${time.dateTime} `; });
    copy.querySelectorAll('#updated, [hidden]').forEach((part) => part.remove());
    const bars = [...copy.querySelectorAll('progress')].map((bar) => bar.value);
    return { words: copy.textContent.split(/\s+/).filter(Boolean).join(' '), bars };
  });
}

/** Waits until a page shows what the same person sees in a fresh load of `path`. */
export async function sameAsFresh(context, path, page) {
  const fresh = await open(context, path);
  const wanted = JSON.stringify(await reading(fresh));
  await fresh.close();
  let shown;
  await until(`${path} shows what a fresh load shows`, async () => {
    shown = JSON.stringify(await reading(page));
    return shown === wanted;
  }).catch((error) => { throw new Error(`${error.message}\n${shown}\n${wanted}`); });
}

export { assert };
