// The page's connection in all weathers: MILEPOST_SCENE names one of the scenes below. After each, every open page shows
// what a fresh load shows.
import { ask, assert, hide, light, someone, until } from './milepost.mjs';
import { allFresh, allLive, allShow, openAll, play, untilInTime, work } from './scene.mjs';
import { isPoll, isStream } from './weather.mjs';

const minute = 60_000;

async function hidden(browser) {
  const all = await openAll(browser);
  await all.each((page) => hide(page, true));
  await until('a hidden page lets go of its stream', () => all.way.streams() === 0);
  await work(all, 'while hidden');
  await all.each((page) => hide(page, false));
  await allLive(all);
  await allFresh(all);
}

async function asleep(browser) {
  const all = await openAll(browser);
  // The lid closes: nothing passes, and no page hears of it. Hours later the same pages go on.
  all.way.freeze();
  await work(all, 'asleep');
  all.way.thaw();
  const before = all.way.asked.length;
  await all.each((page) => page.clock.fastForward(3 * 60 * minute));
  await until('each page opened a new stream', () => all.way.asked.slice(before).filter(({ path }) => isStream(path)).length >= 3);
  await allLive(all);
  await allFresh(all);
}

async function offline(browser) {
  const all = await openAll(browser);
  for (const person of [all.alice, all.bob]) await person.setOffline(true);
  all.way.drop();
  for (const { page } of all.pages) assert.equal(await light(page, 'offline'), 'Offline');
  for (const person of [all.alice, all.bob]) await person.setOffline(false);
  await allLive(all);
  for (const person of [all.alice, all.bob]) await person.setOffline(true);
  all.way.drop();
  for (const { page } of all.pages) await light(page, 'offline');
  // As somebody else sees it: these two are offline.
  const other = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  await work({ alice: other, bob }, 'while offline');
  for (const person of [all.alice, all.bob]) await person.setOffline(false);
  await allLive(all);
  await allFresh(all);
}

async function restarted(browser) {
  const all = await openAll(browser);
  await work(all, 'before the restart');
  await ask('stop');
  for (const { page } of all.pages) await until('the light tells', async () => (await page.locator('#light').getAttribute('data-state')) !== 'live');
  await ask('start');
  await work(all, 'after the restart');
  await allLive(all);
  await allFresh(all);
}

async function dropped(browser) {
  const all = await openAll(browser);
  for (let round = 0; round < 5; round += 1) {
    all.way.drop();
    await work(all, `after drop ${round}`);
    all.way.drop();
    await allLive(all);
  }
  await allFresh(all);
}

async function frozen(browser) {
  const all = await openAll(browser);
  all.way.freeze();
  await work(all, 'frozen');
  const before = all.way.asked.length;
  const again = () => all.way.asked.slice(before).filter(({ path }) => isStream(path)).length;
  const frozenAt = await all.each((page) => page.evaluate(() => { window.asked = []; return Date.now(); }));
  await all.each((page) => page.clock.runFor(15_000));
  assert.equal(again(), 0, 'one missing ping is no reason yet');
  await all.each((page) => page.clock.runFor(30_000));
  await until('each page gave its dead stream up within 45 s', () => again() >= 3);
  const noticedAt = await all.each((page) => page.evaluate(() => window.asked[0].at));
  const seconds = noticedAt.map((at, index) => Math.round((at - frozenAt[index]) / 1000));
  console.log(`noticed after ${seconds.join(', ')} s of the pages' time`);
  all.way.thaw();
  await untilInTime(all, 'all are live again', allShow(all, 'live'));
  await allFresh(all);
}

