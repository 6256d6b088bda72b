// Who is signed in changes while a page is open: MILEPOST_SCENE names one of the scenes below. What was typed stays, and
// nothing leaves the page in the name of somebody else.
import { assert, light, live, open, post, reading, sameAsFresh, someone, until, url } from './milepost.mjs';
import { play, task, work } from './scene.mjs';
import { openWay } from './weather.mjs';

const note = 'half a thought of Bob';

/** Bob's tasks, with a note half typed. */
async function halfTyped(browser) {
  const way = await openWay(url);
  const bob = await someone(browser, 'bob');
  const alice = await someone(browser, 'alice');
  const page = await open(bob, '/tasks', way.url);
  await live(page);
  const field = page.locator(`form[action="/tasks/${task}/progress"] [name="note"]`).first();
  const fold = page.locator(`details:not([open]):has(form[action="/tasks/${task}/progress"] [name="note"]) > summary`).first();
  if (await fold.count()) await fold.click();
  await field.fill(note);
  return { way, alice, bob, page, field };
}

const says = (page, name) => page.locator(`#notice p[data-notice="${name}"]`).waitFor();

async function signIn(tab, name) {
  await tab.locator('form[action="/sign-in"] [name="email"]').fill(`${name}@harbour.example`);
  await tab.locator('form[action="/sign-in"] [name="password"]').fill(process.env.MILEPOST_PASSWORD);
  await tab.locator('form[action="/sign-in"] button:not([type="button"])').first().click();
  await tab.waitForURL((address) => address.pathname !== '/sign-in');
}

/** Signs out on another page of the same browser, and follows the notice to the sign-in page. */
async function signedOutElsewhere({ bob, page, way }) {
  await post(bob, '/sign-out', {});
  await says(page, 'signed-out');
  assert.equal(await light(page, 'signed-out'), 'Signed out');
  const opened = bob.waitForEvent('page');
  await page.locator('#notice a[data-notice="signed-out"]').click();
  const tab = await opened;
  assert.equal(new URL(tab.url()).origin, way.url);
  return tab;
}

async function sent(alice, text) {
  const answer = await alice.request.get(`${url}/tasks/${task}`);
  return (await answer.text()).includes(text);
}

async function signedOut(browser) {
  const all = await halfTyped(browser);
  const { page, field, alice, bob } = all;
  const tab = await signedOutElsewhere(all);
  // What is sent while signed out is not lost either.
  await field.press('Enter');
  await says(page, 'signed-out');
  assert.equal(await field.inputValue(), note);
  await signIn(tab, 'bob');
  assert.equal(new URL(tab.url()).pathname, '/tasks', 'the other tab shows the same page');
  await live(page);
  await page.locator('#notice').waitFor({ state: 'hidden' });
  assert.equal(await field.inputValue(), note, 'what was typed stays');
  await work({ alice, bob }, 'signed in again');
  await until('it goes on', async () => (await page.locator('#main').innerText()).includes('New: signed in again'));
  await field.press('Enter');
  await until('what was typed arrives', () => sent(alice, note));
  await page.locator('#main').click({ position: { x: 2, y: 2 } });
  await page.mouse.move(1, 1);
  await sameAsFresh(bob, '/tasks', page);
}

async function somebodyElse(browser) {
  const all = await halfTyped(browser);
  const { page, field, alice, bob, way } = all;
  const tab = await signedOutElsewhere(all);
  await signIn(tab, 'carol');
  await says(page, 'other');
  assert.equal(await light(page, 'apart'), 'Not live');
  assert.equal(await field.inputValue(), note, 'what was typed stays');
  const posts = () => way.asked.filter(({ method, path }) => method === 'POST' && path.startsWith('/tasks/')).length;
  const before = posts();
  const words = await reading(page);
  await field.press('Enter');
  await page.locator(`form[action="/tasks/${task}/progress"] button[name="progress"]`).first().click();
  await work({ alice, bob: await someone(browser, 'alice') }, 'meanwhile');
  assert.equal(posts(), before, 'nothing is sent in the name of Carol');
  assert.deepEqual(await reading(page), words, 'nothing of Carol shows');
  assert.ok(!(await sent(alice, note)));
  // The server refuses the stream to her, too.
  const address = await page.locator('#main').getAttribute('data-stream');
  const owner = await page.locator('[data-owner]').getAttribute('data-owner');
  assert.equal((await tab.request.get(`${way.url}${address}&for=${owner}`)).status(), 409);
  // Bob comes back.
  await post(bob, '/sign-out', {});
  await tab.goto(`${way.url}/sign-in`);
  await signIn(tab, 'bob');
  await live(page);
  await page.locator('#notice').waitFor({ state: 'hidden' });
  assert.equal(await field.inputValue(), note);
  await field.press('Enter');
  await until('what was typed arrives', () => sent(alice, note));
  await page.mouse.move(1, 1);
  await page.locator('#main').click({ position: { x: 2, y: 2 } });
  await sameAsFresh(bob, '/tasks', page);
}

/** The task is given to somebody else while two of Bob's pages show it, one of them with unsent text. */
async function gone(browser) {
  const way = await openWay(url);
  const bob = await someone(browser, 'bob');
  const alice = await someone(browser, 'alice');
  const pages = [];
  for (let at = 0; at < 2; at += 1) {
    const page = await open(bob, `/tasks/${task}`, way.url);
    await live(page);
    pages.push(page);
  }
  const [typed, idle] = pages;
  await typed.locator('#text').fill(note);
  const form = { title: 'Paint the north pier', assignee: process.env.MILEPOST_CAROL, priority: 'medium', version: await typed.locator('input[name="version"]').first().inputValue() };
  await post(alice, `/tasks/${task}`, form);
  await says(typed, 'gone');
  assert.equal(await typed.locator('#text').inputValue(), note);
  await sameAsFresh(bob, `/tasks/${task}`, idle);
  await typed.locator('#text').fill('');
  await typed.locator('#text').blur();
  await sameAsFresh(bob, `/tasks/${task}`, typed);
  await typed.locator('#notice').waitFor({ state: 'hidden' });
}

await play({ signedOut, somebodyElse, gone });
