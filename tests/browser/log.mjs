// A job's page while its program writes: the log in one order through cuts and sleep, never more than fits, and never away
// from under who reads it; the bar with each report. MILEPOST_SCENE names one of the scenes below.
import { assert, hide, live, open, someone, until, url } from './milepost.mjs';
import { play } from './scene.mjs';
import { openWay } from './weather.mjs';

const api = `${url}/api/v1/tasks`;
const headers = { authorization: `Bearer ${process.env.MILEPOST_TOKEN}` };

async function tell(path, body, type = 'application/json') {
  const answer = await fetch(api + path, { method: 'POST', headers: { ...headers, 'content-type': type }, body });
  const said = await answer.text();
  assert.ok(answer.ok, `${path}: ${answer.status} ${said}`);
  return said && JSON.parse(said);
}

const job = async () => (await tell('', JSON.stringify({ title: 'Send 1000 letters' }))).id;
const write = (id, text) => tell(`/${id}/log`, text, 'text/plain');
const report = (id, progress) => tell(`/${id}/progress`, JSON.stringify({ progress }));
const shown = (page) => page.locator('#log').evaluate((pre) => pre.textContent);
const numbers = (from, to) => Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join('');

/** Waits until the page's log is just this. */
async function isLog(page, text) {
  let found;
  await until('the log is as it was written', async () => { found = await shown(page); return found === text; })
    .catch((error) => { throw new Error(`${error.message}\n${JSON.stringify(found.slice(-300))}\n${JSON.stringify(text.slice(-300))}`); });
}

