// Ten tabs of one browser on plain HTTP/1.1, where a browser keeps six connections to a server:
// all load, and the one that is seen is live. MILEPOST_TASK is one of Bob's tasks.
import { assert, complaints, hide, live, open, post, someone, until, withBrowser } from './milepost.mjs';

const task = process.env.MILEPOST_TASK;

await withBrowser(async (browser) => {
  const alice = await someone(browser, 'alice');
  const bob = await someone(browser, 'bob');
  const tabs = [];
  for (let at = 0; at < 10; at += 1) {
    const page = await open(alice, at % 2 ? '/monitor' : '/tasks');
    for (const behind of tabs) await hide(behind, true);
    tabs.push(page);
    await live(page);
  }
  const seen = tabs.at(-1);
  await post(bob, `/tasks/${task}/progress`, { progress: '35' });
  await until('the tab that is seen moves', () => bar(seen).then((value) => value === 35));
  const first = tabs.find((page) => page.url().endsWith('/monitor'));
  await hide(seen, true);
  await hide(first, false);
  await live(first);
  await until('a tab that is seen again catches up', () => bar(first).then((value) => value === 35));
  assert.deepEqual(complaints, []);
  console.log('ten tabs loaded, the visible one was live');
});

function bar(page) {
  return page.locator(`#task-${task} progress`).first().evaluate((element) => Math.round(element.value));
}
