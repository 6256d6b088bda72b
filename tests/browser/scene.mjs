// What the scenes share: three pages on a way with its weather, work that goes on elsewhere, and time that passes.
// MILEPOST_TASK is one of Bob's tasks.
import { assert, complaints, live, post, sameAsFresh, someone, until, url, withBrowser } from './milepost.mjs';
import { openWay } from './weather.mjs';

export const task = process.env.MILEPOST_TASK;

/** Alice's monitor, Bob's tasks and Bob's task, all open and live, on a way of their own with its weather. */
export async function openAll(browser, { prepare = async () => {} } = {}) {
  const way = await openWay(url);
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  const pages = [];
  for (const [person, path] of [[alice, '/monitor'], [bob, '/tasks'], [bob, `/tasks/${task}`]]) {
    const page = await person.newPage();
    await page.clock.install();
    // By the page's own time: when it asked for what of the stream.
    await page.addInitScript(() => {
      const { fetch } = window;
      window.asked = [];
      window.fetch = (address, ...rest) => {
        const path = new URL(address, location.href).pathname;
        if (path.includes('/events')) window.asked.push({ path, at: Date.now() });
        return fetch.call(window, address, ...rest);
      };
    });
    await prepare(page);
    await page.goto(way.url + path);
    await live(page);
    pages.push({ person, path, page });
  }
  const each = (what) => Promise.all(pages.map(({ page, path }) => what(page, path)));
  return { way, alice, bob, pages, each };
}

let percent = 10;
/** Work goes on elsewhere: progress, a comment, a new task. */
export async function work({ alice, bob }, word) {
  percent += 3;
  await post(bob, `/tasks/${task}/progress`, { progress: String(percent), note: `${word} ${percent}` });
  await post(alice, `/tasks/${task}/comments`, { text: `${word}, says Alice` });
  await post(alice, '/assign', { title: `New: ${word}`, assignee: process.env.MILEPOST_BOB });
}

export async function allFresh(open) {
  for (const { person, path, page } of open.pages) await sameAsFresh(person, path, page);
}

export async function allLive(open) {
  for (const { page } of open.pages) await live(page);
}

/** Lets the pages' time pass until something is so; never while an answer is on its way, which is no faster for it. */
export async function untilInTime({ way, each }, what, check, step = 1000) {
  await until(what, async () => {
    if (await check()) return true;
    if (way.owed() === 0) await each((page) => page.clock.runFor(step));
    return false;
  });
}

export const allShow = (all, state) => async () => {
  const states = await all.each((page) => page.locator('#light').getAttribute('data-state'));
  return states.every((found) => found === state);
};

/** Plays the scene that MILEPOST_SCENE names. */
export async function play(scenes) {
  await withBrowser(async (browser) => {
    await scenes[process.env.MILEPOST_SCENE](browser);
    assert.deepEqual(complaints, []);
  });
}
