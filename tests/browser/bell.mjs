// Alice writes to all: the form shows to whom before anything is sent, a double click sends once, and the count beside the
// bell moves on Bob's open page without a reload.
import { assert, complaints, live, open, someone, until, url, withBrowser } from './milepost.mjs';

const count = (page) => page.locator('#bell .bell-count [aria-hidden]').allInnerTexts();

await withBrowser(async (browser) => {
  const bob = await open(await someone(browser, 'bob'), '/tasks');
  await live(bob);
  await bob.evaluate(() => { window.neverReloaded = true; });
  assert.deepEqual(await count(bob), []);
  const alice = await open(await someone(browser, 'alice'), '/jobs/new/broadcast');
  await alice.fill('#subject', 'The pier is closed');
  await alice.fill('#text', 'Until tomorrow.');
  await alice.getByRole('button', { name: 'Show to whom it goes' }).click();
  await until('the preview is there', async () => (await alice.locator('#would').innerText()).includes('members get a notification'));
  await alice.locator('#preview button').dblclick();
  await alice.waitForURL(/\/tasks\/\d+$/);
  await until('the count moves', async () => (await count(bob))[0] === '1');
  assert.ok(await bob.evaluate(() => window.neverReloaded), 'without a reload');
  await alice.goto(`${url}/jobs`);
  assert.equal(await alice.getByRole('link', { name: 'Broadcast: The pier is closed' }).count(), 1, 'a double click sends once');
  await bob.goto(`${url}/notifications`);
  await bob.getByRole('button', { name: 'Mark all as read' }).click();
  await until('nothing is unread', async () => (await count(bob)).length === 0);
  assert.deepEqual(complaints, []);
});
