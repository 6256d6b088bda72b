// The server is killed and started again while pages are open, and work goes on between;
// every open page then shows what a fresh load shows. MILEPOST_TASK is one of Bob's tasks.
import { ask, assert, complaints, live, open, post, sameAsFresh, someone, until, withBrowser } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;

await withBrowser(async (browser) => {
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  const pages = [];
  for (const [person, path] of [[alice, '/monitor'], [bob, '/tasks'], [bob, `/tasks/${task}`]]) {
    const page = await open(person, path);
    await live(page);
    pages.push([person, path, page]);
  }
  for (const [round, percent] of ['20', '40', '60'].entries()) {
    await post(bob, `/tasks/${task}/progress`, { progress: percent, note: `before kill ${round}` });
    await ask('kill');
    for (const [, path, page] of pages) {
      await until(`${path} says that it lost the server`,
        () => page.locator('#light').getAttribute('data-state').then((state) => state !== 'live'));
    }
    await ask('start');
    await post(bob, `/tasks/${task}/progress`, { progress: String(Number(percent) + 5), note: `after kill ${round}` });
    await post(alice, '/assign', { title: `New while away ${round}`, assignee: process.env.MILEPOST_BOB });
  }
  for (const [person, path, page] of pages) {
    await live(page);
    await sameAsFresh(person, path, page);
  }
  assert.deepEqual(complaints, []);
  console.log(`${pages.length} open pages outlived three kills`);
});