async function followed(browser) {
  const bob = await someone(browser, 'bob');
  const id = await job();
  await write(id, numbers(0, 100));
  const page = await open(bob, `/tasks/${id}`);
  await live(page);
  await isLog(page, numbers(0, 100));
  await write(id, numbers(100, 103));
  await isLog(page, numbers(0, 103));
  // A bar that writes over itself, in parts, and colours.
  await write(id, ' 10 %\r');
  await write(id, ' 50 %\r100 %\n\u001b[31mred\u001b[0m <b>no tag</b> abc\b\bX\nopen');
  await isLog(page, `${numbers(0, 103)}100 %\nred <b>no tag</b> aXc\nopen`);
  await write(id, ' and closed\n');
  const before = `${numbers(0, 103)}100 %\nred <b>no tag</b> aXc\nopen and closed\n`;
  // What comes only after the reader went up would be counted with the new lines.
  await isLog(page, before);
  await until('it follows to the end', () => page.locator('#log').evaluate((pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8));
  // Who reads above is left there, and told how much is new.
  await page.locator('#log').evaluate((pre) => { pre.scrollTop = 40; });
  await until('it pauses', async () => (await page.locator('#log-follow').getAttribute('aria-pressed')) === 'false');
  await write(id, numbers(103, 110));
  await page.locator('.log-more', { hasText: '7' }).waitFor();
  assert.equal(await page.locator('#log').evaluate((pre) => pre.scrollTop), 40, 'what is read stays');
  await page.locator('.log-more').click();
  await until('it follows again', () => page.locator('#log').evaluate((pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8));
  assert.equal(await page.locator('.log-more').isHidden(), true);
  // Held by the button it stays, though it is at the end.
  await page.locator('#log-follow').click();
  await write(id, numbers(110, 112));
  await page.locator('.log-more', { hasText: '2' }).waitFor();
  await page.locator('#log-follow').click();
  await isLog(page, before + numbers(103, 112));
}

/** Somebody goes up just before lines come, which are shown before the browser says that it was scrolled. */
async function left(browser) {
  const bob = await someone(browser, 'bob');
  const id = await job();
  await write(id, numbers(0, 100));
  const page = await open(bob, `/tasks/${id}`);
  await live(page);
  await isLog(page, numbers(0, 100));
  // The next piece is given in the same turn of the page's script in which it is scrolled.
  await page.evaluate(({ text, next }) => {
    const { fetch } = window;
    window.fetch = (address, ...rest) => {
      if (!String(address).includes('/log?')) return fetch.call(window, address, ...rest);
      window.fetch = fetch;
      const answer = { ok: true, headers: new Headers({ 'Milepost-Log-Next': next }), text: async () => text };
      return new Promise((give) => { window.giveLog = () => give(answer); });
    };
  }, { text: numbers(100, 103), next: numbers(0, 103).length });
  await write(id, numbers(100, 103));
  await page.waitForFunction(() => window.giveLog);
  await page.locator('#log').evaluate((pre) => { pre.scrollTop = 40; window.giveLog(); });
  await page.locator('.log-more', { hasText: '3' }).waitFor();
  assert.equal(await page.locator('#log').evaluate((pre) => pre.scrollTop), 40, 'what is read stays');
  await page.locator('.log-more').click();
  await until('it follows again', () => page.locator('#log').evaluate((pre) => pre.scrollHeight - pre.scrollTop - pre.clientHeight < 8));
  await isLog(page, numbers(0, 103));
}

async function cut(browser) {
  const way = await openWay(url);
  const bob = await someone(browser, 'bob');
  const id = await job();
  const page = await open(bob, `/tasks/${id}`, way.url);
  await live(page);
  let line = 0;
  const more = async () => { await write(id, numbers(line, line + 20)); line += 20; };
  for (let round = 0; round < 4; round += 1) {
    await more();
    way.drop();
    await more();
    await live(page);
    await hide(page, true);
    await more();
    await hide(page, false);
    await more();
  }
  await isLog(page, numbers(0, line));
  await tell(`/${id}/finish`, JSON.stringify({ outcome: 'done' }));
  await page.locator('#log-panel').waitFor();
  await isLog(page, numbers(0, line));
}

async function large(browser) {
  const bob = await someone(browser, 'bob');
  const id = await job();
  const page = await open(bob, `/tasks/${id}`);
  await live(page);
  const asked = [];
  page.on('response', async (answer) => { if (answer.url().includes('/log?')) asked.push((await answer.body().catch(() => '')).length); });
  let line = 0;
  for (let piece = 0; piece < 50; piece += 1) {
    const text = Array.from({ length: 3_000 }, () => `line ${line++} of a log that is written faster than anybody reads\n`).join('');
    await write(id, text);
  }
  await write(id, 'the end\n');
  await until('the end is shown', async () => (await shown(page)).endsWith('the end\n'));
  assert.ok(await page.locator('#log').evaluate((pre) => pre.childNodes.length) <= 5_000, 'a bounded number of lines');
  assert.ok(asked.length > 0 && Math.max(...asked) <= 300_000, `no more than a piece at a time: ${Math.max(...asked)}`);
  console.log(`${asked.length} pieces, ${asked.reduce((sum, one) => sum + one, 0)} bytes of a log of ${line} lines`);
  // In order, whatever was left out.
  const found = (await shown(page)).split('\n').map((one) => /^line (\d+) /.exec(one)?.[1]).filter(Boolean).map(Number);
  assert.ok(found.every((one, at) => at === 0 || one > found[at - 1]));
}

async function ticking(browser) {
  const bob = await someone(browser, 'bob');
  const id = await job();
  await report(id, 10);
  const pages = [];
  for (const path of ['/tasks', '/jobs', `/tasks/${id}`]) {
    const page = await open(bob, path);
    await live(page);
    pages.push(page);
  }
  // Two within a second: the trail has at most one of them, the pages have both.
  for (const percent of [20.5, 21.5]) {
    await report(id, percent);
    for (const page of pages) {
      await until('the bar moves', () => page.evaluate(({ task, value }) => document.querySelector(`#t${task}-moving progress`).value === value, { task: id, value: percent }));
    }
  }
  for (const page of pages) assert.ok(await page.evaluate((task) => document.querySelectorAll(`#t${task}-moving`).length === 1, id));
}

await play({ followed, left, cut, large, ticking });