/** A proxy keeps what streams until it is complete: nothing of it arrives. */
async function heldBack(browser) {
  const all = await openAll(browser);
  all.way.holdsBack = ({ path }) => isStream(path);
  all.way.drop();
  const delayed = allShow(all, 'delayed');
  await untilInTime(all, 'each light says that it is late', delayed);
  assert.equal(await light(all.pages[0].page, 'delayed'), 'Live, delayed');
  assert.ok(all.way.asked.some(({ path }) => isPoll(path)), 'it polls');
  for (let round = 0; round < 3; round += 1) {
    await work(all, `polled ${round}`);
    await allFresh(all);
  }
  assert.ok(await delayed(), 'still delayed');
  // Streams pass again: the page finds out by itself.
  all.way.holdsBack = () => false;
  const before = all.way.asked.length;
  const trials = () => new Set(all.way.asked.slice(before).filter(({ path }) => isStream(path)).map(({ path }) => path.replace(/&after=.*/, ''))).size;
  await untilInTime(all, 'each page tries a stream again', () => trials() >= 3);
  await allLive(all);
  await work(all, 'streaming again');
  await allFresh(all);
  const polls = () => all.way.asked.filter(({ path }) => isPoll(path)).length;
  const asked = polls();
  await all.each((page) => page.clock.runFor(10_000));
  assert.equal(polls(), asked, 'no more polls');
}

/** The stream's refusals: a proxy's page, a busy server, and how long the page waits before it asks again. */
async function refused(browser) {
  // With chance at its most: each wait is as long as it can be.
  const all = await openAll(browser, { prepare: (page) => page.addInitScript(() => { Math.random = () => 0.999; }) });
  all.way.answer = ({ url: path }) => (isStream(path) ? { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' } : null);
  const { page } = all.pages[0];
  const waits = async () => {
    const times = await page.evaluate(() => window.asked.map(({ at }) => at));
    return times.slice(1).map((at, index) => Math.round((at - times[index]) / 1000));
  };
  const enough = async () => (await page.evaluate(() => window.asked.length)) >= 9;
  all.way.drop();
  await untilInTime(all, 'it asks again and again', enough, 500);
  const found = (await waits()).slice(1, 8);
  console.log(`waits of a page in vain: ${found.join(', ')} s`);
  [2, 4, 8, 16, 30, 30, 30].forEach((most, index) => assert.ok(found[index] >= most - 1 && found[index] <= most + 2, `${found[index]} s for ${most} s`));
  assert.equal(await light(page, 'offline'), 'Offline');
  // Busy, and it says for how long.
  all.way.answer = ({ url: path }) => (isStream(path) ? { status: 503, headers: { 'retry-after': '120' }, body: '' } : null);
  const busy = await page.evaluate(() => window.asked.length);
  await untilInTime(all, 'it is told to wait', async () => (await page.evaluate(() => window.asked.length)) > busy);
  const told = await page.evaluate(() => window.asked.at(-1).at);
  await work(all, 'meanwhile');
  await all.each((one) => one.clock.runFor(100_000));
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.clock.runFor(10_000);
  assert.equal(await page.evaluate(() => window.asked.at(-1).at), told, 'it waits as long as it was asked to, also when woken');
  all.way.answer = () => null;
  await untilInTime(all, 'all are live again', allShow(all, 'live'));
  await allFresh(all);
}

/** A wireless network answers everything with its own page, first as 200, then by a redirect. */
async function portal(browser) {
  const all = await openAll(browser);
  const pages = [
    { status: 200, headers: { 'content-type': 'text/html' }, body: '<!DOCTYPE html><title>Cafe</title><main id="main">Buy a coffee</main>' },
    { status: 302, headers: { location: 'http://127.0.0.1:9/' }, body: '' },
  ];
  for (const [round, answer] of pages.entries()) {
    all.way.answer = () => answer;
    all.way.drop();
    for (const { page } of all.pages) {
      await page.locator('#notice [data-notice="portal"]').first().waitFor();
      await light(page, 'offline');
    }
    await work(all, `behind the portal ${round}`);
    all.way.answer = () => null;
    await untilInTime(all, 'all are live again', allShow(all, 'live'));
    for (const { page } of all.pages) await page.locator('#notice').waitFor({ state: 'hidden' });
    await allFresh(all);
  }
}

await play({ hidden, asleep, offline, restarted, dropped, frozen, heldBack, refused, portal });
