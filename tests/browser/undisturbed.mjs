// Who works or reads in a page is not disturbed by what arrives: MILEPOST_SCENE names one of the scenes below.
import { assert, live, open, post, sameAsFresh, someone, until } from './milepost.mjs';
import { play, task } from './scene.mjs';

/** Many tasks of Bob's, more than fit into a window. */
async function many(alice, count) {
  for (let at = 0; at < count; at += 1) {
    await post(alice, '/assign', { title: `Rope ${String(at).padStart(2, '0')}`, assignee: process.env.MILEPOST_BOB, priority: 'low' });
  }
}

async function scrolled(browser) {
  const alice = await someone(browser, 'alice', { viewport: { width: 1280, height: 600 } });
  const bob = await someone(browser, 'bob', { viewport: { width: 1280, height: 600 } });
  await many(alice, 25);
  for (const [person, path] of [[bob, '/tasks'], [alice, '/monitor']]) {
    const page = await open(person, path);
    await live(page);
    const watched = await page.evaluate(() => {
      const cards = document.querySelectorAll('#list > [id^="task-"]');
      const card = cards[Math.floor(cards.length / 2)];
      scrollTo(0, card.getBoundingClientRect().top + scrollY - 200);
      return card.id;
    });
    const place = () => page.evaluate((id) => Math.round(document.getElementById(id).getBoundingClientRect().top), watched);
    const before = await place();
    for (let round = 0; round < 3; round += 1) {
      // Goes above what is read, and what is read is exchanged itself; on the monitor that would move it.
      await post(alice, '/assign', { title: `Urgent ${round} on ${path}`, assignee: process.env.MILEPOST_BOB, priority: 'urgent', due: '2025-03-04' });
      if (path === '/tasks') await post(bob, `/tasks/${watched.replace('task-', '')}/comments`, { text: `seen ${round}` });
      await until('it arrives', () => page.locator('#list', { hasText: `Urgent ${round} on ${path}` }).count());
      const now = await place();
      assert.ok(Math.abs(now - before) <= 2, `${path}: what is read stays in place (${before} px, then ${now} px)`);
    }
    await sameAsFresh(person, path, page);
  }
}

async function focused(browser) {
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  const page = await open(bob, '/tasks');
  await live(page);
  const card = page.locator(`#task-${task}`);
  const button = card.locator('button[name="progress"]').first();
  await button.focus();
  await post(alice, `/tasks/${task}/progress`, { progress: '35', note: 'from elsewhere' });
  await until('the bar moves', () => card.locator('progress').first().evaluate((bar) => Math.round(bar.value) === 35));
  assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus stays on its button');
  // Taken away beneath the reader's hands: it stays until they let go.
  const version = /name="version" value="(\d+)"/.exec(await (await alice.request.get(`${process.env.MILEPOST_URL}/tasks/${task}`)).text())[1];
  await post(alice, `/tasks/${task}`, { title: 'Paint the north pier', assignee: process.env.MILEPOST_CAROL, priority: 'medium', version });
  await post(alice, '/assign', { title: 'Another one', assignee: process.env.MILEPOST_BOB });
  await until('the list goes on around it', () => page.locator('#list', { hasText: 'Another one' }).count());
  assert.ok(await button.evaluate((element) => element === document.activeElement), 'the focus stays though the task has gone');
  await button.blur();
  await sameAsFresh(bob, '/tasks', page);
}

/** Everything that the page says to a screen reader, in order. */
function listen(page) {
  return page.evaluate(() => {
    window.heard = [];
    const region = document.getElementById('announcer');
    new MutationObserver(() => { if (region.textContent) window.heard.push(region.textContent); }).observe(region, { childList: true, characterData: true, subtree: true });
    return [region.getAttribute('role'), region.getAttribute('aria-live')];
  });
}

async function heard(browser) {
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  await many(alice, 6);
  const page = await alice.newPage();
  await page.clock.install();
  await page.goto(`${process.env.MILEPOST_URL}/monitor`);
  await live(page);
  assert.deepEqual(await listen(page), ['status', null], 'a polite region');
  const ids = await page.evaluate(() => [...document.querySelectorAll('#list > [id^="task-"]')].map((row) => row.id.replace('task-', '')));
  for (const percent of ['20', '40', '60']) {
    for (const id of ids) await post(bob, `/tasks/${id}/progress`, { progress: percent });
  }
  await until('all moved', () => page.evaluate(() => [...document.querySelectorAll('#list progress')].every((bar) => Math.round(bar.value) === 60)));
  await page.clock.runFor(11_000);
  await until('it is said', () => page.evaluate(() => window.heard.length > 0));
  const said = await page.evaluate(() => window.heard);
  assert.ok(said.length <= 2, `${ids.length * 3} changes are said in bulk: ${said.join(' | ')}`);
  assert.equal(said.at(-1).replace(/\d+/, 'n'), 'Tasks changed: n');
  console.log(`${ids.length * 3} changes, said: ${said.join(' | ')}`);
}

await play({ scrolled, focused, heard });
